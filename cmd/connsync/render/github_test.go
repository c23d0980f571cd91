package render

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"connsync/cmd/connsync/view"
	"connsync/manifest"
)

// The grammar of the runner's commands, strictly: every property once, everything escaped that has to be.
var (
	commandLines = regexp.MustCompile(`^::(error|warning|notice) ([^:]+)::(.*)$`)
	propertyPart = regexp.MustCompile(`^(file|line|col|title)=([^:,]*)$`)
	escapes      = regexp.MustCompile(`%(.{0,2})`)
)

func unescaped(t *testing.T, s string, properties bool) string {
	t.Helper()
	known := map[string]string{"25": "%", "0D": "\r", "0A": "\n"}
	if properties {
		known["3A"], known["2C"] = ":", ","
	}
	return escapes.ReplaceAllStringFunc(s, func(e string) string {
		c, ok := known[e[1:]]
		if !ok {
			t.Errorf("%q is not an escape, in %q", e, s)
		}
		return c
	})
}

// parseCommand is what the runner makes of a line; false for a line other than a command.
func parseCommand(t *testing.T, line string) (a annotation, ok bool) {
	t.Helper()
	if !strings.HasPrefix(strings.TrimLeft(line, " \t"), "::") {
		return a, false
	}
	m := commandLines.FindStringSubmatch(line)
	if m == nil {
		t.Errorf("%q is a broken command", line)
		return a, false
	}
	a.level = m[1]
	seen := map[string]bool{}
	for _, part := range strings.Split(m[2], ",") {
		p := propertyPart.FindStringSubmatch(part)
		if p == nil || seen[p[1]] {
			t.Errorf("%q is a broken property of %q", part, line)
			return a, false
		}
		seen[p[1]] = true
		value := unescaped(t, p[2], true)
		number := func() int {
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				t.Errorf("%q is no number, in %q", value, line)
			}
			return n
		}
		switch p[1] {
		case "file":
			a.at.File = value
		case "line":
			a.at.Line = number()
		case "col":
			a.at.Column = number()
		case "title":
			a.title = value
		}
	}
	a.lines = strings.Split(unescaped(t, m[3], false), "\n")
	return a, true
}

// shownAs is an annotation with its texts as a reader gets them.
func (a annotation) shownAs() string {
	at := manifest.Position{File: Harmless(a.at.File)}
	if a.at.File != "" && a.at.Line > 0 {
		at.Line, at.Column = a.at.Line, a.at.Column
	}
	return fmt.Sprintf("%s %q %q %q", a.level, at, Harmless(a.title), harmless(a.lines))
}

// T-OUT: whatever a view.Page holds, the runner is given the commands that were meant, whole, and no other.
func TestHostileTextsAreOnlyTextInAnnotations(t *testing.T) {
	hostilePages(t, func(t *testing.T, _ int, s view.Page) {
		var out strings.Builder
		if err := annotate(&out, s); err != nil {
			t.Fatal(err)
		}
		quiet(t, out.String(), true)
		got := map[string][]string{}
		for _, line := range strings.Split(out.String(), "\n") {
			if a, ok := parseCommand(t, line); ok {
				got[a.level] = append(got[a.level], a.shownAs())
			}
		}
		meant := map[string][]string{}
		for _, a := range append(faults(s), changed(s)...) {
			meant[a.level] = append(meant[a.level], a.shownAs())
		}
		for _, level := range []string{"error", "warning", "notice"} {
			if n := min(len(meant[level]), maxAnnotations); len(got[level]) != n {
				t.Fatalf("%d of %d commands of level %s in %q", len(got[level]), n, level, out.String())
			}
			for i, a := range got[level] {
				if i == maxAnnotations-1 && len(meant[level]) > maxAnnotations {
					a = meant[level][i] // the one with the count of the others
				}
				if a != meant[level][i] {
					t.Errorf("got %s\nnot %s", a, meant[level][i])
				}
			}
		}
	})
}

func TestAnnotationsBeginWithWhatMattersMost(t *testing.T) {
	var out strings.Builder
	if err := asGitHub(&out, sample(true)); err != nil {
		t.Fatal(err)
	}
	want := `::error file=connections/prod/siem.yaml,line=14,col=5,title=connsync%3A will fail at merge::config.password is in the clear, and its name says that it is a secret%0Ahint: encrypt it: sops encrypt --in-place connections/prod/siem.yaml
::warning title=connsync%3A high risk::connsync.yaml: secrets.allow changes from "age" to "age hc_vault"
::warning file=connections/prod/edr.yaml,title=connsync%3A high risk::a recipient was added: age1qqqq
`
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("got\n%s", out.String())
	}
	for _, want := range []string{
		"\n::notice title=connsync%3A remove legacy_ids::prod / legacy_ids: remove, no longer in Git",
		"\n::notice file=connections/prod/edr.yaml,line=4,title=connsync%3A update edr_eu::prod / edr_eu: update, description, endpoint, rules, client_secret changed%0Adescription: \"EDR\" -> \"EDR Europe\"%0Aconfig.endpoint: \"https://edr.example\" -> ",
		"\nPlan: 1 to create, 3 to update, 1 to rename, 1 to remove, 12 unchanged; next: connsync sync --dry-run\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// GitHub shows ten annotations of a level and drops the others without a word.
func TestWhatGitHubWouldDropIsCountedAndLogged(t *testing.T) {
	for n, commands := range map[int]int{0: 0, 1: 1, 10: 10, 11: 10, 500: 10} {
		var all []annotation
		for i := range n {
			all = append(all, annotation{"error", "t", manifest.Position{File: "a.yaml", Line: i + 1}, []string{fmt.Sprintf("::mistake %d", i)}})
		}
		var out strings.Builder
		if err := writeAnnotations(&out, all, "the end"); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		got, named := 0, 0
		for _, l := range lines {
			if _, ok := parseCommand(t, l); ok {
				got++
			}
			if strings.Contains(l, "mistake ") {
				named++
			}
		}
		counted := strings.Contains(out.String(), fmt.Sprintf("::%d more; the log", n-maxAnnotations+1))
		if got != commands || named != n || lines[len(lines)-1] != "the end" || counted != (n > maxAnnotations) {
			t.Errorf("of %d: %d commands, %d named, counted: %t\n%s", n, got, named, counted, out.String())
		}
	}
}
