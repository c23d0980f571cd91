package state

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"connsync/diff"
	"connsync/secrets"
)

// schema is the version of the format that is written.
const schema = 1

// The two files of a state commit.
const (
	knownFile   = "known.jsonl"
	intentsFile = "intents.jsonl"
)

type knownHeader struct {
	Schema    int        `json:"schema"`
	Target    string     `json:"target"`
	Place     diff.Place `json:"place"`
	Applied   string     `json:"applied,omitempty"`
	AppliedAt time.Time  `json:"applied_at,omitzero"`
}

type intentsHeader struct {
	Schema int  `json:"schema"`
	Run    *Run `json:"run,omitempty"`
}

// entry is a known connection as it is stored: one line.
type entry struct {
	Name         string                               `json:"name"`
	ID           string                               `json:"id"`
	UpdateTime   string                               `json:"update_time,omitempty"`
	Modifier     string                               `json:"modifier,omitempty"`
	Protect      bool                                 `json:"protect,omitempty"`
	Unverified   bool                                 `json:"unverified,omitempty"`
	Plugin       diff.Plugin                          `json:"plugin"`
	Clear        map[secrets.Path][2]string           `json:"clear,omitempty"`   // [what Git wanted, what SecMaster showed], as digests
	Secrets      map[secrets.Path]secrets.Fingerprint `json:"secrets,omitempty"` // digests of ciphertexts
	Keys         string                               `json:"keys,omitempty"`
	File         string                               `json:"file,omitempty"`
	Commit       string                               `json:"commit,omitempty"`
	LastModified string                               `json:"last_modified,omitempty"`
	MAC          string                               `json:"mac,omitempty"` // digest of the encrypted one
}

func stored(k diff.Known) entry {
	e := entry{
		Name: k.Name, ID: k.ID, UpdateTime: k.UpdateTime, Modifier: k.Modifier, Protect: k.Protect, Unverified: k.Unverified,
		Plugin: k.Plugin, Secrets: k.Secrets, Keys: k.Keys, File: k.File, Commit: k.Commit, LastModified: k.LastModified, MAC: k.MAC,
	}
	if len(k.Clear) > 0 {
		e.Clear = make(map[secrets.Path][2]string, len(k.Clear))
	}
	for p, d := range k.Clear {
		e.Clear[p] = [2]string{d.Want, d.Have}
	}
	return e
}

func (e entry) known() diff.Known {
	k := diff.Known{
		Name: e.Name, ID: e.ID, UpdateTime: e.UpdateTime, Modifier: e.Modifier, Protect: e.Protect, Unverified: e.Unverified,
		Plugin: e.Plugin, Secrets: e.Secrets, Keys: e.Keys, File: e.File, Commit: e.Commit, LastModified: e.LastModified, MAC: e.MAC,
		Clear: make(map[secrets.Path]diff.Digests, len(e.Clear)),
	}
	if k.Secrets == nil {
		k.Secrets = map[secrets.Path]secrets.Fingerprint{}
	}
	for p, d := range e.Clear {
		k.Clear[p] = diff.Digests{Want: d[0], Have: d[1]}
	}
	return k
}

// encode gives the two files of a snapshot: the same snapshot always gives the same bytes.
func encode(target string, s Snapshot) (known, intents []byte) {
	var k, i bytes.Buffer
	line(&k, knownHeader{Schema: schema, Target: target, Place: s.Place, Applied: s.Applied, AppliedAt: s.AppliedAt})
	for _, name := range sortedNames(s.Known) {
		line(&k, stored(s.Known[name]))
	}
	line(&i, intentsHeader{Schema: schema, Run: s.Run})
	for _, name := range sortedNames(s.Intents) {
		line(&i, s.Intents[name])
	}
	return k.Bytes(), i.Bytes()
}

func line(b *bytes.Buffer, v any) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // texts, booleans, times and maps of texts: nothing that can fail
}

// decode reads the two files. Its problem is "" where they are what encode writes.
func decode(target string, known, intents []byte) (s Snapshot, newer int, problem string) {
	s = Snapshot{Known: map[string]diff.Known{}, Intents: map[string]Intent{}}
	lines := bytes.SplitAfter(known, []byte("\n"))
	var h knownHeader
	if newer, problem = header(lines[0], &h, func() int { return h.Schema }); problem != "" || newer != 0 {
		return s, newer, problem
	}
	if h.Target != target {
		return s, 0, "it belongs to another target"
	}
	s.Place, s.Applied, s.AppliedAt = h.Place, h.Applied, h.AppliedAt
	if problem = each(lines[1:], func(e entry) string { return e.Name }, func(e entry) { s.Known[e.Name] = e.known() }); problem != "" {
		return s, 0, problem
	}
	lines = bytes.SplitAfter(intents, []byte("\n"))
	var ih intentsHeader
	if newer, problem = header(lines[0], &ih, func() int { return ih.Schema }); problem != "" || newer != 0 {
		return s, newer, problem
	}
	s.Run = ih.Run
	problem = each(lines[1:], func(i Intent) string { return i.Name }, func(i Intent) { s.Intents[i.Name] = i })
	return s, 0, problem
}

// readers are the schema versions that can be read; each further one adds its own.
var readers = map[int]bool{1: true}

// header reads a first line: strictly, once its version is known to be one that we read.
func header(text []byte, into any, version func() int) (newer int, problem string) {
	var any struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal(text, &any) != nil || any.Schema < 1 {
		return 0, "its header cannot be read"
	}
	if !readers[any.Schema] {
		return any.Schema, ""
	}
	if strict(text, into) != nil || version() != any.Schema {
		return 0, "its header cannot be read"
	}
	return 0, ""
}

// each reads lines, which end with a newline and are in strict order of name.
func each[T any](lines [][]byte, name func(T) string, keep func(T)) string {
	before := ""
	for n, text := range lines {
		if len(text) == 0 && n == len(lines)-1 {
			return ""
		}
		var v T
		if !bytes.HasSuffix(text, []byte("\n")) || strict(text, &v) != nil {
			return "a line of it cannot be read"
		}
		if name(v) == "" || name(v) <= before {
			return "its lines are not in order"
		}
		before = name(v)
		keep(v)
	}
	return "it does not end with a whole line"
}

func strict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}
