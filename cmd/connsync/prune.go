package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"connsync/apply"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/lazy"
)

const (
	defaultLimit = "10%"
	mostUnasked  = 10 // deletes of one target where no limit was named
)

var validLimit = lazy.New(`^[0-9]{1,6}%?$`)

// limit is --max-deletes and --allow-empty, as package apply has them.
func (c *syncCmd) limit() apply.Limit {
	text, percent := strings.CutSuffix(c.MaxDeletes, "%")
	l := apply.Limit{Percent: percent, Empty: c.AllowEmpty}
	l.Most, _ = strconv.Atoi(text)
	if c.MaxDeletes == defaultLimit {
		l.Ceiling = mostUnasked
	}
	return l
}

// checkDeletes refuses a run if it would delete more than it may of any target, before the first is written.
func (c *syncCmd) checkDeletes(plans []diff.Plan) error {
	for _, p := range plans {
		if err := c.limit().Check(p); err != nil {
			return err
		}
	}
	return nil
}

// explainLimit names the limit of --prune a plan meets.
func explainLimit(err error) (string, []string, bool) {
	var limit *apply.LimitError
	if !errors.As(err, &limit) {
		return "", nil, false
	}
	would := view.Count(limit.Deletes, "connection") + " would be deleted"
	if limit.Empty {
		return fmt.Sprintf("%s: Git wants no connection at all, and %s; nothing was sent", limit.Target, would),
			[]string{"is the right commit checked out? --allow-empty goes on"}, true
	}
	return fmt.Sprintf("%s: %s, and %d of %d may; nothing was sent", limit.Target, would, limit.Allowed, limit.Recorded),
		[]string{fmt.Sprintf("--max-deletes %d allows it, for one run", limit.Deletes)}, true
}
