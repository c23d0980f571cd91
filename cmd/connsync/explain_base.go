package main

import (
	"errors"
	"slices"
	"strings"

	"connsync/lazy"
	"connsync/manifest/gitfs"
)

// explainBase says which fetch would bring a clone its missing base: CI systems clone as little as they can.
func explainBase(err error) (string, []string, bool) {
	var base *noBaseError
	if !errors.As(err, &base) {
		return "", nil, false
	}
	prefix := "--base " + base.ref + ": "
	var unknown *gitfs.UnknownRefError
	switch {
	case errors.As(base.err, &unknown) && unknown.Relative():
		return prefix + unknown.Error(), nil, true
	case errors.As(base.err, &unknown):
		return prefix + unknown.Error(), []string{
			"fetch it first:  " + fetchOf(base.ref, base.remotes),
			"in a shallow clone of a CI system, fetch its history too: fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)",
		}, true
	case errors.Is(base.err, gitfs.ErrShallow):
		return prefix + "this clone's history ends before the commit where the branch parted from it", []string{
			"fetch the history:  git fetch --no-tags --unshallow origin   or  fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)",
			"where a merge commit is checked out, as for a pull request on GitHub,  --base HEAD^1  needs no more than  fetch-depth: 2  (commits of the branch are then not searched for secrets)",
		}, true
	case errors.Is(base.err, gitfs.ErrUnrelated):
		return prefix + gitfs.ErrUnrelated.Error(), []string{"name a branch that this one was made from"}, true
	}
	return "", nil, false
}

var (
	fullHash     = lazy.New(`^[0-9a-f]{40}$`)
	remoteBranch = lazy.New(`^([A-Za-z0-9._-]+)/([A-Za-z0-9][A-Za-z0-9._/-]*)$`)
	localBranch  = lazy.New(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
)

// fetchOf is the command to bring a revision into a clone.
func fetchOf(ref string, remotes []string) string {
	ref = strings.TrimPrefix(ref, "refs/remotes/")
	switch m := remoteBranch.FindStringSubmatch(ref); {
	case fullHash.MatchString(ref):
		return "git fetch --no-tags origin " + ref
	case m != nil && slices.Contains(remotes, m[1]):
		return "git fetch --no-tags " + m[1] + " +" + m[2] + ":refs/remotes/" + m[1] + "/" + m[2]
	case localBranch.MatchString(ref):
		return "git fetch origin " + ref + ":refs/remotes/origin/" + ref + "   and use  --base origin/" + ref
	}
	return "git fetch origin"
}
