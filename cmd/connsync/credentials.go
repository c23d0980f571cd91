package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"connsync/apply/secmaster"
	"connsync/manifest"
)

// need is what a command wants of a workspace.
type need struct {
	job         string        // a job of package secmaster; "" for one whose permissions are not known
	covers      time.Duration // how long it may take
	parallelism int
}

// client says how to reach one target's workspace. The endpoint follows from the region; only a
// flag or the environment overrides it, never a file of the repository.
func (g *globals) client(ctx context.Context, w world, t manifest.Target, n need) (secmaster.Options, error) {
	found, err := w.keys.find(ctx, g.find(w, t, n))
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
		Parallelism: n.parallelism,
		Proxy:       http.ProxyFromEnvironment,
		UserAgent:   "connsync/" + versionText(),
		Log:         g.requestLog(w),
		Waits:       w.waitsFor(t.Name),
		Wrap:        w.wrap,
	}, nil
}

// find says where to look for a target's credentials.
func (g *globals) find(w world, t manifest.Target, n need) secmaster.FindOptions {
	home, _ := os.UserHomeDir()
	o := secmaster.FindOptions{
		Env: w.env, Home: home, ReadFile: os.ReadFile, Endpoint: g.Endpoint, Region: t.Region, Proxy: http.ProxyFromEnvironment, Covers: n.covers,
	}
	if g.Narrow {
		o.Actions = secmaster.ActionNames(n.job)
	}
	return o
}

// keyring remembers the credentials of one run: an ID token may be taken only once, and several targets are no reason to ask for more.
type keyring struct {
	mu    sync.Mutex
	found map[string]secmaster.Credentials
}

// find looks for credentials, once for all regions that one IAM serves.
func (k *keyring) find(ctx context.Context, o secmaster.FindOptions) (secmaster.Credentials, error) {
	if k == nil {
		return secmaster.FindCredentials(ctx, o)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	place := secmaster.STSRegion(o.Region) + " " + o.Endpoint
	if c, ok := k.found[place]; ok {
		return c, nil
	}
	c, err := secmaster.FindCredentials(ctx, o)
	if err == nil {
		if k.found == nil {
			k.found = map[string]secmaster.Credentials{}
		}
		k.found[place] = c
	}
	return c, err
}

// requestLog says every request with --verbose: method, path, status, request id and time.
func (g *globals) requestLog(w world) *slog.Logger {
	if !g.Verbose {
		return nil
	}
	return slog.New(slog.NewTextHandler(w.stderr, nil))
}
