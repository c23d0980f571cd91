//go:build !unix

package gitfs

import (
	"io/fs"
	"os"
	"path/filepath"
)

// heldFolder is an open folder of a worktree.
type heldFolder struct{ *os.Root }

func holdFolder(root *os.Root, name string) (*heldFolder, error) {
	open, err := root.OpenRoot(filepath.FromSlash(name))
	return &heldFolder{open}, err
}

// entries are what is in the folder.
func (f *heldFolder) entries() ([]fs.DirEntry, error) { return fs.ReadDir(f.FS(), ".") }

// read reads a file of the folder. It does not follow a link.
func (f *heldFolder) read(base string, _ []byte) ([]byte, error) {
	info, err := f.Lstat(base)
	if err != nil {
		return nil, err
	}
	if err := refuse(base, info.Mode()); err != nil {
		return nil, err
	}
	file, err := f.Open(base)
	if err != nil {
		return nil, err
	}
	return contentOf(base, file)
}
