package render

import (
	"html"
	"strings"
	"unicode/utf8"

	"connsync/cmd/connsync/view"
)

// maxMarkdownText is how much of one text Markdown shows, in characters: one long name must not push out all others.
const maxMarkdownText = 1000

// md is Markdown: what connsync writes itself, and what the functions of this file made of the texts of others. A text
// does not become Markdown in any other way: the compiler refuses to put one beside the other.
type md string

// mdCode is a text as a code span, in which nothing is a link, a mention, an emoji, a formula or HTML, in any renderer.
func mdCode(s string) md { return mdSpan(mdCut(Harmless(s))) }

// mdSpan puts a safe text between fences longer than any run of backticks in it.
func mdSpan(s string) md {
	if s == "" {
		return "(empty)"
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	padded := strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") && strings.Trim(s, " ") != ""
	if padded || strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") { // a renderer strips one space of each side
		s = " " + s + " "
	}
	return md(fence + s + fence)
}

// mdHTML is a text as code within an element written by connsync as HTML.
func mdHTML(s string) md { return md("<code>" + html.EscapeString(mdCut(Harmless(s))) + "</code>") }

// mdCell is the text of a table's cell. A pipe would end it, also within a code span, and renderers do not agree on
// what a backslash before it means; so it is spelled out.
func mdCell(s md) md { return md(strings.ReplaceAll(string(s), "|", `\x7c`)) }

// mdText is a sentence that may quote what others wrote.
func mdText(s string) md {
	s = mdCut(Harmless(s))
	if strings.Trim(s, " ") == "" { // a hyphen with nothing behind it makes a heading of the line before it
		return "(empty)"
	}
	var out strings.Builder
	for _, p := range view.Sentence(s) {
		if p.Code {
			p.Text = string(mdSpan(p.Text))
		}
		out.WriteString(p.Text)
	}
	return md(strings.TrimSpace(out.String()))
}

// mdLine is a text as a line of a block of code.
func mdLine(s string) md { return md(mdCut(Harmless(s))) }

// mdBlock is lines in a fenced block of a language.
func mdBlock(language md, lines []md) md {
	longest := 2
	for _, l := range lines {
		longest = max(longest, longestRun(string(l), '`'))
	}
	fence := md(strings.Repeat("`", longest+1))
	return fence + language + "\n" + mdJoin(lines, "\n") + "\n" + fence + "\n"
}

// mdJoin puts pieces side by side.
func mdJoin(pieces []md, between md) md {
	texts := make([]string, len(pieces))
	for i, p := range pieces {
		texts[i] = string(p)
	}
	return md(strings.Join(texts, string(between)))
}

// mdCount is "1 row" or "3 rows".
func mdCount(n int, one md) md { return md(view.Count(n, string(one))) }

func longestRun(s string, of rune) int {
	longest, run := 0, 0
	for _, r := range s {
		if r != of {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func mdCut(s string) string { return mdCutTo(s, maxMarkdownText) }

// mdShort is the beginning of a name, for a row that is too long.
func mdShort(s string) string { return mdCutTo(Harmless(s), 60) }

func mdCutTo(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
