package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"connsync/cmd/connsync/view"
)

// FuzzText: a foreign text is shown harmless, and as it is where it is harmless.
func FuzzText(f *testing.F) {
	for _, s := range append(hostile, "EDR", "名前", "  ::warning::x", "\u00a0::x", "#\u200b#[", "####[x]", "\\x1b", "\xf0\x9f\x98", strings.Repeat("é", 200)) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for what, got := range map[string]string{
			"as it is": Harmless(s), "quoted": Harmless(view.Quoted(s)), "cut": Harmless(view.Cut(s, 8)), "a hash": Harmless(view.CutHash(s)),
		} {
			if quiet(t, strings.ReplaceAll(got, "\ufffd", ""), false); strings.Contains(got, "\n") { // a real one can be seen
				t.Errorf("%s: two lines: %q", what, got)
			}
		}
		if utf8.RuneCountInString(Harmless(view.Quoted(s))) > 10*view.MaxValue+3 {
			t.Errorf("shown in full: %q", Harmless(view.Quoted(s)))
		}
		if again := Harmless(Harmless(s)); again != Harmless(s) {
			t.Errorf("%q is made safe twice: %q", Harmless(s), again)
		}
	})
}
