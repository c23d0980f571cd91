package gitfs

import (
	"os"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
)

// IsRemote tells an address from a local path.
func IsRemote(address string) bool {
	return scp.MatchString(address) || strings.Contains(address, "://")
}

// Scratch is an empty repository in a temporary folder whose remote "origin" is an address that a person named. Close
// removes it. It holds what is fetched and pushed of refs that a remote shares; nothing of it is secret.
func Scratch(address string) (*Repository, error) {
	if _, local, err := screen(address); err != nil || local {
		return nil, &RemoteError{RemoteAddress, "use https://…, ssh://… or git@host:path"}
	}
	dir, err := os.MkdirTemp("", "connsync-state-")
	if err != nil {
		return nil, err
	}
	repo, err := git.PlainInit(dir, true)
	if err == nil {
		_, err = repo.CreateRemote(&config.RemoteConfig{Name: "origin", URLs: []string{address}})
	}
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, ErrBroken
	}
	return &Repository{git: repo, layout: layout{gitDir: dir, commonDir: dir}, close: func() error { return os.RemoveAll(dir) }}, nil
}
