package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// Which part a target is in is the same in all versions and on all machines: two halves of a fleet may run two versions.
func TestThePartOfATarget(t *testing.T) {
	for name, want := range map[string][2]int{"prod": {2, 31}, "test": {1, 6}, "eu-west": {2, 28}, "t-0001": {1, 12}, "a": {2, 11}} {
		for i, of := range []int{3, 32} {
			for part := 1; part <= of; part++ {
				if got := (shard{part, of}).has(name); got != (part == want[i]) {
					t.Errorf("%s in %d/%d: %v", name, part, of, got)
				}
			}
		}
	}
	counts := make([]int, 32)
	for n := range 5000 {
		for part := range counts {
			if (shard{part + 1, 32}).has(fmt.Sprintf("target-%04d", n)) {
				counts[part]++
			}
		}
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	if sum != 5000 || slices.Min(counts) < 100 || slices.Max(counts) > 220 {
		t.Errorf("%d in all: %v", sum, counts)
	}
}

func TestWhatIsNoShard(t *testing.T) {
	for _, text := range []string{"0/3", "4/3", "a/b", "3", "1/0", "1/10001", "1/2/3", "-1/3", "/", "1/"} {
		if code, _, errs := inProcess(nil, "targets", "--shard="+text); code != exitUsage || !strings.Contains(errs, "a shard is I/N") {
			t.Errorf("%s: exit %d: %s", text, code, errs)
		}
	}
	if code, _, errs := inProcess(nil, "state", "list", "--shard", "1/2"); code != exitUsage || !strings.Contains(errs, "--shard is for targets, diff and sync") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// fleet is a repository of three targets, each with a connection in a file of its own. The repository's first commit is the branch main.
func fleet(t *testing.T) (dir string, change func(name, text string)) {
	t.Helper()
	dir = t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err == nil && text == "" {
			err = os.Remove(path)
			if err != nil {
				t.Fatal(err)
			}
		} else if err = os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	project := "targets:\n"
	for _, name := range []string{"eu", "prod", "test"} {
		project += "  " + name + ": {region: cn-north-4, project_id: p, workspace_id: w-" + name + "}\n"
		write("connections/"+name+"/edr.yaml", fleetManifest(name, ""))
	}
	write("connsync.yaml", project)
	write(".sops.yaml", "creation_rules:\n  - age: "+testRecipient+"\n    encrypted_regex: ^password$\n")
	runGit(t, dir, "init", "-q", "-b", "main")
	commit := func() {
		runGit(t, dir, "add", "-A")
		runGit(t, dir, "commit", "-q", "-m", "c")
	}
	commit()
	return dir, func(name, text string) { write(name, text); commit() }
}

func fleetManifest(target, more string) string {
	return "connections:\n  " + target + ":\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {}\n" + more
}

// What a change touches is told from Git alone: the targets whose files it changes, and all where it changes what holds for all.
func TestTargetsThatAChangeTouches(t *testing.T) {
	more := "    siem:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {}\n"
	for _, c := range []struct{ what, file, text, want string }{
		{"a connection", "connections/prod/edr.yaml", strings.Replace(fleetManifest("prod", ""), "{}", "{a: b}", 1), "prod"},
		{"a description only", "connections/prod/edr.yaml", fleetManifest("prod", "      description: d\n"), "prod"},
		{"one more", "connections/eu/edr.yaml", fleetManifest("eu", more), "eu"},
		{"a comment", "connections/eu/edr.yaml", fleetManifest("eu", "# why\n"), "eu"},
		{"a file is gone", "connections/test/edr.yaml", "", "test"},
		{"a file for two", "connections/new.yaml", fleetManifest("eu", "")[:0] + "connections:\n  eu:\n    x: {component: EdrVendor, version: \"2.1\", config: {}}\n  test:\n    x: {component: EdrVendor, version: \"2.1\", config: {}}\n", "eu test"},
		{"no manifest", "README.md", "words", ""},
		{"the rules of all files", ".sops.yaml", "creation_rules:\n  - age: " + testRecipient + "\n    encrypted_regex: ^(password|token)$\n", "eu prod test"},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir, change := fleet(t)
			change(c.file, c.text)
			code, out, errs := inProcess(nil, "targets", "-C", dir, "--changed-since", "HEAD^1")
			if code != exitDone || strings.Join(strings.Fields(out), " ") != c.want {
				t.Errorf("exit %d: %q %s", code, out, errs)
			}
		})
	}
	dir, change := fleet(t)
	text, err := os.ReadFile(filepath.Join(dir, "connsync.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	change("connsync.yaml", strings.Replace(string(text), "w-prod", "w-other", 1))
	if code, out, errs := inProcess(nil, "targets", "-C", dir, "--changed-since", "HEAD^1", "--format", "json"); code != exitDone || strings.Join(strings.Fields(out), "") != `["prod"]` {
		t.Errorf("exit %d: %q %s", code, out, errs)
	}
	change("connsync.yaml", string(text)+"secrets: {mac: full}\n")
	if _, out, _ := inProcess(nil, "targets", "-C", dir, "--changed-since", "HEAD^1"); strings.Join(strings.Fields(out), " ") != "eu prod test" {
		t.Errorf("%q", out)
	}
	if code, _, errs := inProcess(nil, "targets", "-C", dir, "--changed-since", "nowhere"); code == exitDone || !strings.Contains(errs, "nowhere") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := inProcess(nil, "targets", "--repo", dir, "--changed-since", "HEAD^1"); code != exitUsage || !strings.Contains(errs, "not with --repo") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// Parts with a target are named as --shard takes them, in order; together they are all targets.
func TestPartsThatHaveATarget(t *testing.T) {
	dir, change := fleet(t)
	run := func(args ...string) string {
		code, out, errs := inProcess(nil, append([]string{"targets", "-C", dir}, args...)...)
		if code != exitDone || errs != "" {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
		return strings.Join(strings.Fields(out), " ")
	}
	for of, want := range map[string]string{"1": "1/1", "3": "1/3 2/3", "32": "6/32 10/32 31/32"} {
		if got := run("--shards", of); got != want {
			t.Errorf("of %s: %q, want %q", of, got, want)
		}
	}
	var together []string
	for _, part := range strings.Fields(run("--shards", "32")) {
		together = append(together, strings.Fields(run("--shard", part))...)
	}
	if slices.Sort(together); strings.Join(together, " ") != "eu prod test" {
		t.Errorf("together they are %v", together)
	}
	if got := run("--shards", "32", "--format", "json", "--target", "prod"); got != `[ "31/32" ]` {
		t.Errorf("got %s", got)
	}
	change("connections/prod/edr.yaml", fleetManifest("prod", "# why\n"))
	if got := run("--shards", "32", "--changed-since", "HEAD^1"); got != "31/32" {
		t.Errorf("of a change: %q", got)
	}
	change("README.md", "words")
	if got := run("--shards", "32", "--changed-since", "HEAD^1", "--format", "json"); got != "[]" {
		t.Errorf("of no change: %q", got)
	}
	for _, args := range [][]string{{"--shards", "-1"}, {"--shards", "10001"}, {"--shards", "x"}, {"--shards", "3", "--shard", "1/3"}} {
		if code, out, errs := inProcess(nil, append([]string{"targets", "-C", dir}, args...)...); code != exitUsage || out != "" || !strings.Contains(errs, "--shards") {
			t.Errorf("%v: exit %d: %s%s", args, code, out, errs)
		}
	}
}

// targetsAs is what  targets --format gitlab  writes of a project with these targets.
func targetsAs(t *testing.T, names []string, args ...string) (code int, out, errs string) {
	t.Helper()
	project := "targets:\n"
	for i, name := range names {
		project += fmt.Sprintf("  %q: {region: cn-north-4, project_id: p, workspace_id: w-%d}\n", name, i)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "connsync.yaml"), []byte(project), 0o644); err != nil {
		t.Fatal(err)
	}
	return inProcess(nil, append([]string{"targets", "-C", dir, "--format", "gitlab"}, args...)...)
}

// pipelineOf reads a child pipeline: the variables of each job, in order.
func pipelineOf(t *testing.T, text string) (names []string, variables []map[string]string) {
	t.Helper()
	var jobs yaml.Node
	if err := yaml.Unmarshal([]byte(text), &jobs); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	content := jobs.Content[0].Content
	for i := 0; i < len(content); i += 2 {
		var job struct {
			Extends   string            `yaml:"extends"`
			Variables map[string]string `yaml:"variables"`
		}
		if err := content[i+1].Decode(&job); err != nil || job.Extends != ".connsync" || content[i].ShortTag() != "!!str" {
			t.Errorf("%s: %v %+v", content[i].Value, err, job)
		}
		names, variables = append(names, content[i].Value), append(variables, job.Variables)
	}
	return names, variables
}

// A child pipeline of GitLab has a job for each target, in order, whatever YAML or GitLab make of a name, and is no larger than GitLab takes.
func TestAChildPipelineOfGitLab(t *testing.T) {
	hostile := []string{"0", "0x1f", "1_0", "default", "image", "no", "null", "on", "pages", "true", "variables", "y", strings.Repeat("z", 63)}
	code, out, errs := targetsAs(t, hostile)
	names, variables := pipelineOf(t, out)
	if code != exitDone || errs != "" || len(names) != len(hostile) {
		t.Fatalf("exit %d: %s%s", code, errs, out)
	}
	for i, target := range hostile {
		if names[i] != "target "+target || variables[i]["TARGET"] != target || len(variables[i]) != 1 {
			t.Errorf("%s: %s %v", target, names[i], variables[i])
		}
	}
	_, out, _ = targetsAs(t, hostile, "--shards", "3")
	if names, variables = pipelineOf(t, out); strings.Join(names, ", ") != "shard 1/3, shard 2/3, shard 3/3" || variables[1]["SHARD"] != "2/3" {
		t.Errorf("%v %v", names, variables)
	}
	var many []string
	for i := range 501 {
		many = append(many, fmt.Sprintf("t%060d", i))
	}
	code, out, errs = targetsAs(t, many[:500])
	if names, _ = pipelineOf(t, out); code != exitDone || len(names) != 500 || len(out) > 1<<20 {
		t.Errorf("exit %d: %d jobs in %d bytes: %s", code, len(names), len(out), errs)
	}
	if code, out, errs = targetsAs(t, many); code != exitUsage || out != "" || !strings.Contains(errs, "501 jobs") || !strings.Contains(errs, "--shards 500") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, out, errs = targetsAs(t, many, "--shards", "256"); code != exitDone || strings.Count(out, "extends") > 256 {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// GitLab refuses a pipeline without a job, so there is one that does nothing.
func TestAChildPipelineWithNothingToDo(t *testing.T) {
	dir, change := fleet(t)
	change("README.md", "words")
	_, out, _ := inProcess(nil, "targets", "-C", dir, "--format", "gitlab", "--changed-since", "HEAD^1")
	names, _ := pipelineOf(t, out)
	if !slices.Equal(names, []string{"no target"}) || !strings.Contains(out, "nothing to do") || strings.Contains(out, "connsync sync") {
		t.Errorf("%s", out)
	}
}

// The shards of a sync make what one sync makes, and one without a target is done.
func TestShardsTogetherAreAll(t *testing.T) {
	s, env, url := emulated(t)
	dir := lay(t, manifestsOf("connections:\n  prod:\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {}\n"))
	runGit(t, dir, "init", "-q", "-b", "main")
	runGit(t, dir, "add", "-A")
	runGit(t, dir, "commit", "-q", "-m", "c")
	was := len(s.Connections())
	for part, want := range []int{was, was, was + 1} {
		code, out, errs := inProcess(env, "sync", "-C", dir, "--endpoint", url, "--settle", "1ms", "--shard", fmt.Sprintf("%d/3", []int{1, 3, 2}[part]))
		if empty := strings.Contains(errs, "/3: nothing to do"); code != exitDone || len(s.Connections()) != want || empty != (want == was) {
			t.Errorf("%d: exit %d: %s%s", part, code, out, errs)
		}
	}
	if code, out, errs := inProcess(env, "diff", "-C", dir, "--endpoint", url, "--exit-code", "--local-state", "--shard", "1/3"); code != exitDone {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

// What --max-rps allows is for the whole command, from its first request on.
func TestNoMoreRequestsThanAreAllowed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "-1", "x", "NaN", "inf", "10001", "1e9"} {
		if code, _, errs := inProcess(nil, "diff", "--max-rps="+text); code != exitUsage || !strings.Contains(errs, "--max-rps: a number of requests a second") {
			t.Errorf("%s: exit %d: %s", text, code, errs)
		}
	}
	s, env, url := emulated(t)
	dir := lay(t, manifestsOf("connections:\n  prod:\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {}\n"))
	runGit(t, dir, "init", "-q", "-b", "main")
	runGit(t, dir, "add", "-A")
	runGit(t, dir, "commit", "-q", "-m", "c")
	began := time.Now()
	code, out, errs := inProcess(env, "sync", "-C", dir, "--endpoint", url, "--settle", "1ms", "--max-rps", "20")
	if least := time.Duration(s.Count("")-1) * 50 * time.Millisecond; code != exitDone || s.Count("") < 3 || time.Since(began) < least {
		t.Errorf("exit %d: %d requests in %v: %s%s", code, s.Count(""), time.Since(began), out, errs)
	}
}
