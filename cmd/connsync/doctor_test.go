package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster/doctor"
	"connsync/apply/secmaster/emulator"
)

// doctored is what  connsync doctor --format json  says.
type doctored struct {
	Works   bool
	Checks  []doctoredCheck
	Targets []struct {
		Target string
		Checks []doctoredCheck
		Habits []struct {
			Question string
			Seen     []string
		}
	}
}

type doctoredCheck struct {
	Check, Verdict, Text string
	Hints                []string
}

// all are the checks by name.
func (d doctored) all() map[string]doctoredCheck {
	out := map[string]doctoredCheck{}
	for _, c := range d.Checks {
		out[c.Check] = c
	}
	for _, t := range d.Targets {
		for _, c := range t.Checks {
			out[c.Check] = c
		}
	}
	return out
}

func (d doctored) names(verdict string) (out []string) {
	for name, c := range d.all() {
		if c.Verdict == verdict {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// doctorSays runs the doctor in a project; its JSON is one value.
func doctorSays(t *testing.T, env map[string]string, args ...string) (int, doctored, string) {
	t.Helper()
	code, stdout, stderr := inProcess(env, append([]string{"doctor", "--format", "json"}, args...)...)
	in := json.NewDecoder(strings.NewReader(stdout))
	var d doctored
	if err := in.Decode(&d); err != nil {
		t.Fatalf("exit %d: %v\n%s%s", code, err, stdout, stderr)
	}
	if in.Decode(new(any)) != io.EOF {
		t.Errorf("more than one value:\n%s", stdout)
	}
	return code, d, stdout + stderr
}

// practice is a project with one connection that has a secret, its key, and an emulated SecMaster.
func practice(t *testing.T) (dir string, env map[string]string, s *emulator.Server, url string) {
	t.Helper()
	t.Setenv("SOPS_AGE_KEY", testIdentity)
	dir = t.TempDir()
	lock(t, dir)
	s, env, url = emulated(t)
	return dir, env, s, url
}

// A doctor names the cause, goes on with what does not need it, and ends as a sync would.
func TestADoctorNamesTheCause(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string, env map[string]string, s *emulator.Server)
		args    []string
		failed  []string // the checks
		code    int
		says    string // in the text or a hint of the first
	}{
		"nothing":           {code: exitDone},
		"a dead endpoint":   {args: []string{"--endpoint", "http://127.0.0.1:1"}, failed: []string{"connection"}, code: exitFailed, says: "nothing listens there"},
		"an untrusted one":  {args: []string{"--endpoint", secure.URL}, failed: []string{"TLS"}, code: exitFailed, says: "the server's certificate is not trusted"},
		"a wrong key":       {prepare: wrongKey, failed: []string{"list connections"}, code: exitFailed, says: "the clocks agree, so it is the key"},
		"no credentials":    {prepare: noKey, failed: []string{"credentials"}, code: exitFailed, says: "no credentials for SecMaster"},
		"a list denied":     {prepare: denies("secmaster:connection:list"), failed: []string{"list connections"}, code: exitFailed, says: "by STS, what is missing is secmaster:connection:list"},
		"a look denied":     {prepare: denies("secmaster:connection:get"), failed: []string{"see one connection"}, code: exitFailed, says: "by STS, what is missing is secmaster:connection:get"},
		"plugins denied":    {prepare: denies("secmaster:component:list"), failed: []string{"list plugins"}, code: exitFailed, says: "by STS, what is missing is secmaster:component:list"},
		"workspaces denied": {prepare: denies("secmaster:workspace:list"), code: exitDone},
		"writes denied":     {prepare: denies("secmaster:connection:create", "secmaster:connection:update"), code: exitDone},
		"another workspace": {prepare: replaceIn("connsync.yaml", emulator.DefaultWorkspace, "99999999-2222-4333-8444-555555555555"), failed: []string{"list connections", "workspace"}, code: exitFailed, says: "the project shows " + emulator.DefaultWorkspace},
		"another region":    {prepare: replaceIn("connsync.yaml", "    project_id: "+emulator.DefaultProject+"\n", "", emulator.DefaultRegion, "cn-south-1"), failed: []string{"project"}, code: exitFailed, says: "exactly one project"},
		"no list":           {prepare: set("list=none"), failed: []string{"whole list"}, code: exitFailed, says: "no list under a known name"},
		"no key for a file": {prepare: func(t *testing.T, _ string, _ map[string]string, _ *emulator.Server) { t.Setenv("SOPS_AGE_KEY", "") }, failed: []string{"keys"}, code: exitFailed, says: "they open 0 of 1 file"},
		"a broken manifest": {prepare: replaceIn("connections/x.yaml", "connections:", "connectoins:"), failed: []string{"keys", "manifests"}, code: exitFailed, says: "unknown field connectoins"},
		"no project": {prepare: func(t *testing.T, dir string, _ map[string]string, _ *emulator.Server) {
			without(t, dir, "connsync.yaml")
		}, failed: []string{"project file"}, code: exitFailed, says: "no connsync.yaml here"},
		"CI without a share": {prepare: func(_ *testing.T, _ string, env map[string]string, _ *emulator.Server) { env["CI"] = "true" }, failed: []string{"Git remote"}, code: exitRefused, says: "in this clone only"},
		"a server's page":    {prepare: fails("list connections", emulator.Fault{Kind: emulator.FaultPage, Times: 9}), failed: []string{"list connections"}, code: exitFailed, says: "a proxy or a load balancer speaks here"},
		"a remote that died": {prepare: func(t *testing.T, dir string, _ map[string]string, _ *emulator.Server) {
			runGit(t, dir, "remote", "add", "origin", filepath.Join(dir, "gone.git"))
		}, failed: []string{"fetch"}, code: exitFailed, says: "no such repository"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, env, s, url := practice(t)
			if c.prepare != nil {
				c.prepare(t, dir, env, s)
			}
			args := append([]string{"-C", dir, "--endpoint", url}, c.args...)
			code, d, all := doctorSays(t, env, args...)
			if got := d.names("failed"); !slices.Equal(got, c.failed) && (len(got) > 0 || len(c.failed) > 0) || code != c.code || d.Works != (code == exitDone) {
				t.Errorf("exit %d, works: %v, failed: %v\n%s", code, d.Works, d.names("failed"), all)
			}
			if c.says != "" {
				var said []string
				for _, name := range c.failed {
					said = append(said, d.all()[name].Text, strings.Join(d.all()[name].Hints, "\n"))
				}
				if !strings.Contains(strings.Join(said, "\n"), c.says) {
					t.Errorf("nobody says %q:\n%s", c.says, all)
				}
			}
			for _, r := range s.Requests() {
				if r.Method != http.MethodGet && r.Route != emulator.RouteDecode {
					t.Errorf("%s %s", r.Method, r.Path)
				}
			}
		})
	}
}

func wrongKey(_ *testing.T, _ string, env map[string]string, _ *emulator.Server) {
	env["HUAWEICLOUD_SDK_SK"] = "another"
}

func noKey(t *testing.T, dir string, env map[string]string, _ *emulator.Server) {
	t.Setenv("HOME", dir)
	delete(env, "HUAWEICLOUD_SDK_AK")
	delete(env, "HUAWEICLOUD_SDK_SK")
	env["HC_CONTAINER_CREDENTIALS_FULL_URI"] = "" // no pod
}

func denies(actions ...string) func(*testing.T, string, map[string]string, *emulator.Server) {
	return func(_ *testing.T, _ string, _ map[string]string, s *emulator.Server) { s.Deny(actions...) }
}

func set(nameValue string) func(*testing.T, string, map[string]string, *emulator.Server) {
	return func(t *testing.T, _ string, _ map[string]string, s *emulator.Server) {
		if err := s.Set(nameValue); err != nil {
			t.Fatal(err)
		}
	}
}

func fails(route string, f emulator.Fault) func(*testing.T, string, map[string]string, *emulator.Server) {
	return func(_ *testing.T, _ string, _ map[string]string, s *emulator.Server) {
		f.Route = route
		s.Fail(f)
	}
}

func replaceIn(file string, pairs ...string) func(*testing.T, string, map[string]string, *emulator.Server) {
	return func(t *testing.T, dir string, _ map[string]string, _ *emulator.Server) {
		name := filepath.Join(dir, file)
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(name, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func without(t *testing.T, dir, name string) {
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// A clock 20 minutes off is told beside the refusal that it leads to.
func TestADoctorTellsTheClock(t *testing.T) {
	dir, env, _, _ := practice(t)
	for _, off := range []time.Duration{20 * time.Minute, -20 * time.Minute, 3 * time.Minute} {
		s, err := emulator.New(emulator.Options{Clock: func() time.Time { return time.Now().Add(off) }})
		if err != nil {
			t.Fatal(err)
		}
		h := httptest.NewServer(s)
		code, d, all := doctorSays(t, env, "-C", dir, "--endpoint", h.URL)
		h.Close()
		verdict, way, failed := "failed", "behind", []string{"clock", "list connections"}
		if off < 0 {
			way = "ahead of"
		}
		if off.Abs() < 15*time.Minute {
			verdict, failed = "warning", nil
		}
		c := d.all()["clock"]
		if c.Verdict != verdict || !strings.Contains(c.Text, fmt.Sprintf("%d minutes %s the server's", int(off.Abs().Minutes()), way)) || !slices.Equal(d.names("failed"), failed) || (code == exitDone) != (failed == nil) {
			t.Errorf("%v: exit %d\n%s", off, code, all)
		}
	}
}

// What is recorded can be replayed, by the command line, and recorded again: the same file. What is not asked for does not change it.
func TestARecordIsReplayedByTheEmulator(t *testing.T) {
	for _, switches := range [][]string{nil, {"config=masked", "updatetime=absent"}, {"list=data", "code=prefixed", "offset=page", "nulls=empty"}, {"timeformat=epoch", "status=lower", "candelete=absent"}} {
		dir, env, s, url := practice(t)
		for _, x := range switches {
			set(x)(t, dir, env, s)
		}
		s.Deny("secmaster:workspace:list")
		first, second := filepath.Join(t.TempDir(), "first.json"), filepath.Join(t.TempDir(), "second.json")
		code, _, all := doctorSays(t, env, "-C", dir, "--endpoint", url, "--record", first)
		if code != exitDone || !strings.Contains(all, "no value, name, id, length or time") {
			t.Fatalf("exit %d\n%s", code, all)
		}
		c := emulatorCmd{Replay: first}
		plan, err := c.plan()
		if err != nil || len(plan.lost) > 0 {
			t.Fatalf("%v, lost: %v", err, plan.lost)
		}
		again, err := c.server(plan)
		if err != nil {
			t.Fatal(err)
		}
		h := httptest.NewServer(again)
		code, _, all = doctorSays(t, env, "-C", dir, "--endpoint", h.URL, "--record", second)
		h.Close()
		a, _ := os.ReadFile(first)
		b, _ := os.ReadFile(second)
		if code != exitDone || len(a) < 1000 || string(a) != string(b) {
			t.Errorf("%v: exit %d\n%s\n%s\n%s", switches, code, all, a, b)
		}
	}
}

// What cannot be asked for is said, and nothing is written.
func TestWhatADoctorRefuses(t *testing.T) {
	dir, env, _, url := practice(t)
	file := filepath.Join(t.TempDir(), "t.json")
	newer := filepath.Join(t.TempDir(), "newer.json")
	if err := os.WriteFile(newer, []byte(fmt.Sprintf(`{"connsync_transcript":%d}`, doctor.Version+1)), 0o644); err != nil {
		t.Fatal(err)
	}
	twoTargets(t, dir)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitUsage, "--record is for one target: name it by --target", []string{"doctor", "-C", dir, "--endpoint", url, "--record", file}},
		{exitUsage, "--timeout: at least 1s", []string{"doctor", "-C", dir, "--timeout", "0s"}},
		{exitRefused, "SecMaster did not answer, so there is nothing to write", []string{"doctor", "-C", dir, "--endpoint", "http://127.0.0.1:1", "--target", "prod", "--record", file}},
		{exitFailed, "no such file or directory", []string{"doctor", "-C", dir, "--endpoint", url, "--target", "prod", "--record", filepath.Join(dir, "no", "t.json")}},
		{exitUsage, "--replay: not a transcript", []string{"emulator", "--addr", "127.0.0.1:0", "--replay", filepath.Join(dir, "connsync.yaml")}},
		{exitUsage, "--replay: a transcript of a newer version", []string{"emulator", "--addr", "127.0.0.1:0", "--replay", newer}},
		{exitFailed, "--replay " + file + ": no such file", []string{"emulator", "--addr", "127.0.0.1:0", "--replay", file}},
	} {
		code, stdout, stderr := inProcess(env, c.args...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a file was written")
	}
}
