package gitfs

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/memory"
)

// inMemory is a repository of three commits with a branch, a tag and a remote's branch.
func inMemory(f *testing.F) (*Repository, map[string]bool) {
	repo, err := git.Init(memory.NewStorage(), nil)
	if err != nil {
		f.Fatal(err)
	}
	store := func(encode func(plumbing.EncodedObject) error) plumbing.Hash {
		o := repo.Storer.NewEncodedObject()
		if err := encode(o); err != nil {
			f.Fatal(err)
		}
		hash, err := repo.Storer.SetEncodedObject(o)
		if err != nil {
			f.Fatal(err)
		}
		return hash
	}
	tree := store((&object.Tree{}).Encode)
	hashes := map[string]bool{}
	var parents []plumbing.Hash
	for i, ref := range []string{"refs/tags/v1", "refs/remotes/origin/main", "refs/heads/main"} {
		who := object.Signature{Name: "t", When: time.Unix(int64(i), 0).UTC()}
		c := object.Commit{Author: who, Committer: who, Message: "c", TreeHash: tree, ParentHashes: parents}
		hash := store(c.Encode)
		hashes[hash.String()], parents = true, []plumbing.Hash{hash}
		if err := repo.Storer.SetReference(plumbing.NewHashReference(plumbing.ReferenceName(ref), hash)); err != nil {
			f.Fatal(err)
		}
	}
	if err := repo.Storer.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, "refs/heads/main")); err != nil {
		f.Fatal(err)
	}
	return &Repository{git: repo}, hashes
}

// FuzzRevision: a revision is a commit of the repository, or it is not known; and a kept name is fit to print.
func FuzzRevision(f *testing.F) {
	r, hashes := inMemory(f)
	for _, rev := range []string{"main", "v1", "origin/main", "HEAD~2", "HEAD^", "HEAD^^", "main~1^0", "HEAD~99999999999999999999", "HEAD^{/c}", "@", "main@{1}", ":/c", "HEAD:x", "-x", "^", "~", "^-", "HEAD^{}", strings.Repeat("a", 40), "a\x1b", "", "HEAD^2", "v1^!", "\xff"} {
		f.Add(rev)
	}
	f.Fuzz(func(t *testing.T, rev string) {
		c, err := r.Resolve(rev)
		var unknown *UnknownRefError
		if err != nil {
			if !errors.As(err, &unknown) || strings.Contains(err.Error(), "canary") {
				t.Errorf("%q: %v", rev, err)
			}
			return
		}
		if !hashes[c.Hash] || c.Ref != "" && c.Ref != rev {
			t.Errorf("%q is %+v", rev, c)
		}
		if strings.ContainsFunc(rev, unicode.IsControl) || strings.ContainsAny(rev, "@{}: \\") || strings.HasPrefix(rev, "-") {
			t.Errorf("%q is taken", rev)
		}
	})
}

// FuzzAddress: an accepted address runs no program, holds no credentials, and goes over no wire in the clear.
func FuzzAddress(f *testing.F) {
	for _, address := range []string{
		"https://git.example/x.git", "http://127.0.0.1:1/x", "ssh://git@h/x", "git@host:x.git", "/tmp/x", "file:///tmp/x", "ext::sh -c x", "--upload-pack=x",
		"https://u:canary@h/x", "ssh://u:canary@h/x", "http://h/x", "git://h/x", "https://u:canary%zz@h/x", "u:canary@h:x", "HTTPS://u:canary@h", "https:///x", "https:u:canary@h", "//u:canary@h/x",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		path, local, err := checkAddress(address)
		if err != nil {
			var e *RemoteError
			if !errors.As(err, &e) || e.Kind != RemoteAddress || strings.Contains(err.Error(), "canary") {
				t.Errorf("%q: %v", address, err)
			}
			return
		}
		if local == (path == "") && address != "" && address != "file:" && !strings.HasPrefix(address, "file:") {
			t.Errorf("%q: path %q", address, path)
		}
		u, parseErr := url.Parse(address)
		if local || parseErr != nil || u.Scheme == "" {
			return
		}
		_, password := u.User.Password()
		ip := net.ParseIP(u.Hostname())
		switch {
		case scp.MatchString(address):
		case password, strings.HasPrefix(address, "-"), u.Scheme != "https" && u.Scheme != "ssh" && u.Scheme != "http":
			t.Errorf("%q is taken", address)
		case u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()):
			t.Errorf("%q goes in the clear", address)
		}
	})
}

// FuzzHeader: what a checkout left in the configuration is a credential of HTTP, or nothing.
func FuzzHeader(f *testing.F) {
	for _, h := range []string{"AUTHORIZATION: basic eDp5", "Authorization: Bearer abc", "authorization: basic ===", "Authorization:basic", "X: y", "", ":"} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, header string) {
		switch a := fromHeader(header).(type) {
		case nil, *http.TokenAuth:
		case *http.BasicAuth:
			if strings.Contains(a.Username, ":") {
				t.Errorf("user %q", a.Username)
			}
		default:
			t.Errorf("%T", a)
		}
	})
}
