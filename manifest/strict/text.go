package strict

import (
	"encoding/json"
	"fmt"
	"strings"

	"connsync/lazy"
)

var (
	word      = lazy.New(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	ambiguous = lazy.New(`(?i)^(true|false|null|yes|no|on|off|y|n)$`)
)

// Text is a text as YAML: quoted, as JSON quotes it, unless it is a word no reader takes for anything else.
func Text(s string) string {
	if word.MatchString(s) && !ambiguous.MatchString(s) {
		return s
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always can be
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		switch {
		case !Forbidden(r):
			out.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
	}
	return out.String()
}
