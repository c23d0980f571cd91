package main

import (
	"testing"

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
	for _, c := range []struct {
		name                      string
		limit                     string
		empty                     bool
		recorded, wanted, deletes int
		allowed                   bool
	}{
		{"nothing to delete", "10%", false, 100, 100, 0, true},
		{"nothing to delete, nothing wanted", "10%", false, 0, 0, 0, true},
		{"a tenth", "10%", false, 100, 90, 10, true},
		{"more than a tenth", "10%", false, 100, 89, 11, false},
		{"a tenth of a few, rounded up", "10%", false, 3, 2, 1, true},
		{"two of a few", "10%", false, 3, 1, 2, false},
		{"a tenth, and more than ten", "10%", false, 1000, 989, 11, false},
		{"ten of many", "10%", false, 1000, 990, 10, true},
		{"more than ten, as asked for", "11", false, 1000, 989, 11, true},
		{"more than was asked for", "11", false, 1000, 988, 12, false},
		{"a percentage that was asked for", "50%", false, 100, 50, 50, true},
		{"more than that percentage", "50%", false, 100, 49, 51, false},
		{"none at all", "0", false, 100, 99, 1, false},
		{"nothing wanted any more", "100", false, 5, 0, 5, false},
		{"nothing wanted any more, as asked for", "100", true, 5, 0, 5, true},
		{"nothing wanted, asked for, and still limited", "10%", true, 5, 0, 5, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := syncCmd{MaxDeletes: c.limit, AllowEmpty: c.empty}
			if err := cmd.checkDeletes([]diff.Plan{plan(c.recorded, c.wanted, c.deletes)}); (err == nil) != c.allowed {
				t.Errorf("%v", err)
			}
		})
	}
}
