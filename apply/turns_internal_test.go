package apply

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"connsync/manifest"
	"connsync/secrets"
)

// Who opens a file waits exactly while there is a free place and no one waits for a file.
func TestWhoWaitsForTheWire(t *testing.T) {
	for _, c := range []struct {
		name  string
		so    func(turns *turns)
		waits bool
	}{
		{"nothing was sent yet", func(*turns) {}, false},
		{"all places are free", func(t *turns) { t.places(2) }, true},
		{"one is free", func(t *turns) { t.places(2); t.places(-1) }, true},
		{"none is free", func(t *turns) { t.places(2); t.places(-1); t.places(-1) }, false},
		{"the wire waits for a file", func(t *turns) { t.places(2); t.starve(true) }, false},
		{"it has it", func(t *turns) { t.places(2); t.starve(true); t.starve(false) }, true},
		{"the run ended", func(t *turns) { t.places(2); t.end() }, false},
		{"what is sent is not away yet", func(t *turns) { t.places(1); t.occupied(func(func()) {}) }, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			turns, went := newTurns(), false
			c.so(turns)
			var all sync.WaitGroup
			all.Go(func() { turns.await(); went = true })
			synctest.Wait()
			if went == c.waits {
				t.Errorf("%s: it waits: %v", c.name, !went)
			}
			turns.end()
			all.Wait()
		})
	}
}

// A place is taken from when what is sent is away, once, until it is answered.
func TestAPlaceIsTakenOnce(t *testing.T) {
	turns := newTurns()
	turns.places(3)
	turns.occupied(func(away func()) {
		if turns.free != 3 {
			t.Errorf("%d of 3 places are free before it is away", turns.free)
		}
		away()
		if away(); turns.free != 2 {
			t.Errorf("%d of 3 places are free while it is away", turns.free)
		}
	})
	turns.occupied(func(func()) {}) // an answer without a request
	if turns.free != 3 {
		t.Errorf("%d of 3 places are free in the end", turns.free)
	}
}

// Once a run is interrupted, no file is read and no key is asked for.
func TestAnInterruptedRunOpensNothing(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	interrupt()
	s := Sync{Open: func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
		t.Error("a key is asked for")
		return nil, "", nil
	}}
	if o := s.open(ctx, manifest.File{Path: "a.yaml", Digest: secrets.Digest("")}); !errors.Is(o.err, context.Canceled) { // there is not even a folder to read
		t.Errorf("%v", o.err)
	}
}
