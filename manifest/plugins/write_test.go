package plugins_test

import (
	"reflect"
	"strings"
	"testing"

	"connsync/manifest/plugins"
)

func edr(settings ...plugins.Setting) plugins.Plugin {
	return plugins.Plugin{Name: "Edr", ID: "c-1", Kind: "system", Versions: []plugins.Version{{Number: "2.1", ID: "v-1", Settings: settings}}}
}

var endpoint = plugins.Setting{Key: "endpoint", Type: "input", Required: true, Description: "the console's address"}

// What was saved is read back as it was, and the same plugins give the same text whatever order the server has them in.
func TestACatalogIsWrittenAndReadBack(t *testing.T) {
	mail := plugins.Plugin{Name: "Mail", ID: "7", Versions: []plugins.Version{{Number: "yes", ID: "1e3", Settings: []plugins.Setting{
		{Key: "smtp", Type: "object", Settings: []plugins.Setting{{Key: "port", Type: "number", Default: "25", ReadOnly: true}}},
		{Key: "mode", Type: "select", Choices: []string{"a", "b c", "true", "[x]: #y", `"q"`, "é", "-", ""}, Description: "R&D: <b> \\ 'x' {y}"},
	}}, {Number: "2.0", ID: "v"}}}
	one := plugins.Catalog{}.Saved(map[string][]plugins.Plugin{"prod": {edr(endpoint), mail}, "test": {mail, edr(endpoint)}})
	two := plugins.Catalog{}.Saved(map[string][]plugins.Plugin{"test": {edr(endpoint), mail}, "prod": {mail, edr(endpoint)}})
	text := string(one.Text())
	if text != string(two.Text()) {
		t.Errorf("%s\n%s", text, two.Text())
	}
	back, ms := plugins.Read(plugins.File, []byte(text))
	if len(ms) > 0 || !reflect.DeepEqual(back.Plugins, one.Plugins) {
		t.Errorf("%v\n%s\n%+v\n%+v", ms, text, back.Plugins, one.Plugins)
	}
	if strings.Count(text, "name: Edr") != 1 || !strings.Contains(text, "targets: [prod, test]") {
		t.Errorf("two workspaces with the same plugin do not share it:\n%s", text)
	}
	if empty := string(plugins.Catalog{}.Text()); !strings.HasSuffix(empty, "plugins: []\n") {
		t.Error(empty)
	}
}

// Another target's plugins stay, and so does what people added; what a workspace has no more goes.
func TestSavingKeepsWhatIsNotTheTargets(t *testing.T) {
	was, ms := plugins.Read(plugins.File, []byte(`plugins:
  - {name: Edr, id: c-1, targets: [prod, test], versions: [{version: "2.1", one_of: [[a, b]], settings: [{key: endpoint}]}]}
  - {name: Gone, id: c-2, targets: [prod], versions: []}
  - {name: Other, id: c-3, targets: [test], versions: []}
`))
	if len(ms) > 0 {
		t.Fatal(ms)
	}
	now := was.Saved(map[string][]plugins.Plugin{"prod": {edr(endpoint)}})
	var names []string
	for _, p := range now.Plugins {
		names = append(names, p.Name+" "+strings.Join(p.Targets, ","))
	}
	if got := strings.Join(names, "; "); got != "Edr prod; Edr test; Other test" {
		t.Error(got)
	}
	if got := now.Of("prod")[0].Versions[0].OneOf; !reflect.DeepEqual(got, [][]string{{"a", "b"}}) {
		t.Error(got)
	}
}

// A server's texts are hostile: no control character, no second line, no secret default and no endless text gets into the file.
func TestWhatAServerSaysBecomesHarmlessText(t *testing.T) {
	c := plugins.Catalog{}.Saved(map[string][]plugins.Plugin{"prod": {edr(
		plugins.Setting{Key: "a\x1b[2J\nb", Type: "password", Default: "hunter2", Description: strings.Repeat("é", 9999) + "\u202e\x00", Name: "\xff\xfe"},
	)}})
	text := string(c.Text())
	if strings.ContainsAny(text, "\x1b\x00\u202e") || strings.Contains(text, "hunter2") || len(text) > 2000 || strings.Count(text, "\n") != 14 {
		t.Errorf("%d bytes, %d lines:\n%.1500s", len(text), strings.Count(text, "\n"), text)
	}
	if _, ms := plugins.Read(plugins.File, []byte(text)); len(ms) > 0 {
		t.Error(ms)
	}
}
