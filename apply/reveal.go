package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"connsync/apply/secmaster"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// ErrFileChanged says that a manifest is no longer the one planned from.
var ErrFileChanged = errors.New("the file changed while connsync ran")

// ErrMoved says that a file opened and a secret of the manifest was not among what it held.
var ErrMoved = errors.New("a secret does not open in this place")

// opened is what one manifest gave.
type opened struct {
	secrets      map[secrets.Path]secrets.Value
	lastModified string
	err          error
}

// reveal opens every file of some changes, each once, on all cores.
func (s Sync) reveal(ctx context.Context, cs []*diff.Change) map[string]opened {
	need := files(cs)
	out := make(map[string]opened, len(need))
	var mu sync.Mutex
	done := 0
	var g errgroup.Group
	g.SetLimit(s.openers())
	for path := range need {
		out[path] = opened{err: secrets.ErrPanic} // unless it opens
	}
	for path, f := range need {
		g.Go(secrets.Contained(func() error {
			o := s.open(ctx, f)
			mu.Lock()
			defer mu.Unlock()
			out[path] = o
			done++
			s.progress("revealing", done, len(need))
			return nil
		}))
	}
	_ = g.Wait()
	return out
}

// open reads a manifest again and opens it only if it is, byte for byte, what was checked and planned. Once a run is interrupted, no key is
// asked for any more.
func (s Sync) open(ctx context.Context, f manifest.File) opened {
	if err := ctx.Err(); err != nil {
		return opened{err: err}
	}
	data, err := fs.ReadFile(s.Files, f.Path)
	if err != nil || secrets.Digest(string(data)) != f.Digest {
		return opened{err: ErrFileChanged}
	}
	values, at, err := s.Open(ctx, f.Path, data)
	return opened{secrets: values, lastModified: at, err: err}
}

// dated tells whether a file was last encrypted when it says so, where a decision depended on that: a destination beside secrets
// may change only in a file written by sops since the last apply.
func (o opened) dated(w *diff.Want) bool {
	s := w.File.Sops
	if s == nil {
		return true
	}
	said, err := time.Parse(time.RFC3339, s.LastModified)
	authentic, err2 := time.Parse(time.RFC3339, o.lastModified)
	return err == nil && err2 == nil && said.Equal(authentic)
}

// body is what is sent for a wanted connection: the one place where plaintext and manifest meet.
func body(w *diff.Want, o opened) (secmaster.Body, error) {
	if o.err != nil {
		return secmaster.Body{}, o.err
	}
	public := true
	config, err := manifest.JSON(w.Config, func(r secrets.Ref) (any, error) {
		v, ok := o.secrets[r.Path]
		if !ok {
			return nil, fmt.Errorf("%s: %w", r.Path, ErrMoved)
		}
		public = false
		return v.Expose(), nil
	})
	if err != nil {
		return secmaster.Body{}, err
	}
	return secmaster.Body{
		Name: w.Name, Description: w.Description,
		ComponentID: w.Resolved.ComponentID, ComponentVersionID: w.Resolved.VersionID,
		Config: secrets.Hide(config), Public: public,
	}, nil
}
