package sops_test

import (
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/config"

	"connsync/manifest"
	"connsync/manifest/sopsrules"
	"connsync/secrets"
	"connsync/secrets/sops/sopstest"
)

var commands = flag.Int("pairs.commands", 12, "how many files are encrypted by the sops command")

// rulesFile draws a .sops.yaml. Some are broken.
func (d drawer) rulesFile(recipient string) string {
	if d.IntN(12) == 0 {
		return d.one("stores: {yaml: {indent: 2}}\n", "creation_rules: []\n", "creation_rules:\n", "", "creation_rules: 5\n", "a: [\n", "# nothing\n")
	}
	var b strings.Builder
	b.WriteString("creation_rules:\n")
	for range 1 + d.IntN(4) {
		fmt.Fprintf(&b, "  - age: %s\n", d.one(recipient, "["+recipient+"]", `"`+recipient+`, "`))
		if d.IntN(4) > 0 {
			fmt.Fprintf(&b, "    path_regex: '%s'\n", d.one("^connections/", "prod", `\.yaml$`, "^prod/", "^a.yaml$", `^connections\\`, `connections[/\\]prod`, "/b/", "^/", "edr|fw", "[", "(?!x)", ".", "^$", `^connections\\prod\\a\.yaml$`))
		}
		for range d.IntN(8) / 5 * (1 + d.IntN(8)/7) {
			if kind, text := d.selector(); kind != "" {
				fmt.Fprintf(&b, "    %s: '%s'\n", kind, text)
			}
		}
		if d.IntN(3) == 0 {
			fmt.Fprintf(&b, "    mac_only_encrypted: %s\n", d.one("true", "false", "yes", `"true"`, "~"))
		}
		if d.IntN(9) == 0 {
			fmt.Fprintf(&b, "    shamir_threshold: %s\n", d.one("2", "two"))
		}
	}
	return b.String()
}

// TestRulesAreReadAsSopsReadsThem draws .sops.yaml files in nested folders, and has SOPS's own library choose a file's rule: connsync has the
// same, or says what is wrong with the .sops.yaml.
func TestRulesAreReadAsSopsReadsThem(t *testing.T) {
	d := newDrawer(t)
	recipient := key(t)
	told, broken, windows := 0, 0, 0
	for range *pairs / 2 {
		top, files := t.TempDir(), fstest.MapFS{}
		for _, dir := range []string{".", "connections", "connections/prod"} {
			if d.IntN(2) == 0 {
				name, text := path.Join(dir, ".sops.yaml"), d.rulesFile(recipient)
				files[name] = &fstest.MapFile{Data: []byte(text)}
				if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
					t.Fatal(err)
				}
				write(t, top, name, text)
			}
		}
		file := d.one("a.yaml", "connections/a.yaml", "connections/prod/a.yaml", "connections/prod/b/edr.yaml")
		rules, mistakes, err := sopsrules.Load(files, []string{file})
		if err != nil {
			t.Fatal(err)
		}
		rule, known := rules.For(file)
		theirs, failed := chosenBySops(top, file, "/")
		switch {
		case rule != nil && (failed || theirs == nil || !asChosen(*rule, theirs)):
			t.Fatalf("connsync takes %+v, and SOPS %+v, for %s of %s", *rule, theirs, file, shown(files))
		case rule == nil && theirs != nil && len(mistakes) == 0:
			t.Fatalf("SOPS takes %+v, and connsync none, for %s of %s", *theirs, file, shown(files))
		case rule == nil && failed && !known && len(mistakes) == 0:
			t.Fatalf("SOPS cannot use the rules, and connsync says nothing, for %s of %s", file, shown(files))
		case rule != nil:
			told++
		case failed:
			broken++
		}
		if rules.ForWindows(file) {
			windows++
			if there, failed := chosenBySops(top, file, `\`); !failed && rule != nil && asChosen(*rule, there) && rule.PathRegex == "" {
				t.Logf("on Windows the same: %+v", there)
			} else if failed {
				t.Fatalf("no rule fits %s on Windows of %s", file, shown(files))
			}
		}
	}
	if told < *pairs/12 || broken < *pairs/100 || windows == 0 {
		t.Errorf("%d rules, %d broken ones, %d for Windows: the draws test little", told, broken, windows)
	}
	t.Logf("T-SOPS: %d files and rules: %d have one, %d none that can be used, %d on Windows only", *pairs/2, told, broken, windows)
}

func shown(files fstest.MapFS) string {
	var b strings.Builder
	for name, f := range files {
		fmt.Fprintf(&b, "\n-- %s --\n%s", name, f.Data)
	}
	return b.String()
}

// chosenBySops is what the library takes for a file from the nearest .sops.yaml with rules. A separator stands between the parts of the
// file's path below that folder.
func chosenBySops(top, file, separator string) (c *config.Config, failed bool) {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		from := filepath.Join(top, dir, ".sops.yaml")
		if _, err := os.Stat(from); err == nil {
			relative := strings.ReplaceAll(strings.TrimPrefix(file, dir+"/"), "/", separator)
			c, err := config.LoadCreationRuleForFile(from, filepath.Join(top, dir)+"/"+relative, nil)
			if err != nil || c != nil {
				return c, err != nil
			}
		}
		if dir == "." {
			return nil, false
		}
	}
}

func asChosen(r sopsrules.Rule, c *config.Config) bool {
	m := upstream.Metadata{
		UnencryptedSuffix: c.UnencryptedSuffix, EncryptedSuffix: c.EncryptedSuffix, UnencryptedRegex: c.UnencryptedRegex,
		EncryptedRegex: c.EncryptedRegex, UnencryptedCommentRegex: c.UnencryptedCommentRegex, EncryptedCommentRegex: c.EncryptedCommentRegex,
	}
	want := metadata(r.Selects.Kind, r.Selects.Text)
	if r.Selects.None() {
		want.UnencryptedSuffix = ""
	}
	return fmt.Sprint(m) == fmt.Sprint(want) && r.MACOnly == c.MACOnlyEncrypted && r.Threshold == c.ShamirThreshold && r.Groups == len(c.KeyGroups) &&
		len(r.Recipients) == len(c.KeyGroups[0]) && r.Recipients[0].ID == c.KeyGroups[0][0].ToString()
}

// TestTheLawIsWhatTheCommandDoes has the sops command encrypt files by a rule: the settings that connsync says should be encrypted before are
// those that are encrypted afterwards, and then nothing is wrong.
func TestTheLawIsWhatTheCommandDoes(t *testing.T) {
	d := newDrawer(t)
	d.words = []string{"mode", "level", "site", "a", "b", "user_enc", "x_unencrypted", "word", "config", "pt"}
	recipient := key(t)
	done, encrypted := 0, 0
	for done < *commands || encrypted < *commands/2 { // a draw of rules without any encryption tests little
		kind, selector := d.selector()
		rules := "creation_rules:\n  - age: " + recipient + "\n    mac_only_encrypted: " + d.one("true", "false") + "\n"
		if kind != "" {
			rules += "    " + kind + ": '" + selector + "'\n"
		}
		var b strings.Builder
		d.mapping(&b, "        ", 2)
		text := scalarsHead + b.String()
		before, ms := surveyed(t, rules, text)
		if len(ms) > 0 || len(before.Connections) == 0 || emptyComment.MatchString(text) {
			continue // not a manifest, or a mistaken selector; and of an empty comment in a list sops makes an empty item
		}
		done++
		dir := t.TempDir()
		write(t, dir, ".sops.yaml", rules)
		write(t, dir, "a.yaml", text)
		sopstest.Run(t, dir, nil, "--config", ".sops.yaml", "encrypt", "--in-place", "a.yaml")
		var is []secrets.Path
		after, ms := surveyed(t, rules, textOf(t, dir))
		for _, m := range ms {
			if !strings.Contains(m.Message, "must not be encrypted") { // by a rule for other tools
				t.Errorf("%s\n%s\n%s", m.Message, rules, text)
			}
		}
		for _, s := range manifest.Settings("config", after.Connections[0].Config) {
			if s.Secret != nil {
				is = append(is, s.Path)
			}
		}
		encrypted += len(is)
		should := slices.Sorted(slices.Values(before.Connections[0].InClear))
		if !slices.Equal(should, is) || len(after.Connections[0].InClear) != 0 {
			t.Fatalf("should be encrypted: %v, is: %v, and still in the clear: %v\n%s\n%s", should, is, after.Connections[0].InClear, rules, text)
		}
	}
	t.Logf("T-SOPS: the command encrypts %d files, %d settings, as the rule says", done, encrypted)
}

var emptyComment = regexp.MustCompile(`(?m)#\s*$`)

func textOf(t *testing.T, dir string) string { return text(t, dir, "a.yaml") }

// surveyed reads a manifest with its rules. What the rule says of it is not among the mistakes.
func surveyed(t *testing.T, rules, text string) (manifest.Set, []manifest.Mistake) {
	t.Helper()
	files := fstest.MapFS{
		manifest.ProjectFile: {Data: []byte("targets: {prod: {region: cn-north-4, workspace_id: w-1}}\n")},
		name:                 {Data: []byte(text)},
		manifest.RulesFile:   {Data: []byte(rules)},
	}
	p, err := manifest.LoadProject(files, manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	set, mistakes, err := manifest.Survey(files, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range set.Check(p) {
		if !m.Warning && !strings.Contains(m.Message, "is in the clear, and its rule in") {
			mistakes = append(mistakes, m)
		}
	}
	return set, mistakes
}
