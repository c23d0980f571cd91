package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/testscript"

	"connsync/apply/secmaster/emulator"
	"connsync/manifest/gitfs"
	"connsync/manifest/gitfs/gittest"
	"connsync/secrets/sops"
)

// The age key of all scripts; a script takes it away with `env SOPS_AGE_KEY=`.
var testRecipient, testIdentity string

// commands are what the test binary does under other names.
var commands = map[string]func(){"connsync": entry, "probe": probe, "fragile": fragile, "leaky": leaky, "pooled": pooled, "curl": curl}

// TestMain runs the tests, or is one of the commands. They are links to the test binary in front of PATH: testscript.Main would
// write a copy of it for each of them.
func TestMain(m *testing.M) {
	if os.Getenv(gitfs.AskVariable) != "" { // Git asks: this is the program run by a test in process, too
		entry()
	}
	if command := commands[filepath.Base(os.Args[0])]; command != nil {
		command()
		os.Exit(0)
	}
	gittest.InMemory()
	bin, err := linked()
	if err != nil {
		panic(err)
	}
	os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	os.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(bin, "gitconfig"))
	moreAtOnce()
	os.Setenv("GOGC", "400") // of the processes started by tests: they live for a tenth of a second
	debug.SetGCPercent(400)  // a sixth of the time of tests was spent on collecting what they drop
	code := testKey{m}.Run()
	_ = os.RemoveAll(bin)
	os.Exit(code)
}

// moreAtOnce has three tests for each processor unless the command line says how many: most of what they do is wait for processes.
func moreAtOnce() {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = parallel.Value.Set(strconv.Itoa(3 * runtime.GOMAXPROCS(0)))
	}
}

// noUpkeep is all of Git's configuration at the start of tests: after each commit and each push Git would start two programs that look
// whether there is something to tidy up.
const noUpkeep = "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[receive]\n\tautogc = false\n"

// linked is a new folder with the commands, and noUpkeep.
func linked() (string, error) {
	bin, err := os.MkdirTemp("", "connsync-commands")
	if err != nil {
		return "", err
	}
	exe, err := os.Executable()
	if err == nil {
		err = os.WriteFile(filepath.Join(bin, "gitconfig"), []byte(noUpkeep), 0o644)
	}
	for name := range commands {
		if err == nil && (name != "curl" || lacks(name)) {
			err = os.Symlink(exe, filepath.Join(bin, name))
		}
	}
	if err == nil && lacks("jq") { // examples need it; it is built of a module then
		var path []byte
		if path, err = exec.Command("go", "tool", "-n", "gojq").Output(); err == nil {
			err = os.Symlink(strings.TrimSpace(string(path)), filepath.Join(bin, "jq"))
		}
	}
	return bin, err
}

var (
	startedIn, _ = os.Getwd()
	startedWith  = os.Environ()
	onDisk       = os.TempDir() // where temporary folders are unless they are in memory
)

// built is a program as the go command runs it, from its cache: only the first time of a text of it costs a link, and a second call.
func built(args ...string) (program string, err error) {
	for range 2 { // what had to be linked is gone when it ended, and is in the cache then
		cmd := exec.Command("go", append([]string{"run", "-exec", "echo"}, args...)...)
		var errs bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stderr = startedIn, startedWith, &errs // with the build cache of the HOME that it was
		out, err := cmd.Output()
		if err != nil {
			return "", errors.New(errs.String())
		}
		program = strings.TrimSpace(string(out))
		if _, err := os.Stat(program); err == nil {
			break
		}
	}
	return program, nil
}

// builtBeside builds a program of testdata into a folder of its name below the commands. It is called connsync there.
func builtBeside(name string) (string, error) {
	exe, err := exec.LookPath("connsync")
	if err != nil {
		return "", err
	}
	program := filepath.Join(filepath.Dir(exe), name, "connsync")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "./testdata/"+name)
	build.Dir, build.Env = startedIn, append(slices.Clip(startedWith), "CGO_ENABLED=0", "GOFLAGS=") // with the build cache of the HOME that it was
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return program, nil
}

// entry is main for the processes started by tests. The kernel may deny them something first, and they may do something to themselves.
func entry() {
	confine()
	beWatched()
	os.Exit(run(observed(system())))
}

// testKey makes the key before the tests run, and not in the processes they start.
type testKey struct{ m *testing.M }

func (k testKey) Run() int {
	recipient, identity, err := sops.NewAgeKey()
	if err != nil {
		panic(err)
	}
	testRecipient, testIdentity = recipient, identity.Expose().(string)
	os.Setenv("SOPS_AGE_KEY", testIdentity)
	os.Unsetenv("CI") // what holds in CI is tested where a test sets it
	return k.m.Run()
}

// TestScripts is the specification of the command line: each script is a story with real processes, a real
// Git repository, a real age key, and a server on loopback.
func TestScripts(t *testing.T) {
	testscript.Run(t, scripts("testdata/script"))
}

// scripts are the scripts of a folder.
func scripts(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"project": project, "commit": commit, "seal": encryptFiles, "setsecret": setSecret, "generate": generate,
			"switch": flip, "fault": fault, "requests": requests, "put": put, "edit": edit, "remove": remove, "deny": deny, "holds": holds, "connections": connections,
			"code": exitCode, "pictured": pictured, "jsonis": jsonIs, "nosecrets": noSecrets,
		},
	}
}

type scene struct {
	server  *emulator.Server
	commits int
}

func setup(e *testscript.Env) error {
	s, err := emulator.New(emulator.Options{})
	if err != nil {
		return err
	}
	bin, err := quick()
	if err != nil {
		return err
	}
	e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
	h := httptest.NewServer(s)
	e.Defer(h.Close)
	e.Values["world"] = &scene{server: s}
	e.Setenv("CONNSYNC_ENDPOINT", h.URL)
	e.Setenv("HUAWEICLOUD_SDK_AK", emulator.DefaultAccessKey)
	e.Setenv("HUAWEICLOUD_SDK_SK", emulator.DefaultSecretKey)
	e.Setenv("SOPS_AGE_KEY", testIdentity)
	e.Setenv("RECIPIENT", testRecipient)
	e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
	e.Setenv("GOGC", os.Getenv("GOGC"))
	e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	e.Setenv("GIT_AUTHOR_NAME", "tester")
	e.Setenv("GIT_AUTHOR_EMAIL", "tester@example.invalid")
	e.Setenv("GIT_COMMITTER_NAME", "tester")
	e.Setenv("GIT_COMMITTER_EMAIL", "tester@example.invalid")
	home := filepath.Join(e.WorkDir, "home")
	return errors.Join(os.MkdirAll(home, 0o755), os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(noUpkeep), 0o644))
}

func of(ts *testscript.TestScript) *scene { return ts.Value("world").(*scene) }

// project makes a Git repository here with a project file for the emulated workspace.
func project(ts *testscript.TestScript, _ bool, _ []string) {
	if gittest.Init(ts.MkAbs("."), "main", false) != nil {
		ts.Check(ts.Exec("git", "init", "-q", "-b", "main"))
	}
	if _, err := os.Stat(ts.MkAbs("connsync.yaml")); err != nil {
		text := fmt.Sprintf(demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace)
		ts.Check(os.WriteFile(ts.MkAbs("connsync.yaml"), []byte(text), 0o644))
	}
}

// commit [MESSAGE] commits everything, a second after the commit before it.
func commit(ts *testscript.TestScript, _ bool, args []string) {
	of(ts).commits++
	now, message := time.Unix(1_800_000_000+int64(of(ts).commits), 0).UTC(), "c "+strings.Join(args, " ")
	ts.Setenv("GIT_COMMITTER_DATE", now.Format(time.RFC3339))
	if gittest.Add(ts.MkAbs(".")) != nil {
		ts.Check(ts.Exec("git", "add", "-A"))
	}
	if gittest.Commit(ts.MkAbs("."), message, object.Signature{Name: "tester", Email: "tester@example.invalid", When: now}, false) != nil {
		ts.Check(ts.Exec("git", "commit", "-q", "-m", message))
	}
}

// encryptFiles is seal FILE...: it encrypts passwords, tokens and secrets in place.
func encryptFiles(ts *testscript.TestScript, _ bool, files []string) {
	for _, f := range files {
		sealed, err := sops.Encrypt([]byte(ts.ReadFile(f)), testRecipient, sops.EncryptOptions{EncryptedRegex: `(?i)password|token|secret`, MACOnlyEncrypted: true})
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(f), sealed, 0o644))
	}
}

// setsecret FILE PATH VALUE does what `sops set` does.
func setSecret(ts *testscript.TestScript, _ bool, args []string) {
	var path []any
	for k := range strings.SplitSeq(args[1], ".") {
		path = append(path, k)
	}
	o := sops.New(sops.Options{Allow: []string{"age"}})
	sealed, err := sops.Set(context.Background(), o, args[0], []byte(ts.ReadFile(args[0])), path, args[2])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), sealed, 0o644))
}

// generate N FILES makes N connections in FILES encrypted files: c000 … with a password of its own.
func generate(ts *testscript.TestScript, _ bool, args []string) {
	n, _ := strconv.Atoi(args[0])
	files, _ := strconv.Atoi(args[1])
	for f := range files {
		var b strings.Builder
		b.WriteString("connections:\n  prod:\n")
		for i := f; i < n; i += files {
			fmt.Fprintf(&b, "    c%03d:\n      component: KafkaBus\n      version: \"1.0\"\n      config:\n        kafkaAddr: k%d.example:9093\n        userName: u\n        password: generated-secret-%03d\n", i, i, i)
		}
		name := fmt.Sprintf("connections/prod/f%02d.yaml", f)
		ts.Check(os.MkdirAll(ts.MkAbs("connections/prod"), 0o755))
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(b.String()), 0o644))
		encryptFiles(ts, false, []string{name})
	}
}

// switch NAME=VALUE... changes what the server does.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	for _, a := range args {
		ts.Check(of(ts).server.Set(a))
	}
}

// fault ROUTE:KIND... or, for a status with a text, fault ROUTE STATUS SHAPE TEXT.
func fault(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 4 {
		status, _ := strconv.Atoi(args[1])
		of(ts).server.Fail(emulator.Fault{Route: args[0], Kind: emulator.FaultStatus, Status: status, Shape: args[2], Text: args[3]})
		return
	}
	for _, a := range args {
		f, err := emulator.ParseFault(a)
		ts.Check(err)
		of(ts).server.Fail(f)
	}
}

// requests ROUTE=N... checks how many requests of the routes there were since the last check, and that there were no others. ROUTE? may be there or not: what is
// asked for side by side is given up where one of it fails.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	want, may := map[string]int{}, map[string]bool{}
	for _, a := range args {
		route, n, _ := strings.Cut(a, "=")
		if optional, ok := strings.CutSuffix(route, "?"); ok {
			may[optional] = true
			continue
		}
		want[route], _ = strconv.Atoi(n)
	}
	have := map[string]int{}
	for _, r := range of(ts).server.Requests() {
		if !may[r.Route] {
			have[r.Route]++
		}
	}
	of(ts).server.ResetRequests()
	if fmt.Sprint(want) != fmt.Sprint(have) {
		ts.Fatalf("requests: want %v, have %v", want, have)
	}
}

// put NAME PLUGIN VERSION DESCRIPTION CONFIG makes a connection by hand, and keeps its id in $id_NAME.
func put(ts *testscript.TestScript, _ bool, args []string) {
	component, version := of(ts).server.Plugin(args[1], args[2])
	id := of(ts).server.Put(emulator.Connection{
		Name: args[0], Description: args[3], ComponentID: component, ComponentVersionID: version, Config: args[4], CanBeDeleted: true,
	})
	ts.Setenv("id_"+args[0], id)
}

func find(ts *testscript.TestScript, name string) emulator.Connection {
	var found []emulator.Connection
	for _, c := range of(ts).server.Connections() {
		if c.Name == name {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		ts.Fatalf("%d connections named %s", len(found), name)
	}
	return found[0]
}

// edit NAME FIELD VALUE changes a connection in the console: description, name, or a setting of its config.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	of(ts).server.Edit(find(ts, args[0]).ID, func(c *emulator.Connection) {
		switch args[1] {
		case "description":
			c.Description = args[2]
		case "name":
			c.Name = args[2]
		default:
			var m map[string]any
			ts.Check(json.Unmarshal([]byte(c.Config), &m))
			m[args[1]] = args[2]
			text, err := json.Marshal(m)
			ts.Check(err)
			c.Config = string(text)
		}
	})
}

// remove NAME deletes a connection in the console.
func remove(ts *testscript.TestScript, _ bool, args []string) {
	of(ts).server.Remove(find(ts, args[0]).ID)
}

// deny ACTION... refuses these actions to everybody, and allows all others.
func deny(ts *testscript.TestScript, _ bool, args []string) { of(ts).server.Deny(args...) }

// holds NAME FIELD VALUE checks what the server has.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	c := find(ts, args[0])
	var m map[string]any
	ts.Check(json.Unmarshal([]byte(c.Config), &m))
	m["description"], m["id"] = c.Description, c.ID
	if have := fmt.Sprint(m[args[1]]); (have == args[2]) == neg {
		ts.Fatalf("%s of %s is %q", args[1], args[0], have)
	}
}

// connections N checks how many the server has, beside the built-in ones.
func connections(ts *testscript.TestScript, _ bool, args []string) {
	if n := len(of(ts).server.Connections()); strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d connections", n)
	}
}

// code N ARGS... runs connsync and checks its exit code.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	stdout, err := runOf(ts, args[1:])
	have := "0"
	if err != nil {
		have = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if have != args[0] {
		ts.Fatalf("connsync %s: exit code %s, want %s", strings.Join(args[1:], " "), have, args[0])
	}
	jsonConforms(ts, args[1:], stdout)
}

// runOf runs connsync as exec does, but without the start of testdata/quick, where a script has it first on its PATH and gives it nothing to
// read: what a script knows of that, testscript only keeps for itself.
func runOf(ts *testscript.TestScript, args []string) (stdout string, err error) {
	kept := reflect.ValueOf(ts).Elem()
	var env []string
	for i := range kept.FieldByName("env").Len() {
		env = append(env, kept.FieldByName("env").Index(i).String())
	}
	bin, err := quick()
	ts.Check(err)
	if first, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator)); first == bin && kept.FieldByName("stdin").String() == "" {
		var out, errs bytes.Buffer
		code, own, err := inPool(ts.MkAbs("."), append(env, "PWD="+ts.MkAbs(".")), &out, &errs, args...)
		if err == nil && code != 0 {
			err = fmt.Errorf("exit status %d", code)
		}
		if !own {
			_, _ = ts.Stdout().Write(out.Bytes())
			_, _ = ts.Stderr().Write(errs.Bytes())
			return out.String(), err
		}
	}
	err = ts.Exec("connsync", args...)
	return ts.ReadFile("stdout"), err
}

// jsonis FILE PATH VALUE checks a member of a JSON file: a.b.0.c.
func jsonIs(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	for k := range strings.SplitSeq(args[1], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[k]
		case []any:
			i, err := strconv.Atoi(k)
			if err != nil || i >= len(at) {
				ts.Fatalf("%s: no item %s", args[1], k)
			}
			v = at[i]
		}
	}
	if have := fmt.Sprint(v); have != args[2] {
		ts.Fatalf("%s is %s", args[1], have)
	}
}

// nosecrets TEXT... checks that no file under the working directory, nor any Git object, nor the last output holds a text.
func noSecrets(ts *testscript.TestScript, _ bool, canaries []string) {
	check := func(where, text string) {
		for _, c := range canaries {
			if strings.Contains(text, c) {
				ts.Fatalf("%s holds %s", where, c)
			}
		}
	}
	check("stdout", ts.ReadFile("stdout"))
	check("stderr", ts.ReadFile("stderr"))
	ts.Check(filepath.WalkDir(ts.MkAbs("."), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		check(path, string(text))
		return err
	}))
	ts.Check(ts.Exec("git", "cat-file", "--batch-all-objects", "--batch"))
	check("a Git object", ts.ReadFile("stdout"))
}
