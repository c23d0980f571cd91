// Package gittest does in the process of a test what tests start git for most often: a new repository, and a commit of everything. Git
// takes a hundredth of a second for each, nearly all of it for its start. And it has repositories of tests in memory. Only tests import it.
package gittest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"connsync/lazy"
)

// Does does what git would do for a command line in a folder, as t <t@example.invalid>. It is false, and nothing is done, where git
// itself must be asked.
func Does(dir string, args ...string) (out string, did bool) {
	switch {
	case len(args) < 2 || strangeEnvironment():
		return "", false
	case args[0] == "init":
		return "", doesInit(dir, args[1:])
	case args[0] == "add" && args[1] == "-A" && len(args) == 2:
		return "", Add(dir) == nil
	case args[0] == "commit":
		return "", doesCommit(dir, args[1:])
	case args[0] == "checkout" && len(args) == 4 && args[1] == "-q" && args[2] == "-b":
		return "", branch(dir, args[3]) == nil
	case slices.Equal(args, []string{"rev-parse", "HEAD"}):
		return head(dir)
	}
	return "", false
}

// strangeEnvironment tells whether a test has set something that git would obey.
func strangeEnvironment() bool {
	global, _ := os.ReadFile(os.Getenv("GIT_CONFIG_GLOBAL"))
	for _, m := range section.Regexp().FindAllSubmatch(global, -1) {
		if !slices.Contains([]string{"gc", "maintenance", "receive"}, string(m[1])) {
			return true
		}
	}
	return slices.ContainsFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		network := strings.HasPrefix(name, "GIT_SSL_") || name == "GIT_TERMINAL_PROMPT"
		return strings.HasPrefix(name, "GIT_") && !network && name != "GIT_CONFIG_GLOBAL" && name != "GIT_CONFIG_NOSYSTEM"
	})
}

var section = lazy.New(`(?m)^\s*\[\s*([^\]\s]*)`)

func doesInit(dir string, args []string) bool {
	bare, name := false, ""
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "-q" || a == "--template=":
		case a == "--bare":
			bare = true
		case a == "-b" && i+1 < len(args):
			i++
			name = args[i]
		case !strings.HasPrefix(a, "-") && i == len(args)-1:
			if dir = filepath.Join(dir, a); filepath.IsAbs(a) {
				dir = a
			}
		default:
			return false
		}
	}
	return name != "" && Init(dir, name, bare) == nil
}

// Init makes a repository of the form that `git init` gives it, without the examples of hooks. It refuses where one is.
func Init(dir, branch string, bare bool) error {
	at, isBare := filepath.Join(dir, ".git"), "false"
	if bare {
		at, isBare = dir, "true"
	}
	if _, err := os.Lstat(filepath.Join(at, "HEAD")); err == nil {
		return os.ErrExist
	}
	var err error
	for _, d := range []string{"branches", "hooks", "info", "objects/info", "objects/pack", "refs/heads", "refs/tags"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(at, filepath.FromSlash(d)), 0o755))
	}
	config := "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = " + isBare + "\n"
	if !bare {
		config += "\tlogallrefupdates = true\n"
	}
	return errors.Join(err, os.WriteFile(filepath.Join(at, "config"), []byte(config), 0o644),
		os.WriteFile(filepath.Join(at, "HEAD"), []byte("ref: refs/heads/"+branch+"\n"), 0o644))
}

func doesCommit(dir string, args []string) bool {
	empty, message := false, ""
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-q":
		case args[i] == "--allow-empty":
			empty = true
		case args[i] == "-m" && i+1 < len(args):
			i++
			message = args[i]
		default:
			return false
		}
	}
	return message != "" && Commit(dir, message, object.Signature{Name: "t", Email: "t@example.invalid", When: time.Now()}, empty) == nil
}

// errStrange is a repository that go-git may treat in another way than git.
var errStrange = errors.New("only git knows what to do here")

// plain is what every repository has in its configuration, and what does not matter here.
var plain = lazy.New(`^(\[core\]|(repositoryformatversion = 0|filemode = true|bare = false|logallrefupdates = true)|\[(remote|branch) "[^"]*"\]|(url|fetch|remote|merge|push|pushurl) = .*|)$`)

func open(dir string) (*git.Repository, error) {
	config, err := os.ReadFile(filepath.Join(dir, ".git", "config"))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(config)) {
		if !plain.MatchString(strings.TrimSpace(line)) {
			return nil, errStrange
		}
	}
	for _, name := range []string{".gitattributes", ".gitmodules", ".git/info/attributes", ".git/info/sparse-checkout", ".git/MERGE_HEAD", ".git/shallow"} {
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			return nil, errStrange
		}
	}
	exclude, _ := os.ReadFile(filepath.Join(dir, ".git", "info", "exclude"))
	if excluded.MatchString(string(exclude)) {
		return nil, errStrange
	}
	return git.PlainOpen(dir)
}

// worktree is open, for the files.
func worktree(dir string) (*git.Worktree, error) {
	r, err := open(dir)
	if err != nil {
		return nil, err
	}
	return r.Worktree()
}

// excluded finds a line that is no comment.
var excluded = lazy.New(`(?m)^[^#\n]`)

// Add is `git add -A` at the top of a worktree.
func Add(dir string) error {
	w, err := worktree(dir)
	if err != nil {
		return err
	}
	return w.AddWithOptions(&git.AddOptions{All: true})
}

// Commit is `git commit`. What is the same as before is a commit only where it may be.
func Commit(dir, message string, by object.Signature, empty bool) error {
	hooks, err := os.ReadDir(filepath.Join(dir, ".git", "hooks"))
	if err == nil && slices.ContainsFunc(hooks, func(h os.DirEntry) bool { return !strings.HasSuffix(h.Name(), ".sample") }) {
		return errStrange
	}
	w, err := worktree(dir)
	if err != nil {
		return err
	}
	_, err = w.Commit(strings.TrimSpace(message)+"\n", &git.CommitOptions{Author: &by, Committer: &by, AllowEmptyCommits: empty})
	return err
}

// branch is `git checkout -b`: a new branch where HEAD is.
func branch(dir, name string) error {
	r, err := open(dir)
	if err != nil {
		return err
	}
	at, err := r.Head()
	if err != nil {
		return err
	}
	ref := plumbing.NewBranchReferenceName(name)
	if _, err := r.Reference(ref, false); err == nil {
		return os.ErrExist
	}
	return errors.Join(r.Storer.SetReference(plumbing.NewHashReference(ref, at.Hash())), r.Storer.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, ref)))
}

// head is `git rev-parse HEAD`.
func head(dir string) (string, bool) {
	r, err := open(dir)
	if err != nil {
		return "", false
	}
	at, err := r.Head()
	if err != nil {
		return "", false
	}
	return at.Hash().String(), true
}
