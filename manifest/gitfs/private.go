package gitfs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// private is a bare repository in a temporary folder no other process knows: what is fetched arrives there, so that nothing of the user's
// repository changes, neither by what is fetched nor by what Git notes of it.
type private struct {
	dir     string // "" for one in memory, for go-git only
	storage storage.Storer
}

// newPrivate makes an empty one. It is written by hand: its format must be the one go-git reads, whatever Git's default is.
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
	p.storage = newStorage(osfs.New(p.dir), cache.MiByte, filesystem.Options{KeepDescriptors: true})
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

// begin puts commits of another storage here, with their files and without what comes before them, so that only what comes after them is fetched.
func (p *private) begin(from storer.EncodedObjectStorer, commits ...plumbing.Hash) error {
	var err error
	for i, commit := range commits {
		name := plumbing.ReferenceName("refs/connsync/known/" + strconv.Itoa(i))
		err = errors.Join(err, p.copy(from, commit), p.storage.SetReference(plumbing.NewHashReference(name, commit)))
	}
	if len(commits) == 0 {
		return err
	}
	return errors.Join(err, p.storage.SetShallow(commits))
}

// copy puts a commit of another storage here, with the files at its root.
func (p *private) copy(from storer.EncodedObjectStorer, commit plumbing.Hash) error {
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
	return nil
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

// fetchedAs are what is fetched with the names that it gets: fetched for what is fetched alone.
func fetchedAs(what []string) (specs []string) {
	for i, w := range what {
		as := fetched
		if len(what) > 1 {
			as += "/" + strconv.Itoa(i)
		}
		specs = append(specs, "+"+w+":"+as)
	}
	return specs
}

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
