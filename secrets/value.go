package secrets

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every attempt to print a Value gives: nothing of the
// plaintext, not even whether there is one.
const redacted = "[secret]"

// Value holds a plaintext that cannot print itself. The plaintext lives in a
// closure. No verb of fmt, no encoder and no reflection can look into it: a
// string type with redacting methods would leak as an unexported field, and a
// pointer would leak to printers following pointers.
type Value struct {
	expose func() any
}

// Hide wraps a plaintext: a string, a bool or a number, as the manifest types it.
func Hide(plain any) Value {
	return Value{expose: func() any { return plain }}
}

// Expose returns the plaintext; nil for the zero Value. Each call is a place where a
// secret can escape: only the code that sends a request and the code that
// compares a setting in the clear in Git have a reason to call it.
func (v Value) Expose() any {
	if v.expose == nil {
		return nil
	}
	return v.expose()
}

// IsZero tells whether nothing was hidden.
func (v Value) IsZero() bool { return v.expose == nil }

// Format makes every verb of fmt print the same placeholder.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String prints the placeholder.
func (v Value) String() string { return redacted }

// GoString prints the placeholder.
func (v Value) GoString() string { return redacted }

// MarshalText encodes the placeholder, for JSON, YAML and text handlers of slog.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue logs the placeholder.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }
