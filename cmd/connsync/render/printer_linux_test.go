package render

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"connsync/apply"
)

// terminal is a new one, of some columns: the side of the person, and that of the program.
func terminal(t *testing.T, columns uint16) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		program, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err == nil {
		t.Cleanup(func() { _ = program.Close() })
		err = unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}
	if err != nil {
		t.Fatal(err)
	}
	return person, program
}

// Colours are for terminals that want them, and for everything where they are asked for.
func TestColoursAreWhereTheyAreWanted(t *testing.T) {
	_, program := terminal(t, 100)
	for _, c := range []struct {
		to    any
		color string
		env   map[string]string
		want  bool
	}{
		{program, "auto", nil, true}, {program, "", map[string]string{"TERM": "xterm"}, true}, {program, "auto", map[string]string{"NO_COLOR": "1"}, false},
		{program, "auto", map[string]string{"TERM": "dumb"}, false}, {program, "never", nil, false}, {program, "always", map[string]string{"NO_COLOR": "1"}, true},
		{&bytes.Buffer{}, "auto", nil, false}, {&bytes.Buffer{}, "always", nil, true}, {&bytes.Buffer{}, "never", nil, false},
	} {
		to, _ := c.to.(interface{ Write([]byte) (int, error) })
		p := New(to, &bytes.Buffer{}, Options{Color: c.color, Env: func(name string) string { return c.env[name] }})
		if p.Coloured() != c.want {
			t.Errorf("%T, %q, %v: coloured: %t", c.to, c.color, c.env, p.Coloured())
		}
	}
	if got := New(program, program, Options{}).Out.width; got != 100 {
		t.Errorf("%d columns", got)
	}
}

// A terminal has one live line, and it is taken away; a log has a plain line now and then; with --quiet there is nothing.
func TestProgressIsALiveLineOrAPlainOneNowAndThen(t *testing.T) {
	at := apply.Progress{Target: "pr\x1bod", Phase: "writing", Done: 1, Total: 1}
	for _, c := range []struct {
		progress *Progress
		want     string
	}{
		{&Progress{live: true}, "\r\x1b[Kpr\\x1bod: writing 1/1\r\x1b[K"},
		{&Progress{}, "pr\\x1bod: writing 1/1\n"},
		{&Progress{last: time.Now()}, ""}, // said a moment ago
		{&Progress{live: true, last: time.Now().Add(time.Hour)}, ""},
		{&Progress{live: true, p: &Printer{Quiet: true}}, ""},
	} {
		var out bytes.Buffer
		p := c.progress
		if p.p == nil {
			p.p = &Printer{}
		}
		p.p.Err = &Stream{w: &out}
		p.Show(at)
		p.Show(at) // at once
		p.End(at.Target)
		p.End(at.Target)
		if out.String() != c.want {
			t.Errorf("%q, not %q", out.String(), c.want)
		}
	}
	var out bytes.Buffer
	p := &Progress{p: &Printer{Err: &Stream{w: &out}}}
	p.Show(apply.Progress{Target: "prod", Phase: "verifying"})
	if out.String() != "prod: verifying\n" || len(phaseTexts) < 5 {
		t.Errorf("%q", out.String())
	}
	if _, program := terminal(t, 80); !New(program, program, Options{}).Progress().live || New(&out, &out, Options{}).Progress().live {
		t.Error("a terminal's line is live, and no other")
	}
}
