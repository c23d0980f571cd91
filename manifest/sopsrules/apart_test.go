package sopsrules

import (
	"strings"
	"testing"
)

// Two long lists of keys are said by what differs; anything else is said whole, as long as it may be.
func TestLongListsAreSaidByWhatDiffers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("|endpoint_of_something", 4)
	for _, c := range []struct{ file, rule, want string }{
		{"unencrypted_regex: ^(a" + long + ")$", "unencrypted_regex: ^(enabled|a" + long + "|port)$", "unencrypted_regex: only the rule has enabled, port"},
		{"unencrypted_regex: ^(a|b" + long + ")$", "unencrypted_regex: ^(c|a" + long + ")$", "unencrypted_regex: only the file has b; only the rule has c"},
		{"encrypted_regex: ^(a)$", "encrypted_regex: ^(a|b)$", "encrypted_regex: ^(a)$ in the file, encrypted_regex: ^(a|b)$ in the rule"},
		{"encrypted_regex: ^(a" + long + ")$", "unencrypted_regex: ^(a" + long + ")$", " in the rule"},
		{"encrypted_regex: ^(b|a" + long + ")$", "encrypted_regex: ^(a|b" + long + ")$", " in the rule"},
		{"encrypted_regex: ^(?:a" + long + ")$", "encrypted_regex: ^(a|b" + long + ")$", " in the rule"},
		{"encrypted_regex: ^(x" + strings.Repeat("|k", 20) + long + ")$", "encrypted_regex: ^(a" + long + ")$", "only the file has x, k, k, k, k, k, k, k, k, k, k, k, and 9 more; only the rule has a"},
		{"", "encrypted_regex: ^(a" + long + ")$", "unencrypted_suffix: _unencrypted in the file"},
	} {
		if got := SaidApart(c.file, c.rule); !strings.Contains(got, c.want) {
			t.Errorf("%s\n%s: %s", c.file, c.rule, got)
		}
	}
}
