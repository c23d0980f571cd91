package secrets

import (
	"slices"
	"strings"
)

// Table maps paths to something, in order of path. Thousands of small ones take a third of the memory of maps, and no hashing.
type Table[V any] []Cell[V]

// Cell is what a Table holds for one path.
type Cell[V any] struct {
	Path Path
	Is   V
}

// TableOf is a map as a Table; nil for an empty one.
func TableOf[V any](m map[Path]V) Table[V] {
	if len(m) == 0 {
		return nil
	}
	t := make(Table[V], 0, len(m))
	for p, v := range m {
		t = append(t, Cell[V]{p, v})
	}
	return t.Sorted()
}

// Sorted puts cells in order of path, in place. Of several for one path the last one counts.
func (t Table[V]) Sorted() Table[V] {
	slices.SortStableFunc(t, func(a, b Cell[V]) int { return strings.Compare(string(a.Path), string(b.Path)) })
	out := t[:0]
	for _, c := range t {
		if n := len(out); n > 0 && out[n-1].Path == c.Path {
			out[n-1] = c
		} else {
			out = append(out, c)
		}
	}
	return out
}

// Get is what the table holds for a path; false for nothing.
func (t Table[V]) Get(p Path) (V, bool) {
	from, to := 0, len(t)
	for from < to {
		if mid := (from + to) / 2; t[mid].Path < p {
			from = mid + 1
		} else {
			to = mid
		}
	}
	if from < len(t) && t[from].Path == p {
		return t[from].Is, true
	}
	var none V
	return none, false
}

// Has tells whether the table holds something for a path.
func (t Table[V]) Has(p Path) bool {
	_, ok := t.Get(p)
	return ok
}

// Of is what the table holds for a path, or the zero value.
func (t Table[V]) Of(p Path) V {
	v, _ := t.Get(p)
	return v
}

// Map is the table as a map.
func (t Table[V]) Map() map[Path]V {
	m := make(map[Path]V, len(t))
	for _, c := range t {
		m[c.Path] = c.Is
	}
	return m
}

// With is a copy that holds something for a path.
func (t Table[V]) With(p Path, v V) Table[V] {
	return append(slices.Clone(t), Cell[V]{p, v}).Sorted()
}
