package state

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"connsync/diff"
)

// More holds the unknown members of the state's lines, to write them back as they were: a later
// version may add members without a new schema. Each is a JSON object; nil for none.
type More struct {
	Header, Open json.RawMessage            // of the two files' headers
	Known        map[string]json.RawMessage // by name
	Intents      map[string]json.RawMessage // by name
}

// parse reads one line into v. What v has no member for is given back as an object; nil for none.
func parse(text []byte, v any) (json.RawMessage, error) {
	if strict(text, v) == nil {
		return nil, nil
	}
	var all, mine map[string]any
	if err := whole(text, &all); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return nil, err
	}
	back, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	_ = whole(back, &mine) // an object, since v is a struct
	rest := without(all, mine)
	if len(rest) == 0 {
		return nil, nil
	}
	return json.Marshal(rest)
}

// without gives the members of all not in mine, at any depth of objects. A member in other letters than ours is ours too, for package json.
func without(all, mine map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range all {
		m, ours := mine[name]
		if !ours && spelled(mine, name) {
			continue
		}
		if !ours {
			out[name] = v
			continue
		}
		if a, isObject := v.(map[string]any); isObject {
			if b, bothAre := m.(map[string]any); bothAre {
				if rest := without(a, b); len(rest) > 0 {
					out[name] = rest
				}
			}
		}
	}
	return out
}

func spelled(mine map[string]any, name string) bool {
	for other := range mine {
		if strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}

// with is v as a line, and the members it has no room for: ours come first.
func with(v any, more json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	line(&b, v)
	if len(more) == 0 {
		return b.Bytes(), nil
	}
	var mine, rest map[string]any
	if err := whole(b.Bytes(), &mine); err != nil {
		return nil, err
	}
	if err := whole(more, &rest); err != nil {
		return nil, err
	}
	b.Reset()
	line(&b, joined(mine, rest))
	return b.Bytes(), nil
}

func joined(mine, rest map[string]any) map[string]any {
	out := maps.Clone(rest)
	for name, v := range mine {
		a, isObject := v.(map[string]any)
		b, bothAre := rest[name].(map[string]any)
		if isObject && bothAre {
			v = joined(a, b)
		}
		out[name] = v
	}
	return out
}

// whole reads a text of one JSON object and nothing else. Numbers stay as they are written.
func whole(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return only(d, into)
}

// follow moves the unknown members of a connection to its name after an edit, and drops them with its line.
func (m More) follow(before, after Snapshot) More {
	m.Known, m.Intents = cloned(m.Known), cloned(m.Intents)
	for name, more := range m.Known {
		_, was := before.Known[name]
		if _, known := after.Known[name]; known || !was {
			continue
		}
		delete(m.Known, name)
		for now, k := range after.Known {
			if k.ID == before.Known[name].ID && m.Known[now] == nil {
				m.Known[now] = more
			}
		}
	}
	maps.DeleteFunc(m.Intents, func(name string, _ json.RawMessage) bool {
		_, open := after.Intents[name]
		return !open
	})
	return m
}

// line is what known.jsonl says of a name; false for nothing.
func (s Snapshot) line(name string) (entry, bool) {
	k, known := s.Known[name]
	past, was := s.Past[name]
	e := entry{Name: name}
	if known {
		e = stored(*k)
	}
	if was {
		e.Past = &past
	}
	return e, known || was
}

// names are all names with a line in known.jsonl, in order.
func (s Snapshot) names() []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(s.Known)), maps.Keys(s.Past))
	slices.Sort(all)
	return slices.Compact(all)
}

// remember keeps of a forgotten connection what must not come back under its name.
func (s Snapshot) remember(k diff.Known, commit string, now time.Time) {
	past := s.Past[k.Name]
	past.ID, past.Commit, past.At = k.ID, commit, now
	if k.Seal != nil {
		past.N = max(past.N, k.Seal.N)
	}
	s.Past[k.Name] = past
}
