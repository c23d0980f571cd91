package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// twoWorkspaces is a repository with a connection in each of two targets: two workspaces of one running emulator.
type twoWorkspaces struct {
	t    *testing.T
	work string
	env  map[string]string
	url  string
}

// serving runs an emulator until the test ends, and gives its address.
func serving(t *testing.T, args ...string) string {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	r, out := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- Main(ctx, append([]string{"emulator", "--addr", "127.0.0.1:0"}, args...), world{stdin: strings.NewReader(""), stdout: out, stderr: io.Discard, env: func(string) string { return "" }})
	}()
	t.Cleanup(func() {
		end()
		if code := <-ended; code != exitDone && code != exitInterrupted {
			t.Errorf("the emulator ended with %d", code)
		}
	})
	first := make([]byte, 200)
	n, err := r.Read(first)
	go func() { _, _ = io.Copy(io.Discard, r) }()
	url := regexp.MustCompile(`http://[0-9.:]+`).FindString(string(first[:n]))
	if err != nil || url == "" {
		t.Fatalf("%v %s", err, first[:n])
	}
	return url
}

func withTwoWorkspaces(t *testing.T) *twoWorkspaces {
	t.Helper()
	const east, west = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
	s := &twoWorkspaces{t: t, work: t.TempDir(), url: serving(t, "--workspace", east, "--workspace", west)}
	s.env = map[string]string{"HUAWEICLOUD_SDK_AK": emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": emulator.DefaultSecretKey}
	manifest := "connections:\n"
	project := "targets:\n"
	for target, workspace := range map[string]string{"east": east, "west": west} {
		project += "  " + target + ": {region: cn-north-4, workspace_id: " + workspace + "}\n"
		manifest += "  " + target + ":\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {endpoint: \"https://" + target + ".example\", user: svc}\n"
	}
	if err := os.Mkdir(filepath.Join(s.work, "connections"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"connsync.yaml": project, "connections/a.yaml": manifest} {
		if err := os.WriteFile(filepath.Join(s.work, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runGit(t, s.work, "init", "-q")
	runGit(t, s.work, "add", "-A")
	runGit(t, s.work, "commit", "-q", "-m", "two targets")
	return s
}

// runs runs a command, and wants an exit code.
func (s *twoWorkspaces) runs(code int, args ...string) string {
	s.t.Helper()
	args = append(args, "--endpoint", s.url)
	if args[0] != "emulator" {
		args = append(args, "-C", s.work)
	}
	got, stdout, stderr := inProcess(s.env, args...)
	if got != code {
		s.t.Errorf("%v: exit %d, want %d\n%s%s", args, got, code, stdout, stderr)
	}
	return stdout + stderr
}

func (s *twoWorkspaces) says(out string, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		not := strings.HasPrefix(text, "!")
		if strings.Contains(out, strings.TrimPrefix(text, "!")) == not {
			s.t.Errorf("%q in:\n%s", text, out)
		}
	}
}

// Two workspaces are synced, one is edited by hand: the diff shows the drift where it is, and a sync brings it back.
func TestADriftThatIsPlayedIsRepairedWhereItIs(t *testing.T) {
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	s := withTwoWorkspaces(t)
	s.says(s.runs(exitDone, "sync"), "Done east: 1 created", "Done west: 1 created")
	s.runs(exitDone, "diff", "--exit-code")

	s.says(s.runs(exitRefused, "emulator", "edit", "edr", "--set", "user=x"), "2 connections are called edr", "name the id")
	said := s.runs(exitDone, "emulator", "edit", "edr", "--workspace", "22222222-0000-4000-8000-000000000002", "--set", "endpoint=https://by-hand.example", "--unset", "user", "--format", "json")
	var edited struct{ Workspace, ID, Name, Outcome string }
	if err := json.Unmarshal([]byte(said), &edited); err != nil || edited.Outcome != "changed" || strings.Contains(said, "by-hand.example") {
		t.Errorf("%v %s", err, said)
	}
	out := s.runs(exitPending, "diff", "--exit-code")
	s.says(out, "~ update    edr", "by-hand.example", "drift by ops", "west")
	if strings.Count(out, "update    edr") != 1 {
		t.Errorf("both drifted:\n%s", out)
	}
	s.says(s.runs(exitDone, "sync"), "Done west: 1 updated", "!Done east: 1 updated")
	s.says(s.runs(exitDone, "diff", "--exit-code"), "!by-hand")

	// A rename, and a description; what was deleted is made anew; a stranger is never touched.
	s.says(s.runs(exitDone, "emulator", "edit", edited.ID, "--rename", "mine", "--description", "by hand"), "changed  mine")
	s.says(s.runs(exitDone, "sync", "--target", "west"), "Done west: 1 updated")
	s.says(s.runs(exitDone, "emulator", "edit", "--delete", edited.ID), "deleted  edr")
	s.says(s.runs(exitDone, "emulator", "edit", "stranger", "--create", "KafkaBus:1.0", "--set", "port=9093"), "created  stranger")
	s.says(s.runs(exitDone, "sync"), "Done west: 1 created", "3 connections in SecMaster not managed by connsync")
}

// What cannot be meant is refused before anything is asked, and where no emulator is, the command says so.
func TestWhatIsNoEditIsRefused(t *testing.T) {
	t.Parallel()
	at := time.Now()
	for says, args := range map[string][]string{
		"nothing to change":              {"edr"},
		"what is deleted is not changed": {"edr", "--delete", "--set", "a=b"},
		"--set: KEY=VALUE":               {"edr", "--set", "a"},
		"an emulator on loopback":        {"edr", "--delete", "--endpoint", "https://secmaster.cn-north-4.myhuaweicloud.com"},
		"an emulator on loopback, ":      {"edr", "--delete", "--endpoint", "http://192.0.2.1:8480"},
		"an emulator on loopback, such":  {"edr", "--delete", "--endpoint", "http://127.0.0.1:1/x"},
	} {
		if code, _, stderr := inProcess(nil, append([]string{"emulator", "edit"}, args...)...); code != exitUsage || !strings.Contains(stderr, says) {
			t.Errorf("%v: exit %d\n%s", args, code, stderr)
		}
	}
	if code, _, stderr := inProcess(nil, "emulator", "edit", "edr", "--delete", "--endpoint", "http://127.0.0.1:1"); code != exitRefused || !strings.Contains(stderr, "no emulator answers at http://127.0.0.1:1") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	if code, _, stderr := inProcess(nil, "emulator", "--addr", "127.0.0.1:0", "--workspace", "a/b"); code != exitUsage || !strings.Contains(stderr, "--workspace: letters, digits and - only") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	if time.Since(at) > 5*time.Second {
		t.Error("it waited")
	}
}

// The value of --set is JSON where it is, and else a text: a text like a number is given in quotes.
func TestAValueIsJSONOrAText(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"12": "12", `"12"`: `"12"`, "a,b": `"a,b"`, "": `""`, "true": "true", "[1]": "[1]", "{": `"{"`, "é\n": `"é\n"`} {
		e, err := emulatorEdit{Connection: "x", Set: []string{"k=" + value}}.edit()
		if err != nil || string(e.Set["k"]) != want {
			t.Errorf("%q: %s, %v", value, e.Set["k"], err)
		}
	}
}
