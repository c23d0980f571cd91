package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
	"connsync/secrets/sops"
)

// The canaries of every leak test. Each secret of each place is another one, so a found one says where it came from.
var (
	secretPassword = newCanary("edr password")
	secretNested   = newCanary("edr nested")
	secretInList   = newCanary("edr list")
	secretItem     = newCanary("edr item")
	secretNumber   = newNumber("edr number")
	secretDigits   = newNumber("edr digits")
	secretBus      = newCanary("bus password")
	secretNext     = newCanary("rotated password")
	secretClear    = newCanary("cleartext by mistake")
	secretComment  = newCanary("in a comment")
	secretBroken   = newCanary("in a broken ciphertext")
	secretByHand   = newCanary("typed in the console")
	credentialAK   = newCanary("access key")
	credentialSK   = newCanary("secret key")
	credentialST   = newCanary("security token")
	credentialAuth = newCanary("auth token")
	gitToken       = newCanary("git token")
	gitHelper      = newCanary("git credential helper")
	vaultToken     = newCanary("vault token")
)

var ofManifests = []canary{secretPassword, secretNested, secretInList, secretItem, secretNumber, secretDigits, secretBus, secretNext, secretClear, secretComment, secretBroken, secretByHand}

var ofCredentials = []canary{credentialAK, credentialSK, credentialST, credentialAuth, gitToken, gitHelper, vaultToken}

// leakScanner looks for all of them, and for the key to the files.
var leakScanner = sync.OnceValue(func() *scanner {
	all := append(append([]canary{{"age identity", testIdentity, 12}}, ofManifests...), ofCredentials...)
	for _, s := range regexp.MustCompile(`made-up-[a-z0-9-]+`).FindAllString(fmt.Sprint(demoManifests)+" made-up-edr-password-2", -1) {
		all = append(all, canary{"demo " + s, s, 12})
	}
	return newScanner(all)
})

// quietLog is for servers called wrongly on purpose.
var quietLog = log.New(io.Discard, "", 0)

// leakWorld is all things one run of connsync may read and write: a home, a place for temporary files, a clone, and its remote.
type leakWorld struct {
	t       *testing.T
	base    string
	server  *emulator.Server
	hostile *hostileServer
	env     map[string]string
	before  map[string]bool // what stood there before the run
	friends []string        // addresses a run may connect to
	given   []string        // canaries in variables not of connsync alone: every started program inherits them
}

func (w *leakWorld) path(name string) string { return filepath.Join(w.base, filepath.FromSlash(name)) }

const sealedKeys = `(?i)password|token|secret`

func quotedYAML(s string) string { return jsonText(s, false) }

// leakManifest has a secret of every type in every position.
func leakManifest(password canary) string {
	return `connections:
  prod:
    edr:
      description: EDR of production
      component: EdrVendor
      version: "2.1"
      config:
        endpoint: https://edr.example
        user: svc
        password: ` + quotedYAML(password.text) + `
        nested: {deeper: {client_secret: ` + quotedYAML(secretNested.text) + `}}
        hosts:
          - {name: one, password: ` + quotedYAML(secretInList.text) + `}
        tokens: [` + quotedYAML(secretItem.text) + `]
        secret_number: ` + secretNumber.text + `
        secret_digits: "` + secretDigits.text + `"
        secret_flag: true
`
}

var busManifest = `connections:
  prod:
    bus:
      description: Audit events
      component: KafkaBus
      version: "1.0"
      config: {kafkaAddr: "k.example:9093", userName: u, password: ` + quotedYAML(secretBus.text) + `}
`

const cleanManifest = `connections:
  prod:
    mail:
      description: Mail
      component: MailGateway
      version: "3.0"
      config: {smtpHost: mail.example, cleartext_port: 25}
`

// sealLeaks encrypts a manifest for the key of all tests.
func sealLeaks(t *testing.T, plain string, partial bool) string {
	t.Helper()
	sealed, err := sops.Encrypt([]byte(plain), testRecipient, sops.EncryptOptions{EncryptedRegex: sealedKeys, MACOnlyEncrypted: partial})
	if err != nil {
		t.Fatal(err)
	}
	return string(sealed)
}

// template is a world with everything in step, made once: each run gets a copy.
func template(t *testing.T) string {
	t.Helper()
	base := quickDir(t)
	w := &leakWorld{t: t, base: base}
	for _, d := range []string{"home", "tmp", "work/connections", "bin", "children", "server"} {
		w.mkdir(d)
	}
	w.write("work/connsync.yaml", fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace))
	w.write("work/connections/edr.yaml", sealLeaks(t, leakManifest(secretPassword), true))
	w.write("work/connections/bus.yaml", sealLeaks(t, busManifest, false))
	w.write("work/connections/mail.yaml", cleanManifest)
	w.bystanders()
	runGit(t, base, "init", "-q", "--template=", "--bare", "remote.git")
	runGit(t, base, "init", "-q", "--template=", "-b", "main", "work")
	w.mkdir("remote.git/hooks")
	w.script("remote.git/hooks/pre-receive", "exit 0")
	w.git("remote", "add", "origin", w.path("remote.git"))
	w.commit("wanted")
	w.git("push", "-q", "origin", "main")
	w.serve(nil)
	if code, out := w.connsync("sync", "--timeout", "1m"); code != exitDone {
		t.Fatalf("the template: exit %d\n%s", code, out)
	}
	w.write("work/connections/edr.yaml", sealLeaks(t, leakManifest(secretNext), true))
	w.commit("rotated")
	w.git("push", "-q", "origin", "main")
	return base
}

// bystanders are stand-ins for the started programs: each writes down what it was given, and lets the real one work.
func (w *leakWorld) bystanders() {
	for _, name := range []string{"git", "git-upload-pack", "git-receive-pack", "gpg", "ssh"} {
		goOn := "exit 2"
		if real, err := exec.LookPath(name); err == nil && strings.HasPrefix(name, "git") {
			goOn = `exec ` + real + ` "$@"`
		}
		w.script("bin/"+name, goOn)
	}
	w.script("home/helper", "printf 'username=x\\npassword=%s\\n' "+`"$(cat "$0.token")"`)
	w.write("home/helper.token", gitHelper.text)
}

// script writes a program. The program notes its arguments and its environment beside its world.
func (w *leakWorld) script(name, goOn string) {
	text := "#!/bin/sh\nd=${0%/*}\nwhile [ ! -d \"$d/children\" ]; do d=$d/..; done\nnoted=$d/children/$$\n{ printf '%s\\n' \"$0\" \"$@\"; env; } >>\"$noted\"\n" + goOn + "\n"
	w.write(name, text)
	if err := os.Chmod(w.path(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

// newWorld is a copy of a template with a server of its own, perhaps a hostile one.
func newWorld(t *testing.T, from string, f *leakFault) *leakWorld {
	t.Helper()
	w := &leakWorld{t: t, base: quickDir(t)}
	if err := os.CopyFS(w.base, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	w.replace("work/.git/config", from, w.base)
	w.serve(f)
	return w
}

func (w *leakWorld) serve(f *leakFault) {
	w.t.Helper()
	s, err := emulator.New(emulator.Options{
		AccessKey: credentialAK.text, SecretKey: credentialSK.text, SecurityToken: credentialST.text, Token: credentialAuth.text, Data: w.path("server/data.json"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.server, w.hostile = s, &hostileServer{inner: s, fault: f}
	h := httptest.NewServer(w.hostile)
	w.t.Cleanup(h.Close)
	w.env = map[string]string{
		"HOME": w.path("home"), "TMPDIR": w.path("tmp"), "PATH": w.path("bin") + ":" + os.Getenv("PATH"),
		"CONNSYNC_ENDPOINT": h.URL, "HUAWEICLOUD_SDK_AK": credentialAK.text, "HUAWEICLOUD_SDK_SK": credentialSK.text, "HUAWEICLOUD_SDK_SECURITY_TOKEN": credentialST.text,
		"SOPS_AGE_KEY": testIdentity, "CONNSYNC_GIT_TOKEN": gitToken.text,
		"GODEBUG": "http2debug=2,http2client=1,netdns=2,x509roots=1", "GOTRACEBACK": "all",
		"GRPC_GO_LOG_SEVERITY_LEVEL": "info", "GRPC_GO_LOG_VERBOSITY_LEVEL": "99", "AZURE_SDK_GO_LOGGING": "all",
		"GIT_TRACE": "2", "GIT_TRACE_CURL": "2", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.Getenv("GIT_CONFIG_GLOBAL"),
	}
}

// alone takes the remote away: known state stays in the clone, and a run starts no other programs but one.
func (w *leakWorld) alone() {
	text := w.read("work/.git/config")
	w.write("work/.git/config", text[:strings.Index(text, "[remote")])
}

func (w *leakWorld) mkdir(name string) {
	if err := os.MkdirAll(w.path(name), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

func (w *leakWorld) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *leakWorld) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func (w *leakWorld) replace(name, old, with string) {
	w.t.Helper()
	before := w.read(name)
	if !strings.Contains(before, old) {
		w.t.Fatalf("%s does not hold %q", name, old)
	}
	w.write(name, strings.ReplaceAll(before, old, with))
}

func (w *leakWorld) git(args ...string) string { return runGit(w.t, w.path("work"), args...) }

func (w *leakWorld) commit(message string) {
	w.git("add", "-A")
	w.git("commit", "-q", "--allow-empty", "-m", message)
}

// command is a process of connsync in this world, with nothing of the test's own environment.
func (w *leakWorld) command(args ...string) *exec.Cmd {
	cmd := process(w.t, "connsync", nil, args...)
	cmd.Dir = w.path("work")
	for k, v := range w.env {
		if v != "" {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	return cmd
}

// connsync runs to its end and gives the exit code and everything written to stdout and stderr.
func (w *leakWorld) connsync(args ...string) (int, string) {
	w.t.Helper()
	return w.runAs("connsync", args...)
}

// quickly is connsync in a process with earlier runs. It was started with the same GODEBUG: what that has libraries say of requests is decided
// at a start.
func (w *leakWorld) quickly(args ...string) (int, string) {
	w.t.Helper()
	fresh := w.command(args...)
	var out bytes.Buffer
	code, own, err := inPool(fresh.Dir, fresh.Env, &out, &out, args...)
	if own {
		return w.end(fresh)
	}
	if err != nil {
		w.t.Fatalf("connsync %s: %v\n%s", strings.Join(args, " "), err, &out)
	}
	return code, out.String()
}

// runAs runs a command of the test binary.
func (w *leakWorld) runAs(name string, args ...string) (int, string) {
	w.t.Helper()
	cmd := w.command(args...)
	cmd.Args[0] = name
	return w.end(cmd)
}

// end runs a process to its end.
func (w *leakWorld) end(cmd *exec.Cmd) (int, string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		w.t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out.String())
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// remember notes what is there, so only what a run leaves behind is looked at.
func (w *leakWorld) remember() {
	w.before = map[string]bool{}
	w.files(func(name string, text []byte) { w.before[fmt.Sprintf("%s %x", name, sha256.Sum256(text))] = true })
}

// files are all files a run may have written; what the server keeps is not among them.
func (w *leakWorld) files(visit func(name string, text []byte)) {
	w.t.Helper()
	err := filepath.WalkDir(w.base, func(path string, d fs.DirEntry, err error) error {
		if err == nil && path == w.path("server") {
			return fs.SkipDir
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		visit(strings.TrimPrefix(path, w.base+"/"), text)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

var looseObject = regexp.MustCompile(`/objects/[0-9a-f]{2}/[0-9a-f]{38}$`)

// leaks is what a run left where it does not belong: in its output, in files, in Git objects, and in what it gave to other programs.
func (w *leakWorld) leaks(output string) []hit {
	w.t.Helper()
	hits := w.find("output", []byte(output))
	packed := map[string]bool{}
	w.files(func(name string, text []byte) {
		switch {
		case w.before[fmt.Sprintf("%s %x", name, sha256.Sum256(text))]:
			return
		case looseObject.MatchString(name):
			text = inflated(w.t, text)
		case strings.HasSuffix(name, ".pack"):
			packed[name[:strings.Index(name, "/")]] = true
		case filepath.Base(name) == "core" || strings.HasPrefix(filepath.Base(name), "core."):
			hits = append(hits, hit{"everything", "a core file", name})
		}
		hits = append(hits, w.find(name, append([]byte(name+"\n"), text...))...)
	})
	for repo := range packed {
		all := runGit(w.t, w.path(repo), "cat-file", "--batch-all-objects", "--batch")
		hits = append(hits, w.find("a pack of "+repo, []byte(all))...)
	}
	return hits
}

// headerForGit is how Git is given the one header for a remote: by its environment, as no other user can read it.
var headerForGit = regexp.MustCompile(`(?m)^GIT_CONFIG_VALUE_\d+=Authorization: Basic .*$`)

// find is the scanner's, without what other programs were given on purpose.
func (w *leakWorld) find(where string, text []byte) []hit {
	lines := strings.SplitN(string(text), "\n", 3) // the file's name, and the program's
	if strings.HasPrefix(where, "children/") && len(lines) > 2 && filepath.Base(lines[1]) == "git" {
		text = headerForGit.ReplaceAll(text, nil)
	}
	hits := leakScanner().scan(where, text)
	if strings.HasPrefix(where, "children/") {
		hits = slices.DeleteFunc(hits, func(h hit) bool { return slices.Contains(w.given, h.canary) })
	}
	return hits
}

// inflated is the content of a Git object.
func inflated(t *testing.T, file []byte) []byte {
	t.Helper()
	r, err := zlib.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// watchedRun runs connsync and gives the addresses it connected to; false where the kernel does not tell.
func (w *leakWorld) watchedRun(args ...string) (code int, addresses []string, told bool) {
	w.t.Helper()
	cmd := w.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	addresses, told = connectsOf(w.t, cmd)
	code = cmd.ProcessState.ExitCode()
	w.t.Logf("exit %d, %v\n%s", code, addresses, out.String())
	return code, addresses, told
}

// stalled runs connsync until the server holds back an answer, and then sends a signal.
func (w *leakWorld) stalled(signal os.Signal, args ...string) string {
	w.t.Helper()
	cmd := w.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	reached := w.hostile.stall()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	select {
	case <-reached:
	case <-time.After(20 * time.Second):
		w.t.Errorf("connsync %s never got that far", strings.Join(args, " "))
	}
	if err := cmd.Process.Signal(signal); err != nil {
		w.t.Error(err)
	}
	_ = cmd.Wait()
	w.hostile.release()
	return out.String()
}
