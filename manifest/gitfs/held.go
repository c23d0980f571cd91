package gitfs

import (
	"io/fs"
	"path"
)

// near reads a file in its folder, which is held open: of thousands of files the way there is walked once. Its errors are no last word: Open
// gives that.
func (w *Worktree) near(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	folder, err := w.hold(path.Dir(name))
	if err != nil {
		return nil, err
	}
	return folder.read(path.Base(name))
}

// mostHeld is how many folders are held open.
const mostHeld = 128

// hold gives a folder that is no link, opened once.
func (w *Worktree) hold(name string) (*heldFolder, error) {
	w.mu.Lock()
	open, full := w.held[name], len(w.held) >= mostHeld
	w.mu.Unlock()
	switch {
	case open != nil:
		return open, nil
	case full || !fs.ValidPath(name):
		return nil, fs.ErrInvalid
	}
	if err := w.folder(name); err != nil {
		return nil, err
	}
	open, err := holdFolder(w.root, name)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if other := w.held[name]; other != nil {
		_ = open.Close()
		return other, nil
	}
	w.held[name] = open
	return open, nil
}
