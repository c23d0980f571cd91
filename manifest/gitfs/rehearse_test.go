package gitfs_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest/gitfs"
)

// A rehearsal asks as a push does, and leaves nothing: a read-only token is refused, as it is by a push.
func TestARehearsalTellsWhoMayPushAndSendsNothing(t *testing.T) {
	for name, prepare := range lines {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			bare := preparedCopy(t, "server.git", filepath.Join(t.TempDir(), "server.git"))
			before := run(t, bare, "for-each-ref") + run(t, bare, "count-objects", "-v")
			for token, kind := range map[string]gitfs.RemoteKind{"canary-token": "", "canary-reader": gitfs.RemoteDenied, "canary-nobody": gitfs.RemoteDenied} {
				dir := preparedCopy(t, "shallow", filepath.Join(t.TempDir(), "clone"))
				leads(t, dir, hosted(t, bare))
				s, err := open(t, dir).Shared("origin", func(k string) string {
					if k == "CONNSYNC_GIT_TOKEN" {
						return token
					}
					return ""
				})
				if err != nil {
					t.Fatal(err)
				}
				err = s.Rehearse(context.Background())
				var remote *gitfs.RemoteError
				switch {
				case kind == "" && err != nil:
					t.Errorf("%s: %v", token, err)
				case kind != "" && (!errors.As(err, &remote) || remote.Kind != kind || strings.Contains(err.Error(), "canary")):
					t.Errorf("%s: %v", token, err)
				}
			}
			if after := run(t, bare, "for-each-ref") + run(t, bare, "count-objects", "-v"); after != before {
				t.Errorf("the remote changed:\n%s\n%s", before, after)
			}
			nowhere := preparedCopy(t, "shallow", filepath.Join(t.TempDir(), "clone"))
			leads(t, nowhere, "http://127.0.0.1:1/x.git")
			s, err := open(t, nowhere).Shared("origin", func(string) string { return "" })
			if err == nil {
				err = s.Rehearse(context.Background())
			}
			var remote *gitfs.RemoteError
			if !errors.As(err, &remote) || remote.Kind != gitfs.RemoteUnreachable {
				t.Errorf("nobody listens: %v", err)
			}
		})
	}
}
