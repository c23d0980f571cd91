package manifest_test

import (
	"fmt"
	"strings"
	"testing"
)

// SecMaster's own connections have names that connsync gives to none: they are wanted only together with the id that they are taken over by.
func TestANameWithBlanksIsWantedOnlyBesideAnID(t *testing.T) {
	const name = "threatbook authentication token"
	for _, c := range []struct {
		name, more string
		bad        string
	}{
		{name, "      adopt: 6b2162c0-4d4f-4483-bd84-15732290451b\n", ""},
		{`"` + name + `"`, "      adopt: 6b2162c0-4d4f-4483-bd84-15732290451b\n", ""},
		{"v2.0 (old)", "      adopt: 6b2162c0\n", "a key may hold"},
		{"dots.and-dashes", "      adopt: 6b2162c0\n", ""},
		{"threatbook", "      previously: " + name + "\n", ""},
		{name, "", "not a valid name"},
		{"dots.and-dashes", "", "not a valid name"},
		{`"two  blanks"`, "      adopt: 6b2162c0\n", "a key may hold"},
		{`" first"`, "      adopt: 6b2162c0\n", "a key may hold"},
		{`"last "`, "      adopt: 6b2162c0\n", "a key may hold"},
		{`"no\tbreak"`, "      adopt: 6b2162c0\n", "a key may hold"},
		{`"no\u00a0break"`, "      adopt: 6b2162c0\n", "a key may hold"},
		{strings.Repeat("long ", 13) + "x", "      adopt: 6b2162c0\n", "not a valid name"},
		{"a", "      previously: \"two  blanks\"\n", "previously is not a valid name"},
		{"a", "      con fig: {}\n", "a key may hold"},
	} {
		text := fmt.Sprintf("connections:\n  prod:\n    %s:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {redisHost: r.example}\n%s", c.name, c.more)
		s, ms := load(t, files("connections/a.yaml", text))
		switch {
		case c.bad == "" && (len(ms) > 0 || len(s.Connections) != 1 || s.Connections[0].Name != strings.Trim(c.name, `"`)):
			t.Errorf("%s: %v", c.name, ms)
		case c.bad != "" && (len(ms) == 0 || !strings.Contains(fmt.Sprint(ms), c.bad)):
			t.Errorf("%s, %q: %v, want %s", c.name, c.more, ms, c.bad)
		}
	}
}
