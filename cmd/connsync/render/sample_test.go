package render

import (
	"fmt"

	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
)

// sample is what a pull request of some weight shows: one change of each kind, a high risk, and findings.
func sample(offline bool) view.Diff {
	spot := func(file string, line int) manifest.Position {
		return manifest.Position{File: file, Line: line, Column: 5}
	}
	git := []diff.Cause{diff.Git}
	edr := diff.Plugin{ComponentID: "c-edr", VersionID: "v-2.1", Component: "EdrVendor", Version: "2.1"}
	prod := []diff.Change{
		{Action: diff.Create, Name: "firewall_prod", Pos: spot("connections/prod/firewall.yaml", 3), Write: true,
			Plugin:  diff.Plugin{ComponentID: "c-hss", VersionID: "v-2.1", Component: "HssFirewall", Version: "2.1"},
			Secrets: []diff.SecretChange{{Path: "config.password", Word: diff.Set}, {Path: "config.token", Word: diff.Set}}},
		{Action: diff.Update, Name: "edr_eu", From: "edr_eu", ID: "7c0d5b0e-1", Pos: spot("connections/prod/edr.yaml", 4), Write: true, Plugin: edr, Causes: git,
			Fields: []diff.Field{
				{Path: "description", Old: "EDR", New: "EDR Europe", Causes: git},
				{Path: "config.endpoint", Old: "https://edr.example", New: "https://edr2.example", Causes: git},
				{Path: "config.rules", Old: "allow 10.0.0.0/8\nallow 172.16.0.0/12\ndeny all\n", New: "allow 10.0.0.0/8\nallow 192.168.0.0/16\ndeny all\n", Causes: git},
			},
			Secrets: []diff.SecretChange{{Path: "config.client_secret", Word: diff.Changed}, {Path: "config.proxy_password", Word: diff.Same}},
			Extra:   nil, Risks: []diff.Risk{{Kind: diff.RiskDestination, Path: "config.endpoint"}}},
		{Action: diff.Update, Name: "kafka_siem", From: "kafka_siem", Pos: spot("connections/prod/kafka.yaml", 3), Write: true, Causes: git,
			Fields:  []diff.Field{{Path: "config.timeout_seconds", Old: "30", New: "60", Causes: git}},
			Secrets: []diff.SecretChange{{Path: "config.sasl.password", Word: diff.Reencrypted}}},
	}
	test := []diff.Change{
		{Action: diff.Update, Name: "mail_gateway", From: "mail_gateway", Pos: spot("connections/test/mail.yaml", 3), Write: true, Causes: git,
			Secrets: []diff.SecretChange{{Path: "config.password", Word: diff.Set}},
			Risks:   []diff.Risk{{Kind: diff.RiskCopied, Path: "config.password", From: diff.Spot{Target: "prod", Name: "mail_gateway", Path: "config.password", File: "connections/prod/mail.yaml"}}}},
	}
	if offline {
		prod = append(prod,
			diff.Change{Action: diff.Rename, Name: "proxy_eu", From: "proxy_old", Pos: spot("connections/prod/proxy.yaml", 3), Write: true, Causes: git,
				Fields: []diff.Field{{Path: "name", Old: "proxy_old", New: "proxy_eu", Causes: git}}},
			diff.Change{Action: diff.Remove, Name: "legacy_ids"})
	} else {
		drift := []diff.Cause{diff.Drift}
		prod = append(prod,
			diff.Change{Action: diff.Update, Name: "waf", From: "waf", Pos: spot("connections/prod/waf.yaml", 3), Write: true, Causes: drift, Modifier: "j.doe",
				Fields: []diff.Field{{Path: "config.mode", Old: "observe", New: "block", Causes: drift}}, Extra: nil},
			diff.Change{Action: diff.Conflict, Name: "siem", Pos: spot("connections/prod/siem.yaml", 9), ID: "5d1c2b3a-0000",
				Conflict: &diff.ConflictDetail{Kind: diff.ConflictDiffers, IDs: []string{"5d1c2b3a-0000-4000-8000-000000000000"}}},
			diff.Change{Action: diff.Orphaned, Name: "legacy_ids", Warnings: []diff.Warning{{Kind: diff.WarnProtected}}})
	}
	for i := range 12 {
		prod = append(prod, diff.Change{Action: diff.Unchanged, Name: fmt.Sprint("same", i)})
	}
	place := func(id string) diff.Place { return diff.Place{Region: "cn-north-4", WorkspaceID: id} }
	v := view.Diff{Offline: offline, Plans: []diff.Plan{
		{Target: "prod", Place: place("11111111-2222-4333-8444-555555555555"), WantCommit: "9a8b7c6d5e4f", KnownCommit: "1f2e3d4c5b6a", Changes: prod},
		{Target: "test", Place: place("22222222-2222-4333-8444-555555555555"), WantCommit: "9a8b7c6d5e4f", KnownCommit: "1f2e3d4c5b6a", Changes: test},
	}}
	if !offline {
		v.Plans[0].Unmanaged, v.Plans[0].Unverified = 7, 2
		return v
	}
	v.Alarms = []view.Alarm{{File: "connsync.yaml", Kind: review.ProjectValue, Text: `connsync.yaml: secrets.allow changes from "age" to "age hc_vault"`}}
	v.Files = map[string][]view.FileNote{"prod": {{Path: "connections/prod/edr.yaml", Words: []string{"a recipient was added: age1qqqq"}, Risky: true}, {Path: "connections/prod/kafka.yaml", Words: []string{"the data key was rotated"}}}}
	v.Findings = []view.Finding{
		{Mistake: manifest.Mistake{Pos: spot("connections/prod/siem.yaml", 14), Message: "config.password is in the clear, and its name says that it is a secret", Hints: []string{"encrypt it: sops encrypt --in-place connections/prod/siem.yaml"}}, Fatal: true},
		{Mistake: manifest.Mistake{Pos: spot("connections/prod/firewall.yaml", 8), Message: "the description is the same as that of edr_eu"}, Fatal: false},
	}
	return v
}
