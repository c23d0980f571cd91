package gitfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/memfs"
	"github.com/go-git/go-billy/v5/util"
)

// noIncoming is a repository's folder without the contents of a push under way. Git itself finds no object there, and never will where
// the push is refused, or where  git clone  copied the folder of a server on this disk. go-git would look into it: a commit would then seem to be
// here, and be missing where Git sends what comes after it.
//
// Its list of other folders with objects is as Git reads it, and go-git does not: relative to its own folder, with remarks, without folders that are
// gone, and with those these borrow from in turn.
type noIncoming struct {
	billy.Filesystem
	at string // where the repository is; "" for one that another one borrows from
}

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
	return noIncoming{within, ""}, err
}

// Open is billy.Basic.
func (n noIncoming) Open(path string) (billy.File, error) {
	if !strings.HasSuffix(filepath.ToSlash(path), "objects/info/alternates") {
		return n.Filesystem.Open(path)
	}
	others := borrowedFrom(filepath.Join(n.at, "objects"), mostNested)
	if n.at == "" || len(others) == 0 {
		return nil, fs.ErrNotExist
	}
	plain := memfs.New()
	_ = util.WriteFile(plain, "list", []byte(strings.Join(others, "\n")+"\n"), 0o600) // in memory; what is not there is not opened
	return plain.Open("list")
}

// mostNested is how far Git follows lists of alternates.
const mostNested = 5

// borrowedFrom are the folders with objects named in one's alternates, if they are there.
func borrowedFrom(objects string, depth int) (out []string) {
	text, err := os.ReadFile(filepath.Join(objects, "info", "alternates"))
	if err != nil || depth == 0 {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(objects, line)
		}
		if info, err := os.Stat(line); err == nil && info.IsDir() {
			out = append(append(out, line), borrowedFrom(line, depth-1)...)
		}
	}
	return out
}

// Capabilities is billy.Capable.
func (n noIncoming) Capabilities() billy.Capability { return billy.Capabilities(n.Filesystem) }
