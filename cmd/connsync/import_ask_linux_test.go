package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// atTerminal runs a command at a terminal. Each pair is what is shown there, and what a person types then. It gives the exit code, what the person saw, and
// what went to stdout.
func (h *handMade) atTerminal(says [][2]string, args ...string) (code int, seen, out string) {
	h.t.Helper()
	person, program := terminal(h.t)
	var stdout bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		w := world{stdin: program, stdout: &stdout, stderr: program, env: func(k string) string { return h.env[k] }}
		ended <- Main(context.Background(), append(args, "-C", h.dir, "--endpoint", h.url), w)
		_ = program.Close()
	}()
	rest := ""
	more := func() bool {
		buffer := make([]byte, 4096)
		n, err := person.Read(buffer)
		seen, rest = seen+string(buffer[:n]), rest+string(buffer[:n])
		return err == nil
	}
	for _, s := range says {
		for !strings.Contains(rest, s[0]) {
			if !more() {
				h.t.Fatalf("%v ended before it said %q: %s%s", args, s[0], seen, &stdout)
			}
		}
		_, rest, _ = strings.Cut(rest, s[0])
		if _, err := person.WriteString(s[1]); err != nil {
			h.t.Fatal(err)
		}
	}
	for more() {
	}
	return <-ended, seen, stdout.String()
}

// At a terminal a person picks from a list, by numbers. Nothing picked is nothing written, and what is no number is asked for again.
func TestAPersonPicksFromAList(t *testing.T) {
	const which = "Which to import, as in  1-4  or  1,3  or  all: "
	for _, c := range []struct {
		name, typed string
		files       []string
	}{
		{"some", "2, 4-4\n", []string{"connections/prod/hand_001.yaml", "connections/prod/hand_003.yaml"}},
		{"all", "ALL\n", []string{"connections/prod/hand_000.yaml", "connections/prod/hand_001.yaml", "connections/prod/hand_002.yaml", "connections/prod/hand_003.yaml"}},
		{"nothing", "\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHandMade(t, 4)
			says := [][2]string{{which, "5\n"}, {which, c.typed}}
			if c.files != nil {
				says = append(says, [2]string{"to continue: ", "yes\n"})
			}
			code, seen, out := h.atTerminal(says, "import")
			if !slices.Equal(h.manifests(), c.files) || (code == exitDone) != (c.files != nil) || code == exitFailed {
				t.Errorf("exit code %d, %v: %s%s", code, h.manifests(), seen, out)
			}
			for _, text := range []string{"    1  prod/", "Plugin03 1.0", "Only numbers from 1 to 4, ranges of them, and  all ."} {
				if !strings.Contains(seen, text) {
					t.Errorf("it does not say %q: %s", text, seen)
				}
			}
			if c.files == nil && !strings.Contains(seen, "nothing was picked; nothing was written") {
				t.Error(seen)
			}
		})
	}
}

// What a flag picks, what is one only, and what is only looked at is in no list.
func TestNoListIsShownWhereSomethingChose(t *testing.T) {
	h := newHandMade(t, 2)
	yes := [][2]string{{"Write ", "yes\n"}}
	for _, args := range [][]string{{"import", "--dry-run"}, {"import", "--only", "hand_000"}, {"import"}} {
		says := yes
		if args[len(args)-1] == "--dry-run" {
			says = nil
		}
		if code, seen, _ := h.atTerminal(says, args...); code != exitDone || strings.Contains(seen, "Which to import") {
			t.Errorf("%v: exit code %d: %s", args, code, seen)
		}
	}
	h = newHandMade(t, 2)
	if code, seen, _ := h.atTerminal(nil, "import", "--yes"); code != exitDone || strings.Contains(seen, "?") || len(h.manifests()) != 2 {
		t.Errorf("--yes: exit code %d: %s", code, seen)
	}
}

func TestWhatAPersonPicks(t *testing.T) {
	for typed, want := range map[string][]int{
		"1": {1}, "all": {1, 2, 3, 4, 5}, " 2 - 3": nil, "2-3": {2, 3}, "1,3": {1, 3}, "1 3": {1, 3}, "1,,2": {1, 2}, "5-5": {5}, "1-5": {1, 2, 3, 4, 5},
		"0": nil, "6": nil, "4-6": nil, "3-2": nil, "-1": nil, "1-": nil, "-": nil, "x": nil, "1x": nil, "+1": nil, "1-2-3": nil, ",": nil, "all 1": nil, "99999999999999999999": nil, "１": nil,
	} {
		got := picked(strings.TrimSpace(typed), 5)
		if len(got) != len(want) {
			t.Errorf("%q: %v", typed, got)
		}
		for _, n := range want {
			if !got[n] {
				t.Errorf("%q: %v", typed, got)
			}
		}
	}
}

// A person fills in what SecMaster hides: secrets unseen and twice, anything else once, each in the type wanted by the plugin. An empty line leaves a
// value out, and what is left is asked for the next time.
func TestAPersonFillsInWhatIsHidden(t *testing.T) {
	h := newHandMade(t, 2)
	if err := h.server.Set("config=masked-all"); err != nil {
		t.Fatal(err)
	}
	h.run(exitDone, []string{"Wrote 2 manifests", "\nNext:\n  connsync import " + h.place() + " --ask\n"}, "import")
	h.write("connections/prod/hand_001.yaml", strings.Replace(h.read("hand_001"), "port: 8443", "port: null", 1))
	const once, unseen = " (nothing leaves it out): ", " (it is not shown; nothing leaves it out): "
	code, seen, out := h.atTerminal([][2]string{
		{"config.endpoint" + once, "https://e0.example\n"},
		{"config.password" + unseen, "\n"}, // left out
		{"config.user" + once, "\n"},
		{"config.endpoint" + once, "https://e1.example\n"},
		{"config.password" + unseen, "canary-p-1\n"}, {"once more: ", "canary-p-2\n"},
		{"the two are not the same", ""},
		{"config.password" + unseen, "canary-p-1\n"}, {"once more: ", "canary-p-1\n"},
		{"config.port" + once, "many\n"}, {"not a number that JSON and sops write in this way", ""},
		{"config.port" + once, "8443\n"},
	}, "import", "--ask")
	if code != exitDone || strings.Contains(seen+out, "canary") || !strings.Contains(out, "Filled in 4 values of 2 connections; 2 left.") {
		t.Fatalf("exit code %d: %s%s", code, seen, out)
	}
	first, second := h.read("hand_000"), h.read("hand_001")
	for text, in := range map[string]string{"incomplete: true": first, "password: null": first, "user: null": first, "endpoint: https://e0.example": first,
		"port: 8443\n": second, "password: ENC[": second, "endpoint: https://e1.example": second} {
		if !strings.Contains(in, text) {
			t.Errorf("no %s in\n%s", text, in)
		}
	}
	if strings.Contains(second, "incomplete") || strings.Contains(second, "null") {
		t.Errorf("it is whole:\n%s", second)
	}
	h.run(exitDone, []string{"valid: 2 connections"}, "validate")

	code, seen, out = h.atTerminal([][2]string{{"config.password" + unseen, "canary-p-0\n"}, {"once more: ", "canary-p-0\n"}, {"config.user" + once, "u\n"}}, "import", "--ask")
	if code != exitDone || !strings.Contains(out, "Filled in 2 values of 1 connection; 0 left.") || strings.Contains(h.read("hand_000"), "null") || strings.Contains(seen, "hand_001") {
		t.Errorf("exit code %d: %s%s\n%s", code, seen, out, h.read("hand_000"))
	}
	h.commit()
	h.run(exitDone, []string{"2 adopted"}, "sync")
	h.kept(2)
}

// An interruption leaves what was filled in, and the rest as it was.
func TestAnInterruptedPersonKeepsWhatIsFilledIn(t *testing.T) {
	h := newHandMade(t, 1)
	if err := h.server.Set("config=masked-all"); err != nil {
		t.Fatal(err)
	}
	h.run(exitDone, []string{"1 incomplete", "connsync import " + h.place() + " --ask"}, "import")
	person, program := terminal(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		w := world{stdin: program, stdout: &bytes.Buffer{}, stderr: program, env: func(k string) string { return h.env[k] }}
		ended <- Main(ctx, []string{"import", "--ask", "-C", h.dir, "--endpoint", h.url}, w)
	}()
	readUntil(t, person, "config.endpoint")
	_, _ = person.WriteString("https://e0.example\n")
	readUntil(t, person, "config.password")
	cancel()
	if code := <-ended; code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	if text := h.read("hand_000"); !strings.Contains(text, "https://e0.example") || !strings.Contains(text, "password: null") || !strings.Contains(text, "incomplete: true") {
		t.Error(text)
	}
}

// Without a terminal nothing is asked, whatever stdin is.
func TestNobodyIsAskedWithoutATerminal(t *testing.T) {
	h := newHandMade(t, 3)
	h.run(exitUsage, []string{"--ask is for a terminal", "connsync set TARGET/NAME.SETTING < FILE"}, "import", "--ask")
	if len(h.manifests()) > 0 {
		t.Error("something was written")
	}
	h.run(exitDone, []string{"Wrote 3 manifests"}, "import")
}

func (h *handMade) read(name string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, "connections/prod", name+".yaml"))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// What was only looked at is carried out by the printed command, with every flag for the choice.
func TestALookPrintsTheImportThatItWas(t *testing.T) {
	h := newHandMade(t, 3)
	flags := []string{"--target", "prod", "--only", "hand_00[01]", "--plugin", "Plugin01", "--layout", "connections/by/{plugin} x/{name}.yml", "--built-in", "--protect", "--yes"}
	h.run(exitDone, []string{"\nNext:\n  connsync import -C " + h.dir + " --target prod --only 'hand_00[01]' --endpoint " + h.url + " --plugin Plugin01 --layout 'connections/by/{plugin} x/{name}.yml' --built-in --protect --yes\n"},
		append([]string{"import", "--dry-run"}, flags...)...)
	h.run(exitDone, []string{"Wrote 1 manifest."}, append([]string{"import"}, flags...)...)
	if got := h.manifests(); len(got) != 1 || got[0] != "connections/by/Plugin01 x/hand_001.yml" {
		t.Error(got)
	}
}
