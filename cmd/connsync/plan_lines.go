package main

import (
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// around is how many equal lines are shown before and after a difference.
const around = 2

// lineDiff shows how a value of several lines changes. Each line begins with a bar, so that none can be a
// workflow command.
func (p *printer) lineDiff(l *lines, runs []lineRun) {
	for _, d := range runs {
		for _, line := range d.lines {
			text := safe(strings.ReplaceAll(line, "\t", "    "))
			switch d.kind {
			case diffmatchpatch.DiffDelete:
				l.printf(planIndent+"  | %s\n", p.outTint.red("- "+text))
			case diffmatchpatch.DiffInsert:
				l.printf(planIndent+"  | %s\n", p.outTint.green("+ "+text))
			default:
				l.printf(planIndent+"  |   %s\n", p.outTint.dim(text))
			}
		}
	}
}

type lineRun struct {
	kind  diffmatchpatch.Operation
	lines []string
}

// lineDiffs is the shortest way from one text to the other, line by line, with long equal parts cut short.
func lineDiffs(before, after string) []lineRun {
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0 // the same answer on a slow machine
	a, b, texts := dmp.DiffLinesToChars(before, after)
	var out []lineRun
	all := dmp.DiffCharsToLines(dmp.DiffMain(a, b, false), texts)
	for i, d := range all {
		run := lineRun{d.Type, strings.Split(strings.TrimSuffix(d.Text, "\n"), "\n")}
		if d.Type == diffmatchpatch.DiffEqual {
			run.lines = shorten(run.lines, i == 0, i == len(all)-1)
		}
		out = append(out, run)
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
