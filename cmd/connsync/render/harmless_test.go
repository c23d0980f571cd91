package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/manifest"
)

var hostile = []string{
	"\x1b[31mred\x1b[0m", "a\r\nb", "::error::x", "##[error]x", "\u202egnp.exe", "\u009b31m", "a\x00b", "\xff\xfe", "a\u2028b", "\u200bzero", "\U000e0041tag", "\a\b\v", "a\u3164b", "a\u115f", "a\u034f", "a\ufe0f", "a\U000e0100",
}

// Whatever a name or a message holds, a terminal and a CI system's log see text.
func TestHostileTextsAreMadeHarmless(t *testing.T) {
	for _, s := range append(hostile, strings.Join(hostile, " ")) {
		var asJSON bytes.Buffer
		if err := JSON(&asJSON, map[string]string{"a": s, s: "b"}); err != nil {
			t.Fatal(err)
		}
		for what, got := range map[string]string{"safe": Harmless(s), "quoted": Harmless(view.Quoted(s)), "json": strings.ReplaceAll(asJSON.String(), "\n", ""), "cut": Harmless(view.Cut(s, 4))} {
			if strings.ContainsFunc(got, func(r rune) bool {
				return !unicode.IsPrint(r) || strings.ContainsRune("\u3164\u115f\u034f\ufe0f\U000e0100", r)
			}) || strings.Contains(got, "##[") {
				t.Errorf("%s of %q is %q", what, s, got)
			}
		}
		for _, line := range strings.Split(asJSON.String(), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "::") {
				t.Errorf("a line of JSON is a command: %q", line)
			}
		}
		var back map[string]string
		if err := json.Unmarshal(asJSON.Bytes(), &back); err != nil || back["a"] != strings.ToValidUTF8(s, "\ufffd") && !strings.Contains(s, "\xff") {
			t.Errorf("%q does not survive JSON: %v %q", s, err, back["a"])
		}
	}
	for _, s := range []string{"EDR of production", "名前 ✓ é", "https://x/y?z=1"} {
		if Harmless(s) != s {
			t.Errorf("%q became %q", s, Harmless(s))
		}
	}
}

func TestAValueOfSeveralLinesIsShownByItsDifference(t *testing.T) {
	var out bytes.Buffer
	d := view.Diff{Plans: []diff.Plan{{Changes: []diff.Change{{Action: diff.Update, Fields: []diff.Field{{Old: "a\nb\nc\nd\ne\nf\ng\nh\n", New: "a\nb\nc\nd\ne\nF\ng\nh\n::error::x\n"}}}}}}}
	if err := asText(&out, d); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"  |   …\n  |   d\n  |   e\n  | - f\n  | + F\n  |   g\n  |   h\n  | + \\x3a:error::x\n"
	if got := strings.ReplaceAll(out.String(), planIndent, ""); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A caret stands under its column, whatever the line holds before it.
func TestACaretStandsUnderItsColumn(t *testing.T) {
	for column, want := range map[int]string{0: "^", 1: "^", 3: "  ^", 5: "       ^", 99: "        ^"} {
		var out bytes.Buffer
		New(&out, &out, Options{}).Mistakes(manifest.Mistakes{{Pos: manifest.Position{File: "a.yaml", Line: 7, Column: column}, Message: "wrong", Source: "a\tb\x1bc"}}, false)
		if lines := strings.Split(out.String(), "\n"); lines[1] != "    7 | a b\\x1bc" || lines[2] != "      | "+want {
			t.Errorf("column %d: %q", column, lines[1:3])
		}
	}
}

// A terminal too narrow to read on is taken for a wider one, and any other stream for a usual one.
func TestATerminalHasAWidthToReadOn(t *testing.T) {
	for width, want := range map[int]int{0: usualWidth, 20: 40, 40: 40, 41: 41, 200: 200} {
		if got := (&Stream{width: width}).columns(); got != want {
			t.Errorf("of %d columns %d are used", width, got)
		}
	}
}

// A sentence of JSON is harmless also where a program takes it out of its quotes; a name is as it was.
func TestASentenceOfJSONIsHarmlessOutsideOfIt(t *testing.T) {
	var out bytes.Buffer
	d := view.Diff{Plans: []diff.Plan{{Changes: []diff.Change{{Action: diff.Conflict, Name: "\x1bn", Conflict: &diff.ConflictDetail{Kind: diff.ConflictReplaced, IDs: []string{"\x1bi"}}}}}}}
	if err := asJSON(&out, d); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"name": "\u001bn"`, `another one (\\x1bi) has its name`, `adopt: \\x1bi`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, out.String())
		}
	}
}
