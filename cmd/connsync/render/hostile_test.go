package render

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
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

// hostileText is a text of an attacker; no two seeds give the same ones.
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

// hostilePage is a page with a hostile text wherever there is a text, and how many those are. A page of the same seed with
// other texts has the same form.
func hostilePage(seed int, of func(*rand.Rand) string) (p view.Page, n int) {
	r, words := rand.New(rand.NewPCG(uint64(seed), 7)), rand.New(rand.NewPCG(uint64(seed), 8))
	text := func() string { n++; return of(words) }
	texts := func() (out []string) {
		for range r.IntN(3) {
			out = append(out, text())
		}
		return out
	}
	p = view.Page{Offline: r.IntN(2) == 0, Hash: strings.Repeat("a1", 32)}
	for _, file := range texts() {
		for range 1 + r.IntN(3) {
			p.Alarms = append(p.Alarms, view.Alarm{File: file, Kind: review.RuleNew, Text: text()})
		}
	}
	for _, a := range view.Actions {
		p.Totals = append(p.Totals, view.Total{Action: a, N: r.IntN(3)})
	}
	p.Next = "connsync sync"
	for range r.IntN(3) {
		at := manifest.Position{File: text(), Line: r.IntN(3), Column: r.IntN(2)}
		p.Findings = append(p.Findings, view.Finding{Mistake: manifest.Mistake{Pos: at, Message: text(), Hints: texts()}, Fatal: r.IntN(2) == 0})
	}
	for i := range 1 + r.IntN(2) {
		t := view.Target{Anchor: fmt.Sprint("t", i), Name: text(), Place: text(), Commits: []view.Commit{{Label: "head", Hash: text()}, {Label: "base", Hash: text()}}, Notes: texts()}
		for range r.IntN(3) {
			t.Files = append(t.Files, view.FileNote{Path: text(), Words: texts(), Risky: r.IntN(2) == 0})
		}
		for j := range r.IntN(4) {
			t.Cards = append(t.Cards, hostileCard(fmt.Sprint(t.Anchor, "-", j), r, text, texts))
		}
		p.Targets = append(p.Targets, t)
	}
	return p, n
}

func hostileCard(anchor string, r *rand.Rand, text func() string, texts func() []string) view.Card {
	c := view.Card{
		Anchor: anchor, Action: view.Actions[r.IntN(len(view.Actions))], Name: text(), File: text(), Line: r.IntN(3), Plugin: text(),
		Why: texts(), Extra: texts(), Warnings: texts(), Conflict: text(), Hints: texts(),
	}
	if r.IntN(2) == 0 {
		c.From = text()
	}
	for range r.IntN(4) {
		c.Fields = append(c.Fields, view.Field{Path: text(), Line: r.IntN(3), Old: text(), New: text(), Cause: text()})
	}
	if r.IntN(3) == 0 {
		mark := []string{"-", " ", "+"}[r.IntN(3)]
		c.Fields = append(c.Fields, view.Field{Path: text(), Lines: []view.Line{{Mark: mark, Text: text()}, {Mark: mark, Text: strings.Repeat("`", 2+r.IntN(4))}}})
	}
	words := []diff.Word{diff.Set, diff.Changed, diff.Same, diff.Removed, diff.Reencrypted, diff.Unverified, diff.Differs}
	for range r.IntN(4) {
		c.Secrets = append(c.Secrets, view.Secret{Path: text(), Word: words[r.IntN(len(words))]})
	}
	for range r.IntN(2) {
		c.Risks = append(c.Risks, view.Risk{Text: text(), Line: r.IntN(3)})
	}
	return c
}

// hostilePages gives pages until enough hostile texts were in them.
func hostilePages(t *testing.T, check func(t *testing.T, seed int, p view.Page)) {
	t.Helper()
	seen, pages := 0, 0
	for ; seen < *hostileNames; pages++ {
		p, n := hostilePage(pages, hostileText)
		seen += n
		check(t, pages, p)
		if t.Failed() {
			t.Fatalf("of page %d", pages)
		}
	}
	t.Logf("T-OUT: %d hostile texts in %d pages, 0 failed", seen, pages)
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

// T-OUT: the text of a diff, in whatever width, is lines for a terminal and a log to show as they are.
func TestHostileTextsAreOnlyTextInTheText(t *testing.T) {
	hostilePages(t, func(t *testing.T, seed int, p view.Page) {
		var out bytes.Buffer
		(&Stream{w: &out, width: []int{0, 40, 80, 200}[seed%4]}).page(p)
		quiet(t, out.String(), false)
		seen := strings.Join(strings.Fields(out.String()), "")
		for _, section := range p.Targets {
			for _, c := range section.Cards {
				for _, text := range append([]string{c.Name, c.Plugin, c.Conflict}, c.Warnings...) {
					if want := strings.Join(strings.Fields(Harmless(text)), ""); !strings.Contains(seen, want) {
						t.Errorf("%q is not to be seen in %q", want, out.String())
					}
				}
			}
		}
	})
}

// A line of a terminal may end anywhere, but none begins with a command.
func TestALineThatIsWrappedIsNeverACommand(t *testing.T) {
	for n := range 60 {
		for _, gap := range []string{" ", "  ", "   "} {
			var out bytes.Buffer
			(&Stream{w: &out, width: 40}).labelled("  ", Cyan("note:"), strings.Repeat("a", n)+gap+"::error::x "+strings.Repeat("b", 30)+gap+"::error::y")
			quiet(t, out.String(), false)
			if strings.Count(out.String(), "::error::") != 2 && n > 0 {
				t.Errorf("%q", out.String())
			}
		}
	}
}
