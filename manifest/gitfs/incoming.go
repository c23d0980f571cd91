package gitfs

import (
	"os"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5"
)

// noIncoming is a repository's folder without what a push that is under way has in it. Git itself finds no object there, and never will where
// the push is refused, or where  git clone  copied the folder of a server on this disk. go-git would look into it: a commit would then seem to be
// here, and be missing where Git sends what comes after it.
type noIncoming struct{ billy.Filesystem }

// ReadDir is billy.Dir.
func (n noIncoming) ReadDir(path string) ([]os.FileInfo, error) {
	all, err := n.Filesystem.ReadDir(path)
	return slices.DeleteFunc(all, func(i os.FileInfo) bool {
		return i.IsDir() && (strings.HasPrefix(i.Name(), "tmp_objdir-") || strings.HasPrefix(i.Name(), "incoming-"))
	}), err
}

// Chroot is billy.Chroot: the folder of an alternate is such a folder, too.
func (n noIncoming) Chroot(path string) (billy.Filesystem, error) {
	within, err := n.Filesystem.Chroot(path)
	return noIncoming{within}, err
}

// Capabilities is billy.Capable.
func (n noIncoming) Capabilities() billy.Capability { return billy.Capabilities(n.Filesystem) }
