package complete

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// line is a command line as far as it was read.
type line struct {
	node    *kong.Node // the command
	given   Given
	waiting *kong.Flag // its value comes next; nil for none
	ended   bool       // -- was read: no flag follows
	args    int        // read arguments of the command
	lost    bool       // an unknown command was read
}

// read reads words as kong does, and passes over what it does not know.
func (l *line) read(words []string) {
	for _, w := range words {
		switch {
		case l.waiting != nil:
			l.give(l.waiting, w)
		case l.ended:
			l.args++
		case w == "--":
			l.ended = true
		case strings.HasPrefix(w, "--"):
			l.long(w[2:])
		case strings.HasPrefix(w, "-") && w != "-":
			l.short(w[1:])
		default:
			l.word(w)
		}
	}
}

func (l *line) give(f *kong.Flag, value string) {
	l.given[f.Name] = append(l.given[f.Name], value)
	l.waiting = nil
}

func (l *line) long(text string) {
	name, value, has := strings.Cut(text, "=")
	f := l.flag(name)
	switch {
	case f == nil:
	case has || f.IsBool():
		l.give(f, value)
	default:
		l.waiting = f
	}
}

// short reads letters: each is a switch, up to one that takes the rest as its value, or the next word.
func (l *line) short(letters string) {
	for i, r := range letters {
		f := l.letter(r)
		rest := letters[i+len(string(r)):]
		switch {
		case f == nil:
			return
		case f.IsBool():
			l.give(f, "")
		case rest != "":
			l.give(f, strings.TrimPrefix(rest, "="))
			return
		default:
			l.waiting = f
		}
	}
}

func (l *line) word(w string) {
	for _, c := range l.node.Children {
		if c.Name == w || slices.Contains(c.Aliases, w) {
			l.node = c
			return
		}
	}
	l.lost = l.lost || len(l.node.Children) > 0
	l.args++
}

// argument is the one at the cursor; nil where the command takes no more.
func (l *line) argument() *kong.Value {
	all := l.node.Positional
	if l.args < len(all) {
		return all[l.args]
	}
	if last := all[len(all)-1]; last.IsCumulative() {
		return last
	}
	return nil
}

// flags are those of the command, or of the one meant by its name alone, then those of every command.
func (l *line) flags() (out []*kong.Flag) {
	if l.node.DefaultCmd != nil {
		out = append(out, l.node.DefaultCmd.Flags...)
	}
	for n := l.node; n != nil; n = n.Parent {
		out = append(out, n.Flags...)
	}
	return out
}

func (l *line) flag(name string) *kong.Flag {
	for _, f := range l.flags() {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (l *line) letter(r rune) *kong.Flag {
	for _, f := range l.flags() {
		if f.Short == r {
			return f
		}
	}
	return nil
}
