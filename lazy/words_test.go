package lazy

import (
	"sync"
	"testing"
)

func TestWordsArePutApartAtTheFirstLook(t *testing.T) {
	s := Words("user  pass\nä")
	if s.of != nil {
		t.Error("a start puts them apart")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if !s.Has("user") || !s.Has("pass") || !s.Has("ä") || s.Has("") || s.Has("use") || s.Has("user pass") {
				t.Error("other words")
			}
		})
	}
	all.Wait()
	if s.HasAny(nil) || s.HasAny([]string{"x", ""}) || !s.HasAny([]string{"x", "pass"}) {
		t.Error("any of none")
	}
}
