package main

import (
	"html"
	"strings"
	"unicode/utf8"
)

// maxMarkdownText is how much of one text Markdown shows, in characters: one long name must not push out all others.
const maxMarkdownText = 1000

// mdCode is a text as a code span, in which nothing is a link, a mention, an emoji, a formula or HTML, whoever renders it.
func mdCode(s string) string { return mdSpan(mdCut(safe(s))) }

// mdSpan puts a text that is safe between fences longer than any run of backticks in it.
func mdSpan(s string) string {
	if s == "" {
		return "(empty)"
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	padded := strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") && strings.Trim(s, " ") != ""
	if padded || strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") { // a renderer strips one space of each side
		s = " " + s + " "
	}
	return fence + s + fence
}

// mdHTML is a text as code within an element that connsync writes as HTML.
func mdHTML(s string) string { return "<code>" + html.EscapeString(mdCut(safe(s))) + "</code>" }

// mdCell is the text of a table's cell. A pipe would end it, also within a code span, and renderers do not agree on
// what a backslash before it means; so it is spelled out.
func mdCell(s string) string { return strings.ReplaceAll(s, "|", `\x7c`) }

// mdText is a sentence that may quote what others wrote.
func mdText(s string) string {
	s = mdCut(safe(s))
	if strings.Trim(s, " ") == "" { // a hyphen with nothing behind it makes a heading of the line before it
		return "(empty)"
	}
	var out strings.Builder
	for _, p := range phrases(s) {
		if p.Code {
			p.Text = mdSpan(p.Text)
		}
		out.WriteString(p.Text)
	}
	return strings.TrimSpace(out.String())
}

// mdBlock is lines in a fenced block of a language.
func mdBlock(language string, lines []string) string {
	longest := 2
	for _, l := range lines {
		longest = max(longest, longestRun(l, '`'))
	}
	fence := strings.Repeat("`", longest+1)
	return fence + language + "\n" + strings.Join(lines, "\n") + "\n" + fence + "\n"
}

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

func mdCut(s string) string {
	if utf8.RuneCountInString(s) <= maxMarkdownText {
		return s
	}
	return string([]rune(s)[:maxMarkdownText]) + "…"
}
