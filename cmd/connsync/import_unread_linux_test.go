package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/cmd/connsync/render"
	"connsync/manifest"
)

// withoutManifests is an editing of a worktree after its manifests became unreadable, and what it says.
func withoutManifests(t *testing.T) (*editing, *bytes.Buffer) {
	t.Helper()
	h := newHandMade(t, 0)
	project, err := manifest.LoadProject(os.DirFS(h.dir), "connsync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h.write("connections", "a file, and no folder")
	var said bytes.Buffer
	g := &globals{Dir: h.dir}
	return &editing{w: world{stdout: &said, stderr: &said}, g: g, p: render.New(&said, &said, render.Options{}), project: project, src: &source{files: os.DirFS(filepath.Join(h.dir, "nowhere"))}}, &said
}

// What cannot be read is not asked for, and no next command is made up of it.
func TestManifestsThatAreGoneAreNotAskedFor(t *testing.T) {
	e, said := withoutManifests(t)
	i := &importing{editing: e}
	if err := i.ask(t.Context()); err == nil || said.Len() > 0 {
		t.Errorf("%v: %s", err, said)
	}
	i.cmd.Ask = true
	_ = i.next()
	s := &settingEdit{editing: e, connectionPlace: connectionPlace{"prod", "edr"}, incomplete: true}
	s.next()
	if said.Len() > 0 {
		t.Errorf("it says %s", said)
	}
}

// A closed terminal is not taken for an empty line: nothing is written of what was to be typed.
func TestATerminalThatIsGoneIsNoEmptyLine(t *testing.T) {
	_, program := terminal(t)
	file, err := os.CreateTemp(t.TempDir(), "no terminal")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_ = program.Close()
	var said bytes.Buffer
	out := render.New(&said, &said, render.Options{}).Err
	for name, f := range map[string]*os.File{"closed": program, "no terminal": file} {
		a := &asking{importing: &importing{}, out: out, terminal: f}
		v, err := a.value(t.Context(), manifest.Connection{}, "config.password", true)
		if v != nil || err == nil || !strings.Contains(err.Error(), "the terminal cannot be asked") {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := &asking{importing: &importing{}, out: out, terminal: file}
	for _, secret := range []bool{false, true} {
		if v, err := a.value(ctx, manifest.Connection{}, "config.user", secret); v != nil || err != context.Canceled {
			t.Errorf("after an interruption: %v, %v", v, err)
		}
	}
}

// A state of Terraform is imported also where known state cannot be had; that is said, and not taken for an empty one in silence.
func TestAStateOfTerraformWithoutKnownState(t *testing.T) {
	h := newHandMade(t, 1)
	file := filepath.Join(t.TempDir(), "terraform.tfstate")
	if err := os.WriteFile(file, []byte(tfStateOf(h.tfOf("", "edr", [2]string{"", h.tfAttributes(0, manyConfig(0))}))), 0o600); err != nil {
		t.Fatal(err)
	}
	runGit(t, h.dir, "remote", "add", "origin", filepath.Join(h.dir, "nowhere"))
	h.run(exitDone, []string{"note: prod: imported without known state", "Wrote 1 manifest"}, "import", "--from-terraform", file)
	for name, text := range map[string]string{"": "no such file", "broken": "{"} {
		path := filepath.Join(t.TempDir(), "absent")
		if name != "" {
			path = filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if code, out, errs := inProcess(h.env, "import", "-C", h.dir, "--from-terraform", path); code == exitDone || !strings.Contains(errs, "--from-terraform") && !strings.Contains(errs, path) {
			t.Errorf("%s: exit code %d: %s%s", name, code, out, errs)
		}
	}
}
