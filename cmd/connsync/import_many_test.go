package main

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/manifest"
	"connsync/secrets/sops/sopstest"
)

var importMany = flag.Int("import.many", 4, "import so many connections in every way in which SecMaster may hide their configs; TestTenCommands has at least 40")

// manyPlugins are twelve, of several shapes: texts, numbers, switches, a mapping with secrets, a list, and optional secrets.
func manyPlugins() []emulator.Plugin {
	setting := func(key, kind string, required bool) emulator.Setting {
		return emulator.Setting{Key: key, Type: kind, Required: required}
	}
	endpoint, password := setting("endpoint", "input", true), setting("password", "password", true)
	shapes := [][]emulator.Setting{
		{endpoint, setting("user", "input", true), password},
		{endpoint, setting("port", "number", false), password},
		{endpoint, setting("verify_tls", "boolean", false), password, setting("token", "password", false)},
		{endpoint, password, {Key: "auth", Type: "object", Children: []emulator.Setting{setting("tenant", "input", false), setting("secret", "password", false)}}},
	}
	var out []emulator.Plugin
	for n := range 12 {
		out = append(out, emulator.Plugin{Name: fmt.Sprintf("Plugin%02d", n), Type: "custom", Versions: []emulator.Version{{Number: "1.0", Settings: shapes[n%len(shapes)]}}})
	}
	return out
}

// manyConfig is the config of the nth connection. Each of its secrets has the word canary in it.
func manyConfig(n int) string {
	rest := []string{`"user":"u"`, `"port":8443`, `"verify_tls":true,"token":"canary-t-%[1]d"`, `"auth":{"tenant":"t","secret":"canary-s-%[1]d"}`}[n%12%4]
	return fmt.Sprintf(`{"endpoint":"https://e%[1]d.example","password":"canary-p-%[1]d",`+strings.ReplaceAll(rest, "%[1]d", fmt.Sprint(n))+"}", n)
}

// handMade is a repository just begun, and a workspace with connections made by hand.
type handMade struct {
	t      *testing.T
	dir    string
	server *emulator.Server
	env    map[string]string
	url    string
}

func newHandMade(t *testing.T, n int) *handMade {
	t.Helper()
	h := emptyFolder(t, n)
	h.write("connsync.yaml", fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace))
	h.write(".sops.yaml", "creation_rules:\n  - encrypted_regex: ^(password|token|secret)$\n    age: "+testRecipient+"\n")
	runGit(t, h.dir, "init", "-q", "-b", "main", "--template=")
	h.commit()
	return h
}

// emptyFolder is a folder with nothing in it, and a workspace with connections made by hand.
func emptyFolder(t *testing.T, n int) *handMade {
	t.Helper()
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	server, err := emulator.New(emulator.Options{Plugins: manyPlugins()})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	for i := range n {
		component, version := server.Plugin(fmt.Sprintf("Plugin%02d", i%12), "1.0")
		server.Put(emulator.Connection{Name: fmt.Sprintf("hand_%03d", i), ComponentID: component, ComponentVersionID: version, Config: manyConfig(i), CanBeDeleted: true, Creator: "ops"})
	}
	return &handMade{t: t, dir: quickDir(t), server: server, url: web.URL, env: map[string]string{
		"HUAWEICLOUD_SDK_AK": emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": emulator.DefaultSecretKey, "SOPS_AGE_KEY": testIdentity}}
}

func (h *handMade) write(file, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, file), []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

func (h *handMade) commit() {
	h.t.Helper()
	runGit(h.t, h.dir, "add", "-A")
	runGit(h.t, h.dir, "commit", "-q", "-m", "a commit")
}

// place are the flags that run adds, as the next command repeats them.
func (h *handMade) place() string { return "-C " + h.dir + " --endpoint " + h.url }

// run runs a command: it must end with a code and say all of the texts, and no secret.
func (h *handMade) run(code int, says []string, args ...string) {
	h.t.Helper()
	got, out, errs := inProcess(h.env, append(args, "-C", h.dir, "--endpoint", h.url)...)
	if got != code || strings.Contains(out+errs, "canary") {
		h.t.Fatalf("%v: exit code %d: %s%s", args, got, out, errs)
	}
	for _, text := range says {
		if !strings.Contains(out+errs, text) {
			h.t.Fatalf("%v does not say %q: %s%s", args, text, out, errs)
		}
	}
}

// files are the texts of all files of the worktree, of Git's too.
func (h *handMade) files() map[string]string {
	h.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(h.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		out[strings.TrimPrefix(name, h.dir+"/")] = string(text)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

// manifests are the files written by import.
func (h *handMade) manifests() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(h.files())), func(name string) bool { return !strings.HasPrefix(name, "connections/") })
}

// fill writes the settings hidden by SecMaster: the whole config, by the key that people have.
func (h *handMade) fill() {
	h.t.Helper()
	for n := range h.manifests() {
		name := fmt.Sprintf("hand_%03d", n)
		project, err := manifest.LoadProject(os.DirFS(h.dir), "connsync.yaml")
		if err != nil {
			h.t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(h.dir, "connections/prod", name+".yaml"))
		if err != nil {
			h.t.Fatal(err)
		}
		set, _ := manifest.Read("x", text, project)
		for _, hole := range set.Connections[0].Missing {
			if hole == "config" {
				h.write("connections/prod/"+name+".yaml", strings.Replace(string(text), "config: null", "config: {endpoint: null, password: null}", 1))
				h.set(name, "config.endpoint", n)
				h.set(name, "config.password", n)
				continue
			}
			h.set(name, string(hole), n)
		}
	}
}

// set gives a hole the workspace's value.
func (h *handMade) set(name, at string, n int) {
	h.t.Helper()
	value := handMadeValue(at, n)
	if value == "" {
		h.t.Fatalf("%s: a hole at %s", name, at)
	}
	var errs strings.Builder
	w := world{stdin: strings.NewReader(value), stdout: &errs, stderr: &errs, env: func(k string) string { return h.env[k] }}
	if code := Main(h.t.Context(), []string{"set", "prod/" + name + "." + at, "-C", h.dir}, w); code != exitDone {
		h.t.Fatalf("set %s.%s: exit code %d: %s", name, at, code, &errs)
	}
}

// handMadeValue is what the workspace has in a setting of the nth connection.
func handMadeValue(at string, n int) string {
	return map[string]string{
		"config.endpoint": fmt.Sprintf("https://e%d.example", n), "config.password": fmt.Sprint("canary-p-", n), "config.token": fmt.Sprint("canary-t-", n),
		"config.auth.secret": fmt.Sprint("canary-s-", n), "config.auth.tenant": "t", "config.user": "u", "config.port": "8443", "config.verify_tls": "true",
	}[at]
}

// From a workspace to Git and to a first sync, in every way SecMaster may show configs: what is taken over is what is there, sops opens it, and
// there is nothing left to do.
func TestAWorkspaceGoesToGit(t *testing.T) {
	for mode, holes := range map[string]bool{"clear": false, "reserialised": false, "masked": true, "masked-all": true, "omitted": true, "empty": true, "null": true, "broken": true} {
		t.Run(mode, func(t *testing.T) {
			n := *importMany // 4 are one of each shape
			h := newHandMade(t, n)
			if err := h.server.Set("config=" + mode); err != nil {
				t.Fatal(err)
			}
			count := func(what string) []string { return []string{fmt.Sprintf(what, n)} }
			h.run(exitDone, count("Wrote %d manifests"), "import")
			before := h.files()
			h.run(exitDone, []string{"Nothing to import."}, "import")
			if !maps.Equal(before, h.files()) {
				t.Error("a second import changed files")
			}
			h.run(exitDone, count("valid: %d connections"), "validate")
			h.commit()
			if holes {
				h.run(exitDone, count("%d incomplete"), "diff", "--exit-code")
				h.run(exitDone, count("%d incomplete"), "sync")
				h.fill()
				h.run(exitDone, count("valid: %d connections"), "validate")
				h.commit()
			}
			h.run(exitDone, append(count("%d to adopt"), "0 to create, 0 to update"), "diff")
			if code, out, errs := inProcess(h.env, "diff", "-C", h.dir, "--endpoint", h.url); code != exitDone || strings.Contains(out, " -> ") {
				t.Errorf("exit code %d: %s%s", code, out, errs)
			}
			h.opened()
			h.run(exitDone, count("%d adopted"), "sync")
			h.run(exitDone, []string{"nothing to do"}, "diff", "--exit-code")
			if wrote := h.server.Count(emulator.RouteUpdate); !holes && wrote > 0 {
				t.Errorf("%d writes of what is equal", wrote)
			}
			h.kept(n)
		})
	}
}

// opened checks: sops opens files, one in twenty and the first, and no file in the worktree or of Git has a secret.
func (h *handMade) opened() {
	h.t.Helper()
	key := "SOPS_AGE_KEY=" + os.Getenv("SOPS_AGE_KEY")
	if key == "SOPS_AGE_KEY=" {
		key = "SOPS_AGE_KEY_FILE=" + filepath.Join(os.Getenv("HOME"), ".config/sops/age/keys.txt")
	}
	files, manifests := h.files(), 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.Contains(files[name], "canary") {
			h.t.Errorf("%s has a secret in the clear", name)
		}
		if !strings.HasPrefix(name, "connections/") || strings.HasSuffix(name, "/first.yaml") {
			continue
		}
		if manifests++; manifests%20 != 1 {
			continue
		}
		if plain := sopstest.Run(h.t, h.dir, []string{key}, "decrypt", name); !strings.Contains(plain, "password: canary-p-") {
			h.t.Errorf("%s: sops opens it without its password", name)
		}
	}
}

// kept checks whether the workspace has what it had.
func (h *handMade) kept(n int) {
	h.t.Helper()
	all := h.server.Connections()
	if len(all) != n {
		h.t.Errorf("%d connections", len(all))
	}
	for i, c := range all {
		if !strings.Contains(c.Config, fmt.Sprintf(`"canary-p-%d"`, i)) || !strings.Contains(c.Config, fmt.Sprintf(`"https://e%d.example"`, i)) {
			h.t.Errorf("%s has another config", c.Name)
		}
	}
}
