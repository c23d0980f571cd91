package render

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"connsync/cmd/connsync/view"
)

// seenPage is what a browser makes of a page.
type seenPage struct {
	skeleton []string // every element with its attributes, save for code
	policy   string
	links    []string // every attribute that could name something to load or to open
	texts    []string
	ids      map[string]bool
}

func readPage(t *testing.T, doc string) seenPage {
	t.Helper()
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	out := seenPage{ids: map[string]bool{}}
	for n := range root.Descendants() {
		switch n.Type {
		case html.CommentNode:
			t.Errorf("a comment: %q", n.Data)
		case html.TextNode:
			if n.Parent.Data != "style" {
				out.texts = append(out.texts, n.Data)
			}
		case html.ElementNode:
			element := n.Data
			for _, a := range n.Attr {
				element += fmt.Sprintf(" %s=%q", a.Key, a.Val)
				switch a.Key {
				case "href", "src", "action", "style", "srcset", "poster", "data", "background", "ping", "formaction":
					out.links = append(out.links, a.Val)
				case "id":
					if out.ids[a.Val] {
						t.Errorf("two elements are %q", a.Val)
					}
					out.ids[a.Val] = true
				case "content":
					if strings.Contains(a.Val, "default-src") {
						out.policy = a.Val
					}
				}
			}
			if element != "code" {
				out.skeleton = append(out.skeleton, element)
			}
		}
	}
	return out
}

func pageText(t *testing.T, s view.Page) string {
	t.Helper()
	var out strings.Builder
	if err := writePage(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// T-OUT: whatever a view.Page holds, its page has the elements and attributes of a page with harmless texts, and shows all of it.
func TestHostileTextsAreOnlyTextInHTML(t *testing.T) {
	hostilePages(t, func(t *testing.T, seed int, s view.Page) {
		doc := pageText(t, s)
		quiet(t, doc, false)
		got := readPage(t, doc)
		tame, _ := hostilePage(seed, func(*rand.Rand) string { return "x" })
		if want := readPage(t, pageText(t, tame)); !slices.Equal(got.skeleton, want.skeleton) {
			t.Errorf("a text changes the page:\n%q\n%q", got.skeleton, want.skeleton)
		}
		for _, l := range got.links {
			if !strings.HasPrefix(l, "#") || !got.ids[l[1:]] {
				t.Errorf("a link to %q", l)
			}
		}
		seen := strings.Join(strings.Fields(strings.Join(got.texts, "")), " ")
		for _, text := range textsOf(s) {
			if want := strings.Join(strings.Fields(Harmless(text)), " "); !strings.Contains(seen, want) {
				t.Errorf("%q is not to be seen in %q", want, seen)
			}
		}
	})
}

// textsOf are the texts of a view.Page to be found in a page as they are.
func textsOf(s view.Page) []string {
	var out []string
	for _, a := range s.Alarms {
		out = append(out, a.Text)
	}
	for _, f := range s.Findings {
		out = append(append(out, view.At(f.Pos), f.Message), f.Hints...)
	}
	for _, t := range s.Targets {
		out = append(append(out, t.Name, t.Place, t.Commits[0].Hash, t.Commits[1].Hash), t.Notes...)
		for _, f := range t.Files {
			out = append(out, f.Path, strings.Join(harmless(f.Words), ", "))
		}
		for _, c := range t.Cards {
			out = append(out, c.Name, c.From, view.At(c.Pos()), c.Plugin, c.Conflict)
			out = append(append(append(append(out, c.Why...), c.Warnings...), c.Hints...), c.Extra...)
			for _, f := range c.Fields {
				out = append(out, f.Path, f.Cause, f.Old, f.New)
				for _, l := range f.Lines {
					out = append(out, l.Text)
				}
			}
			for _, s := range c.Secrets {
				out = append(out, s.Path)
			}
		}
	}
	return out
}

var external = regexp.MustCompile(`(?i)https?:|//|url\(|@import|<script|<link|<img|<iframe|<object|<form\b| on[a-z]+=`)

// A page loads nothing, runs nothing and says so to the browser.
func TestAPageIsOneFileThatLoadsNothing(t *testing.T) {
	s := sample(true).Page(false)
	for i := range s.Targets { // its own data holds URLs, as mere text
		for j := range s.Targets[i].Cards {
			s.Targets[i].Cards[j].Fields = nil
		}
	}
	doc := pageText(t, s)
	if at := external.FindString(doc); at != "" {
		t.Errorf("%q is in the page", at)
	}
	got := readPage(t, doc)
	sum := sha256.Sum256([]byte(pageStyle))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	if got.policy != want || !strings.Contains(doc, "<style>"+pageStyle+"</style>") {
		t.Errorf("the policy is %q", got.policy)
	}
	if doc != pageText(t, s) {
		t.Error("two pages of one view.Page differ")
	}
}

// What is filtered by the page's style has to have that name in it.
func TestEveryActionCanBeFiltered(t *testing.T) {
	for _, word := range view.RunWords() {
		rule := fmt.Sprintf(".filter:has(#show-%s:not(:checked)) ~ .target .group.%s", word, word)
		tone := regexp.MustCompile(`(?m)^[^{]*\.` + word + `\b[^{]*\{ --tone:`)
		if !strings.Contains(pageStyle, rule) || !tone.MatchString(pageStyle) || view.RunMark(word) == "" {
			t.Errorf("no %q, or no colour or symbol for it", rule)
		}
	}
}

// Headings do not skip a level, so that a screen reader's list of them is the page's outline.
func TestAPageHasAnOutline(t *testing.T) {
	for _, offline := range []bool{true, false} {
		got := readPage(t, pageText(t, sample(offline).Page(false)))
		last, seen := 0, 0
		for _, element := range got.skeleton {
			name, _, _ := strings.Cut(element, " ")
			if len(name) != 2 || name[0] != 'h' || name[1] < '1' || name[1] > '6' {
				continue
			}
			level := int(name[1] - '0')
			if level > last+1 || level == 1 && last != 0 {
				t.Errorf("%s after h%d", name, last)
			}
			last = level
			seen++
		}
		for _, landmark := range []string{"main", "header class=\"top\"", "footer"} {
			if !slices.Contains(got.skeleton, landmark) {
				t.Errorf("no %s", landmark)
			}
		}
		if seen < 12 {
			t.Errorf("only %d headings", seen)
		}
	}
}
