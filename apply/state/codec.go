package state

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"time"

	"connsync/diff"
	"connsync/secrets"
)

// schema is the version of the written format. Version 2 added homes, what is known of a write (written, blob, dirty, adopted,
// seal), the names known before (past), and the keeping of unknown members.
const schema = 2

// readers are the readable schema versions; each further one adds its own.
var readers = map[int]bool{1: true, 2: true}

// The two files of a state commit.
const (
	knownFile   = "known.jsonl"
	intentsFile = "intents.jsonl"
)

type knownHeader struct {
	Schema    int        `json:"schema"`
	Target    string     `json:"target"`
	Homes     []string   `json:"homes,omitempty"`
	Place     diff.Place `json:"place"`
	Applied   string     `json:"applied,omitempty"`
	AppliedAt time.Time  `json:"applied_at,omitzero"`
	Dirty     bool       `json:"applied_dirty,omitempty"`
}

type intentsHeader struct {
	Schema int  `json:"schema"`
	Run    *Run `json:"run,omitempty"`
}

// lineSize is about what a line of known.jsonl has, so that room is made for all of them at once.
const lineSize = 1 << 10

// encodeKnown gives known.jsonl: the same snapshot always gives the same bytes.
func encodeKnown(target string, s Snapshot) []byte {
	names := s.names()
	var b bytes.Buffer
	b.Grow((len(names) + 1) * lineSize)
	b.Write(encodeHeader(target, s))
	for _, name := range names {
		b.Write(s.encodeLine(name))
	}
	return b.Bytes()
}

func encodeHeader(target string, s Snapshot) []byte {
	text, _ := with(knownHeader{Schema: schema, Target: target, Homes: s.Homes, Place: s.Place, Applied: s.Applied, AppliedAt: s.AppliedAt, Dirty: s.AppliedDirty}, s.More.Header)
	return text // both are what parse gave: it cannot fail
}

// encodeLine is the line of a name; nil for none.
func (s Snapshot) encodeLine(name string) []byte {
	e, there := s.line(name)
	if !there {
		return nil
	}
	text, _ := with(e, s.More.Known[name])
	return text
}

// encodeIntents gives intents.jsonl.
func encodeIntents(s Snapshot) []byte {
	var b bytes.Buffer
	add := func(v any, more json.RawMessage) {
		text, _ := with(v, more)
		b.Write(text)
	}
	add(intentsHeader{Schema: schema, Run: s.Run}, s.More.Open)
	for _, name := range slices.Sorted(maps.Keys(s.Intents)) {
		add(s.Intents[name], s.More.Intents[name])
	}
	return b.Bytes()
}

// decode reads the two files. Its problem is "" where they are what encode writes.
func decode(target string, known, intents []byte) (s Snapshot, newer int, problem string) {
	s = Snapshot{
		Known: map[string]diff.Known{}, Past: map[string]diff.Past{}, Intents: map[string]Intent{},
		More: More{Known: map[string]json.RawMessage{}, Intents: map[string]json.RawMessage{}},
	}
	lines := bytes.SplitAfter(known, []byte("\n"))
	var h knownHeader
	if s.More.Header, newer, problem = header(lines[0], &h); problem != "" || newer != 0 {
		return s, newer, problem
	}
	if h.Target != target {
		return s, 0, "it belongs to another target"
	}
	s.Schema, s.Homes, s.Place, s.Applied, s.AppliedAt, s.AppliedDirty = h.Schema, h.Homes, h.Place, h.Applied, h.AppliedAt, h.Dirty
	problem = each(lines[1:], s.More.Known, func(e entry) string { return e.Name }, func(e entry) { e.keep(&s, h.Schema) })
	if problem != "" {
		return s, 0, problem
	}
	lines = bytes.SplitAfter(intents, []byte("\n"))
	var open intentsHeader
	if s.More.Open, newer, problem = header(lines[0], &open); problem != "" || newer != 0 {
		return s, newer, problem
	}
	s.Run = open.Run
	problem = each(lines[1:], s.More.Intents, func(i Intent) string { return i.Name }, func(i Intent) { s.Intents[i.Name] = i })
	return s, 0, problem
}

// header reads a first line, once its version is known to be readable.
func header(text []byte, into any) (more json.RawMessage, newer int, problem string) {
	var version struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal(text, &version) != nil || version.Schema < 1 {
		return nil, 0, "its header cannot be read"
	}
	if !readers[version.Schema] {
		return nil, version.Schema, ""
	}
	more, err := parse(text, into)
	if err != nil {
		return nil, 0, "its header cannot be read"
	}
	return more, 0, ""
}

// parsed is one line, and the members of it that nothing is known of.
type parsed[T any] struct {
	v    T
	rest json.RawMessage
	err  error
}

// each reads lines, which end with a newline and are in strict order of name. They are read side by side, and judged in order.
func each[T any](lines [][]byte, more map[string]json.RawMessage, name func(T) string, keep func(T)) string {
	last := len(lines) - 1
	if last < 0 || len(lines[last]) > 0 {
		return "it does not end with a whole line"
	}
	read := make([]parsed[T], last)
	err := secrets.InParts(last, func(from, to int) error {
		in := newFeed()
		for i := from; i < to; i++ {
			if in = in.next(lines[i], &read[i].v); in.failed {
				var v T
				read[i].rest, read[i].err = parse(lines[i], &v)
				read[i].v, in = v, newFeed()
			}
		}
		return nil
	})
	before := ""
	for i := range read {
		p := &read[i]
		if err != nil || p.err != nil {
			return "a line of it cannot be read"
		}
		if name(p.v) == "" || name(p.v) <= before {
			return "its lines are not in order"
		}
		before = name(p.v)
		if p.rest != nil {
			more[before] = p.rest
		}
		keep(p.v)
	}
	return ""
}

func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return only(d, into)
}

// only decodes a value with nothing after it.
func only(d *json.Decoder, into any) error {
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func line(b *bytes.Buffer, v any) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // texts, booleans, numbers, times and maps of texts: it cannot fail
}
