package view

import (
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Line is one line of a value of several lines, with the mark of a patch: "-" goes, "+" comes, " " stays.
type Line struct{ Mark, Text string }

// around is how many equal lines are shown before and after a difference.
const around = 2

var lineMarks = map[diffmatchpatch.Operation]string{
	diffmatchpatch.DiffDelete: "-", diffmatchpatch.DiffInsert: "+", diffmatchpatch.DiffEqual: " ",
}

// differences is the shortest way from one text to the other, line by line, with long equal parts cut short.
func differences(before, after string) []Line {
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0 // the same answer on a slow machine
	a, b, texts := dmp.DiffLinesToChars(before, after)
	var out []Line
	all := dmp.DiffCharsToLines(dmp.DiffMain(a, b, false), texts)
	for i, d := range all {
		lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(d.Text, "\t", "    "), "\n"), "\n")
		if d.Type == diffmatchpatch.DiffEqual {
			lines = shorten(lines, i == 0, i == len(all)-1)
		}
		for _, l := range lines {
			out = append(out, Line{lineMarks[d.Type], l})
		}
	}
	return out
}

// shorten keeps the lines of an equal part that stand next to a difference.
func shorten(lines []string, first, last bool) []string {
	head, tail := around, around
	if first {
		head = 0
	}
	if last {
		tail = 0
	}
	if len(lines) <= head+tail+1 {
		return lines
	}
	out := append([]string{}, lines[:head]...)
	out = append(out, "…")
	return append(out, lines[len(lines)-tail:]...)
}
