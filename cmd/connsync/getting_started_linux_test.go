package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

const secondPart = "## Take over your own workspace\n"

// reader does what docs/getting-started.md says, line by line.
type reader struct {
	*newcomer
	ran int
	out string // of the commands of the last block
}

var (
	fences   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```\n")
	variable = regexp.MustCompile(`^export ([A-Z_]+)=(.*)$`)
)

// reads goes through the blocks: commands are run, and what a text shows is in what the commands before it printed.
func (r *reader) reads(text string) {
	r.t.Helper()
	for _, block := range fences.FindAllStringSubmatch(text, -1) {
		switch block[1] {
		case "":
			r.out = ""
			r.does(block[2])
		case "text":
			shown := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(block[2], "\n")), "…", `[^\n]*`)
			if !regexp.MustCompile(`(?m)^` + shown + `$`).MatchString(r.out) {
				r.t.Errorf("the page shows\n%s\nand the commands print\n%s", block[2], r.out)
			}
		default:
			r.t.Errorf("a block of %s is neither commands nor what they print", block[1])
		}
	}
}

// does runs the commands of a block, one a line; a text for cat has several.
func (r *reader) does(block string) {
	r.t.Helper()
	for block != "" {
		line, rest, _ := strings.Cut(block, "\n")
		if strings.HasSuffix(line, "<<'EOF'") {
			text, after, ended := strings.Cut(rest, "\nEOF\n")
			if !ended {
				r.t.Fatalf("%s: no end", line)
			}
			line, rest = line+"\n"+text+"\nEOF\n", after
		}
		r.ran++
		switch set := variable.FindStringSubmatch(line); {
		case set != nil:
			r.sets(set[1], set[2])
		case line == "connsync emulator":
			r.out += r.served()
		default:
			r.out += r.types(line, nil)
		}
		block = rest
	}
}

// sets sets a variable, for the emulator of this test where the page has its usual address.
func (r *reader) sets(name, value string) {
	value = strings.ReplaceAll(value, "http://127.0.0.1:8480", r.url)
	r.t.Setenv(name, value)
	r.env[name] = value
}

// served is what the emulator says before it serves, with its usual address.
func (r *reader) served() string {
	ctx, cancel := context.WithCancel(r.t.Context())
	cancel()
	var out bytes.Buffer
	w := world{stdin: strings.NewReader(""), stdout: &out, stderr: &out, env: func(string) string { return "" }}
	if code := Main(ctx, []string{"emulator", "--addr", "127.0.0.1:0"}, w); code != exitDone {
		r.t.Fatalf("the emulator: exit code %d: %s", code, &out)
	}
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(out.String(), "127.0.0.1:8480")
}

// docs/getting-started.md works as it stands: from an empty folder to a first sync, and from connections made by hand to one, with nothing
// but what the page says.
func TestGettingStarted(t *testing.T) {
	text, err := os.ReadFile("../../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	first, second, parted := strings.Cut(string(text), secondPart)
	if !parted {
		t.Fatal("the page has no second part")
	}
	server, _, url := emulated(t)
	r := &reader{newcomer: newNewcomer(t, 0)}
	r.server, r.url, r.env = server, url, map[string]string{"HOME": r.env["HOME"]}
	for _, name := range []string{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "CONNSYNC_ENDPOINT"} {
		t.Setenv(name, "") // and out of the way, until the page sets it
		_ = os.Unsetenv(name)
	}
	r.reads(first)
	if n := server.Count(emulator.RouteCreate); n != 1 || r.ran < 12 {
		t.Errorf("%d commands, %d creates", r.ran, n)
	}
	r = &reader{newcomer: newNewcomer(t, 3)}
	component, version := r.server.Plugin("Plugin00", "1.0")
	r.server.Put(emulator.Connection{Name: "edr_prod", ComponentID: component, ComponentVersionID: version, Config: manyConfig(0), CanBeDeleted: true})
	r.reads(second)
	if !strings.Contains(r.out, "Done prod: 1 adopted") || !slices.Contains(r.newcomer.ran, "connsync sync --only 'edr_*'") {
		t.Errorf("after %q: %s", r.newcomer.ran, r.out)
	}
	if left, err := exec.Command("git", "status", "--porcelain").CombinedOutput(); err != nil || len(left) > 0 {
		t.Errorf("%v: %s", err, left)
	}
}
