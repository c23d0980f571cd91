package state

import (
	"maps"
	"strings"

	"connsync/diff"
	"connsync/lazy"
)

// converted asks the state's log which connections of schema 1 connsync wrote: their entries do not say. Where the history ends before
// its first commit, what it does not show stays unsaid, and is neither believed nor denied.
func (s *Store) converted(snap Snapshot) Snapshot {
	unsaid := map[string]bool{} // ids
	for _, k := range snap.Known {
		if k.Written == diff.WrittenUnsaid {
			unsaid[k.ID] = true
		}
	}
	if len(unsaid) == 0 {
		return snap
	}
	written := map[string]bool{}
	whole := s.history(snap.Commit, func(message string) bool {
		for _, id := range writtenIDs(message) {
			if unsaid[id] {
				written[id] = true
			}
		}
		return len(written) < len(unsaid)
	})
	snap.Known = maps.Clone(snap.Known)
	for name, was := range snap.Known {
		k := *was
		switch {
		case k.Written != diff.WrittenUnsaid:
		case written[k.ID]:
			k.Written = diff.WrittenConfirmed
		case whole:
			k.Written = diff.WrittenNever
		}
		snap.Known[name] = &k
	}
	return snap
}

// history visits the messages of a commit and of those before it, until one says enough. It tells whether all of the asked history is there.
func (s *Store) history(commit string, visit func(message string) bool) bool {
	for commit != "" {
		c, err := s.commit(commit)
		if err != nil {
			return false
		}
		if !visit(c.Message) {
			return true
		}
		commit = parent(c)
	}
	return true
}

// wrote is a line of the log about a completed write: only those name requests (docs/state.md).
var wrote = lazy.New(`^(?:created|updated) [^ ]+ ([^ ]+)(?: \(request .*\))?$|^adopted [^ ]+ ([^ ]+) \(request .*\)$`)

func writtenIDs(message string) []string {
	var out []string
	for text := range strings.SplitSeq(message, "\n") {
		if m := wrote.FindStringSubmatch(text); m != nil {
			out = append(out, m[1]+m[2])
		}
	}
	return out
}
