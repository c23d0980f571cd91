package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// example is a file of examples/, as YAML.
func example(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("../../examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// at is a part of a YAML file; nil where there is none.
func at[T any](v any, path ...string) T {
	var none T
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	if v, ok := v.(T); ok {
		return v
	}
	return none
}

var everyExample = flag.Bool("examples", false, "run the examples for all CI systems, and not only those for GitHub and GitLab")

// Each example is run in clones as its host makes them. Those for GitHub and GitLab always are; the others differ from them in where their
// hosts put things.
func TestTheExamples(t *testing.T) {
	for name, c := range map[string]struct {
		usual bool
		run   func(*testing.T)
	}{
		"GitHub": {true, githubExample}, "GitLab": {true, gitlabExample}, "Bitbucket": {false, bitbucketExample}, "Azure": {false, azureExample},
		"Jenkins": {false, jenkinsExample}, "Kubernetes": {false, kubernetesExample},
		"GitHub in shards": {false, githubShards}, "GitLab in shards": {false, gitlabShards}, "Kubernetes in shards": {false, kubernetesShards},
	} {
		if c.usual || *everyExample {
			t.Run(name, func(t *testing.T) { t.Parallel(); c.run(t) })
		}
	}
}

// actionsRun is a run of a job of GitHub Actions.
type actionsRun struct {
	*ciHost
	file map[string]any
	dir  string
	expr map[string]string // what ${{ }} may name
	temp string
	bad  bool // a step failed
}

var expression = regexp.MustCompile(`\$\{\{ *([A-Za-z0-9_.-]+) *\}\}`)

func (a *actionsRun) fill(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		name := expression.FindStringSubmatch(e)[1]
		v, ok := a.expr[name]
		if !ok {
			a.t.Fatalf("%s is not known", name)
		}
		return v
	})
}

// holds tells whether a step or a job runs.
func (a *actionsRun) holds(condition string) bool {
	always := false
	for _, term := range strings.Split(condition, " && ") {
		left, right, compares := strings.Cut(term, " == ")
		unequal := false
		if !compares {
			left, right, compares = strings.Cut(term, " != ")
			unequal = compares
		}
		value := func(s string) string {
			if quoted, ok := strings.CutPrefix(s, "'"); ok {
				return strings.TrimSuffix(quoted, "'")
			}
			return a.expr[s]
		}
		switch {
		case term == "":
		case term == "always()":
			always = true
		case !compares:
			a.t.Fatalf("what is %s?", term)
		case (value(left) == value(right)) == unequal:
			return false
		}
	}
	return always || !a.bad
}

// job runs a job, step by step, as the runner does: each in a shell of its own. Its code is the failed step's.
func (a *actionsRun) job(name string, codes map[string]int) {
	a.t.Helper()
	a.bad, a.temp = false, a.t.TempDir()
	job := at[map[string]any](a.file, "jobs", name)
	if len(job) == 0 || !a.holds(at[string](job, "if")) {
		a.t.Fatalf("job %s does not run", name)
	}
	if at[string](job, "permissions", "id-token") == "write" {
		a.machine["ACTIONS_ID_TOKEN_REQUEST_URL"], a.machine["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = a.machine["CONNSYNC_ENDPOINT"]+"/job/id-token?api-version=2.0", a.cloud.JobToken
		defer func() { delete(a.machine, "ACTIONS_ID_TOKEN_REQUEST_URL") }()
	}
	a.steps(at[[]any](job, "steps"), codes)
}

// steps runs the steps of a job or of a composite action.
func (a *actionsRun) steps(steps []any, codes map[string]int) {
	a.t.Helper()
	machine := map[string]string{"RUNNER_TEMP": a.temp}
	for _, file := range []string{"GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		machine[file] = filepath.Join(a.temp, file)
		a.write(a.temp, file, "")
	}
	for k := range a.expr {
		if strings.HasPrefix(k, "GITHUB_") {
			machine[k] = a.expr[k]
		}
	}
	for _, s := range steps {
		script := at[string](s, "run")
		if script == "" || !a.holds(at[string](s, "if")) {
			continue
		}
		env := map[string]string{"PATH": strings.TrimSpace(a.read(machine["GITHUB_PATH"])) + ":" + a.machine["PATH"]}
		for k, v := range machine {
			env[k] = v
		}
		for k, v := range at[map[string]any](s, "env") {
			env[k] = a.fill(v.(string))
		}
		a.write(a.temp, "step.sh", script)
		shell := []string{"bash", "-e"}
		if at[string](s, "shell") == "bash" { // of a composite action, or asked for: pipefail too
			shell = []string{"bash", "--noprofile", "--norc", "-eo", "pipefail"}
		}
		code := codes[at[string](s, "name")]
		a.t.Logf("step %q", at[string](s, "name"))
		a.t.Log(a.run(code, a.dir, env, append(shell, filepath.Join(a.temp, "step.sh"))...))
		a.bad = a.bad || code != 0
		for line := range strings.Lines(a.read(machine["GITHUB_OUTPUT"])) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			a.expr["steps."+at[string](s, "id")+".outputs."+name] = value
		}
		a.write(a.temp, "GITHUB_OUTPUT", "")
	}
}

// standIn is gh with only what is asked of it here: it keeps one issue and one comment.
const standIn = `#!/bin/bash
[ "$GH_TOKEN" = canary-token ] && [ "$GH_REPO" = acme/ops ] || exit 9
s=$(dirname "$0")
case "$1 $2" in
'issue list') cat "$s/open" 2>/dev/null || true ;;
'issue create') echo 7 >"$s/open"; cp "${@: -1}" "$s/text"; echo -n 'open ' >>"$s/log" ;;
'issue edit') cp "${@: -1}" "$s/text"; echo -n 'edit ' >>"$s/log" ;;
'issue close') [ "$3" = 7 ] && rm "$s/open"; echo -n 'close ' >>"$s/log" ;;
'label create') ;;
'api --paginate') cat "$s/comment" 2>/dev/null || true ;;
'api --silent') case "$* " in *'--method POST repos/acme/ops/issues/1/comments '*) echo 3 >"$s/comment" ;; *'--method PATCH repos/acme/ops/issues/comments/3 '*) ;; *) exit 9 ;; esac
  cp comment.md "$s/said"; echo -n "comment " >>"$s/log" ;;
*) exit 9 ;;
esac
`

func githubExample(t *testing.T) {
	h := newHost(t)
	stand := t.TempDir()
	h.write(stand, "gh", standIn)
	h.machine["PATH"] = stand + ":" + h.machine["PATH"]
	a := &actionsRun{ciHost: h, file: example(t, "github-actions.yaml"), expr: map[string]string{
		"github.repository": "acme/ops", "github.token": hostToken, "github.event_name": "pull_request", "github.event.pull_request.number": "1",
		"github.event.pull_request.head.repo.full_name": "acme/ops", "GITHUB_BASE_REF": "main", "GITHUB_ACTIONS": "true",
	}}
	for k, v := range h.withoutKeys() {
		a.expr["secrets."+k] = v
	}
	a.expr["vars.CONNSYNC_OIDC_PROVIDER"], a.expr["vars.CONNSYNC_OIDC_AGENCY"], a.expr["vars.CONNSYNC_ID_TOKEN_AUDIENCE"] = h.cloud.Provider, h.cloud.Agency, h.cloud.Audience
	// The merge commit, with all history and without credentials.
	a.dir = h.clone([]string{"fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/pull/1/merge:refs/remotes/pull/1/merge"}, []string{"checkout", "-q", "--detach", "refs/remotes/pull/1/merge"})
	a.job("preview", nil)
	h.previewed(h.read(stand, "said"))
	h.previewed(h.read(a.temp, "GITHUB_STEP_SUMMARY"))
	a.job("preview", nil)
	a.expr["github.event.pull_request.head.repo.full_name"] = "fork/ops"
	a.job("preview", nil)
	if log := h.read(stand, "log"); log != "comment comment " {
		t.Errorf("comments: %s", log)
	}

	shallow := func() {
		a.dir = h.clone([]string{"fetch", "-q", "--no-tags", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main"}, []string{"checkout", "-q", "-B", "main", "refs/remotes/origin/main"})
		runGit(t, a.dir, "config", "http."+strings.TrimSuffix(h.url, "server.git")+".extraheader", bearerHeader)
	}
	shallow()
	a.expr["github.event_name"] = "push"
	a.job("sync", nil)
	h.synced()
	if !strings.Contains(h.read(a.dir, "connsync-report.json"), `"created"`) {
		t.Error("the report does not tell")
	}
	h.drift()
	a.expr["github.event_name"] = "schedule"
	for range 2 {
		shallow()
		a.job("drift", nil)
	}
	// It cannot look: the job fails, and the issue stays as it is.
	shallow()
	runGit(t, a.dir, "remote", "set-url", "origin", strings.Replace(h.url, "server.git", "gone.git", 1))
	a.job("drift", map[string]int{"compare": 1})
	shallow()
	a.expr["github.event_name"] = "push"
	a.job("sync", nil)
	a.expr["github.event_name"] = "schedule"
	shallow()
	a.job("drift", nil)
	h.issues.log = strings.Fields(strings.TrimPrefix(h.read(stand, "log"), "comment comment "))
	h.told("open edit close", h.read(stand, "text"))
}

// script joins a job's lines as GitLab's runner and Bitbucket's do.
func script(parts ...any) string {
	out := "set -eo pipefail\n"
	for _, p := range parts {
		lines, _ := p.([]any)
		for _, l := range lines {
			out += l.(string) + "\n"
		}
	}
	return out
}

func gitlabExample(t *testing.T) {
	h := newHost(t)
	file := example(t, "gitlab-ci.yaml")
	h.cloud.Audience = "YOUR_AUDIENCE" // as the file has it
	job := func(name string, code int, env map[string]string, fetch string, options ...string) string {
		dir := h.clone(append(append([]string{"fetch", "-q"}, options...), "origin", "+"+fetch+":refs/pipelines/1"), []string{"checkout", "-q", "--detach", "refs/pipelines/1"})
		for name, of := range at[map[string]any](file, name, "id_tokens") {
			claims := h.cloud.Claims()
			claims.Audience = at[string](of, "aud")
			env[name] = h.cloud.Token(claims)
		}
		runGit(t, dir, "remote", "set-url", "origin", strings.Replace(h.url, "://", "://gitlab-ci-token:canary-job@", 1)) // it may only read, and that no more
		env["CI_BUILDS_DIR"], env["CI_API_V4_URL"], env["CI_PROJECT_ID"], env["CI_SERVER_URL"], env["CI_JOB_TOKEN"] = t.TempDir(), h.machine["API"], "1", h.url[:strings.LastIndex(h.url, "/")], "canary-job"
		h.run(code, dir, env, "bash", "-c", script(at[[]any](file, "default", "before_script"), at[[]any](file, name, "script")))
		return dir
	}
	dir := job("preview", 0, map[string]string{"CI_MERGE_REQUEST_DIFF_BASE_SHA": h.parted, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": h.main}, "refs/merge-requests/1/merge")
	h.previewed(h.read(dir, "preview.html"))
	dir = job("preview", 0, map[string]string{"CI_MERGE_REQUEST_DIFF_BASE_SHA": h.parted, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": ""}, "refs/heads/topic")
	h.previewed(h.read(dir, "preview.html"))
	all := func() map[string]string {
		env := map[string]string{"CONNSYNC_GIT_TOKEN": hostToken, "DRIFT_TOKEN": hostToken, "CONNSYNC_OIDC_PROVIDER": h.cloud.Provider, "CONNSYNC_OIDC_AGENCY": h.cloud.Agency}
		for k, v := range h.withoutKeys() {
			env[k] = v
		}
		return env
	}
	job("sync", 0, all(), "refs/heads/main", "--depth=20")
	h.synced()
	h.drift()
	job("drift", 0, all(), "refs/heads/main", "--depth=20")
	job("drift", 0, all(), "refs/heads/main", "--depth=20")
	blind := all()
	blind["CONNSYNC_GIT_TOKEN"] = "canary-stale"
	job("drift", 1, blind, "refs/heads/main", "--depth=20")
	job("sync", 0, all(), "refs/heads/main", "--depth=20")
	job("drift", 0, all(), "refs/heads/main", "--depth=20")
	h.told("open edit close", h.issues.text)
}

func bitbucketExample(t *testing.T) {
	h := newHost(t)
	file := example(t, "bitbucket-pipelines.yaml")
	with := strings.Replace(h.url, "://", "://x-token-auth:"+hostToken+"@", 1)
	step := func(name, branch string, env map[string]string) string {
		dir := filepath.Join(t.TempDir(), "work")
		runGit(t, ".", "clone", "-q", "--branch", branch, "--single-branch", with, dir)
		if branch == "topic" { // the host merges before it tests
			runGit(t, dir, "fetch", "-q", "origin", "main")
			runGit(t, dir, "merge", "-q", "--no-edit", "FETCH_HEAD")
		}
		env["BITBUCKET_API"], env["BITBUCKET_REPO_FULL_NAME"], env["BITBUCKET_PR_DESTINATION_BRANCH"] = h.machine["API"], "acme/ops", "main"
		for _, s := range at[[]any](file, "definitions", "steps") {
			if at[string](s, "step", "name") == name {
				// Each job has a disk of its own, and so has a test.
				text := strings.ReplaceAll(script(at[[]any](s, "step", "script")), "/tmp/connsync", t.TempDir())
				h.run(0, dir, env, "bash", "-c", text)
			}
		}
		return dir
	}
	h.previewed(h.read(step("preview", "topic", map[string]string{}), "preview.html"))
	all := func() map[string]string {
		env := map[string]string{"CONNSYNC_GIT_TOKEN": hostToken}
		for k, v := range h.secrets {
			env[k] = v
		}
		return env
	}
	step("sync", "main", all())
	h.synced()
	h.drift()
	step("drift", "main", all())
	step("drift", "main", all())
	step("sync", "main", all())
	step("drift", "main", all())
	h.told("open edit close", h.issues.text)
}

func azureExample(t *testing.T) {
	h := newHost(t)
	file := example(t, "azure-pipelines.yaml")
	build := func(reason, fetch string) string {
		dir := h.clone([]string{"fetch", "-q", "origin", "+" + fetch + ":refs/remotes/pipeline"}, []string{"checkout", "-q", "--detach", "refs/remotes/pipeline"})
		runGit(t, dir, "config", "http."+h.url+".extraheader", bearerHeader)
		staging, temp, path := t.TempDir(), t.TempDir(), h.machine["PATH"]
		for _, s := range at[[]any](file, "steps") {
			condition := at[string](s, "condition")
			if at[string](s, "bash") == "" || condition != "" && !strings.Contains(condition, "'"+reason+"'") {
				continue
			}
			env := map[string]string{"PATH": path, "AGENT_TEMPDIRECTORY": temp, "BUILD_ARTIFACTSTAGINGDIRECTORY": staging, "SYSTEM_COLLECTIONURI": h.machine["API"] + "/", "SYSTEM_TEAMPROJECTID": "p"}
			for k, v := range at[map[string]any](s, "env") {
				name := strings.TrimSuffix(strings.TrimPrefix(v.(string), "$("), ")")
				env[k] = h.secrets[name]
				if name == "System.AccessToken" {
					env[k] = hostToken
				}
			}
			out := h.run(0, dir, env, "bash", "-c", at[string](s, "bash"))
			if _, more, ok := strings.Cut(out, "##vso[task.prependpath]"); ok {
				path = strings.TrimSpace(more) + ":" + path
			}
		}
		return staging
	}
	h.previewed(h.read(build("PullRequest", "refs/pull/1/merge"), "preview.html"))
	build("IndividualCI", "refs/heads/main")
	h.synced()
	h.drift()
	build("Schedule", "refs/heads/main")
	build("Schedule", "refs/heads/main")
	build("BatchedCI", "refs/heads/main")
	build("Schedule", "refs/heads/main")
	h.told("open edit close", h.issues.text)
}

var jenkinsShell = regexp.MustCompile(`(?s)'''(#!/bin/bash\n.*?)'''`)

func jenkinsExample(t *testing.T) {
	h := newHost(t)
	text, err := os.ReadFile("../../examples/Jenkinsfile")
	if err != nil {
		t.Fatal(err)
	}
	blocks := jenkinsShell.FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 4 || !strings.Contains(string(text), "environment { CI = 'true' }") {
		t.Fatalf("%d shell blocks", len(blocks))
	}
	asks := t.TempDir()
	h.write(asks, "askpass", "#!/bin/sh\ncase \"$1\" in Username*) echo jenkins ;; *) echo "+hostToken+" ;; esac\n")
	build := func(stage, code int, branch string) string {
		dir := h.clone([]string{"fetch", "-q", "--no-tags", "origin", "+refs/heads/" + branch + ":refs/remotes/origin/" + branch}, []string{"checkout", "-q", "-f", "--detach", "refs/remotes/origin/" + branch})
		env := map[string]string{"WORKSPACE_TMP": t.TempDir(), "CHANGE_TARGET": "main", "GIT_ASKPASS": filepath.Join(asks, "askpass")}
		h.run(0, dir, env, "bash", "-c", blocks[0][1])
		if stage > 1 {
			for k, v := range h.secrets {
				env[k] = v
			}
		}
		h.run(code, dir, env, "bash", "-c", blocks[stage][1])
		return dir
	}
	h.previewed(h.read(build(1, 0, "topic"), "preview.html"))
	build(2, 0, "main")
	h.synced()
	h.drift()
	if page := h.read(build(3, 2, "main"), "drift.html"); !strings.Contains(page, "by hand") || strings.Contains(page, "canary") {
		t.Errorf("the page: %s", page)
	}
	build(2, 0, "main")
	build(3, 0, "main")
}

// pod runs the containers of a pod, from a template at a path of a file, as a cluster does, with some more variables.
func (h *ciHost) pod(more map[string]string, name string, code int, path ...string) string {
	h.t.Helper()
	spec := at[map[string]any](example(h.t, name), append(path, "template", "spec")...)
	work, out := h.t.TempDir(), ""
	for _, kind := range []string{"initContainers", "containers"} {
		for _, c := range at[[]any](spec, kind) {
			env := map[string]string{}
			for _, e := range at[[]any](c, "env") {
				if n := at[string](e, "name"); h.machine[n] == "" || n == "HOME" {
					env[n] = strings.Replace(at[string](e, "value"), "/work", work, 1)
				}
			}
			want := 0
			if kind == "containers" {
				want, env["REPOSITORY"], env["CONNSYNC_GIT_TOKEN"] = code, h.url, hostToken
				for _, vars := range []map[string]string{h.secrets, more} {
					for k, v := range vars {
						env[k] = v
					}
				}
			}
			program := []string{}
			for _, list := range []string{"command", "args"} {
				for _, a := range at[[]any](c, list) {
					program = append(program, a.(string))
				}
			}
			out = h.run(want, work, env, program...)
		}
	}
	return out
}

func kubernetesExample(t *testing.T) {
	h := newHost(t)
	if out := h.pod(nil, "kubernetes-job.yaml", 0, "spec"); !strings.Contains(out, `"outcome": "created"`) {
		t.Errorf("the log has no report: %s", out)
	}
	h.synced()
	h.drift()
	h.pod(nil, "kubernetes-cronjob.yaml", 2, "spec", "jobTemplate", "spec")
	h.pod(nil, "kubernetes-job.yaml", 0, "spec")
	h.pod(nil, "kubernetes-cronjob.yaml", 0, "spec", "jobTemplate", "spec")
}

// An archive other than the named one is not run.
func TestAnExampleInstallsWhatWasNamed(t *testing.T) {
	h := newHost(t)
	h.machine["CONNSYNC_SHA256"] = strings.Repeat("0", 64)
	dir := t.TempDir()
	h.run(1, dir, map[string]string{"CI_BUILDS_DIR": dir}, "bash", "-c", script(at[[]any](example(t, "gitlab-ci.yaml"), "default", "before_script")))
	if _, err := os.Lstat(filepath.Join(dir, "connsync-bin", "connsync")); err == nil {
		t.Error("it was unpacked")
	}
}

// What a file gives to a job is what it needs: actions by their hash, permissions by name, and what others write only by the environment.
func TestTheExamplesGiveNothingAway(t *testing.T) {
	for _, name := range []string{"github-actions.yaml", "github-actions-shards.yaml"} {
		givesNothingAway(t, name)
	}
}

func givesNothingAway(t *testing.T, name string) {
	text, err := os.ReadFile("../../examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if use, ok := strings.CutPrefix(strings.TrimLeft(line, " -"), "uses: "); ok && !regexp.MustCompile(`^[a-z/-]+@[0-9a-f]{40} # v\d`).MatchString(use) {
			t.Errorf("an action by a name that can be moved: %s", use)
		}
	}
	file := example(t, name)
	if given, ok := file["permissions"].(map[string]any); !ok || len(given) > 0 {
		t.Error("every job has permissions")
	}
	for name, job := range at[map[string]any](file, "jobs") {
		if len(at[map[string]any](job, "permissions")) == 0 {
			t.Errorf("%s has all permissions", name)
		}
		for _, s := range at[[]any](job, "steps") {
			if strings.Contains(at[string](s, "run"), "${{") {
				t.Errorf("%s: a script is made of what others write: %s", name, at[string](s, "run"))
			}
			if name == "preview" && strings.Contains(strings.Join(valuesOf(at[map[string]any](s, "env")), " "), "secrets.") {
				t.Errorf("%s has a secret", name)
			}
		}
	}
}

func valuesOf(m map[string]any) []string {
	var out []string
	for _, v := range m {
		out = append(out, v.(string))
	}
	return out
}
