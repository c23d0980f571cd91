package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"

	"connsync/apply/secmaster"
	"connsync/manifest"
)

// client says how to reach one target's workspace. The endpoint follows from the region; only a
// flag or the environment overrides it, never a file of the repository.
func (g *globals) client(ctx context.Context, w world, t manifest.Target, parallelism int) (secmaster.Options, error) {
	home, _ := os.UserHomeDir()
	found, err := secmaster.FindCredentials(ctx, secmaster.FindOptions{Env: w.env, Home: home, ReadFile: os.ReadFile})
	if err != nil {
		return secmaster.Options{}, err
	}
	project := t.ProjectID
	if project == "" {
		project = found.ProjectID
	}
	return secmaster.Options{
		Endpoint:    g.Endpoint,
		IAMEndpoint: w.env("HUAWEICLOUD_SDK_IAM_ENDPOINT"),
		Region:      t.Region,
		ProjectID:   project,
		WorkspaceID: t.WorkspaceID,
		Credentials: found,
		Parallelism: parallelism,
		Proxy:       http.ProxyFromEnvironment,
		UserAgent:   "connsync/" + versionText(),
		Log:         g.requestLog(w),
		Waits:       w.waitsFor(t.Name),
		Wrap:        w.wrap,
	}, nil
}

// requestLog says every request with --verbose: method, path, status, request id and time.
func (g *globals) requestLog(w world) *slog.Logger {
	if !g.Verbose {
		return nil
	}
	return slog.New(slog.NewTextHandler(w.stderr, nil))
}
