package splice

import (
	"slices"
	"strings"
)

// Side names one of the two merged versions.
type Side int

// The sides.
const (
	Ours Side = iota
	Theirs
)

// Entry is what stands under a key of the result of a merge.
type Entry struct {
	Path []any
	From Side
}

// Merged is what became of two versions.
type Merged struct {
	Text      []byte
	Entries   []Entry
	Conflicts []string // the paths of what both changed, each to something else
}

// Merger merges versions of a text by entries: those below Key, Depth mappings deep, and besides those of the root.
type Merger struct {
	Key   string
	Depth int
	Own   string              // a key of the root decided by Side; it is none of the result's entries
	Side  func() (Side, bool) // false for a conflict
}

// Merge takes each entry that only one side changed from that side. The result has the order and the indentation of ours. base is nil where both
// sides added the text.
func (m Merger) Merge(base, ours, theirs *Doc) (Merged, error) {
	var parts [3][]segment
	for i, d := range []*Doc{base, ours, theirs} {
		if d == nil {
			continue
		}
		var err error
		if parts[i], err = d.segments(m.Key, m.Depth); err != nil {
			return Merged{}, err
		}
	}
	g := &merging{Merger: m, base: index(parts[0]), sides: [2]map[string]segment{index(parts[1]), index(parts[2])}}
	for _, s := range order(parts[1], parts[2]) {
		g.entry(s)
	}
	g.Text = []byte(g.text())
	return g.Merged, nil
}

func index(parts []segment) map[string]segment {
	out := make(map[string]segment, len(parts))
	for _, s := range parts {
		out[s.id()] = s
	}
	return out
}

// order are the entries of both, those of theirs alone behind their neighbour there.
func order(ours, theirs []segment) []segment {
	out, there := slices.Clone(ours), index(ours)
	for i, s := range theirs {
		if _, ok := there[s.id()]; !ok {
			out = slices.Insert(out, behind(out, s, theirs[:i]), s)
		}
	}
	return out
}

// behind is the place of a new entry: behind its nearest neighbour before it and what that one holds, or right behind what holds it.
func behind(out []segment, s segment, before []segment) int {
	at := func(id string) int { return slices.IndexFunc(out, func(o segment) bool { return o.id() == id }) }
	for i := len(before) - 1; i >= 0; i-- {
		if b := before[i]; len(b.path) == len(s.path) && b.parent() == s.parent() {
			k := at(b.id()) + 1
			for k < len(out) && len(out[k].path) > len(s.path) {
				k++
			}
			return k
		}
	}
	return at(s.parent()) + 1
}

// parent is the id of what holds a segment; what stands before the first entry holds those of the root.
func (s segment) parent() string { return strings.Join(s.path[:max(len(s.path)-1, 0)], "\x00") }

// merging is one merge under way.
type merging struct {
	Merger
	Merged
	base   map[string]segment
	sides  [2]map[string]segment
	pieces []piece
}

// piece is a segment of the result, with what theirs has where both changed it.
type piece struct {
	segment
	at       int // the column of its key
	conflict bool
	theirs   *segment
}

// counted tells whether a segment is an entry of the result.
func (g *merging) counted(s segment) bool {
	return len(s.path) > 0 && !s.head && !(len(s.path) == 1 && s.path[0] == g.Own)
}

func (g *merging) entry(s segment) {
	id := s.id()
	b, was := g.base[id]
	o, inOurs := g.sides[Ours][id]
	t, inTheirs := g.sides[Theirs][id]
	same := inOurs && inTheirs && o.means == t.means
	switch {
	case len(s.path) == 1 && s.path[0] == g.Own:
		if side, ok := g.Side(); ok {
			g.put(g.sides[side][id], side)
			return
		}
		g.conflict(id)
	case s.head || len(s.path) == 0 || same:
		side := Ours
		if !inOurs || inTheirs && was && o.text == b.text {
			side = Theirs // who wrote it anew meant something by it: a comment
		}
		g.put(g.sides[side][id], side)
	case inTheirs == was && t.means == b.means:
		g.put(o, Ours)
	case inOurs == was && o.means == b.means:
		g.put(t, Theirs)
	default:
		g.conflict(id)
	}
}

// put puts a segment of a side into the result; one removed by the side is none.
func (g *merging) put(s segment, from Side) {
	if s.text == "" && len(s.path) == 0 {
		return
	}
	g.pieces = append(g.pieces, piece{segment: s, at: g.column(s)})
	if g.counted(s) {
		g.Entries = append(g.Entries, Entry{steps(s.path), from})
	}
}

func (g *merging) conflict(id string) {
	p := piece{conflict: true}
	for side := range g.sides {
		s, there := g.sides[side][id]
		switch {
		case !there:
		case side == int(Theirs):
			p.theirs = &s
			p.path, p.at = s.path, g.column(s)
		default:
			p.segment, p.at = s, g.column(s)
		}
	}
	g.pieces = append(g.pieces, p)
	g.Conflicts = append(g.Conflicts, strings.Join(p.path, "."))
}

// column is where the key of a segment stands in the result: with its neighbours of ours.
func (g *merging) column(s segment) int {
	for _, o := range g.sides[Ours] {
		if len(o.path) == len(s.path) && o.parent() == s.parent() {
			return o.deep
		}
	}
	if parent, ok := g.sides[Theirs][s.parent()]; ok && len(s.path) > 1 {
		return s.deep + g.column(parent) - parent.deep
	}
	return s.deep
}

// text is the result. What holds nothing any more is left out.
func (g *merging) text() string {
	var b strings.Builder
	for i, p := range g.pieces {
		switch {
		case p.head && !g.holds(i):
		case p.conflict:
			b.WriteString("<<<<<<< ours\n" + p.moved(p.at) + "=======\n")
			if p.theirs != nil {
				b.WriteString(p.theirs.moved(p.at))
			}
			b.WriteString(">>>>>>> theirs\n")
		default:
			b.WriteString(p.moved(p.at))
		}
	}
	return b.String()
}

// holds tells whether anything but a head stands below a piece.
func (g *merging) holds(i int) bool {
	above := g.pieces[i].path
	for _, p := range g.pieces[i+1:] {
		if len(p.path) <= len(above) {
			return false
		}
		if !p.head {
			return true
		}
	}
	return false
}

func steps(path []string) []any {
	out := make([]any, len(path))
	for i, k := range path {
		out[i] = k
	}
	return out
}
