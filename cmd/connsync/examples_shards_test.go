package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// githubShards runs the parts, a job for each of them, and the status of all.
func githubShards(t *testing.T) {
	h := newHost(t)
	a := &actionsRun{ciHost: h, file: example(t, "github-actions-shards.yaml"), expr: map[string]string{"github.event_name": "push", "github.event.before": h.parted}}
	for k, v := range h.withoutKeys() {
		a.expr["secrets."+k] = v
	}
	a.expr["vars.CONNSYNC_OIDC_PROVIDER"], a.expr["vars.CONNSYNC_OIDC_AGENCY"], a.expr["vars.CONNSYNC_ID_TOKEN_AUDIENCE"] = h.cloud.Provider, h.cloud.Agency, h.cloud.Audience
	whole := func() {
		a.dir = h.clone([]string{"fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*"}, []string{"checkout", "-q", "-B", "main", "refs/remotes/origin/main"})
	}
	parts := func() string {
		whole()
		a.job("parts", nil)
		return a.expr["steps.list.outputs.shards"]
	}
	if got := parts(); !strings.HasSuffix(got, `/256"]`) || strings.Contains(got, ",") {
		t.Fatalf("the parts: %s", got)
	}
	a.expr["needs.parts.outputs.shards"] = a.expr["steps.list.outputs.shards"]
	reports := t.TempDir()
	for i, shard := range append(strings.Split(strings.Trim(a.expr["needs.parts.outputs.shards"], `[]`), ","), `"1/256"`) { // and one without a target
		whole()
		runGit(t, a.dir, "config", "http."+strings.TrimSuffix(h.url, "server.git")+".extraheader", bearerHeader)
		a.expr["matrix.shard"] = strings.Trim(shard, `"`)
		a.job("sync", nil)
		h.write(reports, "reports/connsync-report-"+string(rune('0'+i))+"/connsync-report.json", h.read(a.dir, "connsync-report.json"))
	}
	h.synced()
	a.dir = reports
	a.job("status", nil)
	if said := h.read(a.temp, "GITHUB_STEP_SUMMARY"); !strings.Contains(said, "exit code 0: 2 reports of 1 target, 0 with failures") || !strings.Contains(said, "2 created") {
		t.Errorf("the status: %s", said)
	}
	a.expr["github.event.before"] = h.main // nothing came since
	if got := parts(); got != "[]" {
		t.Errorf("parts of no change: %s", got)
	}
	a.expr["needs.parts.outputs.shards"] = "[]"
	if a.holds(at[string](a.file, "jobs", "sync", "if")) || a.holds(at[string](a.file, "jobs", "status", "if")) {
		t.Error("GitHub fails a matrix without a job")
	}
	a.expr["github.event_name"] = "schedule"
	if got := parts(); !strings.HasSuffix(got, `/256"]`) {
		t.Errorf("parts of a night: %s", got)
	}
}

// childJob is a job of a child pipeline with what it extends, as GitLab merges them.
func childJob(child, jobs map[string]any, name string) map[string]any {
	out := map[string]any{}
	base := at[map[string]any](child, at[string](jobs, name, "extends"))
	for _, of := range []map[string]any{base, at[map[string]any](jobs, name)} {
		for k, v := range of {
			out[k] = v
		}
	}
	return out
}

// gitlabShards makes the child pipeline, and runs its jobs and the status behind them.
func gitlabShards(t *testing.T) {
	h := newHost(t)
	parent, child := example(t, "gitlab-shards.yaml"), example(t, "gitlab-shards-job.yaml")
	h.cloud.Audience = "YOUR_AUDIENCE" // as the file has it
	kept := t.TempDir()                // what the runner keeps of a job
	env := func(more map[string]string) map[string]string {
		out := map[string]string{"CI_BUILDS_DIR": t.TempDir(), "CONNSYNC_GIT_TOKEN": hostToken, "CONNSYNC_OIDC_PROVIDER": h.cloud.Provider, "CONNSYNC_OIDC_AGENCY": h.cloud.Agency}
		for _, vars := range []map[string]string{h.withoutKeys(), more} {
			for k, v := range vars {
				out[k] = v
			}
		}
		return out
	}
	clone := func() string {
		dir := h.clone([]string{"fetch", "-q", "origin", "+refs/heads/main:refs/pipelines/1"}, []string{"checkout", "-q", "--detach", "refs/pipelines/1"})
		runGit(t, dir, "remote", "set-url", "origin", strings.Replace(h.url, "://", "://gitlab-ci-token:canary-job@", 1))
		return dir
	}
	parts := func(source, before string) map[string]any {
		dir := clone()
		h.run(0, dir, env(map[string]string{"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BEFORE_SHA": before}), "bash", "-c", script(at[[]any](parent, "parts", "before_script"), at[[]any](parent, "parts", "script")))
		var jobs map[string]any
		if err := yaml.Unmarshal([]byte(h.read(dir, "connsync-targets.yml")), &jobs); err != nil || len(jobs) != 1 {
			t.Fatalf("%v: %v", err, jobs)
		}
		return jobs
	}
	run := func(jobs map[string]any, name, id, dir string) {
		job := childJob(child, jobs, name)
		vars := map[string]string{"CI_JOB_ID": id, "CI_SERVER_URL": h.url[:strings.LastIndex(h.url, "/")], "CI_JOB_TOKEN": "canary-job"}
		for k, v := range at[map[string]any](job, "variables") {
			vars[k] = v.(string)
		}
		for name, of := range at[map[string]any](job, "id_tokens") {
			claims := h.cloud.Claims()
			claims.Audience = at[string](of, "aud")
			vars[name] = h.cloud.Token(claims)
		}
		before, own := job["before_script"].([]any)
		if !own {
			before = at[[]any](child, "default", "before_script")
		}
		t.Log(h.run(0, dir, env(vars), "bash", "-c", script(before, job["script"])))
		left, _ := filepath.Glob(filepath.Join(dir, "connsync-report-*.json"))
		for _, name := range left {
			h.write(kept, filepath.Base(name), h.read(name))
		}
	}
	jobs := parts("push", h.parted)
	for name := range jobs {
		if !strings.HasPrefix(name, "shard ") {
			t.Errorf("a job %s", name)
		}
		run(jobs, name, "17", clone())
	}
	h.synced()
	run(child, "status", "18", kept)
	if _, err := os.Stat(filepath.Join(kept, "connsync-report-17.json")); err != nil {
		t.Error(err)
	}
	run(parts("push", h.main), "no target", "19", t.TempDir())
	run(child, "status", "20", t.TempDir())
	if jobs = parts("schedule", strings.Repeat("0", 40)); jobs["no target"] != nil {
		t.Error("a schedule has nothing to do")
	}
}

// kubernetesShards runs some pods of the Indexed Job: the target's own, one without a target, and a refused one.
func kubernetesShards(t *testing.T) {
	h := newHost(t)
	const file = "kubernetes-indexed-job.yaml"
	spec := at[map[string]any](example(t, file), "spec")
	if spec["completionMode"] != "Indexed" || spec["completions"] != 32 || spec["backoffLimitPerIndex"] != 1 {
		t.Errorf("the Job: %v", spec)
	}
	index := func(i string) map[string]string { return map[string]string{"JOB_COMPLETION_INDEX": i} }
	if out := h.pod(index("0"), file, 0, "spec"); !strings.Contains(out, "no target is in shard 1/32") || len(h.server.Connections()) != 0 {
		t.Errorf("a part without a target: %s", out)
	}
	if out := h.pod(index("30"), file, 0, "spec"); !strings.Contains(out, `"outcome": "created"`) {
		t.Errorf("the log has no report: %s", out)
	}
	h.synced()
	h.drift()
	h.pod(index("30"), file, 0, "spec")
}
