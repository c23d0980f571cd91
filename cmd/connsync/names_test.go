package main

import (
	"errors"
	"strings"
	"testing"
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
