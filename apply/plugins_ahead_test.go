package apply_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/diff"
	"connsync/manifest"
)

// meetingReader is a workspace whose list is answered only when its plugins were asked for, and the other way round.
type meetingReader struct {
	apply.Reader
	listed, plugins chan struct{} // closed once asked for
	asked           atomic.Int64  // for plugins
	fails           error         // of the list
	ended           error         // of the plugins
}

func meeting() *meetingReader {
	return &meetingReader{listed: make(chan struct{}), plugins: make(chan struct{})}
}

var errAlone = errors.New("nobody else came")

// meet closes one door, and waits for the other.
func meet(ctx context.Context, mine, other chan struct{}) error {
	close(mine)
	select {
	case <-other:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Minute):
		return errAlone
	}
}

func (*meetingReader) Expect(int) {}

func (*meetingReader) ProjectID(context.Context) (string, error) { return "p", nil }

func (r *meetingReader) List(ctx context.Context) ([]secmaster.Connection, error) {
	if r.fails != nil {
		return nil, r.fails
	}
	return nil, meet(ctx, r.listed, r.plugins)
}

func (r *meetingReader) Components(ctx context.Context) ([]secmaster.Component, error) {
	r.asked.Add(1)
	r.ended = meet(ctx, r.plugins, r.listed)
	return []secmaster.Component{{ID: "c", Name: "EdrVendor", Versions: []secmaster.ComponentVersion{{ID: "v", Version: "2.1"}}}}, r.ended
}

// previewed is the plan of a connection that is wanted, and not there.
func (r *meetingReader) previewed(want manifest.Connection) (diff.Plan, error) {
	return previewedBy(r, want)
}

func previewedBy(r apply.Reader, want manifest.Connection) (diff.Plan, error) {
	want.Name = "new"
	return apply.Preview(context.Background(), r, apply.Target{Name: "prod", Place: diff.Place{Region: "r", WorkspaceID: "w"}, Want: []manifest.Connection{want}})
}

// Plugins whose ids are not known are asked for while the workspace is listed, once.
func TestPluginsAreAskedForWhileTheListIsRead(t *testing.T) {
	r := meeting()
	p, err := r.previewed(manifest.Connection{Component: "EdrVendor", Version: "2.1"})
	if err != nil || p.Count(diff.Create) != 1 || p.Changes[0].Plugin.ComponentID != "c" || r.asked.Load() != 1 {
		t.Errorf("%+v, asked %d times, %v", p.Changes, r.asked.Load(), err)
	}
	r = meeting()
	close(r.plugins) // the list does not wait
	if _, err = r.previewed(manifest.Connection{ComponentID: "c", ComponentVersionID: "v"}); err != nil || r.asked.Load() != 0 {
		t.Errorf("asked %d times for plugins that are wanted by id: %v", r.asked.Load(), err)
	}
}

// Where the list fails, that is the error, and no one goes on to ask for plugins.
func TestPluginsAreNotAskedForAfterTheListFailed(t *testing.T) {
	r := meeting()
	r.fails = secmaster.ErrIncomplete
	_, err := r.previewed(manifest.Connection{Component: "EdrVendor", Version: "2.1"})
	if !errors.Is(err, secmaster.ErrIncomplete) || r.asked.Load() > 0 && !errors.Is(r.ended, context.Canceled) {
		t.Errorf("%v, and the plugins ended with %v", err, r.ended)
	}
}

// Where nothing may be known, a list asked for ahead has the plugins asked for at the same time, and no one asks again; where something is, it does not.
func TestPluginsAreAskedForAheadWhereNothingIsKnown(t *testing.T) {
	r := meeting()
	early := apply.ListAhead(context.Background(), r, 0, apply.Clock{})
	defer early.Stop()
	select {
	case <-r.plugins:
	case <-time.After(time.Minute):
		t.Fatal("nobody asks for plugins ahead")
	}
	p, err := previewedBy(early, manifest.Connection{Component: "EdrVendor", Version: "2.1"})
	if err != nil || p.Count(diff.Create) != 1 || p.Changes[0].Plugin.ComponentID != "c" || r.asked.Load() != 1 {
		t.Errorf("%+v, asked %d times, %v", p.Changes, r.asked.Load(), err)
	}
	r = meeting()
	close(r.plugins) // the list does not wait
	early = apply.ListAhead(context.Background(), r, 1, apply.Clock{})
	if early.Stop(); r.asked.Load() != 0 {
		t.Error("plugins are asked for that may be known")
	}
}

// lingeringReader ends a while after it is given up.
type lingeringReader struct {
	apply.Reader
	ended atomic.Bool
}

func (*lingeringReader) Expect(int) {}

func (r *lingeringReader) List(context.Context) ([]secmaster.Connection, error) { return nil, nil }

func (r *lingeringReader) Components(ctx context.Context) ([]secmaster.Component, error) {
	<-ctx.Done()
	time.Sleep(20 * time.Millisecond)
	r.ended.Store(true)
	return nil, ctx.Err()
}

// Who stops waits for the end of what was asked for: the client is closed then.
func TestWhatWasAskedForAheadHasEnded(t *testing.T) {
	r := &lingeringReader{}
	if apply.ListAhead(context.Background(), r, 0, apply.Clock{}).Stop(); !r.ended.Load() {
		t.Error("a request goes on after its end")
	}
}
