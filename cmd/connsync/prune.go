package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"connsync/cmd/connsync/view"
	"connsync/diff"
)

const (
	defaultLimit = "10%"
	mostUnasked  = 10 // deletes of one target that nobody named a limit for
)

var validLimit = regexp.MustCompile(`^[0-9]{1,6}%?$`)

// limit is how many of a target's recorded connections --prune may delete: a percentage is rounded up.
func (c *syncCmd) limit(recorded int) int {
	text, percent := strings.CutSuffix(c.MaxDeletes, "%")
	n, _ := strconv.Atoi(text)
	if !percent {
		return n
	}
	n = (recorded*n + 99) / 100
	if c.MaxDeletes == defaultLimit {
		n = min(n, mostUnasked)
	}
	return n
}

// checkDeletes refuses a run that would delete more than it may. Nothing of it is sent then.
func (c *syncCmd) checkDeletes(plans []diff.Plan) error {
	for _, p := range plans {
		deletes := p.Count(diff.Delete)
		switch limit := c.limit(p.Recorded); {
		case deletes == 0:
		case p.Wanted == 0 && !c.AllowEmpty:
			return &refusal{fmt.Sprintf("%s: Git wants no connection at all, and %s would be deleted; nothing was sent", p.Target, view.Count(deletes, "connection")),
				[]string{"is the right commit checked out? --allow-empty goes on"}}
		case deletes > limit:
			return &refusal{fmt.Sprintf("%s: %s would be deleted, and %d of %d may; nothing was sent", p.Target, view.Count(deletes, "connection"), limit, p.Recorded),
				[]string{fmt.Sprintf("--max-deletes %d allows it, for one run", deletes)}}
		}
	}
	return nil
}
