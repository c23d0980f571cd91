package main

import (
	"context"
	"crypto/x509"
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
	job         string        // a job of package secmaster; "" for one with unknown permissions
	covers      time.Duration // how long it may take
	parallelism int
	uses        bool // who uses the connections is told
}

// client says how to reach one target's workspace.
func (g *globals) client(ctx context.Context, w world, t manifest.Target, n need) (secmaster.Options, error) {
	at, err := g.address(w, t)
	if err != nil {
		return secmaster.Options{}, err
	}
	found, err := w.keys.find(ctx, g.findAt(w, t, at, n))
	if err != nil {
		return secmaster.Options{}, err
	}
	project := t.ProjectID
	if project == "" {
		project = found.ProjectID
	}
	return secmaster.Options{
		Endpoint:    at.secmaster,
		IAMEndpoint: at.iam,
		Private:     at.private,
		RootCAs:     at.roots,
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
		Pace:        w.pace,
	}, nil
}

// find says where to look for a target's credentials.
func (g *globals) find(w world, t manifest.Target, n need) (secmaster.FindOptions, error) {
	at, err := g.address(w, t)
	return g.findAt(w, t, at, n), err
}

func (g *globals) findAt(w world, t manifest.Target, at address, n need) secmaster.FindOptions {
	home, _ := os.UserHomeDir()
	o := secmaster.FindOptions{
		Env: w.env, Home: home, ReadFile: os.ReadFile, Endpoint: at.secmaster, Region: t.Region, Proxy: http.ProxyFromEnvironment, Covers: n.covers,
		IAMEndpoint: at.iam, Private: at.private, RootCAs: at.roots,
	}
	if g.Narrow {
		o.Actions = secmaster.ActionNames(n.job)
		if n.uses {
			o.Actions = append(o.Actions, secmaster.UsesNames()...)
		}
	}
	return o
}

// keyring remembers the credentials of one run: an ID token may be taken only once, and several targets are no reason to ask for more. So it does with
// whom --ca-file trusts.
type keyring struct {
	mu    sync.Mutex
	found map[string]secmaster.Credentials
	roots func() (*x509.CertPool, error)
}

// find looks for credentials, once for all regions of one IAM.
func (k *keyring) find(ctx context.Context, o secmaster.FindOptions) (secmaster.Credentials, error) {
	if k == nil {
		return secmaster.FindCredentials(ctx, o)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	place := secmaster.STSRegion(o.Region) + " " + o.Endpoint + " " + o.IAMEndpoint
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
