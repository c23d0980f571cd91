package render

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"connsync/cmd/connsync/view"
)

// Stream writes lines for people. Every argument of a line is made harmless, whatever its type: there is no other way to write one.
type Stream struct {
	w      io.Writer
	colour bool
	width  int  // of a terminal; 0 for any other stream
	sums   bool // many changes are summed up
}

// Styled is an argument with a colour. It is made harmless like any other.
type Styled struct {
	code string
	arg  any
}

// Row is arguments side by side, as one.
type Row []any

// made is a text made harmless, and coloured.
type made string

// The styles.
func Bold(arg any) Styled   { return Styled{"1", arg} }
func Dim(arg any) Styled    { return Styled{"2", arg} }
func Red(arg any) Styled    { return Styled{"31", arg} }
func Green(arg any) Styled  { return Styled{"32", arg} }
func Yellow(arg any) Styled { return Styled{"33", arg} }
func Cyan(arg any) Styled   { return Styled{"36", arg} }

// Plain is an argument without a colour, where one with a colour could stand.
func Plain(arg any) Styled { return Styled{"", arg} }

// Line writes a line.
func (s *Stream) Line(format string, args ...any) { s.write(s.text(format, args...) + "\n") }

// Ask writes a line without its end.
func (s *Stream) Ask(format string, args ...any) { s.write(s.text(format, args...)) }

// Words writes a text behind an indent. Where it does not fit a terminal it goes on in the next line, behind the same indent.
func (s *Stream) Words(indent, text string) { s.words(Harmless(indent), Plain, text) }

// AskWords asks a question of any length: it is wrapped like Words, and its last line has no end.
func (s *Stream) AskWords(text string) {
	lines := s.wrapped("", text)
	for i, l := range lines {
		if i == len(lines)-1 {
			s.Ask("%s ", l)
			return
		}
		s.Line("%s", l)
	}
}

// write cannot say on a stream that the stream cannot be written to.
func (s *Stream) write(text made) { _, _ = io.WriteString(s.w, string(text)) }

// text formats a line, or some lines of our own. Whatever stands side by side in it, none is a workflow command.
func (s *Stream) text(format string, args ...any) made {
	if false {
		_ = fmt.Sprintf(format, args...) // go vet checks the arguments
	}
	lines := strings.Split(fmt.Sprintf(format, s.arguments(args)...), "\n")
	for i, l := range lines {
		if isCommand(l) {
			l = strings.Replace(l, ":", `\x3a`, 1)
		}
		lines[i] = strings.ReplaceAll(l, "##[", `\x23#[`)
	}
	return made(strings.Join(lines, "\n"))
}

func (s *Stream) arguments(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = argument{a, s.colour}
	}
	return out
}

// argument is how an argument is formatted: as its verb says, then made harmless, then coloured.
type argument struct {
	arg    any
	colour bool
}

func (a argument) Format(f fmt.State, verb rune) {
	switch arg := a.arg.(type) {
	case made:
		_, _ = io.WriteString(f, string(arg))
	case Row:
		for _, item := range arg {
			argument{item, a.colour}.Format(f, verb)
		}
	case Styled:
		text := fmt.Sprintf(fmt.FormatString(f, verb), argument{arg.arg, false})
		if a.colour && text != "" && arg.code != "" {
			text = "\x1b[" + arg.code + "m" + text + "\x1b[0m"
		}
		_, _ = io.WriteString(f, text)
	default:
		_, _ = io.WriteString(f, Harmless(fmt.Sprintf(fmt.FormatString(f, verb), arg)))
	}
}

const usualWidth = 80 // of a terminal that does not tell its width

// columns is how wide text may be: a terminal's width, and no limit that matters elsewhere, where lines are searched.
func (s *Stream) columns() int {
	if s.width > 0 {
		return max(s.width, 40)
	}
	return usualWidth
}

// labelled writes a text behind a label; further lines begin under the first.
func (s *Stream) labelled(indent string, label Styled, text string) {
	hang := indent + strings.Repeat(" ", utf8.RuneCountInString(fmt.Sprint(label.arg))+1)
	for i, l := range s.sentence(hang, text) {
		if i == 0 {
			s.Line("%s%s %s", indent, label, l)
			continue
		}
		s.Line("%s%s", hang, l)
	}
}

// placed writes a text behind its place; where both do not fit a line, below it.
func (s *Stream) placed(place Row, text string) {
	if line := fmt.Sprintf("%s %s", argument{place, false}, text); s.width == 0 || utf8.RuneCountInString(line) <= s.columns() {
		s.Line("%s %s", place, text)
		return
	}
	s.Line("%s", place)
	s.words("  ", Plain, text)
}

// words writes a text, indented.
func (s *Stream) words(indent string, style func(any) Styled, text string) {
	for _, l := range s.sentence(indent, text) {
		s.Line("%s%s", indent, style(l))
	}
}

// sentence is wrapped, with each command whole and on a line of its own, ready to be copied.
func (s *Stream) sentence(indent, text string) (lines []string) {
	if s.width == 0 {
		return s.wrapped(indent, text)
	}
	for i, p := range view.Pieces(text) {
		switch {
		case !p.Code:
			lines = append(lines, s.wrapped(indent, strings.TrimRight(p.Text, " "))...)
			continue
		case i == 0:
			lines = append(lines, "run")
		}
		lines = append(lines, Harmless(p.Text))
	}
	if lines == nil {
		return s.wrapped(indent, text)
	}
	return lines
}

// wrapped is a text in lines that fit a terminal; elsewhere in one line, so it can be searched.
func (s *Stream) wrapped(indent, text string) (lines []string) {
	text = strings.TrimLeft(Harmless(text), " ")
	if s.width == 0 {
		return []string{text}
	}
	words, room := strings.Split(text, " "), s.columns()-utf8.RuneCountInString(indent)
	line := words[0]
	for _, word := range words[1:] {
		// Where a command would begin, no line does.
		if word == "" || strings.HasPrefix(word, "::") || utf8.RuneCountInString(line+" "+word) <= room {
			line += " " + word
			continue
		}
		lines, line = append(lines, line), word
	}
	return append(lines, line)
}
