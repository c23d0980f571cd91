package render

import (
	"io"

	"connsync/cmd/connsync/view"
	"connsync/manifest"
)

type jsonValidation struct {
	Schema      int           `json:"schema"`
	Valid       bool          `json:"valid"`
	Connections int           `json:"connections"`
	Files       int           `json:"files"`
	Targets     int           `json:"targets"`
	Opened      int           `json:"opened,omitempty"`
	Mistakes    []jsonMistake `json:"mistakes"`
	Warnings    []jsonMistake `json:"warnings,omitempty"`
}

type jsonMistake struct {
	File    string   `json:"file"`
	Line    int      `json:"line,omitempty"`
	Column  int      `json:"column,omitempty"`
	Message string   `json:"message"`
	Hints   []string `json:"hints,omitempty"`
}

func mistakeJSON(m manifest.Mistake) jsonMistake {
	return jsonMistake{m.Pos.File, m.Pos.Line, m.Pos.Column, m.Message, m.Hints}
}

// CheckedJSON writes what a validation found, for machines.
func CheckedJSON(w io.Writer, c view.Checked) error {
	out := jsonValidation{
		Schema: Schema, Valid: len(c.Wrong) == 0, Connections: c.Connections, Files: c.Files, Targets: c.Targets, Opened: c.Opened, Mistakes: []jsonMistake{},
	}
	for _, m := range c.Wrong {
		out.Mistakes = append(out.Mistakes, mistakeJSON(m))
	}
	for _, m := range c.Warnings {
		out.Warnings = append(out.Warnings, mistakeJSON(m))
	}
	return JSON(w, out)
}
