package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/sergi/go-diff/diffmatchpatch"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

var hostileNames = flag.Int("hostile", 10_000, "how many hostile texts each format is given")

// fragments are what hostile texts are made of: escapes, changes of direction, commands, and whatever a renderer of Markdown, a
// host of repositories or a browser takes for more than text.
var fragments = []string{
	"\x1b[31m", "\x1b]8;;http://evil.example\a", "\u009b2J", "\u202e", "\u2066", "\u200b", "\ufeff", "\u00ad", "\x00", "\xff", "\r", "\n", "\r\n", "\t", "\u2028", "\u0085", "\U000e0041", "\u3164", "\ufe0f", "\U000e0101",
	"::", "::error::", "::error file=a,line=1::x", "::set-output name=x::y", "::stop-commands::x", "##[", "##[error]", "%0A", "%25", "%", ",", ":", "\n::warning::x", "\n##[group]x",
	"`", "``", "```", "~~~", "\n```\n", "\\", "\\`", "|", "\\|", "\\\\|", "| a | b |\n|---|---|\n", "*", "**b**", "_", "__b__", "~~s~~", "#", "# h", "\n# h\n", "\n- [x] y\n", "\n> q\n", "\n---\n", "1. ", "- ", "+ ", "> ", "    code",
	"[a](http://evil.example)", "![a](http://evil.example/i.png)", "[a][b]", "[b]: http://evil.example", "\n[b]: http://evil.example\n", "[^1]", "<http://evil.example>", "http://evil.example/", "https://evil.example", "www.evil.example", "a@evil.example", "mailto:a@evil.example", "ftp://evil.example",
	"@team", "@org/team", "#123", "GH-1", "org/repo#1", "!123", "~label", "%milestone", "$123", ":smile:", "&1", "^alert#1", "*iteration:1", "[vulnerability:1]", "/close", "\n/approve\n", "/lgtm", "9a8b7c6", "9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b", "deadbeefdeadbeef", "$`x`$", "$$x$$", "[[_TOC_]]", "{{x}}", "{% x %}",
	"<b>", "</b>", "</code>", "</summary>", "</details>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<a href=javascript:alert(1)>", "</style>", "</title>", "<!--", "-->", "<![CDATA[", "]]>", "<?x?>", "&lt;", "&amp;", "&#64;", "&nbsp", "\"", "'", "\" onmouseover=\"x", "javascript:alert(1)", "url(//evil.example)", "expression(1)", "{}", "</",
	"word", "a", "Z9", "plain words of somebody", " ", "  ", "名前", "é", "مرحبا", "🙂", ".", ";", "(", ")", "[", "]", "!", "=", "+", "-", "…", "connsync ", ": connsync ", "\"quoted text\"", "end\"",
}

// hostileText is a text of somebody who means harm; no two seeds give the same ones.
func hostileText(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(6) {
		b.WriteString(fragments[r.IntN(len(fragments))])
		if r.IntN(3) == 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// hostileSheet is a sheet with a hostile text wherever there is a text, and how many those are. A sheet of the same seed with
// other texts has the same form.
func hostileSheet(seed int, of func(*rand.Rand) string) (s sheet, n int) {
	r, words := rand.New(rand.NewPCG(uint64(seed), 7)), rand.New(rand.NewPCG(uint64(seed), 8))
	text := func() string { n++; return of(words) }
	texts := func() (out []string) {
		for range r.IntN(3) {
			out = append(out, text())
		}
		return out
	}
	s = sheet{offline: r.IntN(2) == 0, alarms: texts(), hash: strings.Repeat("a1", 32)}
	for _, a := range actions {
		s.totals = append(s.totals, total{a, r.IntN(3)})
	}
	s.next = next(s)
	for range r.IntN(3) {
		at := manifest.Position{File: text(), Line: r.IntN(3), Column: r.IntN(2)}
		s.findings = append(s.findings, finding{manifest.Mistake{Pos: at, Message: text(), Hints: texts()}, r.IntN(2) == 0})
	}
	for range 1 + r.IntN(2) {
		t := section{target: text(), place: text(), want: text(), known: text(), notes: texts()}
		for range r.IntN(3) {
			t.files = append(t.files, fileNote{text(), texts(), r.IntN(2) == 0})
		}
		for range r.IntN(4) {
			t.cards = append(t.cards, hostileCard(r, text, texts))
		}
		s.sections = append(s.sections, t)
	}
	return s, n
}

func hostileCard(r *rand.Rand, text func() string, texts func() []string) card {
	c := card{
		action: actions[r.IntN(len(actions))], name: text(), file: text(), line: r.IntN(3), plugin: text(),
		why: texts(), extra: texts(), warnings: texts(), conflict: text(), hints: texts(),
	}
	if r.IntN(2) == 0 {
		c.from = text()
	}
	for range r.IntN(4) {
		c.fields = append(c.fields, cardField{path: text(), line: r.IntN(3), old: text(), new: text(), cause: text()})
	}
	if r.IntN(3) == 0 {
		kinds := []diffmatchpatch.Operation{diffmatchpatch.DiffDelete, diffmatchpatch.DiffEqual, diffmatchpatch.DiffInsert}
		c.fields = append(c.fields, cardField{path: text(), lines: []lineRun{{kinds[r.IntN(3)], []string{text(), strings.Repeat("`", 2+r.IntN(4))}}}})
	}
	words := []diff.Word{diff.Set, diff.Changed, diff.Same, diff.Removed, diff.Reencrypted, diff.Unverified}
	for range r.IntN(4) {
		c.secrets = append(c.secrets, diff.SecretChange{Path: secrets.Path(text()), Word: words[r.IntN(len(words))]})
	}
	for range r.IntN(2) {
		c.risks = append(c.risks, alert{riskMark + text(), r.IntN(3)})
	}
	return c
}

// hostileSheets gives sheets until enough hostile texts were in them.
func hostileSheets(t *testing.T, check func(t *testing.T, seed int, s sheet)) {
	t.Helper()
	seen, sheets := 0, 0
	for ; seen < *hostileNames; sheets++ {
		s, n := hostileSheet(sheets, hostileText)
		seen += n
		check(t, sheets, s)
		if t.Failed() {
			t.Fatalf("of sheet %d", sheets)
		}
	}
	t.Logf("T-OUT: %d hostile texts in %d sheets, 0 failed", seen, sheets)
}

// quiet fails where an output holds what no terminal or log of a CI system must see.
func quiet(t *testing.T, out string, commands bool) {
	t.Helper()
	for i, line := range strings.Split(out, "\n") {
		start := strings.TrimSpace(line)
		if strings.Contains(line, "##[") || !commands && strings.HasPrefix(start, "::") {
			t.Errorf("line %d is a command: %q", i+1, line)
		}
		if at := strings.IndexFunc(line, func(r rune) bool {
			return !unicode.IsPrint(r) || strings.ContainsRune("\u3164\ufe0f\U000e0101", r) || r == unicode.ReplacementChar
		}); at >= 0 {
			t.Errorf("line %d: %s in %q", i+1, fmt.Sprintf("%q", line[at:min(len(line), at+4)]), line)
		}
	}
}
