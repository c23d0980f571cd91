package state

import (
	"cmp"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"connsync/diff"
	"connsync/secrets"
)

// errMisplaced says that a line is in another part than its name says.
var errMisplaced = errors.New("a line is in another part")

// reading is a snapshot under way, whose lines are read side by side.
type reading struct {
	mu   sync.Mutex
	into *Snapshot
}

// readKnown reads the lines behind the header, or those of the parts.
func (s *Snapshot) readKnown(behind, partly []string) (problem string) {
	r := &reading{into: s}
	switch {
	case (s.Schema == schemaParts) != (partly != nil), partly != nil && !slices.Equal(behind, []string{""}):
		return "its header and its parts do not belong together"
	case partly == nil:
		s.Known = make(map[string]*diff.Known, len(behind))
		return r.lines(behind, func(string) bool { return true })
	}
	return r.parts(partly)
}

// parts reads some of the parts at a time.
func (r *reading) parts(texts []string) (problem string) {
	problems, expected := make([]string, len(texts)), 0
	for _, text := range texts {
		expected += strings.Count(text, "\n")
	}
	r.into.Known = make(map[string]*diff.Known, expected)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, text := range texts {
		g.Go(secrets.Contained(func() error {
			problems[i] = r.lines(strings.SplitAfter(text, "\n"), func(name string) bool { return partOf(name) == i })
			return nil
		}))
	}
	if g.Wait() != nil {
		return "a line of it cannot be read"
	}
	slices.SortFunc(r.into.lines, func(a, b written) int { return strings.Compare(a.name, b.name) })
	return cmp.Or(problems...)
}

// lines reads lines in order of name, all of which belong together.
func (r *reading) lines(lines []string, belongs func(name string) bool) (problem string) {
	var q quick
	return inOrder(lines, func(line string) (string, error) {
		k, ok := q.known(line)
		switch {
		case !ok || r.into.Schema == 1:
			return r.other(line, belongs)
		case !belongs(k.Name):
			return "", errMisplaced
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.into.Known[k.Name], r.into.lines = &k, append(r.into.lines, written{k.Name, line})
		return k.Name, nil
	})
}

// other reads a line that is not just as encodeLine writes it.
func (r *reading) other(line string, belongs func(name string) bool) (string, error) {
	var e entry
	more, err := parse([]byte(line), &e)
	switch {
	case err != nil:
		return "", err
	case !belongs(e.Name):
		return "", errMisplaced
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	keepMore(r.into.More.Known, e.Name, more)
	e.keep(r.into, r.into.Schema)
	return e.Name, nil
}
