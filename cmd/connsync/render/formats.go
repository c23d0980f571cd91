package render

import (
	"io"
	"strings"

	"connsync/cmd/connsync/view"
)

// format is a way to lay a diff out.
type format struct {
	name   string
	about  string // for the help, after the name
	layOut func(io.Writer, view.Diff) error
}

// formats are all of them. To add one, write its function in a file of its own, and add its line here (CONTRIBUTING.md).
var formats = []format{
	{"text", "", asText},
	{"json", " (docs/json.md)", asJSON},
	{"markdown", "", asMarkdown},
	{"html", "", asHTML},
	{"github", ": annotations of a workflow (docs/preview.md)", asGitHub},
}

// Diff lays a diff out in a format, for a file or a pipe. Nothing is written for a format without a layout for diffs.
func Diff(w io.Writer, name string, d view.Diff) error {
	for _, f := range formats {
		if f.name == name {
			return f.layOut(w, d)
		}
	}
	return nil
}

// FormatNames are the formats of a diff, for the grammar of the command line.
func FormatNames() string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return strings.Join(names, ",")
}

// FormatHelp says the formats of a diff in a sentence.
func FormatHelp() string {
	var words []string
	for _, f := range formats {
		words = append(words, f.name+f.about)
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + ", or " + words[last] + "."
}
