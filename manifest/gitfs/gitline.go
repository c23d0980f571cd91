package gitfs

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"connsync/lazy"
)

// gitLine is the user's own Git. It reaches whatever  git push  reaches: by keys, agents, helpers, proxies and certificates only it
// knows. It works in private repositories, with just the user's settings for reaching a remote.
type gitLine struct {
	program string
	folder  string // where relative paths start
	address string // without credentials
	forward settings
	keys    []key
	at      int // of the key taken last
	say     func(string)
	said    string
	desk    *Desk // nil where no person can be asked
	asked   bool  // a person was
}

// refersToEmpty is how Git's packets show a server with an answer and without a ref.
var refersToEmpty = lazy.New(`packet: +\S+< (version 2|0{40} capabilities\^\{\})`)

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
		if longHash.MatchString(a.stdout) { // they would all be passed over, as if there were none
			return &RemoteError{RemoteUnreachable, otherHashes}
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

// longHash is a ref of a repository with hashes too long for connsync.
var longHash = lazy.New(`(?m)^[0-9a-f]{64}\t`)

// refsOf reads lines of a hash, a tab and a name.
func refsOf(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if ok && fullHash.MatchString(hash) && !strings.HasSuffix(name, "^{}") { // that is what a tag names, and no ref
			out[name] = hash
		}
	}
	return out
}

func (g *gitLine) fetch(ctx context.Context, into *private, depth int, what ...string) error {
	args := []string{
		"fetch", "-q", "--no-tags", "--no-write-fetch-head", "--refmap=", "--no-auto-maintenance", "--no-recurse-submodules", "--update-shallow",
	}
	if depth > 0 {
		args = append(args, "--depth="+strconv.Itoa(depth))
	}
	err := g.attempt(ctx, func(k key) error {
		a := g.run(ctx, into, k, nil, slices.Concat(args, []string{"--", g.address}, fetchedAs(what))...)
		if a.code != 0 {
			return g.failure(ctx, a)
		}
		return nil
	})
	into.reopen()
	return err
}

func (*gitLine) compares() bool { return true }

// push sends from a private repository with access to the objects of the other one. The lease makes it create what is absent only while it is, and
// replace a commit only while it is that. It would force, too: so the pushed commit must come after the one it replaces.
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

// pushed reads a push's line about the ref.
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
		case flag == "!" && unreadableHere(a.stderr):
			return ErrBroken
		case flag == "!" && strings.HasPrefix(summary, "[remote rejected]") && !strings.Contains(summary, "failed to update ref"):
			return &RemoteError{RemoteRefused, refusal(summary + "\n" + a.stderr)}
		case flag == "!":
			return errRaced
		}
	}
	return g.failure(ctx, a)
}

// errRaced says that a ref was not what a push expected, or that another process held its lock. Only another look tells which of the two.
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

// attempt does something with the key that worked last, and with the others where it is refused: a job's read-only token hides no better one.
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
	if g.asked {
		text += ", which asked for them here"
	}
	if err == nil && g.say != nil && g.said != text {
		g.said = text
		g.say(text)
	}
}
