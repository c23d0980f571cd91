package manifest

import (
	"encoding/json"
	"strings"

	"connsync/secrets"
)

// Withheld stands for a value in the clear that looks like a secret, or that was meant to be encrypted: no plan can show it. Two of them can be
// compared by ValueDigest, in memory.
type Withheld struct {
	digest string
	text   string // TextDigest
	size   int
	send   func() any // nil for a value that must not be sent either
}

// withhold keeps a value from being shown and sent.
func withhold(v any) Withheld { return Withheld{ValueDigest(v), TextDigest(v), ClearSize(v), nil} }

// unshown keeps a value from being shown.
func unshown(v any) Withheld {
	return Withheld{ValueDigest(v), TextDigest(v), ClearSize(v), func() any { return v }}
}

// Told tells whether it is a mistake of its own that the value stands in the clear.
func (w Withheld) Told() bool { return w.send == nil }

// String is the same for all.
func (Withheld) String() string { return "(not shown)" }

// TextDigest is a digest of the text of a value without spaces around it, whatever its type; "" for what is neither text nor a number.
func TextDigest(v any) string {
	switch v := v.(type) {
	case string:
		return secrets.Digest("t" + strings.TrimSpace(v))
	case json.Number:
		return secrets.Digest("t" + v.String())
	case Withheld:
		return v.text
	}
	return ""
}

// ClearSize is how many bytes a setting in the clear has without spaces around it; -1 where it is neither text nor a number.
func ClearSize(v any) int {
	switch v := v.(type) {
	case string:
		return len(strings.TrimSpace(v))
	case json.Number:
		return len(v)
	case Withheld:
		return v.size
	}
	return -1
}
