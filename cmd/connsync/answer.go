package main

import (
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"connsync/cmd/connsync/render"
)

// answerFormat is the flag of commands that give text, or one value.
type answerFormat struct {
	Format string `enum:"text,json" default:"text" placeholder:"FORMAT" help:"text, or json (docs/json.md)."`
}

// answers are what a command says where one value is asked for: nothing else is written to stdout then, whatever happens.
type answers struct {
	value  any // nil for none so far
	failed []render.Failure
}

// asksJSON tells whether a command writes a value to stdout. With diff --out the value goes into a file, and stdout has the text.
func asksJSON(command *kong.Node) bool {
	json := false
	for _, f := range command.Flags {
		switch {
		case f.Name == "format":
			json = f.Target.String() == "json"
		case f.Name == "out" && f.Target.String() != "":
			return false
		}
	}
	return json
}

// wantsJSON is asksJSON of a command line that connsync did not understand.
func wantsJSON(args []string) bool {
	i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "--format") })
	return i >= 0 && (args[i] == "--format=json" || args[i] == "--format" && i+1 < len(args) && args[i+1] == "json")
}

// answering is a world for a command with one value as its answer.
func (w world) answering() world {
	w.answers = &answers{}
	if _, ok := w.stdout.(*output); !ok {
		w.stdout = &output{Writer: w.stdout, name: "stdout"}
	}
	return w
}

// give is what a command ends with where a value was asked for.
func (w world) give(value any) {
	if w.answers != nil {
		w.answers.value = value
	}
}

// giveIf is give where there is something to give.
func (w world) giveIf(is bool, value any) {
	if is {
		w.give(value)
	}
}

// gave takes back what was given.
func (w world) gave() any {
	if w.answers == nil {
		return nil
	}
	v := w.answers.value
	w.answers.value = nil
	return v
}

// answer writes the value, or the errors where there is none and the command wrote none by itself.
func (w world) answer(code int) error {
	a := w.answers
	wrote := w.stdout.(*output).wrote
	switch failing, ok := a.value.(interface{ Fail([]render.Failure) }); {
	case a.value == nil && wrote:
		return nil
	case a.value == nil:
		return render.FailedJSON(w.stdout, code, a.failed)
	case ok:
		failing.Fail(a.failed)
	}
	return render.JSON(w.stdout, a.value)
}

// people is where text for people goes: nowhere, where a value was asked for.
func (w world) people() (io.Writer, func(render.Failure)) {
	if w.answers == nil {
		return w.stdout, nil
	}
	return io.Discard, func(f render.Failure) { w.answers.failed = append(w.answers.failed, f) }
}
