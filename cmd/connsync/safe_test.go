package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

var hostile = []string{
	"\x1b[31mred\x1b[0m", "a\r\nb", "::error::x", "##[error]x", "\u202egnp.exe", "\u009b31m", "a\x00b", "\xff\xfe", "a\u2028b", "\u200bzero", "\U000e0041tag", "\a\b\v", "a\u3164b", "a\u115f", "a\u034f", "a\ufe0f", "a\U000e0100",
}

// Whatever a name or a message holds, a terminal and a CI system's log see text.
func TestHostileTextsAreMadeHarmless(t *testing.T) {
	for _, s := range append(hostile, strings.Join(hostile, " ")) {
		var asJSON bytes.Buffer
		if err := writeJSON(&asJSON, map[string]string{"a": s, s: "b"}); err != nil {
			t.Fatal(err)
		}
		for what, got := range map[string]string{"safe": safe(s), "quoted": quoted(s), "json": strings.ReplaceAll(asJSON.String(), "\n", ""), "short": short(s, 4)} {
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
		if safe(s) != s {
			t.Errorf("%q became %q", s, safe(s))
		}
	}
}

func TestAValueOfSeveralLinesIsShownByItsDifference(t *testing.T) {
	var out bytes.Buffer
	p := &printer{out: &out}
	l := &lines{w: &out}
	p.lineDiff(l, lineDiffs("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\ne\nF\ng\nh\n::error::x\n"))
	want := "" +
		"  |   …\n  |   d\n  |   e\n  | - f\n  | + F\n  |   g\n  |   h\n  | + \\x3a:error::x\n"
	if got := strings.ReplaceAll(out.String(), planIndent, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTheHeaviestCodeWins(t *testing.T) {
	order := []int{exitInterrupted, exitUnknown, exitPartly, exitRefused, exitFailed, exitPending, exitDone}
	for i, a := range order {
		for _, b := range order[i:] {
			if heavier(a, b) != a || heavier(b, a) != a {
				t.Errorf("of %d and %d comes %d", a, b, heavier(a, b))
			}
		}
	}
}
