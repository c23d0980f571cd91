package gitfs

import (
	"io/fs"
	"os"
	"path/filepath"
)

// mostHeld is how many folders are held open, but for those in use. Files are read in order of path, so that each of any number of folders is opened about
// twice: to see what is in it, and to read that.
const mostHeld = 128

// held is an open folder of a worktree, and who uses it.
type held struct {
	*heldFolder
	users int
	last  uint64 // when it was asked for: the number of that question
	gone  bool   // no one asks for it any more: the last user closes it
}

// hold gives a folder that is no link; it is released after use. Of many, those asked for last stay open.
func (w *Worktree) hold(name string) (*held, error) {
	if folder := w.using(name, nil); folder != nil {
		return folder, nil
	}
	return w.open(name)
}

// open opens a folder for its first user.
func (w *Worktree) open(name string) (*held, error) {
	if !fs.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	if err := w.folder(name); err != nil {
		return nil, err
	}
	open, err := holdFolder(w.root, name)
	if err != nil {
		return nil, err
	}
	if !w.stands(name, open) {
		_ = open.Close()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.forget()
		return nil, fs.ErrInvalid
	}
	return w.using(name, open), nil
}

// using is the open folder of a name for one user more, or the one just opened where there is none.
func (w *Worktree) using(name string, opened *heldFolder) *held {
	w.mu.Lock()
	defer w.mu.Unlock()
	folder := w.held[name]
	switch {
	case folder == nil && opened == nil:
		return nil
	case folder == nil:
		w.spare()
		folder = &held{heldFolder: opened}
		w.held[name] = folder
	case opened != nil:
		_ = opened.Close()
	}
	w.asked++
	folder.users, folder.last = folder.users+1, w.asked
	return folder
}

// spare closes the folder that was not asked for longest, where one more would be too many. Those in use stay.
func (w *Worktree) spare() {
	if len(w.held) < mostHeld {
		return
	}
	oldest := ""
	for name, folder := range w.held {
		if folder.users == 0 && (oldest == "" || folder.last < w.held[oldest].last) {
			oldest = name
		}
	}
	if folder := w.held[oldest]; folder != nil {
		delete(w.held, oldest)
		_ = folder.Close()
	}
}

func (w *Worktree) release(folder *held) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if folder.users--; folder.gone && folder.users == 0 {
		_ = folder.Close()
	}
}

// holdNow is hold of what stands at a path now, whatever stood there before.
func (w *Worktree) holdNow(name string) (*held, error) {
	folder := w.using(name, nil)
	switch {
	case folder == nil:
		return w.open(name)
	case w.stands(name, folder.heldFolder):
		return folder, nil
	}
	w.mu.Lock()
	if w.held[name] == folder {
		delete(w.held, name)
		folder.gone = true // others may be reading in it
		w.forget()
	}
	w.mu.Unlock()
	w.release(folder)
	return w.hold(name)
}

// stands tells whether an open folder is what stands at a path, which no link does.
func (w *Worktree) stands(name string, folder *heldFolder) bool {
	open, err := folder.Stat(".")
	if err != nil {
		return false
	}
	now, err := w.root.Lstat(filepath.FromSlash(name))
	return err == nil && os.SameFile(open, now)
}

// forget has all folders looked at again: one of them is not what it was.
func (w *Worktree) forget() {
	clear(w.folders)
	w.folders["."] = true
}
