package apply_test

import (
	"errors"
	"testing"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
	"connsync/diff"
)

func TestHowManyMayBeDeleted(t *testing.T) {
	plan := func(recorded, wanted, deletes int) diff.Plan {
		p := diff.Plan{Target: "prod", Recorded: recorded, Wanted: wanted}
		for range deletes {
			p.Changes = append(p.Changes, diff.Change{Action: diff.Delete, Write: true})
		}
		return p
	}
	usual := apply.Limit{Most: 10, Percent: true, Ceiling: 10}
	for _, c := range []struct {
		name                      string
		limit                     apply.Limit
		recorded, wanted, deletes int
		allowed                   bool
	}{
		{"nothing to delete", usual, 100, 100, 0, true},
		{"nothing to delete, nothing wanted", usual, 0, 0, 0, true},
		{"a tenth", usual, 100, 90, 10, true},
		{"more than a tenth", usual, 100, 89, 11, false},
		{"a tenth of a few, rounded up", usual, 3, 2, 1, true},
		{"two of a few", usual, 3, 1, 2, false},
		{"a tenth, and more than ten", usual, 1000, 989, 11, false},
		{"ten of many", usual, 1000, 990, 10, true},
		{"more than ten, as asked for", apply.Limit{Most: 11}, 1000, 989, 11, true},
		{"more than was asked for", apply.Limit{Most: 11}, 1000, 988, 12, false},
		{"a percentage that was asked for", apply.Limit{Most: 50, Percent: true}, 100, 50, 50, true},
		{"more than that percentage", apply.Limit{Most: 50, Percent: true}, 100, 49, 51, false},
		{"none at all", apply.Limit{}, 100, 99, 1, false},
		{"nothing wanted any more", apply.Limit{Most: 100}, 5, 0, 5, false},
		{"nothing wanted any more, as asked for", apply.Limit{Most: 100, Empty: true}, 5, 0, 5, true},
		{"nothing wanted, asked for, and still limited", apply.Limit{Most: 10, Percent: true, Empty: true}, 5, 0, 5, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.limit.Check(plan(c.recorded, c.wanted, c.deletes))
			var limit *apply.LimitError
			if (err == nil) != c.allowed || err != nil && (!errors.As(err, &limit) || limit.Deletes != c.deletes || limit.Target != "prod") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A run of a plan with too many deletions, forgotten check or not, sends nothing of it, and announces nothing.
func TestAPlanPastItsLimitIsNotBegun(t *testing.T) {
	for name, limit := range map[string]apply.Limit{
		"no limit was named":    {},
		"one fewer than needed": {Most: 1, Empty: true},
		"Git wants nothing":     {Most: 5},
	} {
		t.Run(name, func(t *testing.T) {
			s := staged(t, "a", "b")
			s.prune = true
			s.sync()
			before := s.known()
			s.wants()
			s.limit = limit
			r := s.sync()
			var e *apply.LimitError
			if !errors.As(r.Err, &e) || e.Deletes != 2 {
				t.Errorf("%v", r.Err)
			}
			for _, res := range r.Results {
				if res.Sent || res.Outcome != apply.Skipped {
					t.Errorf("%s: %s", res.Name, res.Outcome)
				}
			}
			if n := s.server.Count(emulator.RouteDelete); n != 0 || len(s.server.Connections()) != 2 || s.known().Commit != before.Commit {
				t.Errorf("%d deletes, %d connections, state %s after %s", n, len(s.server.Connections()), s.known().Commit, before.Commit)
			}
		})
	}
}
