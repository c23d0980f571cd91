package render

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Printer writes for people: results to Out, everything else to Err.
type Printer struct {
	Out, Err       *Stream
	Quiet, Verbose bool

	heard func(Failure) // hears of every error said; nil for no listener
}

// Options say how a Printer writes. The zero value is for a log: no colour, everything that matters.
type Options struct {
	Color          string // always, never, or what NO_COLOR and the terminal say
	Env            func(string) string
	Quiet, Verbose bool

	Heard func(Failure) // hears of every error said; nil for no listener
}

// New is a printer for two streams; they may be terminals.
func New(out, err io.Writer, o Options) *Printer {
	return &Printer{Out: o.stream(out), Err: o.stream(err), Quiet: o.Quiet, Verbose: o.Verbose, heard: o.Heard}
}

func (o Options) stream(w io.Writer) *Stream {
	return &Stream{w: w, colour: o.coloured(w), width: widthOf(w)}
}

// coloured decides for one stream: the flag first, then NO_COLOR, then whether it is a terminal able to show colours.
func (o Options) coloured(w io.Writer) bool {
	switch {
	case o.Color == "always":
		return true
	case o.Color == "never", o.Env == nil:
		return false
	}
	return o.Env("NO_COLOR") == "" && o.Env("TERM") != "dumb" && IsTerminal(w)
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

// IsTerminal tells whether a stream is one.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Coloured tells whether results have colours.
func (p *Printer) Coloured() bool { return p.Out.colour }

// Note says something to know on stderr. No argument has a colour.
func (p *Printer) Note(format string, args ...any) {
	p.Err.labelled("", Cyan("note:"), string(p.Err.text(format, args...)))
}

// Fail says an error on stderr, and what to do about it.
func (p *Printer) Fail(message string, hints []string) {
	p.Err.labelled("", Red("connsync: error:"), message)
	p.hints(hints)
	p.hear(Failure{Message: message, Hints: hints})
}

func (p *Printer) hear(f Failure) {
	if p.heard != nil {
		p.heard(f)
	}
}

// Next says which commands come next: each stands alone on its line, ready to be copied.
func (p *Printer) Next(commands []string) {
	p.Out.Line("\nNext:")
	for _, c := range commands {
		p.Out.Line("  %s", c)
	}
}

// hints says what to do, a line each.
func (p *Printer) hints(hints []string) {
	for _, h := range hints {
		p.Err.labelled("  ", Cyan("hint:"), h)
	}
}
