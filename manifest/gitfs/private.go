package gitfs

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// private is a bare repository in a temporary folder that nobody else knows: what is fetched arrives there, so that nothing of the user's
// repository changes, neither by what is fetched nor by what Git notes of it.
type private struct {
	dir     string // "" for one in memory, which only go-git can use
	storage storage.Storer
}

// newPrivate makes an empty one. It is written by hand: its format must be the one that go-git reads, whatever Git's default is.
func newPrivate() (*private, error) {
	dir, err := os.MkdirTemp("", "connsync-git-")
	if err != nil {
		return nil, err
	}
	for _, folder := range []string{"objects/info", "objects/pack", "refs/heads"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, folder), 0o700))
	}
	for name, text := range map[string]string{
		"HEAD":   "ref: refs/heads/none\n",
		"config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	p := &private{dir: dir}
	if err != nil {
		return nil, errors.Join(err, p.remove())
	}
	p.reopen()
	return p, nil
}

// reopen finds what another program wrote.
func (p *private) reopen() {
	if p.dir == "" {
		return
	}
	p.close()
	p.storage = filesystem.NewStorageWithOptions(osfs.New(p.dir), cache.NewObjectLRU(cache.MiByte), filesystem.Options{KeepDescriptors: true})
}

func (p *private) close() {
	if open, ok := p.storage.(io.Closer); ok {
		_ = open.Close()
	}
}

func (p *private) remove() error {
	if p.dir == "" {
		return nil
	}
	p.close()
	return os.RemoveAll(p.dir)
}

// borrowed are private repositories whose objects a repository reads like its own while it is open. They come first: Git checked what it
// fetched, and the repository's own object of the same name may be a damaged one.
type borrowed struct {
	sync.RWMutex
	from []*private
}

func (b *borrowed) add(p *private) {
	b.Lock()
	defer b.Unlock()
	b.from = append(b.from, p)
}

func (b *borrowed) object(t plumbing.ObjectType, hash plumbing.Hash) (plumbing.EncodedObject, bool) {
	b.RLock()
	defer b.RUnlock()
	for _, p := range b.from {
		if o, err := p.storage.EncodedObject(t, hash); err == nil {
			return o, true
		}
	}
	return nil, false
}

func (b *borrowed) remove() error {
	b.Lock()
	defer b.Unlock()
	var err error
	for _, p := range b.from {
		err = errors.Join(err, p.remove())
	}
	b.from = nil
	return err
}

// keep moves what was fetched into a repository's folder of objects. A history that is cut off is noted as such before any of
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
	out, err := os.CreateTemp(filepath.Dir(to), "tmp_obj_connsync-") // a name that `git gc` removes if this dies
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

// begin puts a commit of another storage here, with its files and without what comes before it, so that only what comes after it is fetched.
func (p *private) begin(from storer.EncodedObjectStorer, commit plumbing.Hash) error {
	c, err := object.GetCommit(from, commit)
	if err != nil {
		return err
	}
	t, err := object.GetTree(from, c.TreeHash)
	if err != nil {
		return err
	}
	wanted := []plumbing.Hash{commit, c.TreeHash}
	for _, e := range t.Entries {
		wanted = append(wanted, e.Hash)
	}
	for _, hash := range wanted {
		o, err := from.EncodedObject(plumbing.AnyObject, hash)
		if err == nil {
			_, err = p.storage.SetEncodedObject(o)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(
		p.storage.SetShallow([]plumbing.Hash{commit}),
		p.storage.SetReference(plumbing.NewHashReference("refs/connsync/known", commit)),
	)
}

func read(o plumbing.EncodedObject) ([]byte, error) {
	in, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

// fetched is the ref of what was fetched last.
const fetched = "refs/connsync/fetched"

// trust tells Git which folders of other users it may read, as the user's own configuration does. It has to be in a file: the Git at the other
// end of a path inherits no other setting.
func (p *private) trust(known settings) error {
	var text strings.Builder
	for _, e := range known {
		if e.key == "safe.directory" {
			text.WriteString("[safe]\n\tdirectory = " + quoted(e.value) + "\n")
		}
	}
	return os.WriteFile(filepath.Join(p.dir, "owners"), []byte(text.String()), 0o600)
}

// lookInto makes the objects of another repository readable here, with its history cut off where it is there.
func (p *private) lookInto(r *Repository) error {
	objects := filepath.Join(r.layout.commonDir, "objects")
	if strings.Contains(objects, "\n") {
		return errors.New("a path of two lines")
	}
	err := os.WriteFile(filepath.Join(p.dir, "objects", "info", "alternates"), []byte(objects+"\n"), 0o600)
	if cut := shallowIn(r.layout.commonDir); len(cut) > 0 && err == nil {
		err = os.WriteFile(filepath.Join(p.dir, "shallow"), []byte(strings.Join(cut, "\n")+"\n"), 0o600)
	}
	return err
}
