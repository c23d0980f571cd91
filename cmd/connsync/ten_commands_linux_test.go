package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// newcomer types a command, and then what the command before printed.
type newcomer struct {
	*handMade
	ran []string
}

// newNewcomer is in an empty folder, with credentials and a home without keys.
func newNewcomer(t *testing.T, n int) *newcomer {
	t.Helper()
	h := emptyFolder(t, n)
	home := t.TempDir()
	for name, value := range map[string]string{"SOPS_AGE_KEY": "", "HOME": home, "XDG_CONFIG_HOME": "", "CONNSYNC_ENDPOINT": h.url,
		"GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "n@example.invalid", "GIT_COMMITTER_NAME": "n", "GIT_COMMITTER_EMAIL": "n@example.invalid"} {
		t.Setenv(name, value)
	}
	delete(h.env, "SOPS_AGE_KEY")
	h.env["HOME"] = home
	t.Chdir(h.dir)
	return &newcomer{handMade: h}
}

// types runs a command as a shell would: Git's by Git, and connsync's by connsync, with a terminal for its questions.
func (c *newcomer) types(command string, terminal *os.File) (out string) {
	c.t.Helper()
	c.ran = append(c.ran, command)
	if !strings.HasPrefix(command, "connsync ") {
		text, err := exec.Command("sh", "-c", command).CombinedOutput()
		if err != nil {
			c.t.Fatalf("%s: %v: %s", command, err, text)
		}
		return string(text)
	}
	var shown bytes.Buffer
	w := world{stdin: strings.NewReader(""), stdout: &shown, stderr: &shown, env: func(k string) string { return c.env[k] }}
	if terminal != nil {
		w.stdin, w.stderr = terminal, terminal
	}
	if code := Main(c.t.Context(), wordsOf(command)[1:], w); code != exitDone || strings.Contains(shown.String(), "canary") {
		c.t.Fatalf("%s: exit code %d: %s", command, code, &shown)
	}
	return shown.String()
}

// printed are the commands at the end of an output, each alone on its line.
func printedNext(out string) []string {
	_, list, _ := strings.Cut(out, "\nNext:\n")
	var commands []string
	for l := range strings.Lines(list) {
		commands = append(commands, strings.TrimSpace(l))
	}
	return commands
}

// goes types what is printed until a command has run, and gives what that one says. After a command that prints nothing to go on with comes
// what the one before it printed as the second.
func (c *newcomer) goes(command, last string, terminal *os.File) string {
	c.t.Helper()
	var next []string
	for {
		out := c.types(command, terminal)
		if command == last {
			return out
		}
		if printed := printedNext(out); len(printed) > 0 || len(next) == 0 {
			next = printed
		} else {
			next = next[1:]
		}
		if len(next) == 0 || slices.Contains(c.ran, next[0]) {
			c.t.Fatalf("after %v: %s", c.ran, out)
		}
		command = next[0]
	}
}

// From an empty folder to a green preview of a workspace of many connections: each command is printed by the one before it, and there are fewer
// than ten.
func TestTenCommands(t *testing.T) {
	n := max(*importMany, 40)
	c := newNewcomer(t, n)
	c.types("git init -q -b main --template=", nil)
	preview := c.goes("connsync init --region "+emulator.DefaultRegion, "connsync diff", nil)
	want := []string{"git init -q -b main --template=", "connsync init --region cn-north-4", "connsync import --dry-run", "connsync import", "connsync validate", "connsync diff"}
	if !slices.Equal(c.ran, want) {
		t.Errorf("the newcomer typed\n%s", strings.Join(c.ran, "\n"))
	}
	c.green(preview, n)
	if next := printedNext(preview); len(next) != 2 {
		t.Errorf("after the preview: %q", next)
	} else {
		c.types(next[0], nil)
		if out := c.types(next[1], nil); !strings.Contains(out, fmt.Sprint(n, " to adopt")) || strings.Contains(out, "refuse") {
			t.Errorf("%s: %s", next[1], out)
		}
	}
	if out := c.types("connsync import", nil); !strings.Contains(out, "Nothing to import.") {
		c.t.Error(out)
	}
	c.opened()
	if out := c.types("connsync sync", nil); !strings.Contains(out, fmt.Sprint(n, " adopted")) || c.server.Count(emulator.RouteUpdate) > 0 {
		t.Errorf("what is equal was written: %s", out)
	}
	c.kept(n)
	c.types("connsync diff --exit-code", nil)
	for _, command := range []string{"connsync validate", "connsync diff"} { // everything is in a commit: no user begins any more
		if out := c.types(command, nil); strings.Contains(out, "Next:") {
			t.Errorf("%s says what to do next: %s", command, out)
		}
	}
}

// green checks a preview: it takes all over, and nothing differs or is missing.
func (c *newcomer) green(preview string, n int) {
	c.t.Helper()
	for _, no := range []string{" -> ", "incomplete", "conflict", "warning", "error"} {
		if strings.Contains(preview, no) {
			c.t.Errorf("the preview says %q: %s", no, preview)
		}
	}
	if !strings.Contains(preview, fmt.Sprintf("0 to create, 0 to update, %d to adopt, 0 to delete", n)) {
		c.t.Errorf("the preview is %s", preview)
	}
}

// Where SecMaster hides secrets, one more command asks for them, and signs where they go.
func TestTenCommandsWhereSecretsAreHidden(t *testing.T) {
	for _, mode := range []string{"masked", "omitted"} {
		c := newNewcomer(t, *importMany)
		if err := c.server.Set("config=" + mode); err != nil {
			t.Fatal(err)
		}
		c.types("git init -q -b main --template=", nil)
		c.goes("connsync init --region "+emulator.DefaultRegion, "connsync import", nil)
		person, program := terminal(t)
		ended := c.answers(person, program)
		preview := c.goes("connsync import --ask", "connsync diff", program)
		if shown := ended(); strings.Contains(shown, "canary") {
			t.Errorf("what was typed is shown: %s", shown)
		}
		want := "connsync import --ask, connsync validate, connsync diff"
		if typed := strings.Join(c.ran[4:], ", "); typed != want || len(c.ran) > 10 {
			t.Errorf("the newcomer typed %s", typed)
		}
		c.green(preview, *importMany)
		c.types("git add -A && git commit -q -m all", nil)
		c.types("connsync sync", nil)
		c.kept(*importMany)
	}
}

// asked is what import --ask asks for, and of which connection.
var asked = regexp.MustCompile(`prod/hand_(\d+)|  (config\.[a-z_.]+) \(`)

// answers types at a terminal what the workspace has, and gives all that was shown there.
func (c *newcomer) answers(person, program *os.File) (ended func() string) {
	shown := make(chan string)
	go func() {
		text, number, at, buffer := "", 0, "", make([]byte, 4096)
		for done := 0; ; {
			n, err := person.Read(buffer)
			if err != nil {
				shown <- text
				return
			}
			text += string(buffer[:n])
			if !strings.HasSuffix(text, "leaves it out): ") && !strings.HasSuffix(text, "once more: ") {
				continue
			}
			for _, m := range asked.FindAllStringSubmatch(text[done:], -1) {
				if m[1] != "" {
					number, _ = strconv.Atoi(m[1])
				} else {
					at = m[2]
				}
			}
			done = len(text)
			_, _ = person.WriteString(handMadeValue(at, number) + "\n")
		}
	}()
	return func() string { _ = program.Close(); return <-shown } // with which the person's side ends
}
