package state

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"time"

	"connsync/diff"
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

// encode gives the two files of a snapshot: the same snapshot always gives the same bytes.
func encode(target string, s Snapshot) (known, intents []byte) {
	var k, i bytes.Buffer
	add := func(to *bytes.Buffer, v any, more json.RawMessage) {
		text, _ := with(v, more) // both are what parse gave: it cannot fail
		to.Write(text)
	}
	add(&k, knownHeader{Schema: schema, Target: target, Homes: s.Homes, Place: s.Place, Applied: s.Applied, AppliedAt: s.AppliedAt, Dirty: s.AppliedDirty}, s.More.Header)
	for _, name := range s.names() {
		e, _ := s.line(name)
		add(&k, e, s.More.Known[name])
	}
	add(&i, intentsHeader{Schema: schema, Run: s.Run}, s.More.Open)
	for _, name := range slices.Sorted(maps.Keys(s.Intents)) {
		add(&i, s.Intents[name], s.More.Intents[name])
	}
	return k.Bytes(), i.Bytes()
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
	s.Homes, s.Place, s.Applied, s.AppliedAt, s.AppliedDirty = h.Homes, h.Place, h.Applied, h.AppliedAt, h.Dirty
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

// each reads lines, which end with a newline and are in strict order of name.
func each[T any](lines [][]byte, more map[string]json.RawMessage, name func(T) string, keep func(T)) string {
	before := ""
	for n, text := range lines {
		if len(text) == 0 && n == len(lines)-1 {
			return ""
		}
		var v T
		rest, err := parse(text, &v)
		if err != nil || !bytes.HasSuffix(text, []byte("\n")) {
			return "a line of it cannot be read"
		}
		if name(v) == "" || name(v) <= before {
			return "its lines are not in order"
		}
		before = name(v)
		if rest != nil {
			more[before] = rest
		}
		keep(v)
	}
	return "it does not end with a whole line"
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
