package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"connsync/diff"
)

// schema is the version of the written format. Version 2 added homes, what is known of a write (written, blob, dirty, adopted,
// seal), the names known before (past), and the keeping of unknown members. Version 3 is version 2 with its lines in parts.
const (
	schema      = 2
	schemaParts = 3
)

// readers are the readable schema versions; each further one adds its own.
var readers = map[int]bool{1: true, schema: true, schemaParts: true}

type knownHeader struct {
	Schema      int        `json:"schema"`
	Connections int        `json:"connections,omitempty"` // for those who have not read the lines; whoever has, does not believe it
	Target      string     `json:"target"`
	Homes       []string   `json:"homes,omitempty"`
	Place       diff.Place `json:"place"`
	Applied     string     `json:"applied,omitempty"`
	AppliedAt   time.Time  `json:"applied_at,omitzero"`
	Dirty       bool       `json:"applied_dirty,omitempty"`
}

type intentsHeader struct {
	Schema int  `json:"schema"`
	Run    *Run `json:"run,omitempty"`
}

// encodeKnown gives known.jsonl and its parts: the same snapshot always gives the same bytes. Of a state in parts before and after, only the parts of changed
// names are given; nil for all. A line that did not change is a piece of what was read.
func encodeKnown(target string, s Snapshot, changed map[string]bool) (f files) {
	f.known = pieces{string(encodeHeader(target, s))}
	if s.Schema != schemaParts {
		s.eachLine(func(_, text string) { f.known = append(f.known, text) })
		return f
	}
	f.partly = make([]pieces, parts)
	if changed == nil {
		f.partly = slices.Repeat([]pieces{{}}, parts)
	}
	for name := range changed {
		f.partly[partOf(name)] = pieces{}
	}
	s.eachLine(func(name, text string) {
		if part := &f.partly[partOf(name)]; *part != nil {
			*part = append(*part, text)
		}
	})
	return f
}

// eachLine visits the lines of known.jsonl, in order of name.
func (s Snapshot) eachLine(visit func(name, text string)) {
	kept := s.lines
	for _, name := range s.names() {
		for len(kept) > 0 && kept[0].name < name {
			kept = kept[1:]
		}
		if len(kept) > 0 && kept[0].name == name {
			visit(name, kept[0].text)
		} else {
			visit(name, string(s.encodeLine(name)))
		}
	}
}

func encodeHeader(target string, s Snapshot) []byte {
	text, _ := with(knownHeader{Schema: s.Schema, Connections: len(s.Known), Target: target, Homes: s.Homes, Place: s.Place, Applied: s.Applied, AppliedAt: s.AppliedAt, Dirty: s.AppliedDirty}, s.More.Header)
	return text // both are what parse gave: it cannot fail
}

// encodeLine is the line of a name; nil for none.
func (s Snapshot) encodeLine(name string) []byte {
	if text, ok := s.lines.of(name); ok {
		return []byte(text)
	}
	e, there := s.line(name)
	if !there {
		return nil
	}
	text, _ := with(e, s.More.Known[name])
	return text
}

// encodeIntents gives intents.jsonl.
func encodeIntents(s Snapshot) pieces {
	var out pieces
	add := func(v any, more json.RawMessage) {
		text, _ := with(v, more)
		out = append(out, string(text))
	}
	add(intentsHeader{Schema: schema, Run: s.Run}, s.More.Open)
	for _, name := range slices.Sorted(maps.Keys(s.Intents)) {
		add(s.Intents[name], s.More.Intents[name])
	}
	return out
}

// decode reads the files. Its problem is "" where they are what encode writes.
func decode(target string, t texts) (s Snapshot, newer int, problem string) {
	lines := strings.SplitAfter(t.known, "\n")
	s = Snapshot{
		Past: map[string]diff.Past{}, Intents: map[string]Intent{},
		More: More{Known: map[string]json.RawMessage{}, Intents: map[string]json.RawMessage{}},
	}
	var h knownHeader
	if s.More.Header, newer, problem = header(lines[0], &h); problem != "" || newer != 0 {
		return s, newer, problem
	}
	if h.Target != target {
		return s, 0, "it belongs to another target"
	}
	s.Schema, s.Homes, s.Place, s.Applied, s.AppliedAt, s.AppliedDirty = h.Schema, h.Homes, h.Place, h.Applied, h.AppliedAt, h.Dirty
	if problem = s.readKnown(lines[1:], t.partly); problem != "" {
		return s, 0, problem
	}
	lines = strings.SplitAfter(t.intents, "\n")
	var open intentsHeader
	if s.More.Open, newer, problem = header(lines[0], &open); problem != "" || newer != 0 {
		return s, newer, problem
	}
	s.Run = open.Run
	return s, 0, s.readIntents(lines[1:])
}

// readIntents reads the lines of intents.jsonl behind its header.
func (s *Snapshot) readIntents(lines []string) (problem string) {
	return inOrder(lines, func(line string) (string, error) {
		var i Intent
		more, err := parse([]byte(line), &i)
		if err == nil {
			keepMore(s.More.Intents, i.Name, more)
			s.Intents[i.Name] = i
		}
		return i.Name, err
	})
}

func keepMore(all map[string]json.RawMessage, name string, more json.RawMessage) {
	if more != nil {
		all[name] = more
	}
}

// inOrder reads lines, which end with a newline and are in strict order of name.
func inOrder(lines []string, read func(line string) (name string, err error)) (problem string) {
	last := len(lines) - 1
	if last < 0 || lines[last] != "" {
		return "it does not end with a whole line"
	}
	before := ""
	for _, line := range lines[:last] {
		name, err := read(line)
		switch {
		case errors.Is(err, errMisplaced):
			return "a line of it is in another part than its name says"
		case err != nil:
			return "a line of it cannot be read"
		case name <= before:
			return "its lines are not in order"
		}
		before = name
	}
	return ""
}

// header reads a first line, once its version is known to be readable.
func header(text string, into any) (more json.RawMessage, newer int, problem string) {
	var version struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal([]byte(text), &version) != nil || version.Schema < 1 {
		return nil, 0, "its header cannot be read"
	}
	if !readers[version.Schema] {
		return nil, version.Schema, ""
	}
	more, err := parse([]byte(text), into)
	if err != nil {
		return nil, 0, "its header cannot be read"
	}
	return more, 0, ""
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
