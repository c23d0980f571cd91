package secrets_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"connsync/secrets"
)

// Every thing is in one part, whatever their number; an error of one part is given once the others have ended; and a panic is contained.
func TestPartsHoldEveryThingOnce(t *testing.T) {
	for _, n := range []int{0, 1, 99, 100, 101, 1000, 1234} {
		seen := make([]atomic.Int32, n)
		err := secrets.InParts(n, func(from, to int) error {
			for i := from; i < to; i++ {
				seen[i].Add(1)
			}
			return nil
		})
		for i := range seen {
			if got := seen[i].Load(); got != 1 || err != nil {
				t.Fatalf("%d of %d is in %d parts: %v", i, n, got, err)
			}
		}
	}
	wrong, ended := errors.New("wrong"), atomic.Int32{}
	err := secrets.InParts(1000, func(from, to int) error {
		defer ended.Add(int32(to - from))
		if to == 1000 {
			return wrong
		}
		return nil
	})
	if !errors.Is(err, wrong) || ended.Load() != 1000 {
		t.Errorf("%v, after %d", err, ended.Load())
	}
	if err := secrets.InParts(1, func(int, int) error { panic("canary") }); !errors.Is(err, secrets.ErrPanic) {
		t.Errorf("a panic is %v", err)
	}
}
