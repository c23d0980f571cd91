package state

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"connsync/diff"
)

// Parts belong to a header that says so, and every line to the part that its name says: a line elsewhere could hide another one of its name.
func TestPartsFitTogether(t *testing.T) {
	s := Snapshot{Known: map[string]*diff.Known{}, Past: map[string]diff.Past{"gone": {ID: "0"}}}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		s.Known[name] = &diff.Known{Name: name, ID: "id"}
	}
	const apart, misplaced, unordered, unread = "its header and its parts do not belong together", "a line of it is in another part than its name says", "its lines are not in order", "a line of it cannot be read"
	full := func(t texts) int { return slices.IndexFunc(t.partly, func(p string) bool { return p != "" }) }
	for what, c := range map[string]struct {
		change  func(t *texts)
		problem string
	}{
		"as they are written":  {func(*texts) {}, ""},
		"no parts":             {func(t *texts) { t.partly = nil }, apart},
		"a header of schema 2": {func(t *texts) { t.known = strings.Replace(t.known, `"schema":3`, `"schema":2`, 1) }, apart},
		"a header of schema 1": {func(t *texts) { t.known = strings.Replace(t.known, `"schema":3`, `"schema":1`, 1) }, apart},
		"lines beside them":    {func(t *texts) { t.known += `{"name":"z","id":"1"}` + "\n" }, apart},
		"a header cut short":   {func(t *texts) { t.known = strings.TrimSuffix(t.known, "\n") }, apart},
		"a line in the next part": {func(t *texts) {
			i := full(*t)
			t.partly[(i+1)%parts], t.partly[i] = t.partly[i], ""
		}, misplaced},
		"a line of package json in the next part": {func(t *texts) { t.partly[(partOf("z")+1)%parts] = `{"id":"1", "name":"z"}` + "\n" }, misplaced},
		"a name known before in the next part":    {func(t *texts) { t.partly[(partOf("z")+1)%parts] = `{"name":"z","past":{"id":"1"}}` + "\n" }, misplaced},
		"a line twice":                            {func(t *texts) { i := full(*t); t.partly[i] = strings.Repeat(t.partly[i], 2) }, unordered},
		"no line":                                 {func(t *texts) { t.partly[full(*t)] = "x\n" }, unread},
		"half a line":                             {func(t *texts) { i := full(*t); t.partly[i] = strings.TrimSuffix(t.partly[i], "\n") }, "it does not end with a whole line"},
		"another number":                          {func(t *texts) { t.known = strings.Replace(t.known, `"connections":8`, `"connections":9`, 1) }, ""},
	} {
		all := partsOf(s)
		c.change(&all)
		read, newer, problem := decode("prod", all)
		if newer != 0 || problem != c.problem || problem == "" && (len(read.Known) != 8 || read.Past["gone"].ID != "0" || !slices.IsSortedFunc(read.lines, func(a, b written) int { return strings.Compare(a.name, b.name) })) {
			t.Errorf("%s: %q, %d known", what, problem, len(read.Known))
		}
	}
}

// A tree of known state has all its files under their names, and no other.
func TestWhichTreesAreKnownState(t *testing.T) {
	whole, inParts := blobs{}.entries(), blobs{partly: make([]plumbing.Hash, parts)}.entries()
	renamed := slices.Clone(inParts)
	renamed[3].Name = "known-x.jsonl"
	swapped := slices.Clone(inParts)
	swapped[3], swapped[4] = swapped[4], swapped[3]
	for what, c := range map[string]struct {
		entries []object.TreeEntry
		is      bool
	}{
		"whole": {whole, true}, "in parts": {inParts, true}, "nothing": {nil, false}, "one file": {whole[:1], false}, "a part short": {slices.Delete(slices.Clone(inParts), 3, 4), false},
		"a file more": {append(slices.Clone(inParts), object.TreeEntry{Name: "x"}), false}, "another name": {renamed, false}, "another order": {swapped, false}, "no header": {inParts[:parts+1], false},
	} {
		if _, is := blobsOf(c.entries); is != c.is {
			t.Errorf("%s: %v", what, is)
		}
	}
}

// Parts together are no larger than known state in one file may be.
func TestAPartThatIsTooLargeIsNotRead(t *testing.T) {
	s := bareStore(t)
	hash := plumbing.Hash{1}
	put(t, s, hash, packed("blob %d\x00{}", mostPart+1))
	_, err := s.partTexts([]plumbing.Hash{hash})
	if err == nil || !strings.HasSuffix(err.Error(), "known-0.jsonl is larger than 16 MiB, and is not read") {
		t.Error(err)
	}
}
