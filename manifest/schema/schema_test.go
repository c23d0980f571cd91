package schema_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"connsync/manifest"
	"connsync/manifest/schema"
)

const project = "targets:\n  prod: {region: cn-north-4, workspace_id: w}\n  test: {region: cn-north-4, workspace_id: w2}\n"

const catalog = `plugins:
  - name: Edr
    id: c-edr
    targets: [prod]
    versions:
      - version: "2.1"
        id: v-21
        one_of: [[token, password]]
        settings:
          - {key: endpoint, type: input, required: true, description: Where the console is}
          - {key: password, type: password}
          - {key: token, type: password}
          - {key: port, type: number, required: true, default: "443"}
          - {key: verify, type: boolean}
          - {key: mode, type: select, choices: [a, b]}
          - {key: proxy, type: object, settings: [{key: host, type: input, required: true}]}
          - {key: hosts, type: array}
          - {key: owner, type: input, read_only: true, required: true}
          - {key: any, type: custom}
      - version: "2.0"
`

// compiled is a schema as an editor's validator takes it.
func compiled(t *testing.T, o schema.Object) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:schema", v); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("mem:schema")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// takes tells whether a schema takes a YAML document.
func takes(t *testing.T, s *jsonschema.Schema, text string) bool {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	asJSON, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	again, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(again) == nil
}

func read(t *testing.T) (manifest.Project, manifest.Catalog) {
	t.Helper()
	p, err := manifest.LoadProject(fstest.MapFS{manifest.ProjectFile: {Data: []byte(project)}}, manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	c, wrong := manifest.ReadCatalog(manifest.PluginsFile, []byte(catalog))
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return p, c
}

const enc = `"ENC[AES256_GCM,data:YWJj,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"`

// What an editor marks is what connsync validate refuses, and nothing else.
func TestAnEditorMarksWhatValidateRefuses(t *testing.T) {
	p, c := read(t)
	s := compiled(t, schema.Manifest(p, c))
	edr := func(config string) string {
		return "connections: {prod: {c: {component: Edr, version: \"2.1\", config: {" + config + "}}}}\n"
	}
	ok := "endpoint: https://e.example, password: " + enc + ", port: 1"
	for _, x := range []struct {
		name, text string
		takes      bool
	}{
		{"a whole config", edr(ok), true},
		{"everything encrypted", edr("endpoint: " + enc + ", token: " + enc + ", port: " + enc + ", verify: " + enc + ", mode: " + enc), true},
		{"texts for numbers and booleans", edr(ok + `, verify: "True", mode: a, proxy: {host: h}, hosts: [a], any: {x: [1]}, connection_type: other`), true},
		{"a default may be left out", edr("endpoint: https://e.example, token: " + enc), true},
		{"a plugin by ids", "connections: {prod: {c: {component_id: a, component_version_id: b, config: {x: 1}}}}\n", true},
		{"a version without settings", "connections: {prod: {c: {component: Edr, version: \"2.0\", config: {x: 1}}}}\n", true},
		{"a target without saved plugins", "connections: {test: {c: {component: Any, version: \"9\", config: {x: 1}}}}\n", true},
		{"all fields", "connections: {prod: {c: {component: Edr, version: \"2.0\", config: {}, description: x, previously: b, adopt: id-1, protect: true, cleartext: [{setting: config.x, reason: y}], exposed: [{setting: config.x, commit: \"0123456789ab\", reason: y}]}}}\nsops: {mac: x, age: []}\n", true},

		{"no connections", "sops: {}\n", false},
		{"another member", edr(ok) + "more: 1\n", false},
		{"no such target", "connections: {prd: {}}\n", false},
		{"no such plugin", "connections: {prod: {c: {component: Edrr, version: \"2.1\", config: {}}}}\n", false},
		{"no such version", "connections: {prod: {c: {component: Edr, version: \"2.2\", config: {}}}}\n", false},
		{"a version that is a number", "connections: {prod: {c: {component: Edr, version: 2.0, config: {}}}}\n", false},
		{"no config", "connections: {prod: {c: {component: Edr, version: \"2.0\"}}}\n", false},
		{"half of a plugin", "connections: {prod: {c: {component: Edr, config: {}}}}\n", false},
		{"both ways to name a plugin", "connections: {prod: {c: {component: Edr, version: \"2.0\", component_id: a, component_version_id: b, config: {}}}}\n", false},
		{"an unknown field", "connections: {prod: {c: {component: Edr, version: \"2.0\", config: {}, protected: true}}}\n", false},
		{"a description that is too long", "connections: {prod: {c: {component: Edr, version: \"2.0\", config: {}, description: " + strings.Repeat("x", 65) + "}}}\n", false},
		{"a misspelt setting", edr(ok + ", endpont: x"), false},
		{"a missing setting", edr("password: " + enc + ", port: 1"), false},
		{"neither of two", edr("endpoint: x, port: 1"), false},
		{"a number for a text", edr("endpoint: 5, port: 1, password: " + enc), false},
		{"a text for a number", edr("endpoint: x, port: high, password: " + enc), false},
		{"a text for a boolean", edr(ok + ", verify: perhaps"), false},
		{"none of the choices", edr(ok + ", mode: c"), false},
		{"a text for a mapping", edr(ok + ", proxy: h"), false},
		{"a mapping without what it needs", edr(ok + ", proxy: {}"), false},
		{"a mapping with something else", edr(ok + ", proxy: {host: h, prt: 1}"), false},
		{"a mapping for a list", edr(ok + ", hosts: {a: b}"), false},
	} {
		if got := takes(t, s, x.text); got != x.takes {
			t.Errorf("%s: taken: %v", x.name, got)
		}
	}
}

// The fields of a connection are those connsync reads, each with a description.
func TestTheSchemaHasEveryField(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(schema.Fields())), slices.Sorted(slices.Values(manifest.ConnectionFields)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for name, f := range schema.Fields() {
		if f.(schema.Object)["description"] == "" {
			t.Errorf("%s has no description", name)
		}
	}
}

// The project file: what the schema takes, connsync reads, and the other way round.
func TestTheSchemaOfTheProjectFile(t *testing.T) {
	s := compiled(t, schema.Project())
	for _, text := range []string{
		project,
		project + "manifests: [a, b]\nsecrets: {allow: [age, kms], mac: full, rule: warn}\nstate: {remote: none}\n",
		"targets: {}\n", "targets: {Prod: {region: cn-north-4, workspace_id: w}}\n", "targets: {prod: {region: here, workspace_id: w}}\n", "targets: {prod: {region: cn-north-4}}\n",
		project + "secrets: {mac: some}\n", project + "secrets: {allow: [aes]}\n", project + "secrets: {rule: no}\n", project + "state: {remotes: x}\n", project + "secret: {}\n", "manifests: [a]\n",
		"targets: {prod: {region: cn-north-4, workspace_id: w, endpoint: https://x}}\n", "targets: {prod: {region: r1, project_id: p, workspace_id: w, endpoint: https://x}}\n",
		"targets: {prod: {region: r1, iam_endpoint: https://y, workspace_id: w, endpoint: https://x}}\n", "targets: {prod: {region: cn-north-4, iam_endpoint: https://y, workspace_id: w}}\n",
	} {
		_, err := manifest.LoadProject(fstest.MapFS{manifest.ProjectFile: {Data: []byte(text)}}, manifest.ProjectFile)
		reads := err == nil && text != "targets: {}\n" // of no use, and no mistake
		if got := takes(t, s, text); got != reads {
			t.Errorf("taken: %v, read: %v (%v)\n%s", got, reads, err, text)
		}
	}
}
