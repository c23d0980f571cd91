package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"connsync/manifest"
)

func TestAPatternMeansSomethingThatThereIs(t *testing.T) {
	there := names{"edr_prod": true, "siem_prod": true, "fw": true}
	for _, c := range []struct{ pattern, hint string }{
		{"edr_prod", ""},
		{"edr_*", ""},
		{"*", ""},
		{"?w", ""},
		{"erd_prod", "did you mean edr_prod"},
		{"EDR_prod", "did you mean edr_prod"},
		{"erd_*", "did you mean edr_prod"},
		{"siem_pord*", "did you mean siem_prod"},
		{"*_test", "connsync diff -v  names every connection"},
		{"nothing-like-it", "connsync diff -v  names every connection"},
	} {
		err := there.check([]selection{{"--only", []string{"fw", c.pattern}}})
		message, hints := explain(err)
		switch {
		case c.hint == "" && err != nil:
			t.Errorf("%s: %v", c.pattern, err)
		case c.hint != "" && (err == nil || codeOf(err) != exitUsage || strings.Join(hints, "\n") != c.hint):
			t.Errorf("%s: exit %d: %s, %q", c.pattern, codeOf(err), message, hints)
		case c.hint != "" && message != "--only "+c.pattern+": matches no connection that Git wants or connsync knows":
			t.Errorf("%s: %s", c.pattern, message)
		}
	}
	if err := (names{}).check([]selection{{"--rewrite", []string{"*"}}}); err != nil {
		t.Errorf("all of nothing: %v", err)
	}
	var usage *usageError
	if err := (names{}).check([]selection{{"--only", nil}, {"--rewrite", []string{"a"}}}); !errors.As(err, &usage) {
		t.Errorf("one of nothing: %v", err)
	}
}

// A name shown by SecMaster may hold what a pattern is made of: a slash is a sign as any other, and quoted signs mean themselves.
func TestAPatternMayMeanAnyName(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		matches       bool
	}{
		{"*", "a/b", true}, {"a*", "a/b/c", true}, {"a?b", "a/b", true}, {"a/*", "a/b", true}, {"a/b", "a/b", true}, {"*/b", "a.b", false}, {"a[/.]b", "a/b", true},
		{"a[^x]b", "a/b", true}, {"threatbook *", "threatbook authentication token", true}, {"a b", "a  b", false},
		{`a\*b`, "a*b", true}, {`a\*b`, "axb", false}, {`\[x]`, "[x]", true}, {`[x]`, "[x]", false}, {`a\?`, "a?", true}, {`a\?`, "ab", false}, {`a\\b`, `a\b`, true},
	} {
		if is := matcher([]string{c.pattern})(c.name); is != c.matches {
			t.Errorf("%s matches %s: %v", c.pattern, c.name, is)
		}
	}
	for _, name := range []string{"edr_prod", "a/b", "*", "?", "[a-c]", "[", "]", `\`, `a\*b`, "a,b", ",", "#", "ключ [1]", "^x"} {
		pattern := manifest.PatternOf(name)
		if list := kong.SplitEscaped(pattern, ','); len(list) != 1 || !isPattern(list[0]) || !matcher(list)(name) || matcher(list)(name+"x") || matcher(list)("x") {
			t.Errorf("%q: %q means something else, or nothing", name, pattern)
		}
	}
}

// What a hint prints of a connection is read as the same connection, whatever its name.
func TestAPlaceMayHaveAnyName(t *testing.T) {
	for _, name := range []string{"edr_prod", "threatbook authentication token", "a.b", "a/b", "a[1]", `["x"]`, `say "hi"`, `back\slash`, " x ", "ключ", "a]", "{}"} {
		for _, rest := range []string{"", ".config.password", `.config["a.b"]`, ".config.hosts[0].x"} {
			place, behind, err := parsePlace(manifest.PlaceOf("prod", name) + rest)
			if err != nil || place.target != "prod" || place.name != name || behind != rest {
				t.Errorf("%s%s: %+v, %q, %v", manifest.PlaceOf("prod", name), rest, place, behind, err)
			}
		}
	}
	for _, text := range []string{`prod/["a`, `prod/["a"`, `prod/["a\z"]`, `prod/[""]`, `/["a"]`, "prod/", "prod"} {
		if _, _, err := parsePlace(text); err == nil {
			t.Errorf("%s is a place", text)
		}
	}
}
