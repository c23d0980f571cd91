package secrets

import (
	"maps"
	"testing"
)

func TestATableIsAMapInOrder(t *testing.T) {
	m := map[Path]int{"config.b": 2, "config.a": 1, "name": 4, "config.a[0]": 3}
	table := TableOf(m)
	if !maps.Equal(table.Map(), m) {
		t.Errorf("it holds %v, the map %v", table, m)
	}
	for i := 1; i < len(table); i++ {
		if table[i-1].Path >= table[i].Path {
			t.Errorf("%s stands before %s", table[i-1].Path, table[i].Path)
		}
	}
	for p, v := range m {
		if got, ok := table.Get(p); !ok || got != v || !table.Has(p) || table.Of(p) != v {
			t.Errorf("%s: %d, %v", p, got, ok)
		}
	}
	for _, p := range []Path{"", "config", "config.aa", "zz"} {
		if got, ok := table.Get(p); ok || got != 0 || table.Has(p) || table.Of(p) != 0 {
			t.Errorf("%q is not in it, and is %d, %v", p, got, ok)
		}
	}
	if TableOf(map[Path]int{}) != nil || TableOf[int](nil).Has("a") {
		t.Error("an empty map is no nil table")
	}
	twice := Table[int]{{"b", 1}, {"a", 2}, {"b", 3}}.Sorted()
	if len(twice) != 2 || twice.Of("b") != 3 || twice.Of("a") != 2 {
		t.Errorf("of two cells for one path the last does not count: %v", twice)
	}
}
