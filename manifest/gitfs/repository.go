package gitfs

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// Repository is a local repository, or a clone in memory. Several goroutines may use it, each with a Shared of its own.
type Repository struct {
	git     *git.Repository
	own     storer.EncodedObjectStorer // without what is borrowed
	borrows *borrowed
	layout  layout
	scratch bool    // made for one run: its history may be cut off
	origin  *Shared // of a clone in memory: where it came from
	desk    *Desk   // nil where no person can be asked
	close   func() error

	whole      sync.Map // commits that were found to be there with their files
	configured sync.Once
	config     settings
	configErr  error
}

// Commit is a commit and how it was found.
type Commit struct {
	Hash   string
	Ref    string // the branch or tag it was found by; "" for none
	Time   time.Time
	Author string // the name of who wrote it
}

// Open opens the repository around dir, as leniently as reading allows: bare, shallow, detached, sparse, a linked worktree,
// with alternates. What cannot be read is an *UnreadableError with its name.
func Open(dir string) (*Repository, error) {
	l, err := locate(dir)
	if err != nil {
		return nil, err
	}
	if name := unreadable(filepath.Join(l.commonDir, "config")); name != "" {
		return nil, &UnreadableError{name}
	}
	var files billy.Filesystem = osfs.New(l.gitDir)
	if l.commonDir != l.gitDir {
		files = dotgit.NewRepositoryFilesystem(files, osfs.New(l.commonDir))
	}
	options := filesystem.Options{KeepDescriptors: true}
	if _, err := os.Stat(filepath.Join(l.commonDir, "objects", "info", "alternates")); err == nil {
		options.AlternatesFS = noIncoming{osfs.New("/"), ""}
	}
	storage := newStorage(noIncoming{files, l.commonDir}, 16*cache.MiByte, options)
	borrows := &borrowed{}
	repo, err := git.Open(lenient{storage, borrows}, nil)
	if err != nil {
		_ = storage.Close()
		return nil, ErrBroken
	}
	return &Repository{git: repo, own: storage, borrows: borrows, layout: l, close: storage.Close}, nil
}

// Asks lets a person be asked what a remote of the repository wants to know. A nil desk asks no one.
func (r *Repository) Asks(d *Desk) { r.desk = d }

// Git is the repository, for package state.
func (r *Repository) Git() *git.Repository { return r.git }

// CommonDir is the folder of refs and objects; "" for a clone in memory.
func (r *Repository) CommonDir() string { return r.layout.commonDir }

// Partial tells whether the repository lacks objects promised by another one.
func (r *Repository) Partial() bool {
	if r.layout.commonDir == "" {
		return false
	}
	if packs, _ := filepath.Glob(filepath.Join(r.layout.commonDir, "objects", "pack", "*.promisor")); len(packs) > 0 {
		return true
	}
	own, _ := fromFile(filepath.Join(r.layout.commonDir, "config"))
	return slices.ContainsFunc(own, func(e setting) bool {
		return strings.HasPrefix(e.key, "remote.") && strings.HasSuffix(e.key, ".promisor") && e.value != "false"
	})
}

// Close closes its files.
func (r *Repository) Close() error {
	var err error
	if r.borrows != nil {
		err = r.borrows.remove()
	}
	if r.close != nil {
		err = errors.Join(err, r.close())
	}
	return err
}

// readableExtensions change nothing about reading commits, or nothing that matters here.
var readableExtensions = []string{
	"noop", "noop-v1", "worktreeconfig", "partialclone", "preciousobjects", "relativeworktrees",
}

// lenient is the storage without the configuration: go-git refuses everything unknown in it. It reads what is borrowed, too.
type lenient struct {
	oneByOne
	borrows *borrowed
}

// EncodedObject finds an object in what is borrowed, or in the repository.
func (l lenient) EncodedObject(t plumbing.ObjectType, hash plumbing.Hash) (plumbing.EncodedObject, error) {
	if o, ok := l.borrows.object(t, hash); ok {
		return o, nil
	}
	return l.oneByOne.EncodedObject(t, hash)
}

// Config is an empty configuration: nothing of it matters for reading commits, and go-git refuses all of a file for an unknown line.
func (l lenient) Config() (*config.Config, error) { return config.NewConfig(), nil }

func isReadable(extension string) bool {
	for _, e := range readableExtensions {
		if strings.EqualFold(e, extension) {
			return true
		}
	}
	return false
}

// unreadable names what of a repository's format cannot be read; "" where all can. It reads the file itself: go-git's error would
// come before its storage could be asked.
func unreadable(config string) string {
	own, _ := fromFile(config)
	for _, e := range own {
		key, ok := strings.CutPrefix(e.key, "extensions.")
		value := strings.ToLower(e.value)
		if !ok || isReadable(key) {
			continue
		}
		if key == "objectformat" && value == "sha1" || key == "refstorage" && value == "files" {
			continue
		}
		return "the extension " + key + " = " + value
	}
	return ""
}
