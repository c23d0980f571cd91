package main

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"time"

	"connsync/apply/state"
)

// identity says who writes: for the state's log, and for any user who finds an unfinished run.
func (r *syncRun) identity(now time.Time) state.Run {
	var id [8]byte
	_, _ = rand.Read(id[:])
	host, _ := os.Hostname()
	return state.Run{
		ID: hex.EncodeToString(id[:]), Host: host, Commit: r.src.commit.Hash,
		Actor:   firstOf(r.w.env, "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_USER_ID", "USER", "USERNAME"),
		Job:     firstOf(r.w.env, "CONNSYNC_JOB", "CI_JOB_URL", "BUILD_URL", "GITHUB_RUN_ID"),
		Started: now.UTC(), Expires: now.Add(r.cmd.Timeout).UTC(),
	}
}

func firstOf(env func(string) string, names ...string) string {
	for _, n := range names {
		if v := env(n); v != "" {
			return v
		}
	}
	return ""
}

func trailers(run state.Run, author string) [][2]string {
	out := [][2]string{{"Run", run.ID}, {"Host", run.Host}}
	for _, t := range [][2]string{{"Actor", run.Actor}, {"Job", run.Job}, {"Commit", run.Commit}, {"Author", author}} {
		if t[1] != "" {
			out = append(out, t)
		}
	}
	return out
}
