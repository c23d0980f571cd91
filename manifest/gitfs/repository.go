package gitfs

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// Repository is a local repository, or a clone in memory.
type Repository struct {
	git    *git.Repository
	layout layout
	close  func() error
}

// Commit is a commit and how it was found.
type Commit struct {
	Hash   string
	Ref    string // the branch or tag that it was found by; "" for none
	Time   time.Time
	Author string // the name of who wrote it
}

// Open opens the repository that dir is in, as leniently as reading allows: bare, shallow, detached, sparse, a linked worktree,
// with alternates. What cannot be read is an *UnreadableError that names it.
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
		options.AlternatesFS = osfs.New("/")
	}
	storage := filesystem.NewStorageWithOptions(files, cache.NewObjectLRU(16*cache.MiByte), options)
	repo, err := git.Open(lenient{storage}, nil)
	if err != nil {
		_ = storage.Close()
		return nil, ErrBroken
	}
	return &Repository{git: repo, layout: l, close: storage.Close}, nil
}

// Git is the repository, for package state.
func (r *Repository) Git() *git.Repository { return r.git }

// CommonDir is the folder of refs and objects; "" for a clone in memory.
func (r *Repository) CommonDir() string { return r.layout.commonDir }

// Close closes its files.
func (r *Repository) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close()
}

// readableExtensions change nothing about reading commits, or nothing that matters here.
var readableExtensions = []string{
	"noop", "noop-v1", "worktreeconfig", "partialclone", "preciousobjects", "relativeworktrees",
}

// lenient hides the extensions that reading can do without: go-git refuses whatever it does not know.
type lenient struct{ *filesystem.Storage }

// Config is the repository's configuration, without harmless extensions.
func (l lenient) Config() (*config.Config, error) {
	c, err := l.Storage.Config()
	if err != nil || c.Raw == nil || !c.Raw.HasSection("extensions") {
		return c, err
	}
	s := c.Raw.Section("extensions")
	for _, o := range append(s.Options[:0:0], s.Options...) {
		if isReadable(o.Key) {
			s.RemoveOption(o.Key)
		}
	}
	return c, nil
}

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
	f, err := os.Open(config)
	if err != nil {
		return ""
	}
	defer f.Close()
	section := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text := strings.ToLower(strings.TrimSpace(lines.Text()))
		if strings.HasPrefix(text, "[") {
			section = strings.Trim(text, "[] ")
			continue
		}
		key, value, _ := strings.Cut(text, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if section != "extensions" || key == "" || strings.HasPrefix(key, "#") || strings.HasPrefix(key, ";") || isReadable(key) {
			continue
		}
		if key == "objectformat" && value == "sha1" || key == "refstorage" && value == "files" {
			continue
		}
		return "the extension " + key + " = " + value
	}
	return ""
}
