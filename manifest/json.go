package manifest

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"unicode/utf8"

	"connsync/secrets"
)

// JSON is the text of a config for the API: keys sorted, nothing escaped for HTML, no newline at
// the end, types kept and numbers as they are written. reveal gives the value of each secret; its first
// error is JSON's error.
func JSON(config map[string]any, reveal func(secrets.Ref) (any, error)) (string, error) {
	plain, err := revealed(config, reveal)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain); err != nil {
		return "", errNotJSON
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// errNotJSON does not wrap the encoder's error: it could quote a value.
var errNotJSON = jsonError("the config cannot be written as JSON")

type jsonError string

func (e jsonError) Error() string { return string(e) }

// revealed is a value as it is sent.
func revealed(v any, reveal func(secrets.Ref) (any, error)) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return revealedMapping(v, reveal)
	case []any:
		return revealedList(v, reveal)
	case secrets.Ref:
		plain, err := reveal(v)
		if err != nil {
			return nil, err
		}
		return revealed(plain, nil)
	case string:
		if !utf8.ValidString(v) {
			return nil, errNotJSON
		}
	case Withheld:
		if v.send == nil {
			return nil, errNotJSON
		}
		return revealed(v.send(), nil)
	}
	return v, nil
}

func revealedMapping(m map[string]any, reveal func(secrets.Ref) (any, error)) (any, error) {
	out := make(map[string]any, len(m))
	for k, child := range m {
		r, err := revealed(child, reveal)
		if err != nil {
			return nil, err
		}
		if !utf8.ValidString(k) {
			return nil, errNotJSON
		}
		out[k] = r
	}
	return out, nil
}

func revealedList(list []any, reveal func(secrets.Ref) (any, error)) (any, error) {
	out := make([]any, len(list))
	for i, child := range list {
		r, err := revealed(child, reveal)
		if err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, nil
}

// ValueDigest is the digest of one setting in the clear: a string, bool, json.Number, or an empty mapping
// or list. Values of different types differ ("1" and 1), numbers of equal value are equal (1.5 and
// 1.50). nil has none: "".
func ValueDigest(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		var room [256]byte // most values need no memory of their own
		return secrets.DigestOf(append(append(room[:0], 's'), v...))
	case bool:
		return secrets.Digest("b" + strconv.FormatBool(v))
	case json.Number:
		return secrets.Digest("n" + canonical(v))
	case map[string]any:
		return secrets.Digest("{}")
	case Withheld:
		return v.digest
	}
	return secrets.Digest("[]")
}

// canonical is one text for all ways to write a number. A number too long to be exact in reasonable space stays as it is.
func canonical(n json.Number) string {
	if i, err := n.Int64(); err == nil {
		return strconv.FormatInt(i, 10)
	}
	if f, err := n.Float64(); err != nil || len(n) > 40 || f > 1e40 || f < -1e40 || f != 0 && f < 1e-40 && f > -1e-40 {
		return string(n)
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return string(n)
	}
	return r.RatString()
}

// mostConfig is how long a config may be, in characters, by the vendor's description of the API. Whether SecMaster holds to it is not known.
const mostConfig = 1024

// jsonLength is how many characters of JSON a value is. An encrypted value is as long as its ciphertext tells: no key is needed.
func jsonLength(v any) int {
	switch v := v.(type) {
	case map[string]any:
		n := 1 + max(len(v), 1) // braces and commas
		for k, child := range v {
			n += jsonLength(k) + 1 + jsonLength(child)
		}
		return n
	case []any:
		n := 1 + max(len(v), 1)
		for _, child := range v {
			n += jsonLength(child)
		}
		return n
	case string:
		return jsonTextLength(v)
	case bool:
		return len(strconv.FormatBool(v))
	case json.Number:
		return len(v)
	case secrets.Ref:
		if v.Ciphertext.Kind == "str" {
			return v.Ciphertext.Size + 2
		}
		return v.Ciphertext.Size
	case Withheld:
		if v.send != nil {
			return jsonLength(v.send())
		}
	}
	return 0
}

// jsonTextLength is how many characters a text is between quotes.
func jsonTextLength(s string) int {
	n := 2
	for _, r := range s {
		switch {
		case r == '"', r == '\\', r == '\n', r == '\r', r == '\t', r == '\b', r == '\f':
			n += 2
		case r < ' ', r == 0x2028, r == 0x2029:
			n += 6
		default:
			n++
		}
	}
	return n
}
