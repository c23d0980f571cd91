package main

import (
	"encoding/json"
	"strings"

	"connsync/apply/secmaster"
	"connsync/cmd/connsync/render"
)

// iamCmd prints the least policy that a job needs.
type iamCmd struct {
	For    string `enum:"diff,sync,prune" required:"" placeholder:"JOB" help:"What connsync is run for: diff, sync, or prune (a sync with --prune)."`
	Format string `enum:"text,json" default:"text" placeholder:"FORMAT" help:"text, or json: the policy alone."`
}

func (iamCmd) Help() string {
	return "Prints each permission, what it is for, and whether the vendor documents its name. A name that is not documented follows the pattern " +
		"of its neighbours, and was not tried on the real cloud.\n\n" + examples("connsync iam --for diff", "connsync iam --for prune --format json > policy.json")
}

// Run prints the policy.
func (c iamCmd) Run(w world) error {
	out := render.New(w.stdout, w.stderr, render.Options{}).Out
	policy, err := json.MarshalIndent(secmaster.PolicyOf(c.For), "", "  ")
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
	for _, a := range secmaster.Actions(c.For) {
		seen := "unverified"
		if a.Seen {
			seen = "documented"
		}
		out.Line("  %-31s %-10s  %s", a.Name, seen, a.For)
	}
	out.Line("\nA connsync.yaml without project_id also needs to look up the project in IAM.")
	out.Line("unverified: the name follows the pattern of its neighbours; the vendor's documents that were read do not have it.\n")
	show()
	return nil
}
