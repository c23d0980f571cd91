package gitfs

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// keep moves what was fetched into a repository's folder of objects. A cut-off history is noted as such before any of
// it is there: what a crash leaves must be whole in the eyes of `git fsck`.
func (p *private) keep(commonDir string, has func(hash string) bool) error {
	var cut []string
	for _, hash := range shallowIn(p.dir) {
		if !has(hash) {
			cut = append(cut, hash)
		}
	}
	if err := noteShallow(commonDir, cut); err != nil {
		return err
	}
	var files []string
	err := filepath.WalkDir(filepath.Join(p.dir, "objects"), func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, index := range []bool{false, true} { // Git finds a pack by its index
		for _, name := range files {
			if strings.HasSuffix(name, ".idx") != index || strings.HasSuffix(name, ".keep") {
				continue
			}
			part, err := filepath.Rel(p.dir, name)
			if err != nil {
				return err
			}
			if err := copyWhole(name, filepath.Join(commonDir, part)); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyWhole makes a file with the content of another one, or none. What is there stays: the name of an object tells its content.
func copyWhole(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), "tmp_obj_connsync-") // `git gc` removes such a name if this dies
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	err = errors.Join(err, out.Chmod(0o444), out.Sync(), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), to)
	}
	if err != nil {
		_ = os.Remove(out.Name())
		return err
	}
	return syncFolder(filepath.Dir(to))
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync() // some file systems cannot
	return nil
}

// shallowIn are the commits at which a repository's history is cut off.
func shallowIn(gitDir string) []string {
	f, err := os.Open(filepath.Join(gitDir, "shallow"))
	if err != nil {
		return nil
	}
	defer f.Close()
	var out []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if hash := strings.TrimSpace(lines.Text()); fullHash.MatchString(hash) {
			out = append(out, hash)
		}
	}
	return out
}

// noteShallow notes that a repository's history is cut off at more commits, the way Git does it: under an exclusive lock file.
func noteShallow(gitDir string, more []string) error {
	if len(more) == 0 {
		return nil
	}
	file := filepath.Join(gitDir, "shallow")
	lock, err := os.OpenFile(file+".lock", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	for try := 0; errors.Is(err, fs.ErrExist) && try < 40; try++ { // a Git program is done soon
		time.Sleep(50 * time.Millisecond)
		lock, err = os.OpenFile(file+".lock", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, hash := range more {
		if !strings.Contains(string(text), hash) {
			text = append(text, hash+"\n"...)
		}
	}
	if err == nil {
		_, err = lock.Write(text)
	}
	err = errors.Join(err, lock.Sync(), lock.Close())
	if err == nil {
		err = os.Rename(lock.Name(), file)
	}
	if err != nil {
		_ = os.Remove(lock.Name())
	}
	return err
}
