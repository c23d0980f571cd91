package gitfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest/gitfs"
)

// configured is a copy of a clone of a folder beside it.
type configured struct {
	t    *testing.T
	dir  string
	open string // the folder to be opened, where it is another one
}

func (c *configured) config(text string) {
	c.t.Helper()
	old := fileIn(c.t, c.dir, ".git/config")
	write(c.t, c.dir, ".git/config", old+text)
}

// moveGit moves the repository out of its worktree.
func (c *configured) moveGit(to string) string {
	c.t.Helper()
	to = filepath.Join(c.dir, to)
	err := os.MkdirAll(filepath.Dir(to), 0o755)
	if err == nil {
		err = os.Rename(filepath.Join(c.dir, ".git"), to)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return to
}

func (c *configured) link(to, name string) {
	c.t.Helper()
	name = filepath.Join(c.dir, name)
	_ = os.RemoveAll(name)
	if err := os.Symlink(to, name); err != nil {
		c.t.Fatal(err)
	}
}

func fileIn(t *testing.T, dir, name string) string {
	t.Helper()
	return text(t, os.DirFS(dir), name)
}

// borrow makes a clone find its objects in another repository.
func (c *configured) borrow(path string) {
	c.t.Helper()
	if err := os.RemoveAll(filepath.Join(c.dir, ".git/objects")); err != nil {
		c.t.Fatal(err)
	}
	write(c.t, c.dir, ".git/objects/info/alternates", path+"\n")
}

// main is the commit of the prepared branch.
func (c *configured) main() string {
	return strings.TrimSpace(fileIn(c.t, c.dir, ".git/refs/heads/main"))
}

// plainly are configurations without effect on us, however odd: all of them work.
var plainly = map[string]string{
	"what gh pr checkout leaves": "[branch \"x\"]\n\tremote = origin\n\tmerge = refs/pull/9/head\n", "a negative refspec": "[remote \"origin\"]\n\tfetch = ^refs/heads/x\n",
	"rebase = merges": "[branch \"main\"]\n\trebase = merges\n", "sizes in words": "[pack]\n\twindowMemory = 10k\n\tpackSizeLimit = 2g\n", "a key on its section's line": "[core] abbrev = 12\n",
	"an include that is not there": "[include]\n\tpath = nothing\n", "includeIf by folder": "[includeIf \"gitdir:/\"]\n\tpath = nothing\n", "includeIf by branch": "[includeIf \"onbranch:main\"]\n\tpath = nothing\n",
	"includeIf by remote": "[includeIf \"hasconfig:remote.*.url:https://**\"]\n\tpath = nothing\n", "values in quotes": "[user]\n\tname = \"a # b\" ; c\n", "the old spelling": "[branch.Feature]\n\tmerge = x\n",
	"no newline at its end": "[gc]\n\tauto = 0", "line ends": "[core]\n\tautocrlf = input\n\teol = lf\n\tsafecrlf = warn\n", "a file system's ways": "[core]\n\tfileMode = false\n\tignoreCase = true\n\tsymlinks = false\n\tprecomposeUnicode = true\n",
	"a worktree elsewhere": "[core]\n\tworktree = ../other\n", "hooks elsewhere": "[core]\n\thooksPath = /nowhere\n", "an fsmonitor": "[core]\n\tfsmonitor = true\n\tuntrackedCache = true\n",
	"an ssh command": "[core]\n\tsshCommand = ssh -i key\n", "precious objects": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpreciousObjects = true\n",
	"a configuration of the worktree": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n", "worktrees by relative paths": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trelativeWorktrees = true\n",
	"what is sha1 by name": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha1\n\trefStorage = files\n", "a mirror": "[remote \"origin\"]\n\tmirror = true\n", "a helper": "[credential]\n\thelper = !f() { :; }; f\n",
	"submodules": "[submodule]\n\tactive = .\n[submodule \"a/b\"]\n\turl = ../b\n\tupdate = none\n", "a header": "[http \"https://git.example/\"]\n\textraheader = Authorization: bearer x\n",
	"tags, prunes and more to fetch": "[remote \"origin\"]\n\tfetch = +refs/pull/*/head:refs/remotes/pr/*\n\ttagOpt = --no-tags\n\tprune = true\n", "a branch with a quote": "[branch \"a\\\"b\"]\n\tremote = origin\n",
	"logs of everything": "[core]\n\tlogAllRefUpdates = always\n\tcompression = 0\n\tbigFileThreshold = 1\n", "remotes with dots": "[remote \"a.b/c\"]\n\turl = ../x.git\n", "an alias that runs": "[alias]\n\tx = !rm -rf x\n",
	"a key without a value": "[http]\n\tsslVerify\n", "an insteadOf elsewhere": "[url \"https://a.example/\"]\n\tinsteadOf = b:\n", "a promise": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\tpromisor = true\n",
}

// odd are repositories unlike an ordinary clone: "" works, and the rest is refused with these words.
var odd = map[string]struct {
	make func(c *configured)
	says string
}{
	"a mark at the beginning": {func(c *configured) {
		write(c.t, c.dir, ".git/config", "\ufeff"+fileIn(c.t, c.dir, ".git/config"))
	}, ""},
	"lines as on Windows": {func(c *configured) {
		write(c.t, c.dir, ".git/config", strings.ReplaceAll(fileIn(c.t, c.dir, ".git/config"), "\n", "\r\n"))
	}, ""},
	"its remote in a file that is included": {func(c *configured) {
		whole := fileIn(c.t, c.dir, ".git/config")
		at := strings.Index(whole, "[remote")
		write(c.t, c.dir, ".git/more", whole[at:])
		write(c.t, c.dir, ".git/config", whole[:at]+"[include]\n\tpath = more\n")
	}, ""},
	"its remote in the worktree's own file": {func(c *configured) {
		whole := fileIn(c.t, c.dir, ".git/config")
		at := strings.Index(whole, "[remote")
		write(c.t, c.dir, ".git/config.worktree", whole[at:])
		write(c.t, c.dir, ".git/config", whole[:at]+"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n")
	}, ""},
	"an insteadOf": {func(c *configured) {
		leads(c.t, c.dir, "here:server.git")
		c.config("[url \"../\"]\n\tinsteadOf = here:\n")
	}, ""},
	"a pushInsteadOf to the same":   {func(c *configured) { c.config("[url \"./../\"]\n\tpushInsteadOf = ../\n") }, ""},
	"a pushInsteadOf elsewhere":     {func(c *configured) { c.config("[url \"../other/\"]\n\tpushInsteadOf = ../\n") }, "url.….pushInsteadOf"},
	"one url twice":                 {func(c *configured) { c.config("[remote \"origin\"]\n\turl = ../server.git\n") }, ""},
	"two urls":                      {func(c *configured) { c.config("[remote \"origin\"]\n\turl = ../other.git\n") }, "several remote.origin.url"},
	"a pushurl elsewhere":           {func(c *configured) { c.config("[remote \"origin\"]\n\tpushurl = ../other.git\n") }, "remote.origin.pushurl"},
	"no remote of the name":         {func(c *configured) { renameRemote(c) }, "no such remote"},
	"a file that breaks off":        {func(c *configured) { c.config("[open\n") }, "the repository's configuration cannot be read"},
	"a value that breaks off":       {func(c *configured) { c.config("[user]\n\tname = \"open\n") }, "the repository's configuration cannot be read"},
	"reftable":                      {func(c *configured) { c.config("[extensions]\n\trefStorage = reftable\n") }, "the extension refstorage = reftable, which connsync cannot read"},
	"sha256":                        {func(c *configured) { c.config("[extensions]\n\tobjectFormat = sha256\n") }, "the extension objectformat = sha256, which connsync cannot read"},
	"both hashes":                   {func(c *configured) { c.config("[extensions]\n\tcompatObjectFormat = sha256\n") }, "the extension compatobjectformat = sha256, which connsync cannot read"},
	"an extension of a day to come": {func(c *configured) { c.config("[extensions]\n\tsomethingNew = 1\n") }, "the extension somethingnew = 1, which connsync cannot read"},
	"no commit yet":                 {func(c *configured) { write(c.t, c.dir, ".git/HEAD", "ref: refs/heads/new\n") }, "the repository has no commit yet"},
	"a HEAD of nonsense":            {func(c *configured) { write(c.t, c.dir, ".git/HEAD", "nonsense\n") }, "cannot be read"},
	"a commit that is not there":    {func(c *configured) { write(c.t, c.dir, ".git/refs/heads/main", strings.Repeat("12", 20)+"\n") }, "cannot be read"},
	"detached":                      {func(c *configured) { write(c.t, c.dir, ".git/HEAD", c.main()+"\n") }, ""},
	"an empty file for a branch":    {func(c *configured) { write(c.t, c.dir, ".git/refs/heads/torn", "") }, ""},
	"all refs packed": {func(c *configured) {
		main := c.main()
		_ = os.Remove(filepath.Join(c.dir, ".git/refs/heads/main"))
		write(c.t, c.dir, ".git/packed-refs", "# pack-refs with: peeled fully-peeled sorted \n"+main+" refs/heads/main\n")
	}, ""},
	"HEAD as a link":                   {func(c *configured) { c.link("refs/heads/main", ".git/HEAD") }, ""},
	"its folder as a link":             {func(c *configured) { c.moveGit("real"); c.link("real", ".git") }, ""},
	"its folder elsewhere":             {func(c *configured) { write(c.t, c.dir, ".git", "gitdir: "+c.moveGit("real")+"\n") }, ""},
	"its folder elsewhere, relatively": {func(c *configured) { c.moveGit("a/b/real"); write(c.t, c.dir, ".git", "gitdir: a/b/real\n") }, ""},
	"its folder nowhere":               {func(c *configured) { c.moveGit("real"); write(c.t, c.dir, ".git", "gitdir: nowhere\n") }, "not a Git repository"},
	"a folder in it":                   {func(c *configured) { c.open = filepath.Join(c.dir, "connections", "deep") }, ""},
	"a linked worktree": {func(c *configured) {
		linked := filepath.Join(filepath.Dir(c.dir), "linked")
		write(c.t, c.dir, ".git/worktrees/linked/HEAD", c.main()+"\n")
		write(c.t, c.dir, ".git/worktrees/linked/commondir", "../..\n")
		write(c.t, c.dir, ".git/worktrees/linked/gitdir", linked+"/.git\n")
		write(c.t, linked, ".git", "gitdir: "+filepath.Join(c.dir, ".git/worktrees/linked")+"\n")
		c.open = linked
	}, ""},
	"a submodule": {func(c *configured) {
		above := filepath.Dir(c.dir)
		if err := os.MkdirAll(filepath.Join(above, ".git/modules"), 0o755); err != nil {
			c.t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(c.dir, ".git"), filepath.Join(above, ".git/modules/clone")); err != nil {
			c.t.Fatal(err)
		}
		write(c.t, above, ".git/modules/clone/config", fileIn(c.t, above, ".git/modules/clone/config")+"[core]\n\tworktree = ../../../clone\n")
		write(c.t, c.dir, ".git", "gitdir: ../.git/modules/clone\n")
	}, ""},
	"objects elsewhere":             {func(c *configured) { c.borrow(filepath.Join(filepath.Dir(c.dir), "server.git/objects")) }, ""},
	"objects elsewhere, relatively": {func(c *configured) { c.borrow("../../../server.git/objects") }, ""},
	"objects elsewhere, with a remark": {func(c *configured) {
		c.borrow("# beside\n" + filepath.Join(filepath.Dir(c.dir), "server.git/objects"))
	}, ""},
	"objects elsewhere, of which some are gone": {func(c *configured) {
		c.borrow("/nowhere/objects\n\n" + filepath.Join(filepath.Dir(c.dir), "server.git/objects"))
	}, ""},
	"objects elsewhere, and elsewhere again": {func(c *configured) {
		write(c.t, filepath.Dir(c.dir), "between/objects/info/alternates", filepath.Join(filepath.Dir(c.dir), "server.git/objects")+"\n")
		c.borrow("../../../between/objects")
	}, ""},
	"the shallow one": {func(c *configured) {
		leads(c.t, preparedCopy(c.t, "shallow", filepath.Join(filepath.Dir(c.dir), "cut")), "../server.git")
		c.open = filepath.Join(filepath.Dir(c.dir), "cut")
	}, ""},
	"its commits indexed": {func(c *configured) {
		run(c.t, c.dir, "repack", "-adq")
		run(c.t, c.dir, "commit-graph", "write", "--reachable")
	}, ""},
}

func renameRemote(c *configured) {
	write(c.t, c.dir, ".git/config", strings.Replace(fileIn(c.t, c.dir, ".git/config"), `[remote "origin"]`, `[remote "other"]`, 1))
}

// Whatever Git itself accepts as a repository is read, and its remote is found; or it is refused with words that name why.
func TestEveryConfigurationWorksOrIsRefused(t *testing.T) {
	quiet(t)
	root := t.TempDir()
	bare := preparedCopy(t, "server.git", filepath.Join(root, "server.git"))
	state := stateCommit(t, bare, "state", "")
	leads(t, preparedCopy(t, "clone", filepath.Join(root, "clone")), "../server.git")
	rows := 0
	try := func(name, says string, make func(c *configured)) {
		rows++
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			if err := os.CopyFS(top, os.DirFS(root)); err != nil {
				t.Fatal(err)
			}
			c := &configured{t: t, dir: filepath.Join(top, "clone")}
			make(c)
			if c.open == "" {
				c.open = c.dir
			}
			err := readsAndFinds(t, c.open, state)
			if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
				t.Errorf("%v, want %q", err, says)
			}
		})
	}
	for name, config := range plainly {
		try(name, "", func(c *configured) { c.config(config) })
	}
	for name, row := range odd {
		try(name, row.says, row.make)
	}
	if t.Logf("T-GIT: %d repository configurations", rows); rows < 65 {
		t.Errorf("%d rows: these are fewer than there were", rows)
	}
}

// readsAndFinds reads a commit's files, and finds the remote. With -ways, what is there is fetched, too.
func readsAndFinds(t *testing.T, dir, state string) error {
	r, err := gitfs.Open(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	head, err := r.Head()
	if err != nil {
		return err
	}
	files, _, err := r.Tree(head.Hash)
	if err != nil {
		return err
	}
	if got := text(t, files, "connections/a.yaml"); got != "version: 2\n" {
		return errors.New("it reads " + got)
	}
	s, err := r.Shared("origin", nil)
	if err != nil || !*everyWay {
		return err
	}
	if at, err := s.Head(t.Context(), sharedRef); err != nil || at != state {
		return errors.Join(errors.New("it fetches "+at), err)
	}
	return nil
}
