package gitfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// IsRemote tells an address from a local path.
func IsRemote(address string) bool {
	return scp.MatchString(address) || strings.Contains(address, "://")
}

// Scratch is an empty repository in a temporary folder whose remote "origin" is an address that a person named. Close
// removes it. It holds what is fetched and pushed of refs that a remote shares; nothing of it is secret.
func Scratch(address string) (*Repository, error) {
	if _, local, err := checkAddress(address); err != nil || local {
		return nil, &RemoteError{RemoteAddress, "use https://…, ssh://… or git@host:path"}
	}
	p, err := newPrivate()
	if err != nil {
		return nil, err
	}
	text, err := os.OpenFile(filepath.Join(p.dir, "config"), os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = fmt.Fprintf(text, "[remote \"origin\"]\n\turl = %s\n", quoted(address))
		err = errors.Join(err, text.Close())
	}
	var repo *Repository
	if err == nil {
		repo, err = Open(p.dir)
	}
	if err != nil {
		_ = p.remove()
		return nil, ErrBroken
	}
	closeFiles := repo.close
	repo.scratch, repo.close = true, func() error { return errors.Join(closeFiles(), p.remove()) }
	return repo, nil
}

// quoted is a value as Git's configuration takes it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
