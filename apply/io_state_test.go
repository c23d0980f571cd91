package apply_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connsync/apply/state"
)

const prodRef = "refs/heads/connsync-state/prod"

// harm is something wrong with what is stored, before a sync begins. Root meets all of it too.
type harm struct {
	name string
	do   func(c *cell)
	want func(error) bool // nil: it does no harm, and the sync may do what needs no known state
}

func corrupt(err error) bool {
	var e *state.CorruptError
	return errors.As(err, &e)
}

func harms() []harm {
	out := []harm{
		{"the ref is cut to nothing", func(c *cell) { c.put(prodRef, "") }, corrupt},
		{"the ref is cut short", func(c *cell) { c.put(prodRef, c.head()[:20]) }, corrupt},
		{"the ref is zeros", func(c *cell) { c.put(prodRef, strings.Repeat("\x00", 41)) }, corrupt},
		{"the ref names a commit that is not there", func(c *cell) { c.put(prodRef, strings.Repeat("a", 40)+"\n") }, isA[*state.MissingError]},
		{"a folder with another branch in the ref's place", func(c *cell) { c.remove(prodRef); c.put(prodRef+"/other", c.head()+"\n") }, cannotWrite},
		{"another branch in the place of the ref's folder", func(c *cell) {
			c.remove("refs/heads/connsync-state")
			c.put("refs/heads/connsync-state", c.head()+"\n")
		}, corrupt},
		{"packed-refs is cut short", func(c *cell) { c.remove(prodRef); c.put("packed-refs", c.packed()[:60]) }, corrupt},
		{"packed-refs has a line that is none", func(c *cell) { c.remove(prodRef); c.put("packed-refs", "rubbish\n"+c.packed()) }, corrupt},
		{"packed-refs is a folder", func(c *cell) { c.remove(prodRef); c.put("packed-refs/x", "") }, corrupt},
		{"packed-refs is good", func(c *cell) { c.remove(prodRef); c.put("packed-refs", c.packed()) }, nil},
		{"packed-refs is cut to nothing, as if no ref had ever been there", func(c *cell) { c.remove(prodRef); c.put("packed-refs", "") }, nil},
		{"the lock file is a folder", func(c *cell) { c.remove("connsync/prod.lock"); c.put("connsync/prod.lock/x", "") }, cannotWrite},
		{"a file in the place of the lock file's folder", func(c *cell) { c.remove("connsync"); c.put("connsync", "") }, cannotWrite},
		{"state of another target", func(c *cell) { c.rewrite(`"target":"prod"`, `"target":"test"`) }, corrupt},
		{"state of another place", func(c *cell) { c.rewrite(`"region":"cn-north-4"`, `"region":"cn-east-3"`) }, isA[*state.PlaceError]},
		{"state of a later schema", func(c *cell) { c.rewrite(`"schema":2`, `"schema":4`) }, isA[*state.SchemaError]},
		{"state in parts, without them", func(c *cell) { c.rewrite(`"schema":2`, `"schema":3`) }, corrupt},
		{"state of schema 0", func(c *cell) { c.rewrite(`"schema":2`, `"schema":0`) }, corrupt},
		{"a branch of manifests under the state's name", func(c *cell) { c.put(prodRef, c.git("commit-tree", "-m", "x", c.git("mktree"))+"\n") }, corrupt},
		{"nothing at all", func(c *cell) {}, nil},
	}
	for _, object := range []string{"commit", "tree", "known.jsonl", "intents.jsonl"} {
		for _, h := range []struct {
			name string
			do   func([]byte) []byte
		}{
			{"is cut to nothing", func([]byte) []byte { return nil }},
			{"is cut in half", func(b []byte) []byte { return b[:len(b)/2] }},
			{"has a flipped bit", func(b []byte) []byte { b[len(b)/2] ^= 4; return b }},
		} {
			out = append(out, harm{object + " " + h.name, func(c *cell) { c.spoil(object, h.do) }, corrupt})
		}
	}
	return out
}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func cannotWrite(err error) bool { return errors.Is(err, state.ErrDisk) }

// TestStateThatCannotBeReadStopsASyncBeforeItSends: what is broken or foreign is never taken for nothing, and is left as it is.
func TestStateThatCannotBeReadStopsASyncBeforeItSends(t *testing.T) {
	sh := shelve(t)
	cells, failed := 0, 0
	for _, h := range harms() {
		c := sh.cell(t, &disk{})
		h.do(c)
		before := c.tree()
		r, err := c.attempt()
		if err == nil {
			err = r.Err
		}
		switch wrote := c.writes(); {
		case h.want == nil:
			if err != nil {
				c.wrong("%v", err)
			}
		case err == nil || !h.want(err) || wrote != 0:
			c.wrong("%v, %d writes", err, wrote)
		case !c.untouched(before):
			c.wrong("it was changed")
		}
		if h.want != nil { // and once it is as it was, so is all else
			c.restore(sh.files)
			c.recovers()
		}
		cells++
		if len(c.problems) > 0 {
			failed++
			t.Errorf("%s: %s", h.name, strings.Join(c.problems, "; "))
		}
	}
	t.Logf("T-IO: %d cells, %d failed", cells, failed)
}

func (c *cell) path(name string) string { return filepath.Join(c.repo, ".git", name) }

func (c *cell) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *cell) put(name, text string) {
	c.t.Helper()
	c.must(os.MkdirAll(filepath.Dir(c.path(name)), 0o755))
	c.must(os.WriteFile(c.path(name), []byte(text), 0o644))
}

// remove takes a file or folder away, and remembers which commit the state was.
func (c *cell) remove(name string) {
	c.t.Helper()
	c.head()
	c.must(os.RemoveAll(c.path(name)))
}

// head is the commit named by the state's ref before anything was done to it.
func (c *cell) head() string {
	c.t.Helper()
	if c.first == "" {
		text, err := os.ReadFile(c.path(prodRef))
		c.must(err)
		c.first = strings.TrimSpace(string(text))
	}
	return c.first
}

func (c *cell) packed() string {
	return "# pack-refs with: peeled fully-peeled sorted \n" + c.head() + " " + prodRef + "\n"
}

// lockRef takes the ref's lock file as a Git program does, and tells whether it was free.
func (c *cell) lockRef() bool {
	f, err := os.OpenFile(c.path(prodRef+".lock"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return false
	}
	c.must(f.Close())
	return true
}

func (c *cell) unlockRef() {
	if err := os.Remove(c.path(prodRef + ".lock")); err != nil && !os.IsNotExist(err) {
		c.t.Error(err)
	}
}

func (c *cell) git(args ...string) string {
	c.t.Helper()
	out, err := c.tryGit(args...)
	c.must(err)
	return out
}

func (c *cell) tryGit(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.invalid"}, args...)...)
	cmd.Dir = c.repo
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// rewrite makes the ref name a state with other texts.
func (c *cell) rewrite(old, new string) {
	c.t.Helper()
	for _, name := range []string{"known.jsonl", "intents.jsonl"} {
		text := c.git("show", c.head()+":"+name) + "\n"
		c.must(os.WriteFile(filepath.Join(c.repo, name), []byte(strings.Replace(text, old, new, 1)), 0o644))
	}
	c.git("add", "known.jsonl", "intents.jsonl")
	c.put(prodRef, c.git("commit-tree", "-m", "x", c.git("write-tree"))+"\n")
}

// spoil changes the file of an object of the state.
func (c *cell) spoil(object string, change func([]byte) []byte) {
	c.t.Helper()
	name := map[string]string{"commit": "", "tree": ":"}[object]
	if name == "" && object != "commit" {
		name = ":" + object
	}
	hash := c.git("rev-parse", c.head()+name)
	file := c.path(filepath.Join("objects", hash[:2], hash[2:]))
	text, err := os.ReadFile(file)
	c.must(err)
	c.must(os.WriteFile(file, change(text), 0o644))
}

// tree is everything under .git, but for what the lock's holder writes into its file.
func (c *cell) tree() map[string]string {
	c.t.Helper()
	all := map[string]string{}
	c.must(filepath.Walk(c.path(""), func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || strings.HasSuffix(name, "connsync/prod.lock") {
			return err
		}
		text, err := os.ReadFile(name)
		all[name] = string(text)
		return err
	}))
	return all
}

// untouched tells whether everything from before is as it was; new objects named by nothing do no harm.
func (c *cell) untouched(before map[string]string) bool {
	after := c.tree()
	for name, text := range before {
		if after[name] != text {
			return false
		}
	}
	for name := range after {
		if _, old := before[name]; !old && !strings.HasPrefix(name, c.path("objects")) {
			return false
		}
	}
	return true
}

// restore puts back the first files of a cell.
func (c *cell) restore(files map[string][]byte) {
	c.t.Helper()
	c.must(os.RemoveAll(c.path("")))
	for _, name := range sortedKeys(files) {
		if files[name] == nil {
			c.must(os.MkdirAll(c.path(name), 0o755))
			continue
		}
		c.put(name, string(files[name]))
	}
}
