package main

import (
	"fmt"

	"connsync/diff"
)

// moves finds the connections that one target loses and another one gains: to people, that is one move.
func moves(plans []diff.Plan) map[string]string {
	created := map[string]string{}
	for _, p := range plans {
		for i := range p.Changes {
			if p.Changes[i].Action == diff.Create {
				created[p.Changes[i].Name] = p.Target
			}
		}
	}
	out := map[string]string{}
	for _, p := range plans {
		for i := range p.Changes {
			c := &p.Changes[i]
			gone := c.Action == diff.Orphaned || c.Action == diff.Delete || c.Action == diff.Remove
			if to := created[c.Name]; to != "" && to != p.Target && gone {
				out[p.Target+"\x00"+c.Name] = to
			}
		}
	}
	return out
}

// remarks are what a plan's reader should know beside its changes.
func remarks(plan diff.Plan) []string {
	var out []string
	if n := plan.Unverified; n > 0 {
		out = append(out, fmt.Sprintf("%s could not be verified: no record of writing %s; "+
			"share known state, or write once more: connsync sync --rewrite '*'", count(n, "secret"), them(n)))
	}
	if plan.BlindToTouch {
		out = append(out, "SecMaster gives no update time: secrets that are changed in its console cannot be seen")
	}
	if plan.Unmanaged > 0 {
		out = append(out, count(plan.Unmanaged, "connection")+" in SecMaster not managed by connsync (never touched)")
	}
	return out
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// always are the actions whose count is said also where it is none.
var always = map[diff.Action]bool{diff.Create: true, diff.Update: true, diff.Unchanged: true}

// totalWords say a plan's totals, one part each.
func totalWords(s sheet) []string {
	var out []string
	for _, t := range s.totals {
		live := !s.offline && (t.action == diff.Adopt || t.action == diff.Delete)
		if t.n == 0 && !always[t.action] && !live {
			continue
		}
		switch t.action {
		case diff.Unchanged, diff.Orphaned:
			out = append(out, fmt.Sprintf("%d %s", t.n, t.action))
		case diff.Conflict:
			out = append(out, count(t.n, "conflict"))
		default:
			out = append(out, fmt.Sprintf("%d to %s", t.n, t.action))
		}
	}
	return out
}

// next is the command to go on with.
func next(s sheet) string {
	switch {
	case s.offline:
		return "connsync sync --dry-run"
	case s.hash == "":
		return ""
	}
	return "connsync sync --expect-plan " + s.hash
}

// cut is the beginning of an id, enough to recognise it.
func cut(id string, n int) string {
	if len(id) <= n {
		return id
	}
	return id[:n] + "…"
}

// cutHash is a commit's usual abbreviation.
func cutHash(hash string) string {
	if len(hash) > 7 {
		return hash[:7]
	}
	return hash
}
