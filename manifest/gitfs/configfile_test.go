package gitfs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// What Git reads of a file, and what we do. Where Git refuses one, we keep what comes before the place.
func TestAConfigurationIsReadAsGitReadsIt(t *testing.T) {
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	for name, text := range map[string]string{
		"ordinary":                "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://a.example/x\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
		"a key on its line":       "[remote \"origin\"] url = https://a.example/x\n[core]bare=true\n",
		"gh pr checkout":          "[branch \"a/b\"]\n\tremote = origin\n\tmerge = refs/pull/9/head\n",
		"a negative refspec":      "[remote \"o\"]\n\tfetch = ^refs/heads/x\n",
		"rebase = merges":         "[branch \"x\"]\n\trebase = merges\n[pack]\n\twindowMemory = 10k\n",
		"no value":                "[http]\n\tsslVerify\n\tproxy\n",
		"an empty value":          "[http]\n\tproxy =\n\tproxy = \"\"\n",
		"quotes":                  "[a]\n\tx = \"one # two\" three ; four\n\ty = a\"b c\"d\n\tz = \" pad \"  \n",
		"escapes":                 "[a]\n\tx = t\\tn\\nq\\\"b\\\\ \n\ty = c:\\\\x\n",
		"a line that goes on":     "[a]\n\tx = one \\\n  two\n\ty = \"one \\\n two\"\n",
		"a subsection's spelling": "[Remote \"A\\\"b\\\\c]\"]\n\tURL = x\n[remote \"a.b.c\"]\n\tu = y\n",
		"the old spelling":        "[branch.Feature]\n\tmerge = x\n",
		"remarks":                 "# one\n; two\n[a] # three\n\tx = 1#four\n",
		"carriage returns":        "[a]\r\n\tx = 1\r\n\ty = 2 \r\n",
		"a mark at the beginning": "\ufeff[a]\n\tx = 1\n",
		"no newline at the end":   "[a]\n\tx = 1",
		"nothing":                 "",
		"inner space":             "[a]\n\tx =   one   two \t\t\n",
		"no section":              "x = 1\n",
		"wrong: an open section":  "[a]\n\tx = 1\n[b\n\ty = 2\n",
		"wrong: an open quote":    "[a]\n\tx = 1\n\ty = \"2\n",
		"wrong: an escape":        "[a]\n\tx = \\q\n",
		"wrong: a key":            "[a]\n\tx = 1\n\t_y = 2\n",
		"wrong: two words":        "[a]\n\tx y\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			ours, whole := fromFile(file)
			out, err := exec.Command("git", "config", "--file", file, "--list", "-z").Output()
			var refused *exec.ExitError
			if errors.As(err, &refused) {
				if whole || name[:5] != "wrong" || slices.ContainsFunc(ours, func(s setting) bool { return s.key != "a.x" || s.value != "1" }) {
					t.Errorf("Git refuses it; we: %q", ours)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var theirs settings
			if len(out) > 0 {
				theirs = listed(string(out))
			}
			if !whole || !slices.Equal(ours, theirs) {
				t.Errorf("%q\nGit: %q\nwe:  %q", text, theirs, ours)
			}
		})
	}
}
