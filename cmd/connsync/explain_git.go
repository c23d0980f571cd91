package main

import (
	"errors"
	"fmt"

	"connsync/apply"
	"connsync/lazy"
	"connsync/manifest/gitfs"
)

// explainRepository says what is wrong with a repository or a file of it.
func explainRepository(err error) (string, []string, bool) {
	var unreadable *gitfs.UnreadableError
	var unknown *gitfs.UnknownRefError
	var remote *gitfs.RemoteError
	var split *gitfs.SplitError
	var refused interface {
		error
		Refused() string
	}
	switch {
	case errors.As(err, &remote):
		return remote.Error(), remoteHints(remote), true
	case errors.As(err, &unreadable):
		return unreadable.Error(), []string{"keep known state in another repository: --state PATH"}, true
	case errors.As(err, &unknown) && unknown.Relative():
		return unknown.Ref + ": " + unknown.Error(), nil, true
	case errors.As(err, &unknown):
		return unknown.Ref + ": " + unknown.Error(), []string{"fetch it first, if it is a remote's"}, true
	case errors.As(err, &refused):
		return refused.Error(), nil, true
	case errors.Is(err, gitfs.ErrNotRepository):
		return gitfs.ErrNotRepository.Error(), []string{"run inside a clone, or use --repo URL"}, true
	case errors.Is(err, gitfs.ErrOwner):
		return gitfs.ErrOwner.Error(), []string{`if you trust it, in its top folder:  git config --global --add safe.directory "$(pwd -P)"`}, true
	case errors.As(err, &split):
		return split.Error(), splitHints(split), true
	case errors.Is(err, gitfs.ErrUnborn), errors.Is(err, gitfs.ErrUnrelated), errors.Is(err, gitfs.ErrBroken), errors.Is(err, gitfs.ErrConfig), errors.Is(err, gitfs.ErrTemporary):
		return err.Error(), nil, true
	}
	return "", nil, false
}

// splitHints say how a remote gets one address: what is pushed where others do not look is no lock.
func splitHints(e *gitfs.SplitError) []string {
	hints := []string{"known state is the lock between machines, so all of them must read and write it at one place"}
	if plainName.MatchString(e.Remote) {
		hints = append(hints, fmt.Sprintf(`to push where it is fetched from: git config --replace-all remote.%s.pushurl "$(git config --get-all remote.%s.url | head -n 1)"`, e.Remote, e.Remote))
	}
	return append(hints, "or give known state a remote of its own:  git remote add state ADDRESS  and  state: {remote: state}  in connsync.yaml; or --state ADDRESS")
}

var plainName = lazy.New(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func remoteHints(e *gitfs.RemoteError) []string {
	switch e.Kind {
	case gitfs.RemoteDenied, gitfs.RemoteNotFound:
		return []string{"set CONNSYNC_GIT_TOKEN, or give the credentials to a credential helper of Git; for ssh, load the key into the agent"}
	case gitfs.RemoteUnreachable:
		return []string{"check the network, HTTPS_PROXY and the address"}
	}
	return nil
}

// explainHistory says why it cannot be told whether a plan goes back.
func explainHistory(err error) (string, []string, bool) {
	if !errors.Is(err, apply.ErrHistory) {
		return "", nil, false
	}
	why := "this clone's history is cut off, and no remote has the rest"
	if message, _, ok := explainRepository(err); ok && !errors.Is(err, gitfs.ErrShallow) {
		why = "the history that this clone lacks cannot be fetched: " + message
	}
	return apply.ErrHistory.Error() + ": " + why, []string{
		"fetch the history:  git fetch --unshallow   or  fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)",
		"or accept that something may be undone:  connsync sync --allow-older",
	}, true
}
