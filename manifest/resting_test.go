package manifest_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"connsync/manifest"
)

const restingProject = "targets:\n  prod:\n    region: cn-north-4\n    workspace_id: w\n  test:\n    region: cn-north-4\n    workspace_id: v\n"

func restingFiles() fstest.MapFS {
	f := files("connsync.yaml", restingProject, ".sops.yaml", "creation_rules: []\n")
	for _, n := range []string{"a", "b"} {
		f["connections/"+n+".yaml"] = &fstest.MapFile{Data: []byte("connections:\n  prod:\n    " + n + ":\n      component: Edr\n      version: \"1\"\n      config: {endpoint: x}\n")}
	}
	return f
}

// surveyedBut is a survey in short: what was read, what rests, and what is wrong.
func surveyedBut(t *testing.T, f fs.FS, vouched map[string]manifest.Vouched) string {
	t.Helper()
	p, err := manifest.LoadProject(f, "connsync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, found, err := manifest.SurveyBut(f, p, nil, func(rules string) map[string]manifest.Vouched {
		if rules == "" {
			t.Error("rules without a digest")
		}
		return vouched
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range set.Target("prod") {
		out = append(out, "read "+c.Name)
	}
	for _, r := range set.RestingOf("prod") {
		if r.Target != "prod" || r.File.Sops != nil || r.File.Digest != "" {
			t.Errorf("%s rests, and something of it was read: %+v", r.Name, r.File)
		}
		out = append(out, "rests "+r.Name)
	}
	for _, m := range found.Fatal() {
		out = append(out, m.Error())
	}
	if len(set.Files) != 2 && !strings.Contains(strings.Join(out, " "), "c.yaml") {
		t.Errorf("%d files", len(set.Files))
	}
	return strings.Join(out, ", ")
}

func blobOf(f fstest.MapFS, name string) string { return manifest.BlobHash(f[name].Data) }

// A file with the vouched content is not parsed: what is wrong in it is not seen, and its names take part in what is compared across files. One with any
// other content is read as ever.
func TestAFileThatIsVouchedForIsNotParsed(t *testing.T) {
	f := restingFiles()
	vouched := map[string]manifest.Vouched{"connections/a.yaml": {Target: "prod", Blob: blobOf(f, "connections/a.yaml"), Names: []string{"a"}}}
	for _, c := range []struct {
		what   string
		change func(f fstest.MapFS)
		want   string
	}{
		{"as it was", func(fstest.MapFS) {}, "read b, rests a"},
		{"one byte more", func(f fstest.MapFS) {
			f["connections/a.yaml"].Data = append(f["connections/a.yaml"].Data, '\n')
		}, "read a, read b"},
		{"no YAML", func(f fstest.MapFS) { f["connections/a.yaml"].Data = []byte("{") }, "read b, connections/a.yaml:1:1: not valid YAML, here or just above"},
		{"another file of the name", func(f fstest.MapFS) {
			f["connections/c.yaml"] = &fstest.MapFile{Data: []byte("connections:\n  prod:\n    a:\n      component: Edr\n      version: \"1\"\n      config: {}\n")}
		}, "read a, read b, rests a, connections/c.yaml:3:5: connection a of target prod is wanted already at connections/a.yaml"},
		{"a name that differs by case", func(f fstest.MapFS) {
			f["connections/A.yaml"] = f["connections/b.yaml"]
			delete(f, "connections/b.yaml")
		},
			"read b, rests a, connections/a.yaml: differs from connections/A.yaml only by case"},
	} {
		f := restingFiles()
		c.change(f)
		if got := surveyedBut(t, f, vouched); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
		}
	}
	broken := restingFiles()
	broken["connections/a.yaml"].Data = []byte("{")
	vouched["connections/a.yaml"] = manifest.Vouched{Target: "prod", Blob: blobOf(broken, "connections/a.yaml"), Names: []string{"a", "z"}}
	if got := surveyedBut(t, broken, vouched); got != "read b, rests a, rests z" {
		t.Errorf("a file that is vouched for was parsed: %s", got)
	}
}

// The digest of the rules moves with every file that manifests are checked against, and with no manifest.
func TestTheDigestOfTheRulesMovesWithEveryOneOfThem(t *testing.T) {
	digest := func(f fstest.MapFS) string {
		p, err := manifest.LoadProject(f, "connsync.yaml")
		if err != nil {
			t.Fatal(err)
		}
		set, _, err := manifest.Survey(f, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return set.RulesDigest
	}
	seen := map[string]string{digest(restingFiles()): "nothing"}
	for what, change := range map[string]func(fstest.MapFS){
		"the project file": func(f fstest.MapFS) { f["connsync.yaml"].Data = []byte(restingProject + "# \n") },
		"its policy": func(f fstest.MapFS) {
			f["connsync.yaml"].Data = []byte(restingProject + "secrets: {destinations: sealed}\n")
		},
		".sops.yaml":           func(f fstest.MapFS) { f[".sops.yaml"].Data = []byte("creation_rules: [{age: x}]\n") },
		"no .sops.yaml":        func(f fstest.MapFS) { delete(f, ".sops.yaml") },
		"another .sops.yaml":   func(f fstest.MapFS) { f["connections/.sops.yaml"] = f[".sops.yaml"] },
		".sops.yaml elsewhere": func(f fstest.MapFS) { f["connections/.sops.yaml"] = f[".sops.yaml"]; delete(f, ".sops.yaml") },
		"the saved plugins":    func(f fstest.MapFS) { f[manifest.PluginsFile] = &fstest.MapFile{Data: []byte("{}\n")} },
		"other saved plugins":  func(f fstest.MapFS) { f[manifest.PluginsFile] = &fstest.MapFile{Data: []byte("{} # x\n")} },
	} {
		f := restingFiles()
		change(f)
		d := digest(f)
		if other, again := seen[d]; again || d == "" {
			t.Errorf("%s: %q, as of %s", what, d, other)
		}
		seen[d] = what
	}
	f := restingFiles()
	f["connections/a.yaml"].Data = append(f["connections/a.yaml"].Data, "# note\n"...)
	if got := seen[digest(f)]; got != "nothing" {
		t.Errorf("a manifest moves the digest: %s", fmt.Sprint(got))
	}
	if set, _, err := manifest.Survey(restingFiles(), manifest.Project{Manifests: []string{"connections"}}, nil); err != nil || set.RulesDigest != "" {
		t.Errorf("a project of no file: %q, %v", set.RulesDigest, err)
	}
}
