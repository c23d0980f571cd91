package render

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"connsync/cmd/connsync/view"
	"connsync/manifest"
)

// A mistake stands behind its place, and below it where a terminal has no room for both; a log has one line.
func TestAMistakeWraps(t *testing.T) {
	m := manifest.Mistake{Pos: at("connections/"+strings.Repeat("folder/", 8)+"edr.yaml", 7), Message: strings.Repeat("some words ", 10) + "end", Hints: []string{"connsync validate"}}
	for width, lines := range map[int]int{0: 1, 60: 3, 400: 1} {
		var out bytes.Buffer
		p := New(&out, &out, Options{})
		p.Err.width = width
		p.Mistakes(manifest.Mistakes{m}, false)
		p.Checked(view.Checked{Warnings: manifest.Mistakes{m}})
		said, _, _ := strings.Cut(out.String(), "  hint:")
		if got := strings.Count(said, "\n"); got != lines || !strings.HasPrefix(said, m.Pos.String()) || strings.Contains(said, "\nsome") {
			t.Errorf("%d columns, %d lines:\n%s", width, got, &out)
		}
		if !strings.Contains(out.String(), "edr.yaml:7:5: warning:") {
			t.Errorf("%d columns: %s", width, &out)
		}
	}
}

// On a terminal a command within a sentence stands alone on its line, whole, whatever its length; and every other line fits.
func TestACommandStandsWholeOnItsOwnLine(t *testing.T) {
	path := "connections/" + strings.Repeat("a-very-long-folder/", 6) + "edr.yaml"
	for text, commands := range map[string][]string{
		"connsync reseal " + path: {"connsync reseal " + path},
		"or undo it on purpose, after a look at all of it:  connsync sync --allow-older":                 {"connsync sync --allow-older"},
		"rotate it where it is used, and set the new value with  sops edit " + path + "  and look at it": {"sops edit " + path},
		"write once more: connsync sync --rewrite '*'":                                                   {"connsync sync --rewrite '*'"},
		"connsync reseal " + path + "  brings the file to its rule; then set it again":                   {"connsync reseal " + path},
		"fetch it:  git fetch --unshallow   or  fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)":          {"git fetch --unshallow"},
		"connsync wrote it, and these settings have no value any more: config.token":                     nil,
		`the name is "x:  connsync sync --prune  y", as SecMaster has it`:                                nil,
	} {
		for _, width := range []int{40, 80, 120} {
			var out bytes.Buffer
			p := New(&out, &out, Options{})
			p.Err.width = width
			p.Fail("no", []string{text})
			lines := strings.Split(out.String(), "\n")
			for i, l := range lines {
				lines[i] = strings.TrimSpace(l)
				if len(l) > width && !strings.Contains(l, path) && !strings.Contains(l, "connsync sync") {
					t.Errorf("%d columns: %q", width, l)
				}
			}
			for _, c := range commands {
				if !strings.Contains("\n"+strings.Join(lines, "\n")+"\n", "\n"+c+"\n") {
					t.Errorf("%d columns: no line is %q:\n%s", width, c, &out)
				}
			}
			if n := strings.Count(out.String(), "hint: run\n"); (n > 0) != strings.HasPrefix(text, "connsync reseal") {
				t.Errorf("%d columns: %s", width, &out)
			}
			if got, want := strings.Join(strings.Fields(strings.Replace(out.String(), "hint: run\n", "hint:\n", 1)), " "), "connsync: error: no hint: "+strings.Join(strings.Fields(text), " "); got != want {
				t.Errorf("%d columns: it says %q", width, got)
			}
		}
		var log bytes.Buffer
		New(&log, &log, Options{}).Fail("no", []string{text})
		if log.String() != "connsync: error: no\n  hint: "+text+"\n" {
			t.Errorf("in a log: %s", &log)
		}
		for _, c := range commands { // as Markdown and HTML have it
			if parts := view.Sentence(text); !slices.Contains(parts, view.Part{Code: true, Text: c}) {
				t.Errorf("no code is %q: %v", c, parts)
			}
		}
	}
}
