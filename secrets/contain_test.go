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

// What was begun goes on in the background; who waits for it gets its error, as often as it is asked for, and nothing of a panic.
func TestWhatWasBegunIsWaitedFor(t *testing.T) {
	wrong, may := errors.New("wrong"), make(chan struct{})
	ended := secrets.Begun(func() error { <-may; return wrong })
	close(may)
	for range 2 {
		if err := ended(); err != wrong {
			t.Error(err)
		}
	}
	if err := secrets.Begun(func() error { panic("canary") })(); err != secrets.ErrPanic {
		t.Error(err)
	}
}

func TestThingsSideBySideAreEachDoneOnceUntilOneFails(t *testing.T) {
	var done [100]atomic.Int64
	if err := secrets.SideBySide(len(done), 4, func(i int) error { done[i].Add(1); return nil }); err != nil {
		t.Error(err)
	}
	for i := range done {
		if n := done[i].Load(); n != 1 {
			t.Errorf("%d was done %d times", i, n)
		}
	}
	wrong, begun := errors.New("wrong"), 0
	if err := secrets.SideBySide(100, 1, func(i int) error { begun++; return map[bool]error{true: wrong}[i == 9] }); err != wrong || begun != 10 {
		t.Errorf("%d were begun: %v", begun, err)
	}
	if err := secrets.SideBySide(3, 8, func(int) error { panic("canary") }); err != secrets.ErrPanic {
		t.Error(err)
	}
	if err := secrets.SideBySide(0, 4, nil); err != nil {
		t.Error(err)
	}
}
