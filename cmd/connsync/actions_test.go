package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// repositoryYAML is a YAML file of this repository; of several documents, the last.
func repositoryYAML(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(text), "\n---\n")
	var v map[string]any
	if err := yaml.Unmarshal([]byte(documents[len(documents)-1]), &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// use runs a composite action as a job's step does. Its code is the failed step's.
func (a *actionsRun) use(action string, codes map[string]int, inputs map[string]string) {
	a.t.Helper()
	file := repositoryYAML(a.t, action)
	for name, input := range at[map[string]any](file, "inputs") {
		value, given := inputs[name]
		if !given {
			if at[bool](input, "required") {
				a.t.Fatalf("%s needs the input %s", action, name)
			}
			value = a.fill(at[string](input, "default"))
		}
		a.expr["inputs."+name] = value
	}
	a.bad, a.temp = false, a.t.TempDir()
	a.steps(at[[]any](file, "runs", "steps"), codes)
}

// releases stands in for gh where it reads releases: of one release, in the folder beside it.
const releases = `#!/bin/bash
s=$(dirname "$0")
echo "$*" >>"$s/asked"
[ "$GH_TOKEN" = canary-token ] || exit 9
case "$1 $2" in
'release download') [ "$3 $4 $5" = "v1.2.3 --repo acme/connsync" ] && cp "$s"/release/* "$7" ;;
'attestation verify') [ ! -e "$s/forged" ] && [ "$4 $5 $6 $7 $8 $9" = '--repo acme/connsync --signer-workflow acme/connsync/.github/workflows/release.yml --source-ref refs/tags/v1.2.3' ] ;;
*) exit 9 ;;
esac
`

// published is a runner with a gh that knows one release.
func published(t *testing.T) (a *actionsRun, stand string) {
	t.Helper()
	archive, sum := releaseArchive(t)
	stand = t.TempDir()
	a = &actionsRun{ciHost: &ciHost{t: t, machine: map[string]string{
		"PATH": stand + ":" + os.Getenv("PATH"), "HOME": t.TempDir(), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64",
	}}, dir: t.TempDir(), expr: map[string]string{
		"github.token": hostToken, "github.action_repository": "", "github.action_path": "/runner/_actions/acme/connsync/v1",
	}}
	a.write(stand, "gh", releases)
	a.write(stand, "release/connsync_1.2.3_linux_amd64.tar.gz", a.read(archive))
	a.write(stand, "release/checksums.txt", sum+"  connsync_1.2.3_linux_amd64.tar.gz\n"+strings.Repeat("0", 64)+"  connsync_1.2.3_linux_amd64.tar.gz.sbom\n")
	return a, stand
}

func TestTheSetupActionInstallsWhatWasReleased(t *testing.T) {
	a, stand := published(t)
	a.use("action.yml", nil, map[string]string{"version": "1.2.3"})
	program := a.expr["steps.install.outputs.path"]
	if bin := strings.TrimSpace(a.read(a.temp, "GITHUB_PATH")); filepath.Join(bin, "connsync") != program {
		t.Errorf("on the path: %s, installed: %s", bin, program)
	}
	if out, err := exec.Command(program, "version").Output(); err != nil || !strings.HasPrefix(string(out), "connsync ") {
		t.Errorf("%v: %s", err, out)
	}
	if asked := a.read(stand, "asked"); strings.Count(asked, "\n") != 2 || !strings.Contains(asked, "attestation verify ") {
		t.Errorf("gh was asked:\n%s", asked)
	}
	a.use("action.yml", nil, map[string]string{"version": "1.2.3", "verify": "false", "repository": "acme/connsync"})
	if asked := a.read(stand, "asked"); strings.Count(asked, "attestation verify ") != 1 {
		t.Errorf("gh was asked:\n%s", asked)
	}
}

func TestTheSetupActionRefusesWhatWasNotReleased(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(a *actionsRun, stand string)
		step   string
		inputs map[string]string
	}{
		"another archive": {func(a *actionsRun, stand string) {
			a.write(stand, "release/connsync_1.2.3_linux_amd64.tar.gz", "another")
		}, "check the checksum", nil},
		"no checksum": {func(a *actionsRun, stand string) {
			a.write(stand, "release/checksums.txt", strings.Repeat("0", 64)+"  connsync_1.2.3_linux_amd64.tar.gz.sbom\n")
		}, "check the checksum", nil},
		"forged":                      {func(a *actionsRun, stand string) { a.write(stand, "forged", "") }, "check who built it", nil},
		"any text but false":          {func(a *actionsRun, stand string) { a.write(stand, "forged", "") }, "check who built it", map[string]string{"verify": "no"}},
		"another version":             {nil, "download", map[string]string{"version": "1.2.4"}},
		"a version that is a path":    {nil, "download", map[string]string{"version": "1.2.3/../../x"}},
		"a repository that is a flag": {nil, "download", map[string]string{"repository": "--repo evil/connsync"}},
		"no repository":               {func(a *actionsRun, _ string) { a.expr["github.action_path"] = "/srv/here" }, "download", nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, stand := published(t)
			if c.spoil != nil {
				c.spoil(a, stand)
			}
			inputs := map[string]string{"version": "1.2.3"}
			for k, v := range c.inputs {
				inputs[k] = v
			}
			code := map[string]int{c.step: 1}
			a.use("action.yml", code, inputs)
			if a.expr["steps.install.outputs.path"] != "" || a.read(a.temp, "GITHUB_PATH") != "" {
				t.Error("it is installed")
			}
		})
	}
}

// The composite actions are run as GitHub's runner does, in fresh clones.
func TestTheActions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	stand := t.TempDir()
	h.write(stand, "gh", standIn)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.write(stand, "connsync", "#!/bin/bash\necho \"$*\" >>\"$(dirname \"$0\")/asked\"\nexec -a connsync '"+exe+"' \"$@\"\n")
	h.machine["PATH"] = stand + ":" + h.machine["PATH"]
	a := &actionsRun{ciHost: h, expr: map[string]string{
		"github.repository": "acme/ops", "github.token": hostToken, "github.event.pull_request.number": "1",
		"github.event.pull_request.head.repo.full_name": "acme/ops", "GITHUB_BASE_REF": "main", "GITHUB_ACTIONS": "true",
	}}
	pull := func(branch string) {
		a.dir = h.clone([]string{"fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/pull/1/merge:refs/remotes/pull/1/merge"}, []string{"checkout", "-q", "--detach", branch})
	}
	pull("refs/remotes/pull/1/merge")
	a.use("actions/preview/action.yml", nil, nil)
	h.previewed(h.read(stand, "said"))
	h.previewed(h.read(a.temp, "GITHUB_STEP_SUMMARY"))
	a.use("actions/preview/action.yml", nil, map[string]string{"comment": "false"})
	a.use("actions/preview/action.yml", nil, map[string]string{"base": "origin/main"})
	a.expr["github.event.pull_request.head.repo.full_name"] = "fork/ops"
	a.use("actions/preview/action.yml", nil, nil)
	if log := h.read(stand, "log"); log != "comment comment " {
		t.Errorf("comments: %s", log)
	}
	// What a sync would refuse fails the job in the last step, after it was shown.
	h.write(a.dir, "connections/edr.yaml", "connections: {prod: {edr: {nothing: 1}}}\n")
	a.use("actions/preview/action.yml", map[string]int{"result": 1}, nil)
	if text := h.read(a.temp, "GITHUB_STEP_SUMMARY"); !strings.Contains(text, "nothing") {
		t.Errorf("the summary: %s", text)
	}
	a.use("actions/preview/action.yml", map[string]int{"result": 1}, map[string]string{"base": "origin/gone"})

	for k, v := range h.secrets {
		h.machine[k] = v
	}
	a.dir = h.clone([]string{"fetch", "-q", "--no-tags", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main"}, []string{"checkout", "-q", "-B", "main", "refs/remotes/origin/main"})
	runGit(t, a.dir, "config", "http."+strings.TrimSuffix(h.url, "server.git")+".extraheader", bearerHeader)
	for _, inputs := range []map[string]string{{}, {"target": "prod", "prune": "true", "report": "kept.json"}} {
		a.use("actions/sync/action.yml", nil, inputs)
		h.synced()
	}
	if asked := h.read(stand, "asked"); !strings.HasSuffix(asked, "\n-C . sync --report "+a.dir+"/connsync-report.json\n-C . sync --report "+a.dir+"/kept.json --target prod --prune\n") {
		t.Errorf("connsync was asked:\n%s", asked)
	}
	if report := h.read(a.dir, "kept.json"); !strings.Contains(report, `"exit_code": 0`) {
		t.Errorf("the report: %s", report)
	}
	if text := h.read(a.temp, "GITHUB_STEP_SUMMARY"); !strings.HasPrefix(text, "<pre>") || !strings.Contains(text, "Done prod: 2 unchanged.") {
		t.Errorf("the summary: %s", text)
	}
	a.use("actions/sync/action.yml", map[string]int{"result": 80}, map[string]string{"target": "nowhere"})
}

// hostedNotes stands in for curl where it writes notes of a merge request; else it is curl.
const hostedNotes = `#!/bin/bash
s=$(dirname "$0")
case "$*" in *"$API"*) ;; *) export PATH="${PATH#*:}"; exec curl "$@" ;; esac
grep -q 'PRIVATE-TOKEN: canary-token' || exit 9
case "$*" in
*/user) echo '{"id": 4}' ;;
*'--request PUT'*/merge_requests/1/notes/3) cp note.md "$s/note"; echo -n 'edit ' >>"$s/log" ;;
*'--request POST'*/merge_requests/1/notes) cp note.md "$s/note"; echo -n 'note ' >>"$s/log" ;;
*/merge_requests/1/notes\?*) if [ -e "$s/note" ]; then echo '[{"id": 2, "author": {"id": 5}, "body": "<!-- connsync -->"}, {"id": 3, "author": {"id": 4}, "body": "<!-- connsync -->"}]'; else echo '[]'; fi ;;
*) exit 9 ;;
esac
`

// The components are run as GitLab's runner does.
func TestTheComponents(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	stand := t.TempDir()
	h.write(stand, "curl", hostedNotes)
	h.machine["PATH"] = stand + ":" + h.machine["PATH"]
	h.write(stand, "v1.2.3/connsync_1.2.3_linux_amd64.tar.gz", h.read(strings.TrimPrefix(h.machine["CONNSYNC_URL"], "file://")))
	inputs := map[string]string{"version": "1.2.3", "sha256": h.machine["CONNSYNC_SHA256"], "releases": "file://" + stand, "arch": "amd64"}
	job := func(file, name string, code int, env map[string]string, fetch string) string {
		part := at[map[string]any](repositoryYAML(t, file), name)
		dir := h.clone([]string{"fetch", "-q", "origin", "+" + fetch + ":refs/pipelines/1"}, []string{"checkout", "-q", "--detach", "refs/pipelines/1"})
		env["CI_BUILDS_DIR"], env["CI_API_V4_URL"], env["CI_PROJECT_ID"], env["CI_MERGE_REQUEST_IID"], env["CI_SERVER_URL"] = t.TempDir(), h.machine["API"], "1", "1", h.url[:strings.LastIndex(h.url, "/")]
		for k, v := range at[map[string]any](part, "variables") {
			env[k] = component.ReplaceAllStringFunc(v.(string), func(e string) string { return inputs[component.FindStringSubmatch(e)[1]] })
		}
		h.run(code, dir, env, "bash", "-c", script(at[[]any](part, "before_script"), at[[]any](part, "script")))
		return dir
	}
	job("templates/setup.yml", ".connsync", 0, map[string]string{}, "refs/heads/main")
	merge := func() map[string]string {
		return map[string]string{"CI_MERGE_REQUEST_DIFF_BASE_SHA": h.parted, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": h.main}
	}
	unknown := merge()
	unknown["CI_MERGE_REQUEST_TARGET_BRANCH_SHA"] = strings.Repeat("a", 40)
	job("templates/preview.yml", "connsync-preview", 1, unknown, "refs/merge-requests/1/merge")
	dir := job("templates/preview.yml", "connsync-preview", 0, merge(), "refs/merge-requests/1/merge")
	h.previewed(h.read(dir, "preview.html"))
	for range 2 {
		noted := merge()
		noted["CONNSYNC_NOTE_TOKEN"] = hostToken
		job("templates/preview.yml", "connsync-preview", 0, noted, "refs/merge-requests/1/merge")
	}
	h.previewed(h.read(stand, "note"))
	if log := h.read(stand, "log"); log != "note edit " {
		t.Errorf("notes: %s", log)
	}
	all := map[string]string{"CONNSYNC_GIT_TOKEN": hostToken}
	for k, v := range h.secrets {
		all[k] = v
	}
	job("templates/sync.yml", "connsync-sync", 0, all, "refs/heads/main")
	h.synced()
	inputs["sha256"] = strings.Repeat("0", 64)
	job("templates/setup.yml", ".connsync", 1, map[string]string{}, "refs/heads/main")
}

var component = regexp.MustCompile(`\$\[\[ *inputs\.([a-z0-9_-]+) *\]\]`)

// What is given to a component reaches a script only by a variable, and what a component installs is checked the same way in all.
func TestTheComponentsTakeInputsByVariables(t *testing.T) {
	installs := map[string]bool{}
	for file, job := range map[string]string{"setup": ".connsync", "preview": "connsync-preview", "sync": "connsync-sync"} {
		part := at[map[string]any](repositoryYAML(t, "templates/"+file+".yml"), job)
		installs[fmt.Sprint(part["before_script"], part["variables"].(map[string]any)["CONNSYNC_SHA256"])] = true
		for _, list := range []string{"before_script", "script"} {
			if component.MatchString(fmt.Sprint(part[list])) {
				t.Errorf("%s: a script is made of an input", file)
			}
		}
	}
	if len(installs) != 1 {
		t.Errorf("%d ways to install", len(installs))
	}
}

// The templates for Azure are run as its agent does. Where its steps leave things is another place than on other hosts.
func TestTheTemplatesForAzure(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	server := t.TempDir()
	h.write(server, "v1.2.3/connsync_1.2.3_linux_amd64.tar.gz", h.read(strings.TrimPrefix(h.machine["CONNSYNC_URL"], "file://")))
	parameters := map[string]string{"version": "1.2.3", "sha256": h.machine["CONNSYNC_SHA256"], "releases": "file://" + server, "arch": "amd64"}
	given := regexp.MustCompile(`^\$(?:\{\{ parameters\.|\()([A-Za-z0-9_]+)(?: \}\}|\))$`)
	run := func(codes map[string]int, fetch string, names ...string) (staging, out string) {
		dir := h.clone([]string{"fetch", "-q", "origin", "+" + fetch + ":refs/remotes/pipeline"}, []string{"checkout", "-q", "--detach", "refs/remotes/pipeline"})
		runGit(t, dir, "config", "http."+h.url+".extraheader", bearerHeader)
		staging, path := t.TempDir(), h.machine["PATH"]
		for _, name := range names {
			for _, s := range at[[]any](repositoryYAML(t, "templates/azure/"+name+".yml"), "steps") {
				if strings.Contains(at[string](s, "bash"), "${{") || strings.Contains(at[string](s, "bash"), "$(H") {
					t.Errorf("%s: a script is made of what others write", name)
				}
				env := map[string]string{"PATH": path, "AGENT_TEMPDIRECTORY": staging, "BUILD_ARTIFACTSTAGINGDIRECTORY": staging, "CI": ""}
				for k, v := range at[map[string]any](s, "env") {
					name := given.FindStringSubmatch(v.(string))[1]
					env[k] = parameters[name] + h.secrets[name]
				}
				out = h.run(codes[name], dir, env, "bash", "-c", at[string](s, "bash"))
				if _, more, ok := strings.Cut(out, "##vso[task.prependpath]"); ok {
					path = strings.TrimSpace(more) + ":" + path
				}
			}
		}
		return staging, out
	}
	staging, out := run(nil, "refs/pull/1/merge", "setup", "preview")
	h.previewed(h.read(staging, "preview.html"))
	_, summary, _ := strings.Cut(out, "##vso[task.uploadsummary]")
	h.previewed(h.read(strings.TrimSpace(summary)))
	staging, _ = run(nil, "refs/heads/main", "setup", "sync")
	h.synced()
	if report := h.read(staging, "connsync-report.json"); !strings.Contains(report, `"created"`) {
		t.Errorf("the report: %s", report)
	}
	parameters["sha256"] = strings.Repeat("0", 64)
	run(map[string]int{"setup": 1}, "refs/heads/main", "setup")
}

// hook runs a hook of .pre-commit-hooks.yaml as pre-commit does: with the connsync on the path.
func hook(t *testing.T, dir, id string) (code int, out string) {
	t.Helper()
	text, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []map[string]any
	if err := yaml.Unmarshal(text, &hooks); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(exe, filepath.Join(bin, "connsync")); err != nil {
		t.Fatal(err)
	}
	for _, h := range hooks {
		if h["id"] == id {
			cmd := exec.Command("bash", "-c", "exec "+h["entry"].(string))
			cmd.Dir, cmd.Env = dir, []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + bin, "GIT_CONFIG_NOSYSTEM=1"}
			said, _ := cmd.CombinedOutput()
			return cmd.ProcessState.ExitCode(), string(said)
		}
	}
	t.Fatalf("no hook %s", id)
	return 0, ""
}

func TestTheHooksOfPreCommit(t *testing.T) {
	t.Parallel()
	h := &ciHost{t: t}
	dir := t.TempDir()
	runGit(t, dir, "init", "-q", "-b", "main")
	h.write(dir, "connsync.yaml", fmt.Sprintf(demoProject, "cn-north-4", strings.Repeat("ab", 16), "11111111-2222-4333-8444-555555555555"))
	h.connection(dir, "edr", "as it was", "first-canary")
	plain := "connections:\n  prod:\n    firewall:\n      component: FirewallVendor\n      version: \"1.0\"\n      config: {endpoint: https://fw.example, password: a-canary-in-the-clear}\n"
	expect := func(what, id string, want int) {
		t.Helper()
		code, out := hook(t, dir, id)
		if code != want || strings.Contains(out, "canary") {
			t.Errorf("%s, %s: exit %d, want %d:\n%s", what, id, code, want, out)
		}
	}
	// Before the first commit there is only what is staged.
	h.write(dir, "connections/firewall.yaml", plain)
	runGit(t, dir, "add", "-A")
	expect("a first commit in the clear", "connsync-staged", 1)
	runGit(t, dir, "rm", "-q", "-f", "connections/firewall.yaml")
	expect("a first commit", "connsync-staged", 0)
	runGit(t, dir, "commit", "-q", "-m", "first")
	expect("nothing", "connsync-staged-system", 0)

	h.write(dir, "connections/firewall.yaml", plain)
	expect("a file in the clear that is not staged", "connsync-staged", 0)
	expect("a file in the clear", "connsync-validate", 1)
	runGit(t, dir, "add", "-A")
	h.connection(dir, "firewall", "encrypted, and not staged", "a-canary-in-the-clear")
	expect("a staged file in the clear, encrypted since", "connsync-staged", 1)
	expect("an encrypted file", "connsync-validate-system", 0)
	runGit(t, dir, "add", "-A")
	expect("an encrypted file", "connsync-staged-system", 0)
	h.write(dir, "connections/firewall.yaml.orig", plain)
	runGit(t, dir, "add", "-A", "-f")
	expect("a leftover in the clear", "connsync-staged", 1)
	if head := runGit(t, dir, "rev-list", "--count", "HEAD"); head != "1" {
		t.Errorf("%s commits", head)
	}
}

// Workflows and actions name actions by their hash, give no right to all jobs, and make no script of what others write.
func TestTheActionsGiveNothingAway(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d workflows, %v", len(files), err)
	}
	for _, file := range append(files, "../../action.yml", "../../actions/preview/action.yml", "../../actions/sync/action.yml") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		file = strings.TrimPrefix(file, "../../")
		for line := range strings.Lines(string(text)) {
			if use, ok := strings.CutPrefix(strings.TrimLeft(line, " -"), "uses: "); ok && !regexp.MustCompile(`^[a-z/-]+@[0-9a-f]{40} # v\d`).MatchString(use) {
				t.Errorf("%s: an action by a name that can be moved: %s", file, use)
			}
		}
		if strings.Contains(string(text), "pull_request_target") {
			t.Errorf("%s gives secrets to pull requests", file)
		}
		v := repositoryYAML(t, file)
		parts := map[string]any{"": at[map[string]any](v, "runs")}
		if jobs := at[map[string]any](v, "jobs"); jobs != nil {
			if given, ok := v["permissions"].(map[string]any); !ok || len(given) > 0 {
				t.Errorf("%s: every job has permissions", file)
			}
			parts = jobs
		}
		for name, part := range parts {
			if _, ok := part.(map[string]any)["permissions"]; !ok && name != "" {
				t.Errorf("%s: %s has the permissions of the repository", file, name)
			}
			for _, s := range at[[]any](part, "steps") {
				if strings.Contains(at[string](s, "run"), "${{") {
					t.Errorf("%s: a script is made of an expression: %s", file, at[string](s, "name"))
				}
			}
		}
	}
}

// To publish connsync, one line is changed.
func TestThePublisherStandsInOnePlace(t *testing.T) {
	owner := regexp.MustCompile(`(?m)^CONNSYNC_OWNER=([A-Za-z0-9-]+)$`)
	text, err := os.ReadFile("../../.ci/publisher")
	if err != nil {
		t.Fatal(err)
	}
	found := owner.FindAllSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("%d owners", len(found))
	}
	named := regexp.MustCompile(`(?:github\.com|ghcr\.io)/` + string(found[0][1]) + `/|\b` + string(found[0][1]) + `/(?:connsync|tap|homebrew-tap)\b`)
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "docs" || d.Name() == "dist") {
				return filepath.SkipDir // in docs OWNER stands for the account of the page
			}
			return err
		}
		if d.Name() == "CHANGELOG.md" || d.Name() == "actions_test.go" {
			return nil
		}
		text, err := os.ReadFile(path)
		// Descriptions say what an input looks like.
		for line := range strings.Lines(string(text)) {
			if named.MatchString(line) && !strings.Contains(line, "description: ") {
				t.Errorf("%s names the publisher: %s", path, line)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
