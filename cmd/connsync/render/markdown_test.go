package render

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"connsync/cmd/connsync/view"
	"connsync/diff"
)

// The only HTML in connsync's Markdown.
var ownHTML = regexp.MustCompile("^(?:<details><summary>[a-z]+ <code>[^<>]*</code> / <code>[^<>]*</code></summary>|</details>)\n?$")

// Outside of code stands nothing that means more than itself to a renderer or a host.
var plainMarkdown = regexp.MustCompile(`^(?:\[!(?:CAUTION|WARNING|NOTE)\] )?[A-Za-z0-9 ,.;:()'/·→-]*$`)

// rendered is what a renderer of GitHub's Markdown makes of a document.
type rendered struct {
	code             []string // code spans
	blocks           []string // the lines of code blocks
	words            []string // each block of text with its code, as a reader sees it
	rows, details    int
	headings, quotes int
}

func renderMarkdown(t *testing.T, doc string) rendered {
	t.Helper()
	var out rendered
	source := []byte(doc)
	root := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser().Parse(text.NewReader(source))
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link, *ast.Image, *ast.AutoLink, *ast.RawHTML, *east.TaskCheckBox, *east.Strikethrough, *east.FootnoteLink:
			t.Errorf("a %s in %q", n.Kind(), doc)
		case *ast.HTMLBlock:
			block := string(n.Lines().Value(source))
			if !ownHTML.MatchString(block) {
				t.Errorf("foreign HTML: %q", block)
			}
			if strings.HasPrefix(block, "<details>") {
				out.details++
				out.words = append(out.words, seenText(block))
			}
		case *ast.CodeSpan:
			out.code = append(out.code, plainText(n, source))
			return ast.WalkSkipChildren, nil
		case *ast.FencedCodeBlock:
			out.blocks = append(out.blocks, strings.Split(strings.TrimSuffix(string(n.Lines().Value(source)), "\n"), "\n")...)
		case *ast.CodeBlock, *ast.ThematicBreak, *east.FootnoteList:
			t.Errorf("a %s in %q", n.Kind(), doc)
		case *east.TableRow:
			out.rows++
		case *ast.Heading:
			out.headings++
		case *ast.Blockquote:
			out.quotes++
		}
		if n.Type() == ast.TypeBlock && n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeInline {
			out.words = append(out.words, strings.Join(strings.Fields(plainText(n, source)), " "))
			if plain := outsideCode(n, source); !plainMarkdown.MatchString(plain) {
				t.Errorf("%q is not plain", plain)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// plainText is what a reader sees of a node.
func plainText(n ast.Node, source []byte) string {
	return textOf(n, source, true)
}

func outsideCode(n ast.Node, source []byte) string { return textOf(n, source, false) }

func textOf(n ast.Node, source []byte, code bool) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if _, ok := c.(*ast.CodeSpan); ok && !code {
			continue
		}
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
			continue
		}
		b.WriteString(textOf(c, source, code))
	}
	return b.String()
}

var anyTag = regexp.MustCompile(`<[^>]*>`)

// seenText is what a reader sees of HTML.
func seenText(s string) string {
	return strings.Join(strings.Fields(html.UnescapeString(anyTag.ReplaceAllString(s, ""))), " ")
}

// T-OUT: whatever a view.Page holds, its Markdown shows it as text, and all of it.
func TestHostileTextsAreOnlyTextInMarkdown(t *testing.T) {
	hostilePages(t, func(t *testing.T, _ int, s view.Page) {
		var out strings.Builder
		if err := writeMarkdown(&out, s); err != nil {
			t.Fatal(err)
		}
		quiet(t, out.String(), false)
		if at := strings.Index(out.String(), "\n/"); at >= 0 { // hosts and bots take commands from comments
			t.Errorf("a line begins with a slash: %q", out.String()[at:])
		}
		got := renderMarkdown(t, out.String())
		seen := strings.Join(got.words, "\n")
		words := func(texts ...string) {
			for _, text := range texts {
				if want := strings.Join(strings.Fields(Harmless(text)), " "); !strings.Contains(seen, want) {
					t.Errorf("%q is not to be seen in %q", want, seen)
				}
			}
		}
		code := func(texts ...string) {
			for _, text := range texts {
				if !slices.Contains(got.code, Harmless(text)) {
					t.Errorf("%q is no code in %q", Harmless(text), out.String())
				}
			}
		}
		for _, a := range s.Alarms {
			words(a.Text)
		}
		for _, f := range s.RulesFiles() {
			if len(f.Alarms) > 1 {
				code(f.Path)
			}
		}
		for _, f := range s.Findings {
			code(view.At(f.Pos))
			words(f.Message)
			words(f.Hints...)
		}
		rows, details := 0, 0
		for _, section := range s.Targets {
			code(section.Name, section.Place, section.Commits[0].Hash, section.Commits[1].Hash)
			words(section.Notes...)
			for _, f := range section.Files {
				code(f.Path)
				words(strings.Join(f.Words, ", "))
			}
			for _, c := range section.Cards {
				rows++
				cell := func(s string) string { return strings.ReplaceAll(Harmless(s), "|", `\x7c`) }
				code(cell(section.Name), cell(c.Name), cell(c.Place()), cell(c.Plugin))
				words(cell(c.Conflict))
				for _, r := range c.Risks {
					words(r.Text)
				}
				if mdSaid(c) {
					continue
				}
				details++
				words(c.Name)
				words(c.Warnings...)
				words(c.Hints...)
				code(c.Extra...)
				for _, f := range c.Fields {
					code(f.Path)
					if f.Lines == nil {
						code(f.Old, f.New)
						continue
					}
					for _, l := range f.Lines {
						if want := l.Mark + " " + Harmless(l.Text); !slices.Contains(got.blocks, want) {
							t.Errorf("%q is no line of %q", want, got.blocks)
						}
					}
				}
				for _, s := range c.Secrets {
					code(s.Path)
				}
			}
		}
		if got.rows != rows || got.details != details || got.headings != 1 || got.quotes > 3 {
			t.Errorf("%d of %d rows, %d of %d details, %d headings, %d quotes", got.rows, rows, got.details, details, got.headings, got.quotes)
		}
	})
}

func TestASentenceStaysReadableInMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"unchanged secrets will go to the new config.endpoint":       "unchanged secrets will go to the new `config.endpoint`",
		"to take it over, add  adopt: 5d1c  at connections/a.yaml:9": "to take it over, add `adopt: 5d1c` at `connections/a.yaml:9`",
		`the region of prod changes from "a b" to "c | d"`:           "the region of prod changes from `\"a b\"` to `\"c | d\"`",
		"write once more: connsync sync --rewrite '*'":               "write once more: `connsync sync --rewrite '*'`",
		"protected: it is never deleted":                             "protected: it is never deleted",
		"say so and why:  cleartext: [{setting: a, reason: b}]":      "say so and why: `cleartext: [{setting: a, reason: b}]`",
		"drift by @team":            "drift by `@team`",
		"drift by #12, GH-3 (a_b).": "drift by `#12`, `GH-3` (`a_b`).",
		"of 9a8b7c6 and deadbeef":   "of `9a8b7c6` and `deadbeef`",
		"1. one, 2) two, 3 more":    "`1.` one, `2)` two, 3 more",
		"":                          "(empty)",
		"a `b` c":                   "a `` `b` `` c",
	} {
		if got := string(mdText(in)); got != want {
			t.Errorf("%q is %s, not %s", in, got, want)
		}
	}
}

func TestAHugeDiffFitsAComment(t *testing.T) {
	s := sample(true).Page(false)
	for i := range 3000 {
		c := view.Card{Action: diff.Update, Name: fmt.Sprintf("connection_%04d", i), File: "connections/prod/many.yaml", Line: i + 1,
			Fields: []view.Field{{Path: "config.endpoint", Old: `"https://a.example"`, New: `"https://b.example"`, Cause: "git"}}}
		if i == 2990 {
			c.Risks = []view.Risk{{Text: "the last of many", Line: 7}}
		}
		s.Targets[0].Cards = append(s.Targets[0].Cards, c)
	}
	for _, n := range []int{3000, 300, 30} { // rows are left out, then details, then nothing
		s.Targets[0].Cards = append(s.Targets[0].Cards[:n-10:n-10], s.Targets[0].Cards[len(s.Targets[0].Cards)-10:]...)
		var out strings.Builder
		if err := writeMarkdown(&out, s); err != nil {
			t.Fatal(err)
		}
		got := renderMarkdown(t, out.String())
		if out.Len() > 65_536 || n > 30 && out.Len() < 60_000 {
			t.Errorf("%d changes take %d bytes", n, out.Len())
		}
		seen := strings.Join(got.words, "\n")
		for _, want := range []string{"the last of many", "secrets.allow changes", "is in the clear", "connsync sync --dry-run"} {
			if !strings.Contains(seen+strings.Join(got.blocks, "\n"), want) {
				t.Errorf("%q is left out", want)
			}
		}
		if n == 300 && strings.Count(seen, "the last of many") != 2 { // once more in its details: they come before all others
			t.Error("the details of a high risk are left out before others")
		}
		if note := strings.Contains(seen, "left out here: "); note != (n > 30) {
			t.Errorf("of %d changes: a note: %t", n, note)
		}
		if n == 3000 && got.details > 0 || n == 300 && (got.rows != 301 || got.details == 0 || got.details == 300) {
			t.Errorf("of %d changes: %d rows, %d details", n, got.rows, got.details)
		}
		t.Logf("%d changes: %d bytes, %d rows, %d details", n, out.Len(), got.rows, got.details)
	}
}

// Details too large for any comment are not written to their end: it would take minutes, for what is left out.
func TestDetailsEndWhereNoCommentTakesThem(t *testing.T) {
	c := view.Card{Action: diff.Update, Name: "edr"}
	for i := range 20_000 {
		c.Fields = append(c.Fields, view.Field{Path: fmt.Sprintf("config.setting_%d", i), New: "1", Lines: []view.Line{{Mark: "+", Text: "1"}}}, view.Field{Path: fmt.Sprintf("config.other_%d", i), New: "1"})
		c.Risks = append(c.Risks, view.Risk{Text: "something may stand in the clear"})
	}
	if n := len(mdDetails(view.Target{Name: "prod"}, c)); n <= maxMarkdown || n > 2*maxMarkdown {
		t.Errorf("%d bytes", n)
	}
}
