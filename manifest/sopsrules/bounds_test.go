package sopsrules

import (
	"fmt"
	"strings"
	"testing"
)

// Rules too costly to look at are a mistake, told before they are compiled; the rules of real users are far from it.
func TestRulesAreBounded(t *testing.T) {
	rules := func(n int, pattern string) []byte {
		var b strings.Builder
		b.WriteString("creation_rules:\n")
		for i := range n {
			fmt.Fprintf(&b, "  - path_regex: '%s'\n    age: age1x\n", strings.ReplaceAll(pattern, "#", fmt.Sprint(i)))
		}
		return []byte(b.String())
	}
	for _, c := range []struct {
		n       int
		pattern string
		large   bool
	}{
		{500, `^connections/prod-#/.*\.ya?ml$`, false},
		{1000, `^#/`, false},
		{9000, `^x/`, true},
		{200, `^(a|b|c{1,900})#$`, true},
		{1, `(x{1,900})*`, false},
		{60, `x{1,900}y{1,900}`, true},
	} {
		rs, mistakes := read(File, rules(c.n, c.pattern))
		large := len(mistakes) == 1 && strings.Contains(mistakes[0].Message, "too large to be looked at") && mistakes[0].Pos.Line > 1
		if large != c.large || !large && (len(mistakes) > 0 || len(rs) != c.n) || large && !rs[0].Unread {
			t.Errorf("%d rules like %s: %v", c.n, c.pattern, mistakes)
		}
	}
}
