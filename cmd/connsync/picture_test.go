package main

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var drawPictures = flag.Bool("pictures", false, "draw docs/plan.svg anew, from what the demo prints")

const planPicture = "../../docs/plan.svg"

// What differs from one demo to the next is drawn as the same digits.
var (
	digits    = regexp.MustCompile(`\b[0-9a-f]{7,}(…)?`)
	drawnText = regexp.MustCompile(`(?s)<text[^>]*>(.*?)</text>`)
	drawnTag  = regexp.MustCompile(`<[^>]*>`)
	hashLine  = regexp.MustCompile(`\n(\x1b\[[0-9;]*m)?plan `)
	escape    = regexp.MustCompile("\x1b\\[([0-9;]*)m")
)

// sameDigits puts 0123456… for ids, hashes and commits, as long as they were.
func sameDigits(text string) string {
	return digits.ReplaceAllStringFunc(text, func(s string) string {
		n := len(strings.TrimSuffix(s, "…"))
		return strings.Repeat("0123456789abcdef", n/16+1)[:n] + s[n:]
	})
}

// planOf is the second plan in what a demo prints, with its command line.
func planOf(demo string) string {
	const command = "$ connsync diff\n"
	at := strings.LastIndex(demo, command)
	if at < 0 {
		return ""
	}
	plan, _, _ := strings.Cut(demo[at:], "\nplan ")
	return sameDigits(strings.TrimRight(plan, "\n"))
}

// pictured FILE checks that docs/plan.svg shows the plan of a demo. The file holds the demo's output.
func pictured(ts *testscript.TestScript, _ bool, args []string) {
	picture, err := os.ReadFile(planPicture)
	ts.Check(err)
	var lines []string
	for _, m := range drawnText.FindAllStringSubmatch(string(picture), -1) {
		lines = append(lines, strings.TrimRight(html.UnescapeString(drawnTag.ReplaceAllString(m[1], "")), " "))
	}
	if got, want := strings.Join(lines, "\n"), planOf(ts.ReadFile(args[0])); got != want {
		ts.Fatalf("docs/plan.svg shows\n%s\n\nand the demo prints\n%s\n\ndraw it anew:  go test ./cmd/connsync -run TestThePicturesAreDrawn -pictures", got, want)
	}
}

// TestThePicturesAreDrawn draws what README shows, if it is asked to; and what it draws is what the terminal had.
func TestThePicturesAreDrawn(t *testing.T) {
	got := drawn("\x1b[1m$ connsync diff\x1b[0m\n\n  \x1b[32m+\x1b[0m <a>  &")
	for _, want := range []string{`<tspan fill="#ffffff">$ connsync diff</tspan>`, `  <tspan fill="#7ee787">+</tspan> &lt;a&gt;  &amp;`, `height="112"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if !*drawPictures {
		return
	}
	cmd := exec.Command("connsync", "demo", "--color=always")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	plan := text[strings.LastIndex(text, "$ connsync diff\x1b[0m\n"):]
	plan = plan[:hashLine.FindStringIndex(plan)[0]]
	if err := os.WriteFile(planPicture, []byte(drawn("\x1b[1m"+sameDigits(strings.TrimRight(plan, "\n")))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// colours are those of a terminal, on a dark ground.
var colours = map[string]string{"1": "#ffffff", "2": "#8b949e", "31": "#ff7b72", "32": "#7ee787", "33": "#f2cc60", "35": "#d2a8ff", "36": "#79c0ff", "90": "#8b949e"}

// drawn is a coloured text of a terminal as an SVG image: no script, no font of its own, no address.
func drawn(text string) string {
	const width, line, edge = 760, 20, 26
	lines := strings.Split(text, "\n")
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" fill="#c9d1d9">`+"\n", width, 2*edge+line*len(lines))
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#0d1117"/>` + "\n")
	for i, l := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d" xml:space="preserve">%s</text>`+"\n", edge, edge+14+i*line, coloured(l))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func coloured(line string) string {
	var b strings.Builder
	open := false
	shut := func() {
		if open {
			b.WriteString("</tspan>")
		}
		open = false
	}
	at := 0
	for _, m := range escape.FindAllStringSubmatchIndex(line, -1) {
		b.WriteString(html.EscapeString(line[at:m[0]]))
		at = m[1]
		shut()
		if c := colours[line[m[2]:m[3]]]; c != "" {
			fmt.Fprintf(&b, `<tspan fill="%s">`, c)
			open = true
		}
	}
	b.WriteString(html.EscapeString(line[at:]))
	shut()
	return b.String()
}
