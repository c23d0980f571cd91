package draft_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"connsync/manifest"
	"connsync/manifest/draft"
)

func read(t interface{ Fatalf(string, ...any) }, text []byte) (manifest.Set, manifest.Mistakes) {
	p, err := manifest.LoadProject(fstest.MapFS{manifest.ProjectFile: {Data: []byte("targets: {prod: {region: cn-north-4, workspace_id: w}}\n")}}, manifest.ProjectFile)
	if err != nil {
		t.Fatalf("%v", err)
	}
	set, ms := manifest.Read("connections/a.yaml", text, p)
	return set, manifest.Mistakes(ms)
}

// What is written is read as it was meant: every field, holes, and texts YAML could take for something else.
func TestADraftIsReadBack(t *testing.T) {
	c := draft.Connection{
		Target: "prod", Name: "edr", Description: "R&D: \"x\" # y", Component: "Edr Vendor", Version: "2.10", Adopt: "7c0d5b0e-41c8", Protect: true,
		Config: map[string]any{
			"password": nil, "deep": map[string]any{"token": nil, "empty": map[string]any{}, "none": []any{}, "list": []any{"a", json.Number("1"), map[string]any{"x": true}}},
			"no": "no", "0123": "0123", "date": "2026-01-01", "multi": "a\nb\n", "null": "null", "tab": "\t", "e": "é", "quote": `"'\`, "hash": " # ", "yes": true, "n": json.Number("1.5"),
		},
	}
	text := c.Text()
	set, ms := read(t, text)
	if len(ms.Fatal()) > 0 || len(set.Connections) != 1 {
		t.Fatalf("%v\n%s", ms, text)
	}
	got := set.Connections[0]
	delete(c.Config, "password")
	delete(c.Config["deep"].(map[string]any), "token")
	if !reflect.DeepEqual(got.Config, c.Config) {
		t.Errorf("%s\ngot  %v\nwant %v", text, got.Config, c.Config)
	}
	if len(got.Missing) != 2 || got.Missing[0] != "config.deep.token" || got.Missing[1] != "config.password" || !got.Incomplete {
		t.Errorf("holes: %v", got.Missing)
	}
	if got.Description != c.Description || got.Component != c.Component || got.Version != c.Version || got.Adopt != c.Adopt || !got.Protect {
		t.Errorf("%+v", got)
	}
	for _, m := range ms {
		if !m.Warning || !strings.HasPrefix(m.Hints[0], "connsync set prod/edr.config.") {
			t.Errorf("%+v", m)
		}
	}
}

// A config of which nothing is known is one hole, and a whole one has none.
func TestTheHoleThatAConfigIs(t *testing.T) {
	set, ms := read(t, draft.Connection{Target: "prod", Name: "a", ComponentID: "c", VersionID: "v"}.Text())
	if len(ms.Fatal()) > 0 || len(set.Connections[0].Missing) != 1 || set.Connections[0].Missing[0] != "config" {
		t.Errorf("%v %+v", ms, set)
	}
	whole := draft.Connection{Target: "prod", Name: "a", ComponentID: "c", VersionID: "v", Config: map[string]any{}}
	set, ms = read(t, whole.Text())
	if len(ms) > 0 || set.Connections[0].Incomplete || strings.Contains(string(whole.Text()), "incomplete") {
		t.Errorf("%v %+v", ms, set)
	}
}

// Whatever a text is, it is the same text when it is read.
func TestEveryTextIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.RuneFrom([]rune("aZ09 _-:#'\"\\[]{},&*!|>%@`~?=.\n\té\u2028\u00a0世"))).Draw(t, "value")
		set, ms := read(t, draft.Connection{Target: "prod", Name: "a", ComponentID: "c", VersionID: "v", Config: map[string]any{"note_text": value, "s": []any{value}}}.Text())
		if len(ms.Fatal()) > 0 && (strings.Contains(ms.Error(), "secret") || strings.Contains(ms.Error(), "a control character")) {
			return
		}
		if len(ms.Fatal()) > 0 || len(set.Connections) != 1 || set.Connections[0].Config["s"].([]any)[0] != value {
			t.Fatalf("%q: %v %v", value, ms, set.Connections)
		}
	})
}
