package manifest_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
	yaml "go.yaml.in/yaml/v3"

	"connsync/manifest"
	"connsync/secrets"
)

// canary stands in a setting's value, from where no mistake may quote it.
const canary = "hunter2-canary"

// FuzzManifest: a manifest is refused with mistakes that quote no setting, or it holds exactly what SOPS's own reader reads.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{
		connection("a", "        x: y\n"), connection("a", "        password: "+enc+"\n") + sops, "a: &a [*a]\n", "- x\n",
		"connections: {prod: {a: {config: {x: [{}]}}}}\n", "\xff", "? [a]\n: b\n", "a: !!binary x\n", "%YAML 1.2\n---\na: b\n",
		connection("a", "        password: "+canary+"\n        password: "+canary+"\n"),
		connection("a", "        x: "+canary+"\n        X: "+canary+"\n"),
		connection("a", "        x: [1e3, -0.5, 07, 0x1f, true, ~, 2026-01-01, yes]\n        m: {a: {b: []}}\n"),
		"connections:\n  prod: {a: {config: {\n   password: " + canary + "}, version: 2.1}}\n",
		"connections:\n  prod:\n    a: # " + canary + "\n      version: 1 # token: " + canary + "\n      config:\n        x: " + canary + "\n",
		"connections:\n  prod:\n    a:\n      config:\n        x: |\n          version: " + canary + "\n      version: 2\n",
	} {
		f.Add(seed)
	}
	for _, seed := range badFiles(f, "connections/a.yaml") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, ms := load(t, files("connections/a.yaml", text))
		var root yaml.Node
		err := yaml.Unmarshal([]byte(text), &root)
		if err == nil && scalars(&root) == inSettings(&root, 0) && strings.Contains(told(ms), canary) {
			t.Errorf("a mistake quotes a setting:\n%s", told(ms))
		}
		for _, m := range ms {
			placed(t, m, text)
		}
		if len(ms) > 0 {
			return
		}
		if err != nil {
			t.Fatalf("accepted, and SOPS's reader says %v", err)
		}
		n := 0
		for target, connections := range child(t, &root, "connections") {
			for name, c := range mapping(t, connections) {
				n++
				sameConfig(t, set, target, name, mapping(t, c)["config"])
			}
		}
		if n != len(set.Connections) {
			t.Errorf("%d connections, and SOPS's reader has %d", len(set.Connections), n)
		}
	})
}

// badFiles are the files of one name in testdata/bad.
func badFiles(f *testing.F, name string) (out []string) {
	archives, err := filepath.Glob("../testdata/bad/*.txtar")
	if err != nil || len(archives) == 0 {
		f.Fatal(err)
	}
	for _, a := range archives {
		archive, err := txtar.ParseFile(a)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if file.Name == name {
				out = append(out, string(file.Data))
			}
		}
	}
	return out
}

// scalars counts the canaries in keys and values. One in a comment is none, and must not be quoted either.
func scalars(n *yaml.Node) int {
	count := 0
	if n.Kind == yaml.ScalarNode {
		count = strings.Count(n.Value, canary)
	}
	for _, c := range n.Content {
		count += scalars(c)
	}
	return count
}

// inSettings counts the canaries in values of settings: below connections, target, name and config.
func inSettings(n *yaml.Node, depth int) int {
	count := 0
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if depth == 0 && key != "connections" || depth == 3 && key != "config" {
				continue
			}
			count += inSettings(n.Content[i+1], depth+1)
		}
	case yaml.ScalarNode:
		if depth > 4 {
			count = strings.Count(n.Value, canary)
		}
	default:
		for _, c := range n.Content {
			count += inSettings(c, depth+min(depth, 1)) // a document is no level
		}
	}
	return count
}

func placed(t *testing.T, m manifest.Mistake, text string) {
	t.Helper()
	lines := strings.Count(text, "\n") + 2 // the end of a file counts as a line
	if m.Message == "" || m.Pos.File == "" || m.Pos.Line < 0 || m.Pos.Line > lines || m.Pos.Column < 0 || m.Pos.Line == 0 && m.Pos.Column > 0 {
		t.Errorf("%+v in %d lines", m, lines)
	}
	if !utf8.ValidString(m.Message + m.Source) {
		t.Errorf("not UTF-8: %+v", m)
	}
}

func mapping(t *testing.T, n *yaml.Node) map[string]*yaml.Node {
	t.Helper()
	if n == nil || n.Kind != yaml.MappingNode {
		t.Fatalf("not a mapping: %+v", n)
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		out[n.Content[i].Value] = n.Content[i+1]
	}
	return out
}

func child(t *testing.T, document *yaml.Node, key string) map[string]*yaml.Node {
	t.Helper()
	return mapping(t, mapping(t, document.Content[0])[key])
}

// sameConfig compares the settings of a connection with what SOPS's reader reads.
func sameConfig(t *testing.T, set manifest.Set, target, name string, n *yaml.Node) {
	t.Helper()
	for _, c := range set.Target(target) {
		if c.Name != name {
			continue
		}
		for _, s := range manifest.Settings("config", c.Config) {
			if s.Secret != nil && s.Secret.Path != secrets.Path("connections").Key(target).Key(name)+"."+s.Path {
				t.Errorf("%s has its secret at %s", s.Path, s.Secret.Path)
			}
		}
		if _, err := manifest.JSON(c.Config, func(secrets.Ref) (any, error) { return "", nil }); err != nil {
			t.Errorf("no JSON: %v", err)
		}
		sameValue(t, "config", c.Config, n)
		return
	}
	t.Errorf("%s of %s is not there", name, target)
}

var sealedComment = regexp.MustCompile(`^ENC\[.*,type:comment\]$`)

func sameValue(t *testing.T, at string, got any, n *yaml.Node) {
	t.Helper()
	switch v := got.(type) {
	case map[string]any:
		entries := mapping(t, n)
		if len(entries) != len(v) {
			t.Errorf("%s: %d keys and %d", at, len(v), len(entries))
		}
		for k := range v {
			sameValue(t, at+"."+k, v[k], entries[k])
		}
	case []any:
		items := make([]*yaml.Node, 0, len(n.Content))
		for _, item := range n.Content {
			if !sealedComment.MatchString(item.Value) {
				items = append(items, item)
			}
		}
		if n.Kind != yaml.SequenceNode || len(items) != len(v) {
			t.Fatalf("%s: %d items and %d", at, len(v), len(items))
		}
		for i := range v {
			sameValue(t, fmt.Sprint(at, i), v[i], items[i])
		}
	case secrets.Ref:
		if n.Kind != yaml.ScalarNode || v.Fingerprint != secrets.FingerprintOf(n.Value) {
			t.Errorf("%s: another ciphertext", at)
		}
	default:
		sameScalar(t, at, v, n)
	}
}

func sameScalar(t *testing.T, at string, got any, n *yaml.Node) {
	t.Helper()
	var other any
	if err := n.Decode(&other); err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	if number, ok := got.(json.Number); ok {
		var a, b float64
		if _, err := fmt.Sscan(string(number), &a); err != nil {
			t.Fatalf("%s: %q is no number", at, number)
		}
		if _, err := fmt.Sscan(fmt.Sprint(other), &b); err != nil || a != b {
			t.Errorf("%s is %s, and for SOPS %v", at, number, other)
		}
		return
	}
	if got != other {
		t.Errorf("%s is %#v, and for SOPS %#v", at, got, other)
	}
}

// FuzzProject: whatever the project file says, it names no address and nothing outside of the repository.
func FuzzProject(f *testing.F) {
	for _, seed := range append(badFiles(f, manifest.ProjectFile), project, "targets: {}\n", "targets:\n  p: {region: xx-y-1, workspace_id: w}\nmanifests: [., a/../b]\nstate: {remote: origin}\n") {
		f.Add(seed)
	}
	region := regexp.MustCompile(`^[a-z]+-[a-z]+-[0-9]+$`)
	word := regexp.MustCompile(`^[A-Za-z0-9._-]*$`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := manifest.LoadProject(fstest.MapFS{"c.yaml": {Data: []byte(text)}}, "c.yaml")
		if err != nil {
			ms, ok := err.(manifest.Mistakes)
			if !ok || len(ms) == 0 {
				t.Fatalf("%v", err)
			}
			for _, m := range ms {
				placed(t, m, text)
			}
			return
		}
		for name, target := range p.Targets {
			if name != target.Name || !region.MatchString(target.Region) || target.WorkspaceID == "" || !word.MatchString(name+target.WorkspaceID+target.ProjectID) {
				t.Errorf("target %q: %+v", name, target)
			}
		}
		for _, m := range p.Manifests {
			if !fs.ValidPath(m) || strings.Contains(m, "\\") {
				t.Errorf("manifests in %q", m)
			}
		}
		if !word.MatchString(p.State.Remote) || len(p.Manifests) == 0 || len(p.Secrets.Allow) == 0 {
			t.Errorf("%+v", p)
		}
	})
}
