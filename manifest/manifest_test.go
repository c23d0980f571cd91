package manifest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"connsync/manifest"
	"connsync/secrets"
)

const (
	project = "targets:\n  prod:\n    region: cn-north-4\n    workspace_id: w\n  test:\n    region: cn-north-4\n    workspace_id: w2\n    project_id: p\nsecrets:\n  allow: [age, hc_vault]\n  mac: any\nstate:\n  remote: none\n"
	enc     = "ENC[AES256_GCM,data:YWJj,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"
	comment = "ENC[AES256_GCM,data:YWJj,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:comment]"
	sops    = "sops:\n  age:\n    - recipient: age1x\n      enc: wrapped\n  lastmodified: \"2026-01-01T00:00:00Z\"\n  mac: " + enc + "\n  mac_only_encrypted: true\n  encrypted_regex: ^(password|deep)$\n"
)

func files(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{manifest.ProjectFile: {Data: []byte(project)}}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

func good(t testing.TB, f fstest.MapFS) manifest.Set {
	t.Helper()
	s, ms := load(t, f)
	if len(ms) > 0 {
		t.Fatalf("%s", told(ms))
	}
	return s
}

func TestAManifestIsReadAsItIsWritten(t *testing.T) {
	text := `connections:
  prod:
    edr:
      description: EDR ✓
      component: EdrVendor
      version: "2.1"
      config:
        text: "000123"
        int: 42
        float: 1.5
        yes: true
        empty: {}
        none: []
        nested:
          list:
            - ` + comment + `
            - x
            - deep:
                - ` + enc + `
        password: ` + enc + `
      previously: old
      adopt: 7c0d5b0e-41c8
      protect: true
  test:
    edr:
      component_id: c-1
      component_version_id: v-1
      config: {}
` + sops
	s := good(t, files("connections/deep/a.yml", text, "connections/.hidden/x.yaml", "[", "connections/README.md", "["))
	if len(s.Connections) != 2 || len(s.Files) != 1 || len(s.Target("prod")) != 1 || len(s.Target("x")) != 0 {
		t.Fatalf("%+v", s)
	}
	c := s.Target("prod")[0]
	if c.Name != "edr" || c.Description != "EDR ✓" || c.Plugin() != "EdrVendor 2.1" || c.Previously != "old" || c.Adopt != "7c0d5b0e-41c8" || !c.Protect {
		t.Errorf("%+v", c)
	}
	if s.Target("test")[0].Plugin() != "c-1 v-1" {
		t.Errorf("by ids: %s", s.Target("test")[0].Plugin())
	}
	root := secrets.Path("connections").Key("prod").Key("edr").Key("config")
	ref := func(p secrets.Path) secrets.Ref {
		read, _ := secrets.ReadCiphertext(enc, "str", "int", "float", "bool")
		return secrets.Ref{File: "connections/deep/a.yml", Path: p, Fingerprint: secrets.FingerprintOf(enc), Ciphertext: read}
	}
	want := map[string]any{
		"text": "000123", "int": json.Number("42"), "float": json.Number("1.5"), "yes": true,
		"empty": map[string]any{}, "none": []any{},
		"nested":   map[string]any{"list": []any{"x", map[string]any{"deep": []any{ref(root.Key("nested").Key("list").Index(1).Key("deep").Index(0))}}}},
		"password": ref(root.Key("password")),
	}
	if got := fmt.Sprintf("%#v", c.Config); got != fmt.Sprintf("%#v", want) {
		t.Errorf("config\n%s\nwant\n%#v", got, want)
	}
	if p := c.At("config.nested.list[0]"); p.Line != 17 || c.At("nothing") != c.Pos || c.Pos.String() != "connections/deep/a.yml:3" || c.Pos.Column != 5 {
		t.Errorf("positions %v %v", p, c.Pos)
	}
	f := s.Files[0]
	if f.Digest != secrets.Digest(text) || f.Sops == nil || !f.Sops.MACOnlyEncrypted || f.Sops.LastModified != "2026-01-01T00:00:00Z" || strings.Join(f.Sops.KeyTypes, ",") != "age" || f.Sops.KeysDigest == "" {
		t.Errorf("file %+v %+v", f, f.Sops)
	}
}

func TestTheProjectFile(t *testing.T) {
	p, err := manifest.LoadProject(files(), manifest.ProjectFile)
	if err != nil || len(p.Targets) != 2 || p.Targets["test"].ProjectID != "p" || p.Manifests[0] != "connections" || strings.Join(p.Secrets.Allow, " ") != "age hc_vault" || p.State.Remote != "none" {
		t.Errorf("%+v %v", p, err)
	}
	p, err = manifest.LoadProject(fstest.MapFS{"x.yaml": {Data: []byte("targets:\n  a:\n    region: cn-north-4\n    workspace_id: w\nmanifests: [./b/, c.yaml]\n")}}, "x.yaml")
	if err != nil || strings.Join(p.Manifests, " ") != "b c.yaml" || strings.Join(p.Secrets.Allow, " ") != "age pgp hckms" || p.Secrets.FullMAC {
		t.Errorf("%+v %v", p, err)
	}
	var read *manifest.ReadError
	if _, err := manifest.LoadProject(fstest.MapFS{}, manifest.ProjectFile); !errors.As(err, &read) || !read.Missing {
		t.Errorf("%v", err)
	}
	p.Manifests = []string{"gone"}
	if _, err := manifest.Load(fstest.MapFS{}, p); !errors.As(err, &read) || read.File != "gone" {
		t.Errorf("%v", err)
	}
}

// refusing is a file tree that says in its own words why it does not give a file.
type refusing struct{ fstest.MapFS }

type why struct{}

func (why) Error() string   { return "a link" }
func (why) Refused() string { return "a link" }

func (r refusing) ReadFile(name string) ([]byte, error) {
	if strings.HasSuffix(name, "link.yaml") {
		return nil, why{}
	}
	return r.MapFS.ReadFile(name)
}

func TestWhatAFileTreeRefusesIsSaid(t *testing.T) {
	f := refusing{files("connections/link.yaml", "x")}
	p, err := manifest.LoadProject(f, manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.Load(f, p); !errors.Is(err, why{}) {
		t.Errorf("%v", err)
	}
}

func connection(name, config string) string {
	return "connections:\n  prod:\n    " + name + ":\n      component: X\n      version: \"1\"\n      config:\n" + config
}

func TestEveryMistakeOfEveryFileInOneRun(t *testing.T) {
	_, ms := load(t, files(
		"connections/b.yaml", connection("b", "        password: canary-pass\n        a:\n"),
		"connections/a.yaml", connection(strings.Repeat("a", 65), "        x: 2026-01-01\n"),
		"connections/c.yaml", "[",
	))
	if got := told(ms); strings.Count(got, "connections/a.yaml:") != 2 || strings.Count(got, "connections/b.yaml:") != 2 || strings.Count(got, "connections/c.yaml:") != 1 || strings.Index(got, "a.yaml") > strings.Index(got, "b.yaml") {
		t.Errorf("%s", got)
	}
}

func TestWhatLooksLikeASecret(t *testing.T) {
	for setting, secret := range map[string]bool{
		"password: hunter22": true, "userPassword: hunter22": true, "api_key: abcdefgh": true, "apiKey: abcdefgh": true, "client-secret: abcdefgh": true,
		"token: abcdefgh": true, "AccessKey: abcdefgh": true, "passphrase: hunter22": true, "auth: {password: hunter22}": true, "private_key: abc": true,
		"x: '{\"a\":{\"password\":\"hunter22\"}}'": true, "x: \"-----BEGIN OPENSSH PRIVATE KEY-----\"": true, "x: https://u:hunter22@host/": true,
		"x: ghp_16C7e42F292c6912E7710c838347Ae178B4a": true, "x: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N": true,

		"endpoint: https://edr.example:8443/api/v1?x=y": false, "kafkaAddr: kafka-1.example:9093,kafka-2.example:9093": false, "userName: svc_connsync": false,
		"id: 7c0d5b0e-41c8-4c0b-9d0e-0b6b7d1f2a10": false, "project: 0123456789abcdef0123456789abcdef": false, "path: /var/lib/connsync/certificates/ca.pem": false,
		"topic: security-events.prod.cn-north-4.firewall": false, "password: \"\"": false, "port: 8443": false, "verify: true": false, "email: security-team@corp.example": false,
		"sentence: The quick brown fox jumps over the lazy dog and sleeps": false, "token_url: https://login.example/oauth2/token": false, "password_policy: strong": false,
		"endpoint: https://edr.example/tenants/7c0d5b0e-41c8-4c0b-9d0e-0b6b7d1f2a10": false, "image: registry.example/app@sha256:0123456789abcdef": false,
	} {
		t.Run(setting, func(t *testing.T) {
			_, ms := load(t, files("connections/a.yaml", connection("a", "        "+setting+"\n")))
			if (len(ms) > 0) != secret {
				t.Errorf("%s", told(ms))
			}
			if strings.Contains(told(ms), "hunter22") || strings.Contains(told(ms), "abcdefgh") {
				t.Errorf("quoted: %s", told(ms))
			}
		})
	}
}

func TestAReviewedExceptionAllowsOneSetting(t *testing.T) {
	text := connection("a", "        password: not-a-secret\n        token: canary-token\n") + "      cleartext:\n        - setting: config.password\n          reason: a public demo account\n"
	_, ms := load(t, files("connections/a.yaml", text))
	if len(ms) != 1 || !strings.Contains(ms[0].Message, "config.token") {
		t.Errorf("%s", told(ms))
	}
}

func TestJSONIsWhatTheAPITakes(t *testing.T) {
	s := good(t, files("connections/a.yaml", connection("a", "        z: \"<&> 名\"\n        a: {y: 1.5, x: [true, {}, []]}\n        password: "+enc+"\n")+sops))
	text, err := manifest.JSON(s.Connections[0].Config, func(r secrets.Ref) (any, error) { return json.Number("7"), nil })
	if err != nil || text != `{"a":{"x":[true,{},[]],"y":1.5},"password":7,"z":"<&> 名"}` {
		t.Errorf("%s %v", text, err)
	}
	failed := errors.New("no key")
	if _, err := manifest.JSON(s.Connections[0].Config, func(secrets.Ref) (any, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
}

func TestDigestsTellValuesApartByTypeAndNotBySpelling(t *testing.T) {
	same := [][2]any{{json.Number("1.5"), json.Number("1.50")}, {json.Number("1e2"), json.Number("100")}, {json.Number("-0"), json.Number("0")}}
	for _, p := range same {
		if manifest.ValueDigest(p[0]) != manifest.ValueDigest(p[1]) {
			t.Errorf("%v and %v differ", p[0], p[1])
		}
	}
	seen := map[string]any{}
	for _, v := range []any{"1", json.Number("1"), true, "true", "", map[string]any{}, []any{}, "{}", json.Number("12345678901234567890123"), json.Number("12345678901234567890124"), json.Number("1e999999999")} {
		d := manifest.ValueDigest(v)
		if other, taken := seen[d]; taken || d == "" {
			t.Errorf("%v and %v are the same", v, other)
		}
		seen[d] = v
	}
	if manifest.ValueDigest(nil) != "" {
		t.Error("nothing has a digest")
	}
}

func TestSettingsSurviveTheWayThroughJSON(t *testing.T) {
	leaf := rapid.OneOf(rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Map(rapid.Int64(), func(i int64) json.Number { return json.Number(fmt.Sprint(i)) }).AsAny())
	var tree func(depth int) *rapid.Generator[any]
	tree = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return leaf
		}
		child := tree(depth - 1)
		return rapid.OneOf(leaf, rapid.SliceOfN(child, 0, 3).AsAny(), rapid.MapOfN(rapid.String(), child, 0, 3).AsAny())
	}
	rapid.Check(t, func(t *rapid.T) {
		config := rapid.MapOfN(rapid.String(), tree(3), 0, 4).Draw(t, "config")
		text, err := manifest.JSON(config, nil)
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&back); err != nil {
			t.Fatal(err)
		}
		before, after := manifest.Settings("config", config), manifest.Settings("config", back)
		if len(before) != len(after) {
			t.Fatalf("%d settings, then %d", len(before), len(after))
		}
		for i := range before {
			if before[i].Path != after[i].Path || manifest.ValueDigest(before[i].Value) != manifest.ValueDigest(after[i].Value) {
				t.Fatalf("%+v became %+v", before[i], after[i])
			}
		}
	})
}

func BenchmarkLoad10000(b *testing.B) {
	f := files()
	for i := range 10_000 {
		f[fmt.Sprintf("connections/c%05d.yaml", i)] = &fstest.MapFile{Data: []byte(connection(fmt.Sprintf("c%05d", i), "        endpoint: https://x.example\n        user: u\n        password: "+enc+"\n") + sops)}
	}
	p, err := manifest.LoadProject(f, manifest.ProjectFile)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if s, err := manifest.Load(fs.FS(f), p); err != nil || len(s.Connections) != 10_000 {
			b.Fatal(err)
		}
	}
}

// A seal binds the endpoint of a cloud of one's own: the same ids at another address are another place.
func TestASealBindsTheEndpoint(t *testing.T) {
	at := func(endpoint string) string {
		lines, ok := (&manifest.Connection{Component: "EdrVendor", Version: "2.1"}).Bound(manifest.Target{Region: "r", ProjectID: "p", WorkspaceID: "w", Endpoint: endpoint})
		if !ok {
			t.Fatal("not bound")
		}
		return lines.Digest()
	}
	if at("") == at("https://a.example") || at("https://a.example") == at("https://b.example") {
		t.Error("two places are one")
	}
}
