package gitfs

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"connsync/lazy"
)

// mostMoves are the redirects followed for one question.
const mostMoves = 3

// errRedirected says that a server redirects.
var errRedirected = errors.New("the remote is elsewhere")

// location is where a server redirects to, as Git notes it when it is asked to note its answers.
var location = lazy.New(`(?mi)<= Recv header: location: (\S+)\r?$`)

// follow takes the address a server redirects to, on the same host only. Git itself would go there and tell: so it is never let, but shows
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

// movedTo is the repository's address in a note of a redirect, if it stays on the host.
func movedTo(address, note string) (string, bool) {
	all := location.Regexp().FindAllStringSubmatch(note, -1)
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
