package view

import (
	"fmt"

	"connsync/diff"
	"connsync/manifest"
)

// newTargets finds the connections that one target loses and another one gains, by losing target and name: to people, that is one move.
func newTargets(plans []diff.Plan) map[[2]string]string {
	created, out := map[string]string{}, map[[2]string]string{}
	for _, p := range plans {
		for i := range p.Changes {
			if p.Changes[i].Action == diff.Create {
				created[p.Changes[i].Name] = p.Target
			}
		}
	}
	for _, p := range plans {
		for i := range p.Changes {
			c := &p.Changes[i]
			gone := c.Action == diff.Orphaned || c.Action == diff.Delete || c.Action == diff.Remove
			if to := created[c.Name]; to != "" && to != p.Target && gone {
				out[[2]string{p.Target, c.Name}] = to
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
			"share known state, or write once more: connsync sync --rewrite '*'", Count(n, "secret"), them(n)))
	}
	if plan.Unconfirmed > 0 {
		out = append(out, unproven(plan.Unconfirmed))
	}
	if plan.BlindToTouch {
		out = append(out, "SecMaster gives no update time: secrets that are changed in its console cannot be seen")
	}
	if plan.Reviewed {
		out = append(out, "no seal is compared (secrets.destinations: reviewed): review alone decides where secrets go")
	}
	out = append(out, searched(plan.Search)...)
	if plan.Unmanaged > 0 {
		out = append(out, Count(plan.Unmanaged, "connection")+" in SecMaster not managed by connsync (never touched)")
	}
	return out
}

// others names what connsync does not manage, and how that begins.
func others(plan diff.Plan) []string {
	var out []string
	for _, o := range plan.Others {
		out = append(out, fmt.Sprintf("not managed: %s (%s)", o.Name, o.ID))
	}
	if len(out) > 0 {
		out = append(out, "manifests for them:  connsync import --dry-run --target "+manifest.ShellWord(plan.Target))
	}
	return out
}

// unproven says of how many connections the last write was answered as done and not to be seen.
func unproven(n int) string {
	return fmt.Sprintf("%s could not be confirmed: SecMaster answered that it is done, and shows nothing that would prove it; "+
		"write once more: connsync sync --rewrite NAME", Count(n, "write"))
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// next is the command to go on with.
func next(p Page) string {
	switch {
	case p.Offline:
		return "connsync sync --dry-run"
	case p.Hash == "":
		return ""
	}
	return "connsync sync --expect-plan " + p.Hash
}
