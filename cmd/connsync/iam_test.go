package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets/sops"
)

// The policy printed by connsync is the least: where one of its actions is taken away, exactly the commands fail whose policy has it. With all
// of them, and no others, each command does its whole job.
func TestThePolicyOfEachJobIsTheLeast(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	plugin := "connections:\n  prod:\n    of_another_plugin:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {endpoint: https://edr.example}\n"
	if err := os.WriteFile(filepath.Join(st.work, "connections", "plugin.yaml"), []byte(plugin), 0o644); err != nil {
		t.Fatal(err)
	}
	runGit(t, st.work, "add", "-A")
	runGit(t, st.work, "commit", "-q", "-m", "three")
	jobs := map[string][]string{
		secmaster.JobDiff:  {"diff"},
		secmaster.JobSync:  {"sync", "--yes"},
		secmaster.JobPrune: {"sync", "--yes", "--prune", "--max-deletes", "100%"},
	}
	all := append(secmaster.ActionNames(secmaster.JobPrune), secmaster.UsesNames()...)
	for _, without := range append([]string{"nothing"}, all...) {
		spare := slices.Contains(secmaster.UsesNames(), without) // only prune asks for it, and does without
		for job, args := range jobs {
			if spare && job != secmaster.JobPrune {
				continue
			}
			s, err := st.begin(false)
			if err != nil {
				t.Fatal(err)
			}
			for _, there := range s.server.Connections() {
				if there.Name == "same" {
					s.server.Remove(there.ID) // in the console, so that its absence has to be believed
				}
			}
			if err := s.server.Set("workflows=1"); err != nil {
				t.Fatal(err)
			}
			needed := secmaster.ActionNames(job)
			var denied []string
			for _, a := range emulator.EnforcedActions() {
				if a == without || !slices.Contains(append(needed, secmaster.UsesNames()...), a) {
					denied = append(denied, a)
				}
			}
			s.server.Deny(denied...)
			code, stdout, stderr := inProcess(s.env, append(args, "-C", s.work, "--endpoint", s.http.URL)...)
			refused := false
			for _, r := range s.server.Requests() {
				refused = refused || r.Status == 403
			}
			if spare != strings.Contains(stdout, "a permission is missing") || spare && !refused {
				t.Errorf("%s without %s: refused: %v\n%s", job, without, refused, stdout)
			}
			refused = refused && !spare
			if fails := slices.Contains(needed, without); fails != (code != exitDone) || fails != refused {
				t.Errorf("%s without %s: exit %d, refused: %v\n%s%s", job, without, code, refused, stdout, stderr)
			}
			s.end()
		}
	}
}

func TestThePolicyIsPrintedWithHowSureItsNamesAre(t *testing.T) {
	_, text, _ := inProcess(nil, "iam", "--for", "sync")
	for _, want := range []string{"secmaster:connection:get        documented", "secmaster:connection:create     unverified  to create a connection", `"Version": "5.0"`, "secmaster:workflow:get          documented", "secmaster:policy:list           unverified  to search the emergency policies"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	extra := len(secmaster.UsesActions())
	for args, actions := range map[string]int{
		"diff": len(secmaster.Actions("diff")), "sync": len(secmaster.Actions("sync")), "prune": len(secmaster.Actions("prune")) + extra,
		"diff --uses": len(secmaster.Actions("diff")) + extra, "prune --uses": len(secmaster.Actions("prune")) + extra,
	} {
		job, _, _ := strings.Cut(args, " ")
		code, text, _ := inProcess(nil, append([]string{"iam", "--format", "json", "--for"}, strings.Fields(args)...)...)
		var p secmaster.Policy
		if err := json.Unmarshal([]byte(text), &p); code != exitDone || err != nil || len(p.Statement) != 1 || len(p.Statement[0].Action) != actions || strings.Contains(text, "delete") != (job == "prune") {
			t.Errorf("%s: exit %d, %v, %s", args, code, err, text)
		}
	}
	if code, _, stderr := inProcess(nil, "iam", "--for", "everything"); code != exitUsage || !strings.Contains(stderr, "diff") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// A run of two targets in one cloud asks for keys once: an ID token is taken once. What it may do is narrowed with --narrow.
func TestOneTokenServesAllTargets(t *testing.T) {
	t.Parallel()
	c, url := newIdentity(t)
	dir := t.TempDir()
	lock(t, dir)
	twoTargets(t, dir)
	for _, flags := range []string{"", "--narrow", "--narrow --uses"} {
		narrow := flags != ""
		env := map[string]string{"CONNSYNC_OIDC_PROVIDER": emulator.DefaultProvider, "CONNSYNC_OIDC_AGENCY": emulator.DefaultAgency, "CONNSYNC_ID_TOKEN": c.Token(c.Claims())}
		args := []string{"diff", "-C", dir, "--endpoint", url, "--local-state"}
		args = append(args, strings.Fields(flags)...)
		code, stdout, stderr := inProcess(env, args...)
		asked := c.Asked()
		if len(asked) == 0 {
			t.Fatalf("nobody was asked for keys: %s%s", stdout, stderr)
		}
		policy, _ := asked[len(asked)-1].Body["policy"].(string)
		if c.Server.Count(emulator.RouteList) == 0 || strings.Contains(policy, "secmaster:connection:get") != narrow || strings.Contains(policy, "create") || strings.Contains(policy, "secmaster:workflow:list") != strings.Contains(flags, "--uses") {
			t.Errorf("%q: exit %d, policy %q\n%s%s", flags, code, policy, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, env["CONNSYNC_ID_TOKEN"]) {
			t.Error("the token is printed")
		}
	}
	if n := len(c.Asked()); n != 3 {
		t.Errorf("%d requests for keys by three runs", n)
	}
	env := map[string]string{"CONNSYNC_OIDC_PROVIDER": emulator.DefaultProvider}
	if code, _, stderr := inProcess(env, "diff", "-C", dir, "--endpoint", url, "--local-state"); code != exitFailed || !strings.Contains(stderr, "CONNSYNC_OIDC_AGENCY: must be a URN") || !strings.Contains(stderr, "connsync help credentials") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func newIdentity(t *testing.T) (*emulator.Identity, string) {
	t.Helper()
	s, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := emulator.NewIdentity(s)
	h := httptest.NewServer(c)
	t.Cleanup(h.Close)
	return c, h.URL
}

// twoTargets adds another workspace.
func twoTargets(t *testing.T, dir string) {
	t.Helper()
	name := filepath.Join(dir, "connsync.yaml")
	text, err := os.ReadFile(name)
	if err == nil {
		second := fmt.Sprintf("  test:\n    region: %s\n    project_id: \"%s\"\n    workspace_id: %s\n", emulator.DefaultRegion, emulator.DefaultProject, "22222222-2222-4333-8444-555555555555")
		err = os.WriteFile(name, []byte(strings.Replace(string(text), "targets:\n", "targets:\n"+second, 1)), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// lock lays a project with one connection that has a secret.
func lock(t *testing.T, dir string) {
	t.Helper()
	text := "connections:\n  prod:\n    a:\n      component: KafkaBus\n      version: \"1.0\"\n      config: {endpoint: https://old.example, password: p}\n"
	sealed, err := sops.Encrypt([]byte(text), testRecipient, sops.EncryptOptions{EncryptedRegex: "password"})
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "connections"), 0o755)
	}
	for name, text := range map[string][]byte{
		"connsync.yaml":      fmt.Appendf(nil, demoProject, emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace),
		".sops.yaml":         []byte("creation_rules:\n  - age: " + testRecipient + "\n    encrypted_regex: password\n"),
		"connections/x.yaml": sealed,
	} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	runGit(t, dir, "init", "-q", "--template=")
}
