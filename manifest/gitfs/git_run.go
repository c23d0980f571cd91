package gitfs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// answer is what a Git program said.
type answer struct {
	stdout, stderr string
	code           int  // of its exit; -1 where it was ended or did not run
	asked          bool // a person answered a question
	declined       bool // a person did not answer one
}

// run starts a Git command in a private repository. It leaves nothing running. Where a person may be asked for the key, it asks them.
func (g *gitLine) run(ctx context.Context, p *private, k key, more []string, args ...string) answer {
	if err := p.trust(g.forward); err != nil {
		return answer{code: -1, stderr: "No space left on device"}
	}
	var asks *counter
	if k.asks {
		asks = g.desk.open(ctx, p.dir, g.address)
	}
	cmd := exec.CommandContext(ctx, g.program, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = g.folder, append(g.environment(p, k, asks), more...), 2*time.Second
	var stdout, stderr limited
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	alone(cmd)
	err := cmd.Run()
	reap(cmd)
	asks.close()
	a := answer{stdout: stdout.String(), stderr: stderr.String()}
	if err != nil {
		a.code = -1
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && ctx.Err() == nil {
			a.code = failed.ExitCode()
		}
	}
	g.heard(ctx, asks, &a)
	return a
}

// heard notes what became of a command's questions.
func (g *gitLine) heard(ctx context.Context, asks *counter, a *answer) {
	if asks == nil {
		return
	}
	a.declined, a.asked = asks.declined, len(asks.given) > 0
	g.asked = g.asked || a.asked
	if remote := (*RemoteError)(nil); a.code != 0 && errors.As(g.failure(ctx, *a), &remote) && remote.Kind == RemoteDenied {
		asks.forget()
	}
}

// limited keeps the beginning of what is written to it: a server may say as much as it wants.
type limited struct{ bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	const most = 64 << 20
	if room := most - l.Len(); room > 0 {
		_, _ = l.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

// environment is all that a Git command knows: of Git's own variables, those for reaching a remote; and its whole configuration.
func (g *gitLine) environment(p *private, k key, asks *counter) []string {
	env := withoutGit(environ(), "GIT_SSL_", "GIT_PROXY_SSL_", "GIT_SSH", "GIT_ASKPASS", "GIT_HTTP_PROXY_AUTHMETHOD", "GIT_EXEC_PATH")
	env = append(env,
		"GIT_DIR="+p.dir, "LC_ALL=C", "LANGUAGE=", "GIT_TERMINAL_PROMPT=0",
		"GIT_ALLOW_PROTOCOL=file:http:https:ssh", "GIT_CONFIG_GLOBAL="+filepath.Join(p.dir, "owners"), "GIT_CONFIG_NOSYSTEM=1")
	known := append(settings(nil), g.forward...)
	known = append(known, k.settings(g.address)...)
	if asks == nil {
		env = append(env, "SSH_ASKPASS_REQUIRE=never")
	} else {
		env = asks.asking(env, g.forward)
	}
	if k.header != "" {
		env = append(env, "GIT_ASKPASS=", "SSH_ASKPASS=")
	}
	known = append(known,
		setting{"core.hooksPath", os.DevNull}, setting{"core.fsmonitor", "false"}, setting{"gc.auto", "0"}, setting{"maintenance.auto", "false"},
		setting{"fetch.unpackLimit", "1"}, setting{"fetch.writeCommitGraph", "false"})
	if isHTTP(g.address) {
		known = append(known, setting{"http." + g.address + ".followRedirects", "false"})
	}
	for i, e := range known {
		n := strconv.Itoa(i)
		env = append(env, "GIT_CONFIG_KEY_"+n+"="+e.key, "GIT_CONFIG_VALUE_"+n+"="+e.value)
	}
	return append(env, "GIT_CONFIG_COUNT="+strconv.Itoa(len(known)))
}
