package render

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"connsync/apply"
	"connsync/cmd/connsync/view"
)

// counted are the diffs with counts to check: those with one of everything, a usual one, and one of nothing.
func counted() map[string]view.Diff {
	out := newEverything().diffs()
	out["sample"], out["live sample"], out["nothing"] = sample(true), sample(false), view.Diff{}
	return out
}

func written(t *testing.T, format string, d view.Diff) string {
	t.Helper()
	var out bytes.Buffer
	if err := Diff(&out, format, d); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// number is what stands in the first group of a pattern in a text; 0 where the pattern does not fit.
func number(text, pattern string) int {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

func same(t *testing.T, what string, said, there int) {
	t.Helper()
	if said != there {
		t.Errorf("%s: %d is said, %d are there", what, said, there)
	}
}

// toDo is how often an action's total is said.
func toDo(text, action string) int {
	return number(text, `(\d+) (?:to )?`+action+`s?\b`)
}

// The totals of every format are those of the plans.
func TestTotalsAreThoseOfThePlans(t *testing.T) {
	for name, d := range counted() {
		there := map[string]int{}
		for _, p := range d.Plans {
			for _, c := range p.Changes {
				there[string(c.Action)]++
			}
		}
		for format, pattern := range map[string]string{"text": `(?m)^Plan: .*`, "markdown": `(?m)^### .*`, "html": `<title>.*</title>`, "github": `(?m)^Plan: .*`} {
			totals := regexp.MustCompile(pattern).FindString(written(t, format, d))
			for _, a := range view.Actions {
				same(t, name+", "+format+", "+string(a), toDo(totals, string(a)), there[string(a)])
			}
		}
	}
}

// grouped is the line of a file of rules, with its changes below it.
var grouped = regexp.MustCompile(`(?m)^> - .*: (\d+) changes: (.*)$`)

// The heading of a comment counts what stands below it.
func TestTheCountsOfMarkdownAreThoseOfItsContent(t *testing.T) {
	for name, d := range counted() {
		doc := written(t, "markdown", d)
		heading, rest, _ := strings.Cut(doc, "\n")
		risks, _, _ := strings.Cut(rest, "\n\n> [!WARNING]")
		same(t, name+", high risks", number(heading, `\*\*(\d+) high risks?\*\*`), strings.Count(risks, "\n> - ")-len(grouped.FindAllString(risks, -1))+strings.Count(risks, "\n>   - "))
		for _, line := range grouped.FindAllStringSubmatch(risks, -1) {
			said, below := number(line[1], `(\d+)`), 0
			for _, n := range regexp.MustCompile(` (\d+)(?:,|$)`).FindAllStringSubmatch(line[2], -1) {
				below += number(n[1], `(\d+)`)
			}
			same(t, name+", kinds of changes of rules", said, below)
		}
		same(t, name+", findings", number(heading, `will fail at merge: (\d+)`), strings.Count(rest, "\n> - **will fail**"))
		for _, a := range view.Actions {
			if a == "unchanged" { // of which only those with a warning have a row
				continue
			}
			same(t, name+", "+string(a), toDo(heading, string(a)), strings.Count(rest, "\n| "+string(a)+" |"))
		}
		for _, row := range regexp.MustCompile(`(?m)^\| [a-z]+ \| .* \|$`).FindAllString(rest, -1) {
			names := regexp.MustCompile("^\\| ([a-z]+) \\| `([^`]*)` / (?:`[^`]*` → )?`([^`]*)` \\| .*?\\*\\*(\\d+) high").FindStringSubmatch(row)
			if names != nil {
				n, _ := strconv.Atoi(names[4])
				same(t, name+", "+row, n, strings.Count(risks, fmt.Sprintf("\n> - `%s` / `%s`", names[2], names[3])))
			}
		}
	}
}

// texts are what stands in the elements of a class or name, in order.
func texts(root *html.Node, is func(*html.Node) bool) (out []string) {
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || !is(n) {
			continue
		}
		text := ""
		for c := range n.Descendants() {
			if c.Type == html.TextNode {
				text += c.Data
			}
		}
		out = append(out, strings.Join(strings.Fields(text), " "))
	}
	return out
}

func hasClass(n *html.Node, class string) bool {
	for _, a := range n.Attr {
		if a.Key == "class" {
			for _, c := range strings.Fields(a.Val) {
				if c == class {
					return true
				}
			}
		}
	}
	return false
}

// Headings, signals, groups and filters of a page count what they stand for.
func TestTheCountsOfAPageAreThoseOfItsContent(t *testing.T) {
	for name, d := range counted() {
		root, err := html.Parse(strings.NewReader(written(t, "html", d)))
		if err != nil {
			t.Fatal(err)
		}
		is := func(element, of string) []string {
			return texts(root, func(n *html.Node) bool { return n.Data == element && (of == "" || hasClass(n, of)) })
		}
		cards := is("article", "")
		same(t, name+", the heading", number(is("h1", "")[0], `^(\d+) connections? to look at`), len(cards))
		signals := strings.Join(is("ul", "signals"), " ")
		same(t, name+", high risks", number(signals, `(\d+) high risks?`), strings.Count(strings.Join(texts(root, func(n *html.Node) bool {
			return n.Data == "li" && n.Parent.Parent != nil && n.Parent.Parent.Data == "section" && hasClass(n.Parent.Parent, "risk")
		}), "\n")+"\n", "\n")-boolean(len(is("section", "risk")) == 0))
		same(t, name+", what fails", number(signals, `(\d+) will fail`), len(texts(root, func(n *html.Node) bool { return n.Data == "span" && hasClass(n, "tag") && hasClass(n, "bad") })))
		filters := strings.Join(is("fieldset", "filter"), " ")
		same(t, name+", only high risk", number(filters, `only high risk (\d+)`), len(is("article", "risky")))
		grouped := 0
		for _, a := range view.Actions {
			n := 0
			for _, g := range texts(root, func(n *html.Node) bool { return n.Data == "h3" && hasClass(n.Parent, string(a)) }) {
				n += number(g, `(\d+)$`)
			}
			same(t, name+", filter "+string(a), number(filters, `\b`+string(a)+` (\d+)`), n)
			grouped += n
		}
		same(t, name+", groups", grouped, len(cards))
	}
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// What a job's log is told of is whole: commands and plain lines together are all there is.
func TestTheCountsOfAnnotationsAreThoseOfTheRest(t *testing.T) {
	for name, d := range counted() {
		out := written(t, "github", d)
		for _, level := range []string{"error", "warning", "notice"} {
			commands, plain := strings.Count("\n"+out, "\n::"+level+" "), strings.Count("\n"+out, "\n"+level+": ")
			more := number(out, `(?m)^::`+level+` title=connsync%3A and more::(\d+) more`)
			same(t, name+", "+level, more, plain)
			if more > 0 {
				same(t, name+", "+level+" in all", commands, maxAnnotations)
			}
		}
	}
}

// The counts in JSON are those of the changes beside them; unchanged connections are only counted.
func TestTheTallyOfAReportIsThatOfItsResults(t *testing.T) {
	e := newEverything()
	r := view.OfReport(e.report)
	for _, o := range apply.Outcomes {
		n := 0
		for _, res := range e.report.Results {
			if res.Outcome == o {
				n++
			}
		}
		same(t, string(o), number(r.Tally, `(\d+) `+string(o)+`\b`), n)
	}
}
