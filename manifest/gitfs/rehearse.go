package gitfs

import (
	"context"
	"errors"
	"time"

	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
)

// Rehearse asks a remote for what a push asks it for first, and sends nothing: nil where the credentials may push as far as a server says before
// it is sent anything. Which branches are protected, and what a hook declines, no server says then.
func (s *Shared) Rehearse(ctx context.Context) error {
	ctx, cancel := withPatience(ctx, answerWithin)
	defer cancel()
	return s.line.rehearse(ctx)
}

// rehearsed is the branch that a dry run would make.
const rehearsed = "refs/heads/connsync-state/rehearsal"

func (g *gitLine) rehearse(ctx context.Context) error {
	return g.each(ctx, func(p *private, k key) error {
		commit, err := p.emptyCommit()
		if err != nil {
			return ErrTemporary
		}
		a := g.run(ctx, p, k, nil, "push", "--dry-run", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no",
			"--", g.address, commit+":"+rehearsed)
		return g.pushed(ctx, a, rehearsed)
	})
}

// emptyCommit makes a commit without files.
func (p *private) emptyCommit() (string, error) {
	tree := p.storage.NewEncodedObject()
	err := (&object.Tree{}).Encode(tree)
	if err != nil {
		return "", err
	}
	hash, err := p.storage.SetEncodedObject(tree)
	who := object.Signature{Name: "connsync", When: time.Unix(0, 0).UTC()}
	commit := p.storage.NewEncodedObject()
	err = errors.Join(err, (&object.Commit{Author: who, Committer: who, Message: "rehearsal\n", TreeHash: hash}).Encode(commit))
	if err != nil {
		return "", err
	}
	made, err := p.storage.SetEncodedObject(commit)
	return made.String(), err
}

// rehearse opens the session of a push, and closes it.
func (g *goGit) rehearse(ctx context.Context) error {
	at, err := transport.NewEndpoint(g.address)
	if err != nil {
		return &RemoteError{Kind: RemoteAddress}
	}
	c, err := client.NewClient(at)
	if err != nil {
		return &RemoteError{Kind: RemoteAddress}
	}
	err = g.try(ctx, func(auth transport.AuthMethod) error {
		session, err := c.NewReceivePackSession(at, auth)
		if err != nil {
			return err
		}
		defer session.Close()
		_, err = session.AdvertisedReferencesContext(ctx)
		return err
	})
	if err == nil || errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return nil
	}
	return remoteError(ctx, err)
}
