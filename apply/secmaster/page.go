package secmaster

import (
	"encoding/json"
	"slices"
	"strings"

	"connsync/apply/scan"
)

// page is one answer of a list.
type page[T any] struct {
	items []T
	total int // -1: not said
}

// decoder reads the array of a list. The zero one is package json.
type decoder[T any] struct {
	plain func(*scan.Text) []T // in the same pass as the answer around it; it fails where the array is not plain
	text  func(array string) ([]T, error)
}

// decoded reads an array by package json.
func decoded[T any](array string) (items []T, err error) {
	err = json.Unmarshal([]byte(array), &items)
	return items, err
}

// connectionsOf are the decoders of a list of connections.
var connectionsOf = decoder[Connection]{plainConnections, decodedConnections}

// readPage reads a list under whichever of the known names has an array. A total without an array is no empty list (C1).
func readPage[T any](body []byte, decode decoder[T], names ...string) (page[T], string) {
	members, lists, ok := membersOf(string(body), decode.plain, names)
	if !ok {
		return page[T]{}, "the answer is not a JSON object"
	}
	p := page[T]{total: -1}
	if refuses(codeAmong(members)) {
		return p, "the answer holds an error code"
	}
	if raw, ok := members["total"]; ok {
		var n json.Number
		if json.Unmarshal([]byte(strings.Trim(raw, `"`)), &n) == nil {
			if total, err := n.Int64(); err == nil && total >= 0 && total < 10_000_000 {
				p.total = int(total)
			}
		}
	}
	for _, name := range names {
		if items, read := lists[name]; read {
			p.items = items
			return p, ""
		}
		raw := strings.TrimSpace(members[name])
		if !strings.HasPrefix(raw, "[") {
			continue
		}
		if decode.text == nil {
			decode.text = decoded[T]
		}
		items, err := decode.text(raw)
		if err != nil {
			return p, "its list cannot be read"
		}
		p.items = items
		return p, ""
	}
	if p.total == 0 {
		return p, ""
	}
	return p, "no list under a known name"
}

// membersOf are the members of an answer, as they stand, and the arrays that could be read at once; false where it is no object.
func membersOf[T any](body string, plain func(*scan.Text) []T, names []string) (out map[string]string, lists map[string][]T, ok bool) {
	out, lists = map[string]string{}, map[string][]T{}
	text := scan.Of(strings.Trim(body, " \t\r\n"))
	text.Object(func(name string) {
		delete(lists, name) // the last one of a name counts
		if plain != nil && text.Is("[") && slices.Contains(names, name) {
			lists[name] = plain(&text)
			return
		}
		out[name] = text.Value()
	})
	if text.Whole() {
		return out, lists, true
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(body), &members) != nil {
		return nil, nil, false
	}
	clear(out)
	for name, raw := range members {
		out[name] = string(raw)
	}
	return out, nil, true
}

// decodedConnections reads an array of connections by package json.
func decodedConnections(array string) ([]Connection, error) {
	wire, err := decoded[wireConnection](array)
	if err != nil {
		return nil, err
	}
	out := make([]Connection, len(wire))
	for i, w := range wire {
		out[i] = w.connection()
	}
	return out, nil
}

// leastItem is what a shown connection takes, at least, so that room is made for no more of them.
const leastItem = 64

// plainConnections reads an array in one pass. What is kept are copies: a page, with all that is not looked at, does not stay because of them.
func plainConnections(text *scan.Text) []Connection {
	out := make([]Connection, 0, min(pageSize, text.Left()/leastItem))
	text.Array(func() {
		var w wireConnection
		text.Object(func(name string) {
			if value := text.Value(); !w.set(name, value) && !unmatched(name) {
				text.Fail()
			}
		})
		out = append(out, w.connection().apart())
	})
	return out
}
