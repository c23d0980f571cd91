package main

import (
	"encoding/json"
	"strings"

	"connsync/apply/secmaster"
	"connsync/cmd/connsync/render"
)

// iamCmd prints the least policy for a job.
type iamCmd struct {
	For    string `enum:"diff,sync,prune" required:"" placeholder:"JOB" help:"What connsync is run for: diff, sync, or prune (a sync with --prune)."`
	Uses   bool   `help:"Also what it takes to tell who uses a connection: for diff --uses. The policy of prune always has it."`
	Format string `enum:"text,json" default:"text" placeholder:"FORMAT" help:"text, or json: the policy alone."`
}

func (iamCmd) Help() string {
	return "Prints each permission, what it is for, and whether the vendor documents its name. A name that is not documented follows the pattern " +
		"of its neighbours, and was not tried on the real cloud.\n\n" + examples("connsync iam --for diff", "connsync iam --for diff --uses", "connsync iam --for prune --format json > policy.json")
}

// Run prints the policy.
func (c iamCmd) Run(w world) error {
	out := render.New(w.stdout, w.stderr, render.Options{}).Out
	actions := secmaster.ActionNames(c.For)
	if c.Uses || c.For == secmaster.JobPrune {
		actions = append(actions, secmaster.UsesNames()...)
	}
	policy, err := json.MarshalIndent(secmaster.PolicyOf(actions), "", "  ")
	if err != nil {
		return err
	}
	show := func() {
		for line := range strings.SplitSeq(string(policy), "\n") {
			out.Line("%s", line)
		}
	}
	if c.Format == "json" {
		show()
		return nil
	}
	out.Line("What %s needs\n", c.For)
	list(out, secmaster.Actions(c.For))
	out.Line("")
	out.Words("", "Who uses a connection: for diff --uses, and sync --prune. Without it, they say that they could not look")
	out.Line("")
	list(out, secmaster.UsesActions())
	out.Line("\nA connsync.yaml without project_id also needs to look up the project in IAM.")
	out.Words("", "unverified: the name follows the pattern of its neighbours; the vendor's documents that were read do not have it.")
	out.Line("")
	show()
	return nil
}

// list names permissions, and how sure their names are.
func list(out *render.Stream, actions []secmaster.Action) {
	for _, a := range actions {
		seen := "unverified"
		if a.Seen {
			seen = "documented"
		}
		out.Line("  %-31s %-10s  %s", a.Name, seen, a.For)
	}
}
