package main

import (
	"maps"
	"slices"
	"testing"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
)

// A file rests where one target alone vouches for it, under the rules that hold, and where it was not asked for since.
func TestWhoVouchesForAFile(t *testing.T) {
	record := func(name, file string) *diff.Known {
		k := &diff.Known{Name: name, File: file, Blob: "b"}
		k.Checked = k.CheckedBy(checksOf("r"), diff.Together([]string{name}))
		return k
	}
	by := &vouchers{states: map[string]state.Snapshot{
		"prod": {Known: map[string]*diff.Known{"a": record("a", "both.yaml"), "b": record("b", "own.yaml"), "c": record("c", "more.yaml")}},
		"test": {Known: map[string]*diff.Known{"a": record("a", "both.yaml")}},
	}}
	for _, c := range []struct {
		rules string
		but   []string
		want  []string
	}{
		{"r", nil, []string{"more.yaml", "own.yaml"}},
		{"r", []string{"own.yaml", "nowhere.yaml"}, []string{"more.yaml"}},
		{"r", nil, []string{"more.yaml", "own.yaml"}}, // what was read for one target may rest for another
		{"other", nil, nil},
		{"", nil, nil},
		{"r", nil, []string{"more.yaml", "own.yaml"}},
	} {
		resting := []manifest.Rested{{File: &manifest.File{Path: "more.yaml", Blob: "b"}}, {File: &manifest.File{Path: "own.yaml", Blob: "other"}}, {File: &manifest.File{Path: "strange.yaml"}}}
		got := by.but(c.but, resting)(c.rules)
		for file, v := range by.vouched(c.rules) {
			if v.Seen {
				t.Errorf("%s passes for seen before it was looked at", file)
			}
		}
		if files := slices.Sorted(maps.Keys(got)); !slices.Equal(files, c.want) {
			t.Errorf("under %q but %v: %v, want %v", c.rules, c.but, files, c.want)
		}
		for file, v := range got {
			if v.Target != "prod" || v.Blob != "b" || len(v.Names) != 1 || v.Seen != (file == "more.yaml") {
				t.Errorf("%s: %+v", file, v)
			}
		}
	}
}
