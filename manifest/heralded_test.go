package manifest_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// unheralded are the cases of testdata/bad that no release has, and with no word on why they may be refused anew (docs/upgrading.md). In the
// comment of its file, a case says one of these:
//
//	warned: FILE   the last release warned of it, by this case
//	refused: WHY   the last release refused it, too, and had no case for it
//	hole: WHY      a secret could leave by it
func unheralded(cases, released map[string]string) (out []string) {
	for name, text := range cases {
		if _, was := released[name]; was || onlyWarned(text) {
			continue
		}
		reason := func(word string) string {
			for line := range strings.Lines(string(txtar.Parse([]byte(text)).Comment)) {
				if said, is := strings.CutPrefix(line, word+": "); is {
					return strings.TrimSpace(said)
				}
			}
			return ""
		}
		if before := released[reason("warned")]; !onlyWarned(before) && reason("refused") == "" && reason("hole") == "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// onlyWarned tells whether a case refuses nothing.
func onlyWarned(text string) bool {
	for _, f := range txtar.Parse([]byte(text)).Files {
		if f.Name == "want" {
			for line := range strings.Lines(string(f.Data)) {
				if !strings.HasPrefix(line, "  ") && !strings.Contains(line, ": warning: ") {
					return false
				}
			}
			return true
		}
	}
	return false
}

// What a minor version refuses anew was a warning of the release before, unless a secret could leave by it. Before the first release, and in
// a clone without its tags, there is nothing to compare with.
func TestARefusalIsHeralded(t *testing.T) {
	cases := map[string]string{}
	names, err := filepath.Glob("../testdata/bad/*.txtar")
	if err != nil || len(names) < 50 {
		t.Fatalf("%d cases, %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		cases[filepath.Base(name)] = string(text)
	}
	tag, err := exec.Command("git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*").Output()
	if err != nil {
		t.Log("no release is in sight")
		return
	}
	release := strings.TrimSpace(string(tag))
	for _, name := range unheralded(cases, casesOf(t, release)) {
		t.Errorf("testdata/bad/%s is refused, and %s did not: warn of it for one release, or say in its comment why not", name, release)
	}
}

// casesOf are the cases of a release.
func casesOf(t *testing.T, release string) map[string]string {
	out := map[string]string{}
	archive, err := exec.Command("git", "-C", "..", "archive", release, "testdata/bad").Output()
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := r.Next()
		if err == io.EOF {
			return out
		}
		text, unread := io.ReadAll(r)
		if err != nil || unread != nil {
			t.Fatal(err, unread)
		}
		out[filepath.Base(header.Name)] = string(text)
	}
}

func TestWhatIsHeralded(t *testing.T) {
	const refused, warned = "-- want --\nconnections/a.yaml:3:5: no\n  hint: x: warning: y\n", "-- want --\nconnections/a.yaml:3:5: warning: no\n"
	released := map[string]string{"old": refused, "may": warned}
	got := unheralded(map[string]string{
		"old": refused, "a warning": warned, "new": refused, "without a reason": "hole: \n" + refused, "a word": "holes: x\n" + refused,
		"warned": "warned: may\n" + refused, "not warned": "warned: old\n" + refused, "warned of nothing": "warned: none\n" + refused,
		"a hole": "About it.\nhole: a token in a comment\n" + refused, "refused": "refused: by the parser\n" + refused,
	}, released)
	if want := []string{"a word", "new", "not warned", "warned of nothing", "without a reason"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if all := unheralded(map[string]string{"old": refused}, nil); len(all) != 1 {
		t.Errorf("%q", all)
	}
}
