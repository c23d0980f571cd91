package apply_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/diff"
)

// waitingReader counts lists, and answers each once it may.
type waitingReader struct {
	apply.Reader
	lists chan struct{} // one for each list asked for
	may   chan struct{} // one for each that may be answered
	ended chan error
}

func (*waitingReader) Expect(int) {}

func (r *waitingReader) ProjectID(context.Context) (string, error) { return "p", nil }

func (r *waitingReader) List(ctx context.Context) ([]secmaster.Connection, error) {
	r.lists <- struct{}{}
	select {
	case <-r.may:
		return []secmaster.Connection{{ID: "1", Name: "there"}}, nil
	case <-ctx.Done():
		r.ended <- ctx.Err()
		return nil, ctx.Err()
	}
}

func waiting() *waitingReader {
	return &waitingReader{lists: make(chan struct{}, 9), may: make(chan struct{}, 9), ended: make(chan error, 9)}
}

// A list that was asked for early serves the first plan, and no other one.
func TestAnEarlyListIsUsedOnce(t *testing.T) {
	r, ctx := waiting(), context.Background()
	early := apply.ListAhead(ctx, r, 0, apply.Clock{})
	defer early.Stop()
	<-r.lists // before anything was planned
	r.may <- struct{}{}
	target := apply.Target{Name: "prod", Place: diff.Place{Region: "r", WorkspaceID: "w"}, Known: state.Snapshot{}}
	for lists := range 2 {
		if lists > 0 {
			r.may <- struct{}{}
		}
		plan, err := apply.Preview(ctx, early, target)
		if err != nil || plan.Unmanaged != 1 || len(r.lists) != lists {
			t.Errorf("plan %d: %d unmanaged, %d more lists, %v", lists, plan.Unmanaged, len(r.lists), err)
		}
	}
}

// A list that no one needs is broken off, and is over when Stop returns.
func TestAnEarlyListThatNoOneNeedsIsBrokenOff(t *testing.T) {
	r := waiting()
	early := apply.ListAhead(context.Background(), r, 0, apply.Clock{})
	<-r.lists
	early.Stop()
	select {
	case err := <-r.ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
	if len(r.lists) > 0 {
		t.Error("another list")
	}
}
