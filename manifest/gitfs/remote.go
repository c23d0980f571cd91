package gitfs

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/memory"

	"connsync/lazy"
)

// Remote is a remote of a repository.
type Remote struct{ Name, URL string } // without credentials

// Remotes are the remotes in the repository's own file, in order of name.
func (r *Repository) Remotes() []Remote {
	first := map[string]string{}
	own, _ := fromFile(filepath.Join(r.layout.commonDir, "config"))
	for _, e := range own {
		section, key := cutLast(e.key)
		if name, ok := strings.CutPrefix(section, "remote."); ok && key == "url" && first[name] == "" {
			first[name] = withoutCredentials(e.value)
		}
	}
	var out []Remote
	for name, address := range first {
		out = append(out, Remote{name, address})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func withoutCredentials(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return address
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// CloneOptions say what of a remote is read, and as whom.
type CloneOptions struct {
	Ref  string              // a branch, a tag or a full commit; "" for the remote's HEAD
	Env  func(string) string // for CONNSYNC_GIT_TOKEN
	Asks *Desk               // nil where no person can be asked
}

// scp is the short form of an SSH address.
var scp = lazy.New(`^[A-Za-z0-9._-]+@[A-Za-z0-9._-]+:[^:]+$`)

var fullHash = lazy.New(`^[0-9a-f]{40}$`)

// Clone reads one commit of a remote, without its history, into a temporary folder (Close removes it); or into memory, where there is no
// Git. A local path is opened instead. It reaches what Git reaches, and uses the token in CONNSYNC_GIT_TOKEN where the address is https. Its
// errors are *RemoteError, *UnknownRefError and those of Open.
func Clone(ctx context.Context, address string, o CloneOptions) (*Repository, error) {
	path, local, err := checkAddress(address)
	if err != nil {
		return nil, err
	}
	if local {
		return Open(path)
	}
	p, err := newPrivate()
	if err != nil {
		p = &private{storage: memory.NewStorage()}
	}
	r := &Repository{layout: layout{gitDir: p.dir, commonDir: p.dir}, scratch: true, desk: o.Asks}
	known, err := r.settings()
	if err == nil {
		address = known.rewritten(address, "insteadof")
		_, _, err = checkAddress(plain(address))
	}
	var way line
	if err == nil {
		way = r.line(known, "", address, o.Env)
		r, err = r.commitOf(ctx, p, way, o.Ref)
	}
	if err != nil {
		return nil, errors.Join(err, p.remove())
	}
	r.origin = &Shared{repo: r, address: address, line: way}
	return r, nil
}

// commitOf fetches the commit of a remote's ref, and gives the repository with it.
func (r *Repository) commitOf(ctx context.Context, p *private, from line, ref string) (*Repository, error) {
	ctx, cancel := withPatience(ctx, answerWithin)
	defer cancel()
	what := ref
	if !fullHash.MatchString(ref) {
		refs, err := from.list(ctx)
		if err != nil {
			return nil, err
		}
		if what = fullName(refs, ref); what == "" {
			return nil, &UnknownRefError{ref}
		}
	}
	var unknown *UnknownRefError
	err := from.fetch(ctx, p, 1, what)
	if errors.As(err, &unknown) {
		return nil, &UnknownRefError{ref}
	}
	if err != nil {
		return nil, err
	}
	err = p.storage.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, fetched))
	if err != nil {
		return nil, ErrBroken
	}
	repo, err := git.Open(p.storage, nil)
	if err != nil {
		return nil, ErrBroken
	}
	hash, err := repo.ResolveRevision(fetched)
	if err != nil {
		return nil, &UnknownRefError{ref}
	}
	out := &Repository{git: repo, own: p.storage, close: p.remove}
	return out, p.storage.SetReference(plumbing.NewHashReference(plumbing.HEAD, *hash))
}

// fullName finds the full name of a branch or a tag among a remote's refs.
func fullName(refs map[string]string, ref string) string {
	if ref == "" {
		ref = "HEAD"
	}
	for _, name := range []string{ref, "refs/heads/" + ref, "refs/tags/" + ref} {
		if refs[name] != "" {
			return name
		}
	}
	return ""
}

// checkAddress refuses every address that could run a program, send credentials in the clear, or hold some.
func checkAddress(address string) (path string, local bool, err error) {
	refused := func(why string) (string, bool, error) { return "", false, &RemoteError{RemoteAddress, why} }
	if scp.MatchString(address) {
		return "", false, nil
	}
	u, parseErr := url.Parse(address)
	if parseErr != nil || strings.HasPrefix(address, "-") || strings.Contains(address, "::") {
		return refused("use https://…, ssh://…, git@host:path or a local path")
	}
	_, password := u.User.Password()
	switch u.Scheme {
	case "":
		return address, true, nil
	case "file":
		return filepath.FromSlash(u.Path), true, nil
	case "https", "http":
		if u.User != nil {
			return refused("credentials do not belong into an address: set CONNSYNC_GIT_TOKEN")
		}
		if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && (ip == nil || !ip.IsLoopback()) && u.Hostname() != "localhost" {
			return refused("http is for loopback addresses only")
		}
	case "ssh":
		if password {
			return refused("a password does not belong into an address: use an SSH agent")
		}
	default:
		return refused("use https://…, ssh://…, git@host:path or a local path")
	}
	return "", false, nil
}

// credential asks Git's own helpers, without a prompt.
func credential(ctx context.Context, address string) transport.AuthMethod {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil
	}
	cmd := exec.CommandContext(ctx, "git", "credential", "fill")
	cmd.Env = append(environ(), "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true", "SSH_ASKPASS=true")
	cmd.Stdin = strings.NewReader("protocol=" + u.Scheme + "\nhost=" + u.Host + "\npath=" + strings.TrimPrefix(u.Path, "/") + "\n\n")
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	var a http.BasicAuth
	for l := range strings.SplitSeq(string(out), "\n") {
		switch key, value, _ := strings.Cut(l, "="); key {
		case "username":
			a.Username = value
		case "password":
			a.Password = value
		}
	}
	if a.Password == "" {
		return nil
	}
	return &a
}

// remoteError puts our own words for go-git's: those quote the address.
func remoteError(ctx context.Context, err error) error {
	var unknown *UnknownRefError
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled):
		return ctx.Err()
	case ctx.Err() != nil:
		return &RemoteError{RemoteUnreachable, "no answer in time"}
	case errors.As(err, &unknown):
		return unknown
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed), errors.Is(err, transport.ErrInvalidAuthMethod):
		return &RemoteError{Kind: RemoteDenied}
	case errors.Is(err, transport.ErrRepositoryNotFound), errors.Is(err, transport.ErrEmptyRemoteRepository):
		return &RemoteError{Kind: RemoteNotFound}
	case errors.As(err, new(git.NoMatchingRefSpecError)):
		return &UnknownRefError{}
	}
	if errors.Is(err, errElsewhere) {
		return &RemoteError{RemoteUnreachable, "it redirects to another host, which is not followed: use that address, if it is yours"}
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return &RemoteError{RemoteUnreachable, "its host name cannot be resolved"}
	}
	return &RemoteError{Kind: RemoteUnreachable}
}
