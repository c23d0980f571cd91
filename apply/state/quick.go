package state

import (
	"slices"
	"strconv"
	"strings"

	"connsync/apply/scan"
	"connsync/diff"
	"connsync/secrets"
)

// Of thousands of lines nearly all are just as encodeLine wrote them: members in their order, no spaces, no escapes. Such a line is read here, in one pass, and its
// texts are parts of it. Every other one is for package json; so is one with a past.

// quick reads lines of known.jsonl as they are written. It holds room for the tables of many.
type quick struct {
	scan.Text

	clear   room[diff.Digests]
	secrets room[secrets.Fingerprint]
	marks   room[string]
}

// known reads a line; false where it is not one that encodeLine writes, or has a past.
func (q *quick) known(line string) (diff.Known, bool) {
	q.Text = scan.Of(line)
	var k diff.Known
	q.Must(`{"name":`)
	k.Name = q.text()
	q.Must(`,"id":`)
	k.ID = q.full()
	k.UpdateTime, k.Modifier, k.Protect = q.member(`,"update_time":`), q.member(`,"modifier":`), q.flag(`,"protect":`)
	k.Written = diff.Written(q.member(`,"written":`))
	k.Unverified, k.Disputed = q.flag(`,"unverified":`), q.flag(`,"disputed":`)
	q.Must(`,"plugin":{"component_id":`)
	k.Plugin.ComponentID = q.text()
	q.Must(`,"component_version_id":`)
	k.Plugin.VersionID = q.text()
	k.Plugin.Component, k.Plugin.Version = q.member(`,"component":`), q.member(`,"version":`)
	q.Must(`}`)
	k.Clear = table(q, `,"clear":`, &q.clear, (*quick).digests)
	k.Secrets = table(q, `,"secrets":`, &q.secrets, func(q *quick) secrets.Fingerprint { return secrets.Fingerprint(q.text()) })
	k.Marks = table(q, `,"marks":`, &q.marks, (*quick).text)
	k.Keys, k.File, k.Blob, k.Commit, k.Dirty = q.member(`,"keys":`), q.member(`,"file":`), q.member(`,"blob":`), q.member(`,"commit":`), q.flag(`,"dirty":`)
	k.LastModified, k.MAC, k.Adopted = q.member(`,"last_modified":`), q.member(`,"mac":`), q.member(`,"adopted":`)
	k.Seal = q.seal()
	k.Checked = q.member(`,"checked":`)
	q.Must("}\n")
	return k, q.Whole()
}

// text is a string that package json writes as it is, between quotes.
func (q *quick) text() string {
	text := q.Bare()
	if strings.Contains(text, "\u2028") || strings.Contains(text, "\u2029") {
		q.Fail()
	}
	return text
}

// full is a text that is not left out: it is not empty.
func (q *quick) full() string {
	text := q.text()
	if text == "" {
		q.Fail()
	}
	return text
}

// member is a text that may be left out, behind the comma and the name before it.
func (q *quick) member(name string) string {
	if !q.May(name) {
		return ""
	}
	return q.full()
}

// flag is true, or left out, behind the comma and the name before it.
func (q *quick) flag(name string) bool {
	if !q.May(name) {
		return false
	}
	q.Must("true")
	return true
}

// digests are two texts, of which the second one may be empty.
func (q *quick) digests() diff.Digests {
	q.Must("[")
	want := q.text()
	q.Must(",")
	have := q.text()
	q.Must("]")
	return diff.Digests{Want: want, Have: have}
}

func (q *quick) seal() *diff.Seal {
	if !q.May(`,"seal":`) {
		return nil
	}
	s := &diff.Seal{}
	q.Must(`{"settings":`)
	s.Settings = q.text()
	if q.May(`,"n":`) {
		s.N = q.number()
	}
	s.Digest, s.Sealed, s.Secrets = q.member(`,"digest":`), q.flag(`,"sealed":`), q.flag(`,"secrets":`)
	q.Must("}")
	return s
}

// number is a whole number above zero.
func (q *quick) number() int64 {
	text := q.Value()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != text {
		q.Fail()
	}
	return n
}

// table reads an object in order of its names.
func table[V any](q *quick, name string, in *room[V], value func(*quick) V) secrets.Table[V] {
	if !q.May(name) {
		return nil
	}
	q.Must("{")
	before, first := "", true
	in.begin()
	for !q.Failed() {
		path := q.text()
		q.Must(":")
		in.add(secrets.Cell[V]{Path: secrets.Path(path), Is: value(q)})
		if !first && before >= path {
			q.Fail()
		}
		before, first = path, false
		if !q.May(",") {
			break
		}
	}
	q.Must("}")
	return in.end()
}

// room is memory for many small tables.
type room[V any] struct {
	cells []secrets.Cell[V]
	from  int // of the table under way
}

// roomFor is how many cells one piece of memory has.
const roomFor = 1 << 10

func (r *room[V]) begin() { r.from = len(r.cells) }

func (r *room[V]) add(c secrets.Cell[V]) {
	if len(r.cells) == cap(r.cells) {
		begun := r.cells[r.from:]
		r.cells = append(make([]secrets.Cell[V], 0, max(roomFor, 2*len(begun))), begun...)
		r.from = 0
	}
	r.cells = append(r.cells, c)
}

// end is the table; what is added to it later goes elsewhere.
func (r *room[V]) end() secrets.Table[V] {
	return r.cells[r.from:len(r.cells):len(r.cells)]
}

// written is a line of known.jsonl as it stands, and its name.
type written struct{ name, text string }

// lines are written lines, in order of name: as long as nothing changes of a name, its line is not written anew.
type lines []written

func (all lines) of(name string) (text string, ok bool) {
	i, ok := slices.BinarySearchFunc(all, name, func(w written, name string) int { return strings.Compare(w.name, name) })
	if !ok {
		return "", false
	}
	return all[i].text, true
}

// but are all lines but those of some names.
func (all lines) but(names map[string]bool) lines {
	if !slices.ContainsFunc(all, func(w written) bool { return names[w.name] }) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(w written) bool { return names[w.name] })
}
