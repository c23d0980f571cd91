package doctor

import (
	"bytes"
	"encoding/json"

	"connsync/apply/secmaster"
)

// object is a JSON object, not taken apart yet.
type object map[string]json.RawMessage

// mostItems is how many items of a list are looked at: a page has no more.
const mostItems = 200

func objectOf(text []byte) object {
	var o object
	if json.Unmarshal(text, &o) != nil {
		return nil
	}
	return o
}

// objects are those of a JSON array; false where it is none.
func objectsOf(raw json.RawMessage) ([]object, bool) {
	var items []json.RawMessage
	if kind(raw) != "array" || json.Unmarshal(raw, &items) != nil {
		return nil, false
	}
	var out []object
	for _, item := range items[:min(len(items), mostItems)] {
		if o := objectOf(item); o != nil {
			out = append(out, o)
		}
	}
	return out, true
}

// text is a member as a text, also where it is written without quotes; "" for anything else.
func (o object) text(name string) string {
	var s string
	raw := o[name]
	switch {
	case json.Unmarshal(raw, &s) == nil:
		return s
	case kind(raw) == "number":
		return string(raw)
	}
	return ""
}

// kind is the type of a JSON value; "" for a missing member.
func kind(raw json.RawMessage) string {
	text := bytes.TrimSpace(raw)
	if len(text) == 0 {
		return ""
	}
	switch text[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// listNames are the names of members for a list of connections.
var listNames = []string{"assets", "asset", "data"}

// listed is the list in an answer, under the first name with one; "" for none.
func listed(a secmaster.Answer) (name string, items []object) { return listedIn(objectOf(a.Body)) }

func listedIn(body object) (name string, items []object) {
	for _, n := range listNames {
		if found, ok := objectsOf(body[n]); ok {
			return n, found
		}
	}
	return "", nil
}

func idsOf(a secmaster.Answer) []string {
	_, items := listed(a)
	var out []string
	for _, o := range items {
		out = append(out, o.text("id"))
	}
	return out
}
