package render

import (
	"io"

	"connsync/manifest"
)

// Failure is an error as it was said: with its hints, or with the mistakes in manifests that it is made of.
type Failure struct {
	Message  string
	Hints    []string
	Mistakes []manifest.Mistake
}

type jsonFailure struct {
	Message  sentence      `json:"message"`
	Hints    []sentence    `json:"hints,omitempty"`
	Mistakes []jsonMistake `json:"mistakes,omitempty"`
}

type jsonFailed struct {
	Schema   int           `json:"schema"`
	ExitCode int           `json:"exit_code"`
	Error    jsonFailure   `json:"error"`
	Errors   []jsonFailure `json:"errors,omitempty"` // all, where there are more
}

// Answer is what every value of a command begins with, and the errors that did not keep it from being given.
type Answer struct {
	Schema int           `json:"schema"`
	Errors []jsonFailure `json:"errors,omitempty"`
}

// Fail adds what was said.
func (a *Answer) Fail(said []Failure) { a.Errors = failuresJSON(said) }

// NewAnswer is the beginning of a value.
func NewAnswer() Answer { return Answer{Schema: Schema} }

func failuresJSON(said []Failure) (out []jsonFailure) {
	for _, f := range said {
		j := jsonFailure{Message: sentence(f.Message), Hints: sentences(f.Hints)}
		for _, m := range f.Mistakes {
			j.Mistakes = append(j.Mistakes, mistakeJSON(m))
		}
		out = append(out, j)
	}
	return out
}

// FailedJSON writes what is said of a command without a value.
func FailedJSON(w io.Writer, code int, said []Failure) error {
	out := jsonFailed{Schema: Schema, ExitCode: code}
	if all := failuresJSON(said); len(all) > 0 {
		out.Error = all[0]
		if len(all) > 1 {
			out.Errors = all
		}
	}
	return JSON(w, out)
}
