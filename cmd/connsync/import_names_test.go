package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"connsync/apply/secmaster/emulator"
)

// Where a connection goes, by its name in SecMaster: to a file of the layout's folder, or to the list of what is left out, with the reason.
const (
	cannot  = "a manifest cannot have its name: rename it in SecMaster"
	another = "another one has the same name: rename one of them in SecMaster"
)

var hostileNames = []struct{ name, file, why string }{
	{"plain", "plain.yaml", ""},
	{"../x", "_x.yaml", ""},
	{"../../../../etc/passwd", "_etc_passwd.yaml", ""},
	{"/", "__4.yaml", ""},
	{"/etc/shadow", "_etc_shadow.yaml", ""},
	{"..", "__3.yaml", ""},
	{".", "__2.yaml", ""},
	{`..\..\up`, "_up.yaml", ""},
	{`C:\windows`, "", cannot},
	{"C:", "", cannot},
	{"file:stream", "", cannot},
	{"CON", "CON_.yaml", ""},
	{"con", "con__2.yaml", ""},
	{"NUL", "NUL_.yaml", ""},
	{"LPT1", "LPT1_.yaml", ""},
	{"aux.yaml", "aux_yaml.yaml", ""},
	{"Twin", "Twin.yaml", ""},
	{"tWIN", "tWIN_2.yaml", ""},
	{"same", "same.yaml", ""},
	{"same", "", another},
	{strings.Repeat("n", 300), strings.Repeat("n", 100) + "_2.yaml", ""},
	{strings.Repeat("n", 299) + "m", strings.Repeat("n", 100) + ".yaml", ""},
	{strings.Repeat("世", 300), "__6.yaml", ""},
	{strings.Repeat("n", 2000), "", cannot},
	{"ENC[AES256_GCM,data:text]", "", cannot},
	{"ENC[text]", "", cannot},
	{"a\x00b", "", cannot},
	{"a\nb", "", cannot},
	{"a\tb", "", cannot},
	{"a\x1b[31mb", "", cannot},
	{"gpj.\u202eexe", "", cannot},
	{"zero\u200bwidth", "", cannot},
	{"no\u00a0break", "", cannot},
	{"\xff\xfe", "", cannot},
	{"-rf", "rf.yaml", ""},
	{"--", "_.yaml", ""},
	{"~", "__5.yaml", ""},
	{"~root", "_root.yaml", ""},
	{"  leading", "_leading.yaml", ""},
	{"trailing...", "trailing__2.yaml", ""},
	{"trailing ", "trailing_.yaml", ""},
	{"caf\u00e9", "caf_.yaml", ""},
	{"cafe\u0301", "cafe_.yaml", ""},
	{".git", "_git_2.yaml", ""},
	{".GIT", "_GIT.yaml", ""},
	{"git~1", "git_1.yaml", ""},
	{".sops", "_sops.yaml", ""},
	{"connsync.plugins", "connsync_plugins.yaml", ""},
	{"{target}", "_target_.yaml", ""},
	{"{name}/{plugin}", "_name_plugin_.yaml", ""},
	{"$(id)`id`;id|id", "_id_id_id_id.yaml", ""},
	{"<<: *x", "", cannot},
	{"null", "null.yaml", ""},
	{"0x1F", "0x1F.yaml", ""},
	{strings.Repeat("d/", 200) + "deep", strings.Repeat("d_", 50) + ".yaml", ""},
	{"wanted.yaml", "wanted_yaml.yaml", ""},
	{"held", "held_2.yaml", ""},
	{"sops", "sops.yaml", ""},
	{"connections", "connections.yaml", ""},
	{"", "", cannot},
}

// Names come from SecMaster, and so from any user able to name a connection there. None leaves the folder, none is taken for something else by any system,
// none takes another's file, and what cannot be a manifest's is listed with the reason.
func TestHostileNames(t *testing.T) {
	h := newHandMade(t, 0)
	h.mkdir("connections/prod/held.yaml") // a folder of that name
	ids := make([]string, len(hostileNames))
	for n, row := range hostileNames {
		component, version := h.server.Plugin("Plugin00", "1.0")
		ids[n] = fmt.Sprintf("abcd0000-0000-4000-8000-%012d", n)
		h.server.Put(emulator.Connection{ID: ids[n], Name: row.name, ComponentID: component, ComponentVersionID: version, Config: manyConfig(0), CanBeDeleted: true, Creator: "ops"})
	}
	code, out, errs := inProcess(h.env, "import", "-C", h.dir, "--endpoint", h.url)
	if code != exitDone {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	files := 0
	for n, row := range hostileNames {
		if row.why != "" {
			if !strings.Contains(out, "("+ids[n]+"): "+row.why+"\n") {
				t.Errorf("%.40q is not listed", row.name)
			}
			continue
		}
		files++
		if text := h.files()["connections/prod/"+row.file]; !strings.Contains(text, "adopt: "+ids[n]+"\n") {
			t.Errorf("%.40q is not in %s, but in %s", row.name, row.file, h.fileOf(ids[n]))
		}
	}
	if n := len(h.manifests()); n != files {
		t.Errorf("%d files for %d connections: %s", n, files, out)
	}
	for _, r := range out + errs {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%q is printed as it stands", r)
		}
	}
	if t.Failed() {
		return
	}
	h.run(exitDone, []string{fmt.Sprintf("valid: %d connections", files)}, "validate")
	h.commit()
	h.run(exitDone, []string{fmt.Sprintf("%d to adopt", files), "0 to create, 0 to update"}, "diff")
	h.run(exitDone, []string{"Nothing to import."}, "import")
}

// fileOf is the manifest of an id.
func (h *handMade) fileOf(id string) string {
	for name, text := range h.files() {
		if strings.Contains(text, "adopt: "+id+"\n") {
			return name
		}
	}
	return "none"
}

func (h *handMade) mkdir(name string) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Join(h.dir, name), 0o755); err != nil {
		h.t.Fatal(err)
	}
}

func (h *handMade) link(to, name string) {
	h.t.Helper()
	if err := os.Symlink(to, filepath.Join(h.dir, name)); err != nil {
		h.t.Fatal(err)
	}
}

// Nothing is written through a link, whether a file is one or a folder.
func TestAnImportWritesThroughNoLink(t *testing.T) {
	for _, link := range []string{"connections", "connections/prod", "connections/prod/hand_000.yaml"} {
		h := newHandMade(t, 1)
		h.mkdir("outside")
		if link != "connections" {
			h.mkdir(path.Dir(link))
		}
		h.link(filepath.Join(h.dir, "outside"), link)
		h.run(exitFailed, []string{link + ": a link; links are not followed"}, "import")
		if found, err := os.ReadDir(filepath.Join(h.dir, "outside")); err != nil || len(found) > 0 {
			t.Errorf("%s: %v %v", link, found, err)
		}
	}
}

// A layout leads nowhere else, and never to a file no command would read.
func TestHostileLayouts(t *testing.T) {
	h := newHandMade(t, 1)
	for _, layout := range []string{
		"../{name}.yaml", "/tmp/{name}.yaml", "connections/../../{name}.yaml", "connections/./{name}.yaml", "connections//{name}.yaml", `connections\{name}.yaml`, "connections/{name}", "connections/{name}.json",
		"connections/all.yaml", "elsewhere/{name}.yaml", "connections/.git/{name}.yaml", "connections/.hidden/{name}.yaml", "connections/{target}/.x/{name}.yml", "connections2/{name}.yaml", "{name}.yaml",
	} {
		h.run(exitUsage, []string{"--layout: "}, "import", "--layout", layout)
	}
	if n := len(h.manifests()); n > 0 {
		t.Errorf("%d files", n)
	}
}
