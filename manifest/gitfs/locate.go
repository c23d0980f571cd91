package gitfs

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
)

// layout is where the parts of a repository are.
type layout struct {
	top       string // the worktree's root; "" for a bare repository
	gitDir    string // of this worktree
	commonDir string // of all worktrees
}

// Top is the root of the worktree around dir. It looks for .git only, so it works
// whatever the repository's format. ErrNotRepository where there is none.
func Top(dir string) (string, error) {
	l, err := locate(dir)
	if err == nil && l.top == "" {
		err = ErrNotRepository
	}
	return l.top, err
}

// locate finds the repository around dir.
func locate(dir string) (layout, error) {
	at, err := filepath.Abs(dir)
	if _, missing := os.Stat(at); err != nil || missing != nil { // what is around a missing folder was not meant
		return layout{}, ErrNotRepository
	}
	for ; ; at = filepath.Dir(at) {
		if gitDir, ok := dotGit(filepath.Join(at, ".git")); ok {
			return layout{top: at, gitDir: gitDir, commonDir: common(gitDir)}, nil
		}
		if isGitDir(at) {
			return layout{gitDir: at, commonDir: common(at)}, nil
		}
		if at == filepath.Dir(at) {
			return layout{}, ErrNotRepository
		}
	}
}

// dotGit follows .git: a folder, or in linked worktrees and submodules a file with the name of one.
func dotGit(path string) (string, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	if info.IsDir() {
		return path, isGitDir(path)
	}
	text, err := os.ReadFile(path)
	dir, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if err != nil || !ok {
		return "", false
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(path), dir)
	}
	return dir, isGitDir(dir)
}

// isGitDir tells a repository's folder as Git does: by HEAD, objects and refs.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	for _, folder := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(common(dir), folder)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// common is the folder shared by a linked worktree and the others.
func common(gitDir string) string {
	text, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
	if err != nil {
		return gitDir
	}
	dir := strings.TrimSpace(string(text))
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(gitDir, dir)
	}
	return filepath.Clean(dir)
}

// Tracked is how many files the worktree's index has, by its header (gitformat-index(5)); 0 where there is none, as in memory.
func (r *Repository) Tracked() int {
	if r.layout.gitDir == "" {
		return 0
	}
	f, err := os.Open(filepath.Join(r.layout.gitDir, "index"))
	if err != nil {
		return 0
	}
	defer f.Close()
	var header struct {
		Signature        [4]byte
		Version, Entries uint32
	}
	if binary.Read(f, binary.BigEndian, &header) != nil || string(header.Signature[:]) != "DIRC" {
		return 0
	}
	return int(header.Entries)
}
