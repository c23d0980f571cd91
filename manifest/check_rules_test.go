package manifest_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connsync/manifest"
)

// rulesOf is a .sops.yaml of one rule.
func rulesOf(lines ...string) string {
	return "creation_rules:\n  - age: age1x\n" + strings.Join(append(lines, ""), "\n")
}

// sealedBy is the sops block of a file encrypted by some selector.
func sealedBy(lines string) string {
	return "sops:\n  age:\n    - recipient: age1x\n      enc: wrapped\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  mac: " + enc + "\n" + lines
}

// checked are the mistakes and the warnings of a project with these files.
func checked(t *testing.T, pairs ...string) (wrong, warnings manifest.Mistakes) {
	t.Helper()
	f := files(pairs...)
	p, err := manifest.LoadProject(f, manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	s, ms, err := manifest.Survey(f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifest.Sorted(append(ms, s.Check(p)...)) {
		wellSaid(t, m)
		if m.Warning {
			warnings = append(warnings, m)
			continue
		}
		wrong = append(wrong, m)
	}
	return wrong, warnings
}

// The rule of a file is the law, by what it does: a value in the clear is a mistake if the rule encrypts it, whatever its key, its type and the
// file's own selector, and in a never encrypted file. Nothing is said of what the rule leaves.
func TestTheRuleIsTheLaw(t *testing.T) {
	const regex = "    encrypted_regex: ^(password|community)$"
	const own = "  encrypted_regex: ^password$\n"
	for _, c := range []struct {
		name, rules, config, block string
		wrong, warns               string // the wrong settings, and what is warned of
	}{
		{"as the rule says", rulesOf(regex), "        password: " + enc + "\n", sealedBy("  encrypted_regex: ^(password|community)$\n"), "", ""},
		{"the rule grew", rulesOf(regex), "        community: canary\n        password: " + enc + "\n", sealedBy(own), "config.community", ""},
		{"the rule grew by what is not there", rulesOf(regex), "        user: canary\n        password: " + enc + "\n", sealedBy(own), "", "what is encrypted is not what its rule in .sops.yaml says: encrypted_regex: ^password$ in the file, encrypted_regex: ^(password|community)$ in the rule"},
		{"the rule grew by what is empty", rulesOf(regex), "        community: \"\"\n        password: " + enc + "\n", sealedBy(own), "", "what is encrypted"},
		{"never encrypted", rulesOf(regex), "        community: canary\n", "", "config.community", ""},
		{"never encrypted, and excused", rulesOf(regex), "        community: canary\n        password: canary\n      cleartext: [{setting: config.password, reason: a demo}]\n", "", "config.community config.password", ""},
		{"never encrypted, a number", rulesOf(regex), "        community: 12\n", "", "config.community", ""},
		{"never encrypted, a boolean", rulesOf(regex), "        community: false\n", "", "config.community", ""},
		{"never encrypted, a mapping", rulesOf(regex), "        community: {a: canary, b: [1, 2]}\n", "", "config.community.a config.community.b[0] config.community.b[1]", ""},
		{"an empty list and an empty mapping", rulesOf(regex), "        community: {a: {}, b: []}\n", "", "", ""},
		{"no selector", rulesOf(), "        user: canary\n        port: 443\n", "", "config.port config.user", ""},
		{"no selector, and a key that stays in the clear", rulesOf(), "        user_unencrypted: canary\n", "", "", ""},
		{"no selector, and all is encrypted", rulesOf(), "        user: " + enc + "\n        note: \"\"\n", sealedBy("  encrypted_regex: ^config$\n"), "", ""},
		{"no selector, and one by the command line", rulesOf(), "        user: canary\n        password: " + enc + "\n", sealedBy(own), "config.user", ""},
		{"everything but a suffix", rulesOf("    unencrypted_suffix: _pt"), "        user_pt: canary\n        mode: canary\n", "", "config.mode", ""},
		{"a suffix", rulesOf("    encrypted_suffix: _enc"), "        user_enc: canary\n        mode: canary\n", "", "config.user_enc", ""},
		{"everything but a regex", rulesOf("    unencrypted_regex: ^(user|components?)$"), "        user: canary\n        mode: canary\n", "", "config.mode", ""},
		{"a comment", rulesOf("    encrypted_comment_regex: sops:enc"), "        # sops:enc\n        user: canary\n        mode: canary\n", "", "config.user", ""},
		{"everything but a comment", rulesOf("    unencrypted_comment_regex: clear"), "        user: canary # clear\n        mode: canary\n", "", "config.mode", ""},
		{"another MAC", rulesOf(regex, "    mac_only_encrypted: true"), "        password: " + enc + "\n", sealedBy("  encrypted_regex: ^(password|community)$\n"), "", "mac_only_encrypted is false in the file, and true in its rule"},
		{"another MAC, and a value", rulesOf(regex, "    mac_only_encrypted: true"), "        community: canary\n        password: " + enc + "\n", sealedBy(own), "config.community", ""},
		{"other text of the same meaning", rulesOf("    encrypted_regex: ^(?:password)$"), "        password: " + enc + "\n", sealedBy(own), "", "what is encrypted is not what"},
		{"more groups of keys", "creation_rules:\n  - encrypted_regex: ^password$\n    shamir_threshold: 2\n    key_groups: [{age: [age1x]}, {age: [age1x]}]\n", "        password: " + enc + "\n", sealedBy(own), "", "0 of 1 groups of keys open the file, and its rule in .sops.yaml wants 2 of 2"},
		{"a rule for other files", "creation_rules:\n  - path_regex: other\n    age: age1x\n", "        user: canary\n", "", "", ""},
		{"the first rule that fits", "creation_rules:\n  - path_regex: other\n    age: age1x\n  - path_regex: ^connections/\n    age: age1x\n    encrypted_regex: ^mode$\n  - age: age1x\n", "        user: canary\n        mode: canary\n", "", "config.mode", ""},
		{"no rules", "stores: {yaml: {indent: 2}}\n", "        user: canary\n", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrong, warnings := checked(t, ".sops.yaml", c.rules, "connections/a.yaml", connection("a", c.config)+c.block)
			var at []string
			for _, m := range wrong {
				if path, _, ok := strings.Cut(m.Message, " of a is in the clear, and its rule in .sops.yaml encrypts it ("); !ok || m.Hints[0] != "connsync reseal connections/a.yaml" {
					t.Errorf("%s", told(wrong))
				} else {
					at = append(at, path)
				}
			}
			if got := strings.Join(sortedTexts(at), " "); got != c.wrong {
				t.Errorf("wrong: %s, want %s\n%s", got, c.wrong, told(wrong))
			}
			if got := told(warnings); (c.warns == "") != (got == "") || !strings.Contains(got, c.warns) || len(warnings) > 1 {
				t.Errorf("warns: %s, want %s", got, c.warns)
			}
		})
	}
}

func sortedTexts(in []string) []string {
	slices.Sort(in)
	return in
}

// A rule that eases a migration warns of the same, and the value is sent, and not shown.
func TestAMigrationIsEasedByAWarning(t *testing.T) {
	f := files(".sops.yaml", rulesOf(), "connections/a.yaml", connection("a", "        user: canary\n"))
	f[manifest.ProjectFile].Data = []byte(strings.Replace(project, "mac: any", "mac: any\n  rule: warn", 1))
	p, err := manifest.LoadProject(f, manifest.ProjectFile)
	if err != nil || !p.Secrets.RuleWarn {
		t.Fatal(err)
	}
	s, err := manifest.Load(f, p)
	if err != nil {
		t.Fatal(err)
	}
	ms := s.Check(p)
	c := s.Connections[0]
	sent, err := manifest.JSON(c.Config, nil)
	if len(ms) != 1 || !ms[0].Warning || !c.Tolerated || fmt.Sprint(c.Config) != "map[user:(not shown)]" || sent != `{"user":"canary"}` || err != nil {
		t.Errorf("%v %+v %s %v", ms, c.Config, sent, err)
	}
	f[manifest.ProjectFile].Data = []byte(project)
	s, err = manifest.Load(f, manifest.Project{File: p.File, Manifests: p.Manifests, Targets: p.Targets})
	if err != nil || s.Connections[0].Tolerated || len(s.Connections[0].InClear) != 1 {
		t.Errorf("%v %+v", err, s.Connections)
	}
	if _, err := manifest.JSON(s.Connections[0].Config, nil); err == nil {
		t.Error("it can be sent")
	}
}

// A .sops.yaml unusable by sops, or with another effect than it seems to have, is a mistake at its place; and of files below it no more is said.
func TestABrokenRulesFileIsAMistakeAtItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ rules, says string }{
		"no YAML":                  {"creation_rules:\n  - age: [\n", ".sops.yaml:2:1: not valid YAML"},
		"a tab":                    {"creation_rules:\n\t- age: x\n", ".sops.yaml:2:1: not valid YAML"},
		"a path_regex":             {"creation_rules:\n  - age: age1x\n    path_regex: \"[\"\n", ".sops.yaml:3:17: path_regex is no regular expression: sops cannot use the file"},
		"an encrypted_regex":       {rulesOf("    encrypted_regex: (?<x"), ".sops.yaml:3:22: encrypted_regex is no regular expression: sops says nothing, lets it match nothing, and leaves everything in the clear"},
		"an unencrypted_regex":     {rulesOf("    unencrypted_regex: '*'"), ".sops.yaml:3:24: unencrypted_regex is no regular expression: sops says nothing, lets it match nothing, and encrypts everything"},
		"a comment's regex":        {rulesOf("    encrypted_comment_regex: a{2000}"), ".sops.yaml:3:30: encrypted_comment_regex is no regular expression"},
		"a lookahead":              {rulesOf("    encrypted_regex: ^(?!user)"), ".sops.yaml:3:22: encrypted_regex is no regular expression"},
		"a large regex":            {rulesOf("    encrypted_regex: " + strings.Repeat("a|", 3000)), ".sops.yaml:3:22: encrypted_regex is too large"},
		"two selectors":            {rulesOf("    encrypted_regex: a", "    unencrypted_suffix: b"), ".sops.yaml:4:25: the rule has encrypted_regex and unencrypted_suffix: sops refuses two"},
		"a boolean that is text":   {rulesOf("    mac_only_encrypted: \"true\""), ".sops.yaml:3:25: not what sops reads here"},
		"a number that is text":    {rulesOf("    shamir_threshold: two"), ".sops.yaml:3:23: not what sops reads here"},
		"keys that are a number":   {"creation_rules:\n  - age: 5\n", ".sops.yaml:2:10: age must be text, or a list of texts"},
		"a list with a number":     {"creation_rules:\n  - pgp: [A, 5]\n", ".sops.yaml:2:10: pgp must be text, or a list of texts"},
		"a list of hckms as text":  {"creation_rules:\n  - hckms: key\n", ".sops.yaml:2:12: not what sops reads here"},
		"a key twice":              {rulesOf("    age: age1y"), ".sops.yaml:3:10: not what sops reads here"},
		"rules that are a mapping": {"creation_rules:\n  age: age1x\n", ".sops.yaml:2:8: not what sops reads here"},
		"a broken one at the end":  {rulesOf("    encrypted_regex: ^user$", "  - path_regex: \"(\""), ".sops.yaml:4:17: path_regex is no regular expression"},
		"an alias to itself":       {"creation_rules: &a [*a]\n", ".sops.yaml:1:21: not what sops reads here"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong, warnings := checked(t, ".sops.yaml", c.rules, "connections/a.yaml", connection("a", "        user: canary\n        password: "+enc+"\n")+sealedBy("  encrypted_regex: ^password$\n"))
			if len(wrong) != 1 || !strings.HasPrefix(wrong[0].Error(), c.says) || len(warnings) != 0 {
				t.Errorf("%s%s", told(wrong), told(warnings))
			}
		})
	}
}

// Of several .sops.yaml the nearest to the file holds, and the command in the hint names it to sops, since sops would take another one.
func TestTheNearestRulesFileIsNamed(t *testing.T) {
	other := strings.ReplaceAll(rulesOf("    encrypted_regex: ^(password|user)$"), "age1x", "age1y")
	block := sealedBy("  encrypted_regex: ^password$\n")
	wrong, _ := checked(t, ".sops.yaml", rulesOf("    encrypted_regex: ^password$"), "connections/prod/.sops.yaml", other, "connections/prod/a.yaml", connection("a", "        user: canary\n        password: "+enc+"\n")+block,
		"connections/b.yaml", connection("b", "        user: canary\n        password: "+strings.Replace(enc, "YWJj,iv", "YWJk,iv", 1)+"\n")+block)
	got := told(wrong)
	if len(wrong) != 2 || !strings.Contains(got, "its rule in connections/prod/.sops.yaml (the nearest to the file)") || !strings.Contains(got, "hint: sops --config connections/prod/.sops.yaml updatekeys connections/prod/a.yaml\n") {
		t.Errorf("%s", got)
	}
	// A file without rules holds nothing; one with an empty list of rules fits no file.
	for rules, says := range map[string]string{"stores: {}\n": "", "creation_rules: []\n": "no rule of .sops.yaml fits the file"} {
		wrong, _ := checked(t, ".sops.yaml", rulesOf("    encrypted_regex: ^password$"), "connections/.sops.yaml", rules, "connections/a.yaml", connection("a", "        password: "+enc+"\n")+block)
		if got := told(wrong); (got == "") != (says == "") || !strings.Contains(got, says) {
			t.Errorf("%s: %s", rules, got)
		}
	}
	wrong, _ = checked(t, ".sops.yaml", rulesOf(`    path_regex: ^connections\\.*`), "connections/a.yaml", connection("a", "        password: "+enc+"\n")+block)
	if got := told(wrong); !strings.Contains(got, `hint: a path_regex fits it on Windows only: write  [/\\]  between the parts of a path`) {
		t.Errorf("%s", got)
	}
}

// What lies between a file and its rule is a mistake of a branch only where it changed one of them.
func TestWhatWasThereBeforeIsSettled(t *testing.T) {
	set := func(pairs ...string) manifest.Set {
		f := files(pairs...)
		p, err := manifest.LoadProject(f, manifest.ProjectFile)
		if err != nil {
			t.Fatal(err)
		}
		s, _, err := manifest.Survey(f, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	text := connection("a", "        user: canary\n")
	base := set(".sops.yaml", rulesOf(), "connections/a.yaml", text)
	m := base.Check(manifest.Project{})[0]
	for name, c := range map[string]struct {
		head    manifest.Set
		settled bool
	}{
		"neither":       {base, true},
		"another file":  {set(".sops.yaml", rulesOf(), "connections/a.yaml", text, "connections/b.yaml", connection("b", "        x: 1\n")), true},
		"the file":      {set(".sops.yaml", rulesOf(), "connections/a.yaml", text+"# x\n"), false},
		"the selector":  {set(".sops.yaml", rulesOf("    encrypted_regex: user"), "connections/a.yaml", text), false},
		"the mode":      {set(".sops.yaml", rulesOf("    mac_only_encrypted: true"), "connections/a.yaml", text), false},
		"a nearer file": {set(".sops.yaml", rulesOf(), "connections/.sops.yaml", rulesOf(), "connections/a.yaml", text), false},
	} {
		if got := c.head.Settled(m, base); got != c.settled {
			t.Errorf("%s: settled %v", name, got)
		}
	}
	broken := set(".sops.yaml", "creation_rules: 5\n", "connections/a.yaml", text)
	if m := broken.Check(manifest.Project{})[0]; !broken.Settled(m, broken) || broken.Settled(m, base) {
		t.Errorf("%v", m)
	}
}

// A secret taken for a number or a boolean by sops may be another one than was meant: 0123 is 83. Its type tells, without a key.
func TestASecretThatIsNoTextIsAWarning(t *testing.T) {
	as := func(kind string) string { return strings.Replace(enc, "type:str", "type:"+kind, 1) }
	for kind, says := range map[string]string{"str": "", "int": "config.password was encrypted as a whole number", "float": "config.password was encrypted as a decimal number", "bool": "config.password was encrypted as a boolean"} {
		wrong, warnings := checked(t, "connections/a.yaml", connection("a", "        password: "+as(kind)+"\n        deep:\n          retries: "+strings.Replace(as(kind), "YWJj,iv", "YWJk,iv", 1)+"\n")+sops)
		if got := told(warnings); len(wrong) != 0 || (got == "") != (says == "") || !strings.Contains(got, says) || len(warnings) > 1 {
			t.Errorf("%s: %s%s", kind, told(wrong), got)
		}
	}
}

// What a contributor wrote as prose (the comment of a key, a selector, the name of a folder or a connection) stands in quotes in every sentence, so that no format shows it
// as words of connsync.
func TestProseOfAContributorIsInQuotes(t *testing.T) {
	const prose = "reviewed and safe to merge"
	quoted := regexp.MustCompile(`"(?:[^"\\\\]|\\\\.)*"`)
	named := func(config, block string) string {
		return "connections:\n  prod:\n    " + prose + ":\n      component: Edr\n      version: \"1.0\"\n      adopt: abc\n      config:\n" + config + block
	}
	block := func(recipient, regex string) string {
		return strings.Replace(sealedBy("  encrypted_regex: "+regex+"\n"), "recipient: age1x", "recipient: "+recipient, 1)
	}
	secret := "        password: " + enc + "\n"
	for what, c := range map[string][]string{
		"the comment of a key in a rule":     {".sops.yaml", "creation_rules:\n  - age: ssh-ed25519 AAAA " + prose + "\n", "connections/a.yaml", named(secret, block("age1x", "^password$"))},
		"a key of one word":                  {".sops.yaml", "creation_rules:\n  - age: safe\n", "connections/a.yaml", named(secret, block("age1x", "^password$"))},
		"the comment of a key in a file":     {".sops.yaml", rulesOf(), "connections/a.yaml", named(secret, block("ssh-ed25519 AAAA "+prose, "^password$"))},
		"the selector of a rule":             {".sops.yaml", rulesOf("    encrypted_regex: " + prose + "|password|user"), "connections/a.yaml", named("        user: x\n"+secret, block("age1x", "^password$"))},
		"a selector that differs":            {".sops.yaml", rulesOf("    encrypted_regex: " + prose + "|password"), "connections/a.yaml", named(secret, block("age1x", "^password$"))},
		"the selector of a file":             {".sops.yaml", rulesOf("    encrypted_regex: user"), "connections/a.yaml", named("        user: "+enc+"\n", block("age1x", "^("+prose+"|user)$"))},
		"a file that its selector encrypts":  {"connections/a.yaml", named("        password: x\n", block("age1x", prose+"|password"))},
		"what its selector does not encrypt": {"connections/a.yaml", named(secret, block("age1x", prose))},
		"a folder":                           {"connections/" + prose + "/.sops.yaml", rulesOf(), "connections/" + prose + "/a.yaml", named("        user: x\n", "")},
		"one connection twice":               {"connections/a.yaml", named("        user: x\n", ""), "connections/b.yaml", named("        user: x\n", "")},
		"a ciphertext twice":                 {"connections/a.yaml", named(secret+"        token: "+enc+"\n", block("age1x", "^(password|token)$"))},
		"a seal that is missing":             {"connsync.yaml", "manifests: [connections]\ntargets: {prod: {region: cn-north-4, workspace_id: w}}\nsecrets: {destinations: sealed}\n", "connections/a.yaml", named(secret, block("age1x", "^password$"))},
	} {
		wrong, warnings := checked(t, c...)
		said := false
		for _, m := range append(wrong, warnings...) {
			text := m.Message
			if i := slices.IndexFunc(m.Hints, func(h string) bool { return strings.Contains(h, prose) && !strings.Contains(h, "connsync ") }); i >= 0 {
				text += " " + m.Hints[i]
			}
			said = said || strings.Contains(text, "safe")
			for _, word := range []string{"reviewed", "safe", "merge"} {
				if strings.Contains(quoted.ReplaceAllString(text, "x"), word) {
					t.Errorf("%s: %q stands as it is in: %s", what, word, text)
				}
			}
		}
		if !said {
			t.Errorf("%s: nothing says it: %v", what, append(wrong, warnings...))
		}
	}
}
