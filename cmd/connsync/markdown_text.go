package main

import (
	"html"
	"regexp"
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

var (
	mdCommand = regexp.MustCompile(`: (?:connsync|sops|git) .*`)
	mdTokens  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[^ ]+| +`)
	mdPlain   = regexp.MustCompile(`^(?:[A-Za-z]+(?:'[a-z]+)?|[0-9]{1,6})$`)
	mdHash    = regexp.MustCompile(`^[a-f]{7,}$`) // as a commit's hash may look
)

// mdText is a sentence that may quote what others wrote. Words of nothing but letters stay as they are, since no renderer
// sees more in them; everything else becomes code.
func mdText(s string) string {
	s = mdCut(safe(s))
	if strings.Trim(s, " ") == "" { // a hyphen with nothing behind it makes a heading of the line before it
		return "(empty)"
	}
	if at := mdCommand.FindStringIndex(s); at != nil {
		return mdText(s[:at[0]+1]) + " " + mdSpan(s[at[0]+2:])
	}
	parts := strings.Split(s, "  ")
	for i, p := range parts {
		if i%2 == 1 && i < len(parts)-1 && p != "" { // set apart by its writer: to be typed as it stands
			parts[i] = mdSpan(p)
			continue
		}
		parts[i] = mdWords(p)
	}
	return strings.Join(parts, " ")
}

// mdWords puts each run of tokens that are not plain words into a span of its own.
func mdWords(s string) string {
	var out strings.Builder
	run := ""
	flush := func() {
		code := strings.Trim(run, " ")
		if before, after, _ := strings.Cut(run, code); code != "" {
			run = before + mdSpan(code) + after
		}
		out.WriteString(run)
		run = ""
	}
	for _, token := range mdTokens.FindAllString(s, -1) {
		open, word, end := mdPunctuation(token)
		switch {
		case strings.Trim(token, " ") == "":
			run += token
		case word == "" || mdPlain.MatchString(word) && !mdHash.MatchString(word):
			flush()
			out.WriteString(token)
		case open != "":
			flush()
			out.WriteString(open + mdSpan(word) + end)
		case end != "":
			run += word
			flush()
			out.WriteString(end)
		default:
			run += word
		}
	}
	flush()
	return strings.TrimSpace(out.String())
}

// mdPunctuation parts what surrounds a word from it.
func mdPunctuation(token string) (open, word, end string) {
	word = strings.TrimPrefix(token, "(")
	open = token[:len(token)-len(word)]
	word, end = strings.TrimRight(word, ",;:)."), word[len(strings.TrimRight(word, ",;:).")):]
	if strings.Trim(word, "0123456789") == "" && strings.ContainsAny(end, ".)") && word != "" { // "1." begins a list
		return "", token, ""
	}
	return open, word, end
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
