package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// printer writes for people: results to out, everything else to err.
type printer struct {
	out, err       io.Writer
	outTint        tint
	errTint        tint
	quiet, verbose bool
	width          int // of the terminal that out is; 0 where it is none
}

func (g *globals) printer(w world) *printer {
	return &printer{
		out: w.stdout, err: w.stderr,
		outTint: tint(g.coloured(w, w.stdout)), errTint: tint(g.coloured(w, w.stderr)),
		quiet: g.Quiet, verbose: g.Verbose, width: widthOf(w.stdout),
	}
}

// widthOf is how many columns a terminal has; 0 for anything else.
func widthOf(stream any) int {
	f, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// coloured decides for one stream: the flag first, then NO_COLOR, then whether it is a terminal that can.
func (g *globals) coloured(w world, stream io.Writer) bool {
	switch g.Color {
	case "always":
		return true
	case "never":
		return false
	}
	return w.env("NO_COLOR") == "" && w.env("TERM") != "dumb" && isTerminal(stream)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// tint colours text, or leaves it as it is.
type tint bool

func (t tint) paint(code, s string) string {
	if !t || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t tint) bold(s string) string   { return t.paint("1", s) }
func (t tint) dim(s string) string    { return t.paint("2", s) }
func (t tint) red(s string) string    { return t.paint("31", s) }
func (t tint) green(s string) string  { return t.paint("32", s) }
func (t tint) yellow(s string) string { return t.paint("33", s) }
func (t tint) cyan(s string) string   { return t.paint("36", s) }

// note says something to know on stderr.
func (p *printer) note(format string, args ...any) {
	fmt.Fprintf(p.err, "%s %s\n", p.errTint.cyan("note:"), fmt.Sprintf(format, args...))
}

func (g *globals) note(w world, format string, args ...any) { g.printer(w).note(format, args...) }

// hints says what to do, a line each.
func (p *printer) hints(indent string, hints []string) {
	for _, h := range hints {
		fmt.Fprintf(p.err, "%s%s %s\n", indent, p.errTint.cyan("hint:"), h)
	}
}

// lines collects what is written, so that a plan appears in one piece.
type lines struct {
	w   io.Writer
	err error
}

func (l *lines) printf(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.w, format, args...)
	}
}
