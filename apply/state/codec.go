package state

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
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

// encodeKnown gives known.jsonl: the same snapshot always gives the same bytes. A line that did not change is a piece of what was read.
func encodeKnown(target string, s Snapshot) pieces {
	names, kept := s.names(), s.lines
	out := append(make(pieces, 0, len(names)+1), string(encodeHeader(target, s)))
	for _, name := range names {
		for len(kept) > 0 && kept[0].name < name {
			kept = kept[1:]
		}
		if len(kept) > 0 && kept[0].name == name {
			out = append(out, kept[0].text)
		} else {
			out = append(out, string(s.encodeLine(name)))
		}
	}
	return out
}

func encodeHeader(target string, s Snapshot) []byte {
	text, _ := with(knownHeader{Schema: schema, Target: target, Homes: s.Homes, Place: s.Place, Applied: s.Applied, AppliedAt: s.AppliedAt, Dirty: s.AppliedDirty}, s.More.Header)
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

// decode reads the two files. Its problem is "" where they are what encode writes.
func decode(target, known, intents string) (s Snapshot, newer int, problem string) {
	lines := strings.SplitAfter(known, "\n")
	s = Snapshot{
		Known: make(map[string]diff.Known, len(lines)), Past: map[string]diff.Past{}, Intents: map[string]Intent{},
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
	if problem = s.readLines(lines[1:]); problem != "" {
		return s, 0, problem
	}
	lines = strings.SplitAfter(intents, "\n")
	var open intentsHeader
	if s.More.Open, newer, problem = header(lines[0], &open); problem != "" || newer != 0 {
		return s, newer, problem
	}
	s.Run = open.Run
	return s, 0, s.readIntents(lines[1:])
}

// readLines reads the lines of known.jsonl behind its header.
func (s *Snapshot) readLines(lines []string) (problem string) {
	var q quick
	return inOrder(lines, func(line string) (name string, err error) {
		if k, ok := q.known(line); ok && s.Schema == schema {
			s.Known[k.Name], s.lines = k, append(s.lines, written{k.Name, line})
			return k.Name, nil
		}
		var e entry
		more, err := parse([]byte(line), &e)
		if err == nil {
			keepMore(s.More.Known, e.Name, more)
			e.keep(s, s.Schema)
		}
		return e.Name, err
	})
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
