package main

import (
	"context"
	"io/fs"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"connsync/diff/review"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/sops"
)

// opening is a side with its files opened with the keys at hand, in memory.
type opening struct {
	side   review.Side
	opener *sops.Opener
	opened []*sops.Opened // by file; nil if it is not encrypted, or does not open
	failed []error
}

// openAll opens every encrypted file of a side, under the policy for looking at it: no key service is asked because the branch allows it.
// Its error is the end of the context.
func openAll(ctx context.Context, w world, side review.Side) (*opening, error) {
	n := len(side.Set.Files)
	o := &opening{side: side, opened: make([]*sops.Opened, n), failed: make([]error, n)}
	o.opener = sops.New(sops.Options{Allow: side.Policy.Allow, FullMAC: side.Policy.FullMAC, Lend: w.lend})
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range side.Set.Files {
		if f.Sops == nil || f.Unread {
			continue
		}
		g.Go(secrets.Contained(func() error {
			o.opened[i], o.failed[i] = o.open(ctx, f)
			return ctx.Err()
		}))
	}
	return o, g.Wait()
}

// open opens what was read, and nothing else.
func (o *opening) open(ctx context.Context, f manifest.File) (*sops.Opened, error) {
	text, err := fs.ReadFile(o.side.Files, f.Path)
	if err != nil || secrets.Digest(string(text)) != f.Digest {
		return nil, &changedError{f.Path}
	}
	opened, err := o.opener.Open(ctx, f.Path, text)
	if err != nil {
		return nil, err
	}
	return &opened, nil
}

// changedError is a file with other content than a moment ago.
type changedError struct{ file string }

func (e *changedError) Error() string { return "the file changed while connsync ran" }

// secrets are the plaintexts of what opened.
func (o *opening) secrets() review.Opened {
	if o == nil {
		return nil
	}
	out := review.Opened{}
	for i, f := range o.side.Set.Files {
		if o.opened[i] != nil {
			out[f.Path] = o.opened[i].Secrets
		}
	}
	return out
}

// count is how many files opened.
func (o *opening) count() int { return len(o.secrets()) }

// mistakes are the files that do not open. For a file the branch did not change it is only a warning. What was looked for and where is
// said once.
func (o *opening) mistakes(changed func(manifest.File) bool) manifest.Mistakes {
	if o == nil {
		return nil
	}
	var out manifest.Mistakes
	said := map[string]bool{}
	for i, f := range o.side.Set.Files {
		err := o.failed[i]
		if err == nil {
			continue
		}
		message, hints, _ := explainSecrets(err)
		if message == "" {
			message, hints = err.Error(), []string{"repeat"}
		}
		if cause := keyCause(err); cause != "" {
			if said[cause] {
				hints = []string{"the first such error says why each of your keys cannot"}
			}
			said[cause] = true
		}
		m := manifest.Mistake{Pos: f.Sops.Pos, Message: strings.TrimPrefix(message, f.Path+": "), Hints: hints, Warning: !changed(f)}
		m.Message = "does not open: " + m.Message
		out = append(out, m)
	}
	return out
}
