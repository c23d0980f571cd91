package gitfs

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// gitLine is the user's own Git, which reaches whatever  git push  reaches: by keys, agents, helpers, proxies and certificates that only it
// knows. It works in private repositories, with just those settings of the user that say how to reach a remote.
type gitLine struct {
	program string
	folder  string // that relative paths are relative to
	address string // without credentials
	forward settings
	keys    []key
	at      int // of the key that was taken last
	say     func(string)
	said    string
}

// leastGit is the oldest Git whose configuration can be given by the environment, and by nothing else.
const leastGit = 2*1000 + 32

var gitVersion = regexp.MustCompile(`^git version (\d+)\.(\d+)`)

// lookUp finds a program on PATH; tests of go-git's line find none.
var lookUp = exec.LookPath

// findGit is the Git on PATH; "" where there is none that is new enough, with the reason.
func findGit() (program, why string) {
	program, err := lookUp("git")
	if err != nil {
		return "", "no git is on PATH"
	}
	known, ok := rejected.Load(program)
	if !ok {
		known = unusable(program)
		rejected.Store(program, known)
	}
	if why = known.(string); why != "" {
		return "", why
	}
	return program, ""
}

// rejected is why a program is not used, by its path; "" where it is.
var rejected sync.Map

// unusable says why a program cannot be used; "" where it can.
func unusable(program string) string {
	out, err := exec.Command(program, "version").Output()
	v := gitVersion.FindSubmatch(out)
	if err != nil || v == nil {
		return "git does not tell its version"
	}
	major, _ := strconv.Atoi(string(v[1]))
	minor, _ := strconv.Atoi(string(v[2]))
	if major*1000+minor < leastGit {
		return "git " + string(v[1]) + "." + string(v[2]) + " is older than 2.32"
	}
	return ""
}

// answer is what a Git program said.
type answer struct {
	stdout, stderr string
	code           int // of its exit; -1 where it was ended or did not run
}

// run starts a Git command in a private repository. It leaves nothing running.
func (g *gitLine) run(ctx context.Context, p *private, k key, more []string, args ...string) answer {
	if err := p.trust(g.forward); err != nil {
		return answer{code: -1, stderr: "No space left on device"}
	}
	cmd := exec.CommandContext(ctx, g.program, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = g.folder, append(g.environment(p, k), more...), 2*time.Second
	var stdout, stderr limited
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	alone(cmd)
	err := cmd.Run()
	reap(cmd)
	a := answer{stdout.String(), stderr.String(), 0}
	if err != nil {
		a.code = -1
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) && ctx.Err() == nil {
			a.code = failed.ExitCode()
		}
	}
	return a
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

// environment is all that a Git command knows: of the variables that steer Git, those that say how to reach a remote; and its whole configuration.
func (g *gitLine) environment(p *private, k key) []string {
	env := withoutGit(os.Environ(), "GIT_SSL_", "GIT_PROXY_SSL_", "GIT_SSH", "GIT_ASKPASS", "GIT_HTTP_PROXY_AUTHMETHOD", "GIT_EXEC_PATH")
	env = append(env,
		"GIT_DIR="+p.dir, "LC_ALL=C", "LANGUAGE=", "GIT_TERMINAL_PROMPT=0", "SSH_ASKPASS_REQUIRE=never",
		"GIT_ALLOW_PROTOCOL=file:http:https:ssh", "GIT_CONFIG_GLOBAL="+filepath.Join(p.dir, "owners"), "GIT_CONFIG_NOSYSTEM=1")
	known := append(settings(nil), g.forward...)
	known = append(known, k.settings(g.address)...)
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

// refersToEmpty is how Git's packets show a server that answers and has no ref.
var refersToEmpty = regexp.MustCompile(`packet: +\S+< (version 2|0{40} capabilities\^\{\})`)

func (g *gitLine) list(ctx context.Context, names ...string) (map[string]string, error) {
	if len(names) > 0 {
		names = append([]string{"HEAD"}, names...)
	}
	var out map[string]string
	err := g.each(ctx, func(p *private, k key) error {
		args := append([]string{"ls-remote", "--", g.address}, names...)
		a := g.run(ctx, p, k, nil, args...)
		if a.code != 0 {
			return g.failure(ctx, a)
		}
		if out = refsOf(a.stdout); len(out) > 0 {
			return nil
		}
		// No line at all is what a login page is to Git, too: only a server that talks Git has no ref.
		a = g.run(ctx, p, k, []string{"GIT_TRACE_PACKET=1"}, args...)
		if a.code != 0 || !refersToEmpty.MatchString(a.stderr) {
			return &RemoteError{RemoteUnreachable, "its answer is not Git's"}
		}
		out = refsOf(a.stdout)
		return nil
	})
	return out, err
}

// refsOf reads lines of a hash, a tab and a name.
func refsOf(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if ok && fullHash.MatchString(hash) && !strings.HasSuffix(name, "^{}") { // which is what a tag names, and no ref
			out[name] = hash
		}
	}
	return out
}

func (g *gitLine) fetch(ctx context.Context, into *private, what string, depth int) error {
	args := []string{
		"fetch", "-q", "--no-tags", "--no-write-fetch-head", "--refmap=", "--no-auto-maintenance", "--no-recurse-submodules", "--update-shallow",
	}
	if depth > 0 {
		args = append(args, "--depth="+strconv.Itoa(depth))
	}
	err := g.attempt(ctx, func(k key) error {
		a := g.run(ctx, into, k, nil, append(slices.Clone(args), "--", g.address, "+"+what+":"+fetched)...)
		if a.code != 0 {
			return g.failure(ctx, a)
		}
		return nil
	})
	into.reopen()
	return err
}

func (*gitLine) compares() bool { return true }

// push sends from a private repository that finds the objects of the other one. The lease makes it create what is absent only while it is, and
// replace a commit only while it is that. It would force, too: so what is pushed must come after what it replaces.
func (g *gitLine) push(ctx context.Context, from *Repository, ref, old, new string) error {
	if old != "" {
		if after, err := from.IsAncestor(old, new); err != nil || !after {
			return &RemoteError{RemoteRefused, "what is pushed does not come after what is there"}
		}
	}
	p, err := newPrivate()
	if err != nil {
		return ErrTemporary
	}
	defer func() { _ = p.remove() }()
	if err := p.lookInto(from); err != nil {
		return ErrBroken
	}
	return g.attempt(ctx, func(k key) error {
		a := g.run(ctx, p, k, nil, "push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no",
			"--force-with-lease="+ref+":"+old, "--", g.address, new+":"+ref)
		return g.pushed(ctx, a, ref)
	})
}

// pushed reads the line of a push that tells of the ref.
func (g *gitLine) pushed(ctx context.Context, a answer, ref string) error {
	for line := range strings.Lines(a.stdout) {
		flag, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		refs, summary, _ := strings.Cut(rest, "\t")
		if _, to, ok := strings.Cut(refs, ":"); !ok || to != ref {
			continue
		}
		switch {
		case a.code == 0 && (flag == " " || flag == "*" || flag == "="):
			return nil
		case flag == "!" && strings.HasPrefix(summary, "[remote rejected]") && !strings.Contains(summary, "failed to update ref"):
			return &RemoteError{RemoteRefused, refusal(summary + "\n" + a.stderr)}
		case flag == "!":
			return errRaced
		}
	}
	return g.failure(ctx, a)
}

// errRaced says that a ref was not what a push expected, or that somebody else held its lock. Which, only another look tells.
var errRaced = errors.New("the ref was replaced or locked")

// each does something in a private repository of its own, with one key after another.
func (g *gitLine) each(ctx context.Context, do func(p *private, k key) error) error {
	p, err := newPrivate()
	if err != nil {
		return ErrTemporary
	}
	defer func() { _ = p.remove() }()
	return g.attempt(ctx, func(k key) error { return do(p, k) })
}

// attempt does something with the key that worked last, and with the others where it is refused: a job's token that may only read hides no better one.
func (g *gitLine) attempt(ctx context.Context, do func(k key) error) error {
	var first error
	for i := range g.keys {
		at := (g.at + i) % len(g.keys)
		err := do(g.keys[at])
		for moves := 0; errors.Is(err, errRedirected); moves++ {
			if err = g.follow(ctx, g.keys[at]); err == nil && moves < mostMoves {
				err = do(g.keys[at])
			} else if err == nil {
				err = &RemoteError{RemoteUnreachable, "it redirects in a circle"}
			}
		}
		remote := (*RemoteError)(nil)
		if !errors.As(err, &remote) || remote.Kind != RemoteDenied && remote.Kind != RemoteNotFound {
			g.at = at
			g.tell(g.keys[at], err)
			return err
		}
		if remote.Detail == noCredentials && g.keys[at].header != "" { // it would ask since it did not take ours
			err = &RemoteError{RemoteDenied, "the server does not take the credentials of " + g.keys[at].name}
		}
		if first == nil || errors.As(first, &remote) && remote.Detail == noCredentials {
			first = err
		}
	}
	return first
}

// tell says which key was taken, once.
func (g *gitLine) tell(k key, err error) {
	text := "by " + g.program + ", with the credentials of " + k.name
	if err == nil && g.say != nil && g.said != text {
		g.said = text
		g.say(text)
	}
}

// mostMoves are the redirects that are followed for one question.
const mostMoves = 3

// errRedirected says that a server redirects.
var errRedirected = errors.New("the remote is elsewhere")

// location is where a server redirects to, as Git notes it when it is asked to note its answers.
var location = regexp.MustCompile(`(?mi)<= Recv header: location: (\S+)\r?$`)

// follow takes the address that a server redirects to, on the same host only. Git itself would go there and tell: so it is never let, but shows
// where it was sent.
func (g *gitLine) follow(ctx context.Context, k key) error {
	p, err := newPrivate()
	if err != nil {
		return ErrTemporary
	}
	defer func() { _ = p.remove() }()
	a := g.run(ctx, p, k, []string{"GIT_TRACE_CURL=1", "GIT_TRACE_CURL_NO_DATA=1"}, "ls-remote", "--", g.address, "HEAD")
	to, ok := movedTo(g.address, a.stderr)
	if !ok {
		return &RemoteError{RemoteUnreachable, elsewhere}
	}
	g.address = to
	return nil
}

// movedTo is the repository's address in a note of a redirect, if that stays on the host.
func movedTo(address, note string) (string, bool) {
	all := location.FindAllStringSubmatch(note, -1)
	from, err := url.Parse(address)
	if len(all) == 0 || err != nil {
		return "", false
	}
	to, err := from.Parse(all[len(all)-1][1])
	if err != nil || to.User != nil {
		return "", false
	}
	for _, end := range []string{"/info/refs", "/git-upload-pack", "/git-receive-pack"} {
		to.Path = strings.TrimSuffix(to.Path, end)
	}
	to.RawPath, to.RawQuery, to.Fragment = "", "", ""
	return to.String(), sameOrigin(address, to.String()) && to.String() != address
}
