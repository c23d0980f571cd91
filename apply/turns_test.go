package apply_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
)

// heldBack is a client whose creates stay with it for a while.
type heldBack struct {
	apply.Writer
	all  sync.WaitGroup // of those that are to be held at once
	free chan struct{}
}

func (h *heldBack) Create(ctx context.Context, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	select {
	case <-h.free:
	default:
		h.all.Done()
		<-h.free
	}
	return h.Writer.Create(ctx, b)
}

// While writes wait for a processor, no further file is opened, as long as there is one to send; once they are on their way, all files are.
func TestFilesGiveWayToWrites(t *testing.T) {
	s, k := folder(t, 200)
	h := &heldBack{free: make(chan struct{})}
	h.all.Add(10)
	s.client = func(w apply.Writer) apply.Writer { h.Writer = w; return h }
	opened := 0
	go func() {
		h.all.Wait()
		time.Sleep(50 * time.Millisecond) // time enough to open more
		opened = k.count()
		close(h.free)
	}()
	r := s.sync()
	if most := 4*10 + 1 + 2 + 2; opened < 10 || opened > most { // ahead, the first, those under way, and some room
		t.Errorf("%d files were opened before the first ten were sent, not 10 to %d", opened, most)
	}
	if strings.Count(outcomes(r), "created") != 200 || k.count() != 200 {
		t.Errorf("%d opened: %s", k.count(), outcomes(r))
	}
}

// A file that the wire waits for is opened at once, though all its other places are free.
func TestAFileThatIsWaitedForIsOpened(t *testing.T) {
	s, k := folder(t, 12)
	k.at = func(_ context.Context, nth int, _ string) error {
		if nth > 1 {
			time.Sleep(5 * time.Millisecond) // slower than the wire
		}
		return nil
	}
	if r := s.sync(); strings.Count(outcomes(r), "created") != 12 {
		t.Error(outcomes(r))
	}
}

// A run that is interrupted while files give way ends.
func TestAnInterruptionWhileFilesGiveWay(t *testing.T) {
	s, k := folder(t, 200)
	h := &heldBack{free: make(chan struct{})}
	h.all.Add(10)
	s.client = func(w apply.Writer) apply.Writer { h.Writer = w; return h }
	ctx, interrupt := context.WithCancel(context.Background())
	go func() {
		h.all.Wait()
		time.Sleep(50 * time.Millisecond) // until files wait
		interrupt()
		close(h.free)
	}()
	r := s.runUntil(ctx)
	if got := outcomes(r); !r.Interrupted || strings.Count(got, "created") != 10 || strings.Count(got, "skipped") != 190 || k.count() > 60 {
		t.Errorf("%d opened: %s", k.count(), got)
	}
}
