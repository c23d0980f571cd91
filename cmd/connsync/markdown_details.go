package main

import (
	"fmt"
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"

	"connsync/diff"
)

// mdDetails is everything about a change, folded; "" where its row has said it.
func mdDetails(t section, c card) string {
	if mdSaid(c) {
		return ""
	}
	// Within the element that begins here only HTML counts, up to the empty line.
	out := fmt.Sprintf("<details><summary>%s %s / %s</summary>\n\n", c.action, mdHTML(t.target), mdHTML(c.name))
	for _, i := range mdItems(c) {
		out += "- " + i + "\n"
	}
	return out + strings.Join(mdLineDiffs(c), "") + "\n</details>\n\n"
}

// mdSaid tells whether a change's row, and the list of high risks, say all there is to it.
func mdSaid(c card) bool {
	for _, s := range c.secrets {
		if s.Word == diff.Same {
			return false
		}
	}
	return len(c.fields)+len(c.extra)+len(c.warnings)+len(c.hints) == 0 && len(c.secrets) <= maxNamed
}

func mdItems(c card) []string {
	var out []string
	for _, f := range c.fields {
		if f.lines == nil {
			out = append(out, mdField(f))
		}
	}
	if len(c.secrets) > 0 {
		var words []string
		for _, s := range c.secrets {
			words = append(words, mdSecret(s))
		}
		out = append(out, "secrets: "+strings.Join(words, ", "))
	}
	if len(c.extra) > 0 {
		var paths []string
		for _, p := range c.extra {
			paths = append(paths, mdCode(p))
		}
		out = append(out, "also there: "+strings.Join(paths, ", ")+" (only in SecMaster)")
	}
	for _, r := range c.risks {
		out = append(out, "**high risk:** "+mdText(strings.TrimPrefix(r.text, riskMark)))
	}
	for _, w := range c.warnings {
		out = append(out, "warning: "+mdText(w))
	}
	for _, h := range c.hints {
		out = append(out, "hint: "+mdText(h))
	}
	return out
}

func mdField(f cardField) string {
	out := mdCode(f.path) + ": "
	if f.old != "" {
		out += mdCode(f.old) + " → "
	}
	return out + mdCode(f.new) + mdCause(f)
}

func mdCause(f cardField) string {
	if f.cause == "" {
		return ""
	}
	return " (" + mdText(f.cause) + ")"
}

// mdLineDiffs are the values of several lines. What stands before each line keeps it from being a command of anybody.
func mdLineDiffs(c card) []string {
	var out []string
	for _, f := range c.fields {
		if f.lines == nil {
			continue
		}
		var lines []string
		for _, run := range f.lines {
			for _, l := range run.lines {
				lines = append(lines, lineMark[run.kind]+mdCut(safe(strings.ReplaceAll(l, "\t", "    "))))
			}
		}
		out = append(out, "\nIn "+mdCode(f.path)+mdCause(f)+":\n\n"+mdBlock("diff", lines))
	}
	return out
}

// lineMark stands before a line that goes, that comes, or that stays.
var lineMark = map[diffmatchpatch.Operation]string{
	diffmatchpatch.DiffDelete: "- ", diffmatchpatch.DiffInsert: "+ ", diffmatchpatch.DiffEqual: "  ",
}
