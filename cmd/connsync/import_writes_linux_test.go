package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/secrets/sops/sopstest"
)

// tracedCalls are all ways for bytes to come into a regular file, or a text into the name of one.
const tracedCalls = "write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,splice,mmap,openat,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat"

// unseenCalls bring bytes into a file, and a trace does not show them.
var unseenCalls = map[string]bool{"sendfile": true, "copy_file_range": true, "splice": true, "mmap": true}

// traced is what a command and its children wrote into regular files.
type traced struct {
	files  map[string][]byte // what was written, in order, by the path at that time
	names  []byte            // every given name, one a line
	unseen []string          // calls with bytes not shown by the trace
	writes int
}

var (
	tracedCall  = regexp.MustCompile(`^\d+ +(\w+)\(`)
	tracedText  = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?`)
	tracedPlace = regexp.MustCompile(`<((?:\\x[0-9a-f]{2})+)>`)
)

// strace is the tracing program; "" where it is not there, or may not trace.
func strace() string {
	path, err := exec.LookPath("strace")
	if err != nil || exec.Command(path, "-f", "--seccomp-bpf", "-o", os.DevNull, "true").Run() != nil {
		return ""
	}
	return path
}

// trace runs a command under strace.
func trace(t *testing.T, env []string, stdin string, args ...string) traced {
	t.Helper()
	out := filepath.Join(t.TempDir(), "trace")
	c := exec.Command(strace(), append([]string{"-f", "--seccomp-bpf", "-y", "-xx", "-s", "1000000", "-o", out, "-e", "trace=" + tracedCalls}, args...)...)
	c.Env, c.Stdin = append(os.Environ(), env...), strings.NewReader(stdin)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return readTrace(t, text)
}

// readTrace reads what strace wrote, with every text and every path in hex.
func readTrace(t *testing.T, text []byte) traced {
	t.Helper()
	w := traced{files: map[string][]byte{}}
	for line := range bytes.Lines(text) {
		call := tracedCall.FindSubmatch(line)
		if call == nil {
			continue
		}
		var said []byte
		for _, m := range tracedText.FindAllSubmatch(line, -1) {
			if len(m[2]) > 0 {
				t.Fatal("the trace cuts a text off")
			}
			said = append(said, unhex(t, m[1])...)
			if !strings.Contains(string(call[1]), "write") {
				said = append(said, '\n')
			}
		}
		w.call(t, string(call[1]), line, said)
	}
	return w
}

// call takes one call into account.
func (w *traced) call(t *testing.T, name string, line, said []byte) {
	t.Helper()
	var places []string
	for _, m := range tracedPlace.FindAllSubmatch(line, -1) {
		if place := string(unhex(t, m[1])); isRegular(place) {
			places = append(places, place)
		}
	}
	switch shared := bytes.Contains(line, []byte("PROT_WRITE")) && bytes.Contains(line, []byte("MAP_SHARED")); {
	case unseenCalls[name]:
		if len(places) > 0 && (name != "mmap" || shared) {
			w.unseen = append(w.unseen, name+" of "+strings.Join(places, ", "))
		}
	case !strings.Contains(name, "write"):
		w.names = append(w.names, said...)
	case len(places) > 0:
		w.writes++
		w.files[places[0]] = append(w.files[places[0]], said...)
	}
}

// isRegular tells whether what strace says of a descriptor is the path of a lasting file, or of a folder.
func isRegular(place string) bool {
	return strings.HasPrefix(place, "/dev/shm/") || strings.HasPrefix(place, "/") && !strings.HasPrefix(place, "/dev/") && !strings.HasPrefix(place, "/proc/")
}

func unhex(t *testing.T, text []byte) []byte {
	t.Helper()
	out, err := hex.DecodeString(strings.ReplaceAll(string(text), `\x`, ""))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// leaks are the places where a secret came into a file, or into a name.
func (w traced) leaks(s *scanner) []string {
	hits := s.scan("a name", w.names)
	for file, text := range w.files {
		hits = append(hits, s.scan(file, text)...)
	}
	out := slices.Clone(w.unseen)
	for _, h := range hits {
		out = append(out, h.String())
	}
	slices.Sort(out)
	return out
}

// While connections become manifests, and while a hidden secret is filled in, no secret is in any write to a regular file or in the name of one, also of
// files that are gone at the end: raw, in base64, escaped, or in any other form known to the scanner.
func TestNoWriteOfAnImportHoldsASecret(t *testing.T) {
	if strace() == "" {
		t.Log("T-IMPORT: strace cannot be had here: the writes of an import were not traced")
		return
	}
	password, token := newCanary("imported password"), newCanary("imported token")
	known, writes, n := newScanner([]canary{password, token}), 0, *importMany
	for mode, shown := range map[string]bool{"clear": true, "reserialised": true, "masked": false, "masked-all": false, "omitted": false, "empty": false, "null": false, "broken": false} {
		h := newHandMade(t, 0)
		for i := range n {
			component, version := h.server.Plugin(fmt.Sprintf("Plugin%02d", i%12), "1.0")
			config, err := json.Marshal(map[string]any{"endpoint": "https://e.example", "password": password.text, "token": token.text})
			if err != nil {
				t.Fatal(err)
			}
			h.server.Put(emulator.Connection{Name: fmt.Sprintf("hand_%03d", i), ComponentID: component, ComponentVersionID: version, Config: string(config), CanBeDeleted: true, Creator: "ops"})
		}
		if err := h.server.Set("config=" + mode); err != nil {
			t.Fatal(err)
		}
		env := make([]string, 0, len(h.env))
		for k, v := range h.env {
			env = append(env, k+"="+v)
		}
		w := trace(t, env, "", "connsync", "import", "--yes", "-C", h.dir, "--endpoint", h.url)
		for _, leak := range w.leaks(known) {
			t.Errorf("%s: %s", mode, leak)
		}
		written := ""
		for _, text := range w.files {
			written += string(text)
		}
		if len(h.manifests()) != n || strings.Count(written, "adopt: ") != n || strings.Contains(written, "password: ENC[") != shown {
			t.Errorf("%s: %d manifests, and the trace shows %d", mode, len(h.manifests()), strings.Count(written, "adopt: "))
		}
		writes += w.writes
		if mode == "masked" {
			w = trace(t, env, password.text, "connsync", "set", "prod/hand_000.config.password", "-C", h.dir)
			if leaks := w.leaks(known); leaks != nil || w.writes == 0 {
				t.Errorf("set: %d writes, %v", w.writes, leaks)
			}
			if plain := sopstest.Run(t, h.dir, []string{"SOPS_AGE_KEY=" + testIdentity}, "decrypt", "--extract", `["connections"]["prod"]["hand_000"]["config"]["password"]`, "connections/prod/hand_000.yaml"); strings.TrimSpace(plain) != password.text {
				t.Error("set did not write the secret")
			}
		}
	}
	t.Logf("T-IMPORT: %d writes of 8 imports of %d connections, and no secret in them", writes, n)
}

// A program is caught when it writes a secret in the clear, whatever it does with the file then; not when it sends it through a pipe.
func TestALeakyWriterIsCaught(t *testing.T) {
	if strace() == "" {
		t.Log("T-IMPORT: strace cannot be had here: no leaky writer was traced")
		return
	}
	c, dir := newCanary("leaked"), t.TempDir()
	leaky := map[string]string{
		"gone":    `printf %s "$C" >gone; rm gone`,
		"moved":   `printf %s "$C" >moved; mv moved elsewhere`,
		"base64":  `printf %s "x$C" | base64 -w 0 >base64`,
		"json":    `printf %s "$J" >json`,
		"pieces":  `for p in $P; do printf %s "$p"; done >pieces`,
		"a name":  `: >"$N"`,
		"nothing": `printf %s "$C" | cat >/dev/null; printf secret >nothing`,
	}
	pieces := make([]string, 0, len(c.text))
	for _, r := range c.text {
		pieces = append(pieces, string(r))
	}
	script := "cd " + dir + "; set -f; IFS=' '\n"
	for _, line := range leaky {
		script += line + "\n"
	}
	w := trace(t, []string{"C=" + c.text, "J=" + jsonText(c.text, true), "P=" + strings.Join(pieces, " "), "N=" + strings.ReplaceAll(c.text, "/", "_")}, "", "sh", "-c", script)
	leaks := strings.Join(w.leaks(newScanner([]canary{c})), "\n") + "\n"
	for name := range leaky {
		if caught := strings.Contains(leaks, "in "+filepath.Join(dir, name)+"\n") || strings.Contains(leaks, "in "+name+"\n"); caught != (name != "nothing") {
			t.Errorf("%s: caught is %t: %s", name, caught, leaks)
		}
	}
	shared := readTrace(t, []byte(`7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3<\x2f\x61>, 0) = 0x7f`+"\n"+`7 copy_file_range(3<\x2f\x61>, NULL, 4<\x2f\x62>, NULL, 9, 0) = 9`+"\n"))
	if len(shared.unseen) != 2 {
		t.Errorf("what a trace does not show is not told: %v", shared.unseen)
	}
}
