package gitfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"connsync/manifest"
	"connsync/manifest/gitfs"
)

const (
	hostileProject = "targets:\n  prod:\n    region: cn-north-4\n    workspace_id: w-1\n"
	canaryOutside  = "canary-outside"
)

// wanted is a manifest of one connection, named as the file.
func wanted(name string) string {
	return "connections:\n  prod:\n    " + name + ":\n      component: X\n      version: \"1\"\n      config: {}\n"
}

// thing is an entry of a hostile tree: its path, by elements since an element of a commit may hold a slash.
type thing struct {
	path []string
	kind string // file, link, fifo, socket, nested (a repository in a repository), or a mode only a commit has
	text string // of a file; where a link leads
}

func thingAt(kind, path, text string) thing { return thing{strings.Split(path, "/"), kind, text} }
func file(path, text string) thing          { return thingAt("file", path, text) }
func link(path, to string) thing            { return thingAt("link", path, to) }
func raw(kind, text string, path ...string) thing {
	return thing{path, kind, text}
}

// hostile is a tree, and what is said of it in a worktree and in a commit: "" where it is read, "-" where it cannot be there. Read are
// the connections named in reads, and no others.
type hostile struct {
	name             string
	things           []thing
	worktree, commit string
	reads            string
}

// both is a tree treated alike in either place.
func both(name, said string, things ...thing) hostile {
	return hostile{name, things, said, said, "a"}
}

func hostileTrees(outside string) []hostile {
	const (
		isLink, special = "a link; links are not followed", "neither a file nor a folder"
		control, utf8   = "a name with a control character or a backslash", "a name that is not UTF-8"
		edge, nfc, fold = "a name that begins or ends with a space, or ends with a dot", "not in Unicode's composed form", "only by case"
		nested          = "a submodule, or another repository; its files are not read"
		nowhere         = "no manifests in"
	)
	a := file("connections/a.yaml", wanted("a"))
	long := strings.Repeat("n", 250) + ".yaml"
	deep := append([]string{"connections"}, strings.Split(strings.TrimSuffix(strings.Repeat("folder/", 60), "/"), "/")...)
	deeper := append([]string{"connections"}, strings.Split(strings.TrimSuffix(strings.Repeat("folder/", 600), "/"), "/")...)
	in := func(tree hostile, reads string) hostile { tree.reads = reads; return tree }
	only := func(name, said string, things ...thing) hostile { return hostile{name, things, "-", said, "a"} }
	here := func(name, said string, things ...thing) hostile { return hostile{name, things, said, "-", "a"} }
	project := func(roots string) thing { return file("connsync.yaml", "manifests: ["+roots+"]\n"+hostileProject) }
	return []hostile{
		both("nothing hostile", "", a),

		both("a link to a file outside", isLink, a, link("connections/x.yaml", outside+"/secret.yaml")),
		both("a link to a file outside, relative", isLink, a, link("connections/x.yaml", strings.Repeat("../", 20)+outside+"/secret.yaml")),
		both("a link to a file inside", isLink, a, link("connections/x.yaml", "a.yaml")),
		both("a link to a folder outside", isLink, a, link("connections/sub", outside)),
		both("a link to a folder inside", isLink, a, link("connections/sub", "../other"), file("other/b.yaml", wanted("b"))),
		both("a link to a folder, with a slash at its end", isLink, a, link("connections/sub", outside+"/")),
		both("a link to itself", isLink, a, link("connections/x.yaml", "x.yaml")),
		both("two links to each other", isLink, a, link("connections/x.yaml", "y.yaml"), link("connections/y.yaml", "x.yaml")),
		both("a link to its own folder", isLink, a, link("connections/sub", ".")),
		both("a link to the folder above", isLink, a, link("connections/sub", "..")),
		both("a link to nothing", isLink, a, link("connections/x.yaml", "nothing")),
		both("a link to an empty name", isLink, a, link("connections/x.yaml", " ")),
		both("a link to a device without end", isLink, a, link("connections/x.yaml", "/dev/zero")),
		both("a link to this process's environment", isLink, a, link("connections/x.yaml", "/proc/self/environ")),
		both("a link into .git", isLink, a, link("connections/x.yaml", "../.git/config")),
		both("a link without an extension", isLink, a, link("connections/readme", outside+"/secret.yaml")),
		both("a link as an editor locks a file", "", a, link("connections/.#a.yaml", "user@host.123")),
		both("a hidden link to a folder", "", a, link("connections/.sub", outside)),
		both("a hidden link to a file", "", a, link("connections/.x.yaml", outside+"/secret.yaml")),
		both("the folder of manifests is a link outside", isLink, link("connections", outside)),
		both("the folder of manifests is a link inside", isLink, link("connections", "other"), file("other/b.yaml", wanted("b"))),
		here("a folder above the manifests is a link", isLink, project("deep/connections"), link("deep", outside)),
		only("a folder above the manifests is a link, committed", "no such file or directory", project("deep/connections"), link("deep", outside)),
		both("the project file is a link", isLink, a, link("connsync.yaml", outside+"/connsync.yaml")),

		here("a pipe", special, a, thingAt("fifo", "connections/x.yaml", "")),
		here("a pipe without an extension", special, a, thingAt("fifo", "connections/x", "")),
		here("a hidden pipe", "", a, thingAt("fifo", "connections/.x", "")),
		here("a pipe for a project file", special, a, thingAt("fifo", "connsync.yaml", "")),
		here("a socket", special, a, thingAt("socket", "connections/x.yaml", "")),
		here("a file of a terabyte", "larger than 8 MiB", a, thingAt("sparse", "connections/x.yaml", "")),
		both("a file of 9 MiB", "larger than 8 MiB", a, file("connections/x.yaml", strings.Repeat("#", 9<<20))),
		in(both("a folder named like a manifest", "", a, file("connections/x.yaml/b.yaml", wanted("b"))), "a b"),

		here("a repository in the folder of manifests", nested, a, thingAt("nested", "connections/sub", "")),
		only("a submodule", "a submodule, or another repository; its files are not read", a, thingAt("160000", "connections/sub", "")),
		only("a submodule named like a manifest", "a submodule, or another repository; its files are not read", a, thingAt("160000", "connections/x.yaml", "")),
		only(".git in the folder of manifests", "", a, file("connections/.git/x.yaml", wanted("x"))),
		only(".GIT in the folder of manifests", "", a, file("connections/.GIT/x.yaml", wanted("x"))),
		only(".git with a character that is not seen", "", a, file("connections/.git\u200c/x.yaml", wanted("x"))),
		here(".git as the folder of manifests", nowhere, project(".git"), a),
		here(".git/config as a manifest", nowhere, project(".git/config"), a),
		both("the whole repository as the folder of manifests", "unknown field manifests", project("."), a),

		both("a name with ESC", control, a, file("connections/\x1b[31m.yaml", wanted("x"))),
		both("a name with a line break", control, a, file("connections/x\n::error::y.yaml", wanted("x"))),
		both("a name with a carriage return", control, a, file("connections/x\r.yaml", wanted("x"))),
		both("a name with a tab", control, a, file("connections/x\t.yaml", wanted("x"))),
		both("a name with a bell", control, a, file("connections/x\a.yaml", wanted("x"))),
		both("a name with NEL", control, a, file("connections/x\u0085.yaml", wanted("x"))),
		both("a name that changes direction", control, a, file("connections/x\u202elmay.yaml", wanted("x"))),
		both("a name with a joiner", control, a, file("connections/x\u200d.yaml", wanted("x"))),
		both("a name with a line separator", control, a, file("connections/x\u2028.yaml", wanted("x"))),
		both("a name with backslashes", control, a, file("connections/..\\..\\x.yaml", wanted("x"))),
		both("a folder with ESC", control, a, file("connections/\x1b[2J/x.yaml", wanted("x"))),
		both("a name that is not UTF-8", utf8, a, file("connections/x\xff.yaml", wanted("x"))),
		both("a folder that is not UTF-8", utf8, a, file("connections/x\xc0\xaf/x.yaml", wanted("x"))),
		both("a folder that ends with a dot", edge, a, file("connections/prod./x.yaml", wanted("x"))),
		both("a folder that ends with a space", edge, a, file("connections/prod /x.yaml", wanted("x"))),
		both("a name that begins with a space", edge, a, file("connections/ x.yaml", wanted("x"))),
		both("a name in decomposed form", nfc, a, file("connections/e\u0301.yaml", wanted("x"))),
		both("a name in both forms", nfc, a, file("connections/e\u0301.yaml", wanted("x")), file("connections/\u00e9.yaml", wanted("y"))),
		both("a folder in decomposed form", nfc, a, file("connections/e\u0301/x.yaml", wanted("x"))),
		in(both("a name in composed form", "", a, file("connections/\u00e9.yaml", wanted("b"))), "a b"),
		both("two names that differ by case", fold, a, file("connections/A.yaml", wanted("x"))),
		both("two folders that differ by case", fold, file("connections/x/a.yaml", wanted("a")), file("connections/X/a.yaml", wanted("x"))),
		both("two names that differ by a long s", fold, a, file("connections/s.yaml", wanted("x")), file("connections/\u017f.yaml", wanted("y"))),
		both("two names that differ by the sign for kelvin", nfc, a, file("connections/k.yaml", wanted("x")), file("connections/\u212a.yaml", wanted("y"))),
		in(both("a name that is a workflow command", "", a, file("connections/::error::x.yaml", wanted("b"))), "a b"),
		in(both("a name with a quote and a dollar", "", a, file("connections/$(x)'\";|.yaml", wanted("b"))), "a b"),
		in(both("a name that looks like a flag", "", a, file("connections/--force.yaml", wanted("b"))), "a b"),
		in(both("a long name", "", a, file("connections/"+long, wanted("b"))), "a b"),
		in(both("61 folders deep", "", a, raw("file", wanted("b"), append(deep, "b.yaml")...)), "a b"),
		only("600 folders deep", "a path of more than 4,096 bytes", a, raw("file", wanted("x"), append(deeper, "x.yaml")...)),

		only("a file named ..", "", a, raw("file", wanted("x"), "connections", "..")),
		only("a folder named ..", "", a, raw("file", wanted("x"), "connections", "..", "connections", "x.yaml")),
		only("a folder named .", "", a, raw("file", wanted("x"), "connections", ".", "x.yaml")),
		only("a file with no name", "connections: not a folder that Git could have written", a, raw("file", wanted("x"), "connections", "")),
		only("a name with a slash", "", a, raw("file", wanted("x"), "connections", "sub/x.yaml")),
		only("a name that leads out", "", a, raw("file", wanted("x"), "connections", "../../x.yaml")),
		only("a name from the root", "", a, raw("file", wanted("x"), "connections", "/etc/x.yaml")),
		only("a name with a slash, at the root", "", a, raw("file", wanted("x"), "connections/x.yaml")),
		only("a name with a slash, for the project file", "", a, raw("file", "targets: {}", "./connsync.yaml")),
		only("a name twice", "there twice in its folder", a, raw("file", wanted("x"), "connections", "a.yaml")),
		only("a file and a folder of one name", "there twice in its folder", a, raw("file", wanted("x"), "connections", "a.yaml", "x.yaml")),
		only("a folder that is a file", "not in this clone", a, raw("40000", wanted("x"), "connections", "sub")),
		only("a file that is a folder", "not in this clone", a, raw("tree as file", wanted("x"), "connections", "x.yaml")),
		only("a file that is not there", "not in this clone", a, raw("missing", "", "connections", "x.yaml")),
		only("a mode that Git does not have", "its files are not read", a, raw("10644", wanted("x"), "connections", "x.yaml")),
		only("a bomb of folders", "more than 500,000 files", a, raw("bomb", "", "connections", "sub")),

		both("manifests above the repository", "not a path inside the repository", project(`".."`), a),
		both("manifests above, by way of a folder", "not a path inside the repository", project(`"connections/../.."`), a),
		both("manifests from the root", "not a path inside the repository", project(`"`+outside+`"`), a),
		both("manifests with backslashes", "not a path inside the repository", project(`"..\\.."`), a),
	}
}

// TestHostileTrees reads trees never made in good faith: as a worktree, and as a commit no checkout could have
// made. Nothing outside is opened, nothing hangs, and what is read is what the tree says.
func TestHostileTrees(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "secret.yaml", strings.Replace(wanted("stolen"), "config: {}", "description: "+canaryOutside+"\n      config: {}", 1))
	write(t, outside, "connsync.yaml", hostileProject)
	write(t, outside, "connections/secret.yaml", wanted("stolen"))
	touched := guard(t, outside)
	touched()
	store := newHostileStore(t)
	cells, failed := 0, 0
	for _, h := range hostileTrees(outside) {
		for place, said := range map[string]string{"worktree": h.worktree, "commit": h.commit} {
			if said == "-" {
				continue
			}
			cells++
			if !t.Run(h.name+", "+place, func(t *testing.T) {
				var files fs.FS
				if place == "worktree" {
					files = layOut(t, h.things)
				} else if files = store.commit(t, h.things, said); files == nil {
					return
				}
				readHostile(t, files, h, said)
				if n := touched(); n != 0 {
					t.Errorf("something outside was opened or read: %d events", n)
				}
			}) {
				failed++
			}
		}
	}
	if _, err := os.ReadFile(filepath.Join(outside, "secret.yaml")); err != nil || guarded && touched() == 0 {
		t.Error("the guard does not see what is read")
	}
	if cells < 100 {
		t.Errorf("%d cells: these are fewer than there were", cells)
	}
	t.Logf("T-PATH: %d cells, %d failed", cells, failed)
}

// readHostile loads the manifests of a tree, in bounded time.
func readHostile(t *testing.T, files fs.FS, h hostile, said string) {
	t.Helper()
	type result struct {
		set manifest.Set
		err error
	}
	done := make(chan result, 1)
	go func() {
		p, err := manifest.LoadProject(files, manifest.ProjectFile)
		var s manifest.Set
		if err == nil {
			s, err = manifest.Load(files, p)
		}
		done <- result{s, err}
	}()
	select {
	case r := <-done:
		hostileVerdict(t, r.set, r.err, h, said)
	case <-time.After(time.Minute):
		t.Fatal("it hangs")
	}
}

func hostileVerdict(t *testing.T, s manifest.Set, err error, h hostile, said string) {
	t.Helper()
	if err != nil {
		var refused interface{ Refused() string }
		var ms manifest.Mistakes
		var read *manifest.ReadError
		if !errors.As(err, &refused) && !errors.As(err, &ms) && !errors.As(err, &read) {
			t.Errorf("an error of somebody else: %T", err)
		}
		if said == "" || !strings.Contains(err.Error(), said) || strings.Contains(err.Error(), canaryOutside) {
			t.Errorf("%.300q, want %q", err, said)
		}
		return
	}
	var names []string
	for _, c := range s.Connections {
		names = append(names, c.Name)
	}
	if have := strings.Join(names, " "); said != "" || have != h.reads {
		t.Errorf("it read %q and said nothing, want %q and %q", have, h.reads, said)
	}
}

// layOut makes a tree as a worktree.
func layOut(t *testing.T, things []thing) fs.FS {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, ".git/HEAD", "ref: refs/heads/main\n")
	write(t, dir, ".git/config", "[core]\n")
	for _, x := range withProject(things) {
		name := filepath.Join(append([]string{dir}, x.path...)...)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := x.lay(t, name); err != nil {
			t.Fatal(err)
		}
	}
	w, err := gitfs.OpenWorktree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w.FS()
}

func (x thing) lay(t *testing.T, name string) error {
	switch x.kind {
	case "link":
		return os.Symlink(x.text, name)
	case "fifo":
		return syscall.Mkfifo(name, 0o600)
	case "sparse":
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			return err
		}
		return os.Truncate(name, 1<<40)
	case "nested":
		write(t, name, ".git/HEAD", "ref: refs/heads/main\n")
		write(t, name, "b.yaml", wanted("b"))
		return nil
	case "socket":
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
		if err == nil {
			t.Cleanup(func() { _ = l.Close() })
		}
		return err
	}
	return os.WriteFile(name, []byte(x.text), 0o600)
}

// withProject adds the project file, unless the tree has one.
func withProject(things []thing) []thing {
	for _, x := range things {
		if len(x.path) == 1 && x.path[0] == "connsync.yaml" {
			return things
		}
	}
	return append([]thing{file("connsync.yaml", hostileProject)}, things...)
}

// hostileStore is a repository with objects written as they are, whatever Git thinks of them.
type hostileStore struct {
	repo *gitfs.Repository
	into storer.EncodedObjectStorer
}

func newHostileStore(t *testing.T) hostileStore {
	t.Helper()
	repo := open(t, repository(t))
	return hostileStore{repo, repo.Git().Storer}
}

func (s hostileStore) write(t *testing.T, kind plumbing.ObjectType, data []byte) plumbing.Hash {
	t.Helper()
	o := s.into.NewEncodedObject()
	o.SetType(kind)
	w, err := o.Writer()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	hash, err := s.into.SetEncodedObject(o)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// commit makes a tree as a commit, with trees Git itself would refuse to write. nil where already listing it was refused, as it should be.
func (s hostileStore) commit(t *testing.T, things []thing, said string) fs.FS {
	t.Helper()
	tree := s.tree(t, withProject(things))
	text := fmt.Sprintf("tree %s\nauthor t <t@example.invalid> 1 +0000\ncommitter t <t@example.invalid> 1 +0000\n\nhostile\n", tree)
	hash := s.write(t, plumbing.CommitObject, []byte(text))
	files, _, err := s.repo.Tree(hash.String())
	if err == nil {
		return files
	}
	var refused interface{ Refused() string }
	if !errors.As(err, &refused) && !errors.Is(err, gitfs.ErrBroken) || said == "" || !strings.Contains(err.Error(), said) {
		t.Errorf("%v, want %q", err, said)
	}
	return nil
}

func (s hostileStore) tree(t *testing.T, things []thing) plumbing.Hash {
	t.Helper()
	type entry struct {
		mode, name string
		hash       plumbing.Hash
	}
	var entries []entry
	below := map[string][]thing{}
	for _, x := range things {
		if len(x.path) > 1 {
			below[x.path[0]] = append(below[x.path[0]], thing{x.path[1:], x.kind, x.text})
			continue
		}
		mode, hash := s.leaf(t, x)
		entries = append(entries, entry{mode, x.path[0], hash})
	}
	for name, sub := range below {
		entries = append(entries, entry{"40000", name, s.tree(t, sub)})
	}
	sort.SliceStable(entries, func(i, j int) bool {
		return sortKey(entries[i].mode, entries[i].name) < sortKey(entries[j].mode, entries[j].name)
	})
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&b, "%s %s\x00", e.mode, e.name)
		b.Write(e.hash[:])
	}
	return s.write(t, plumbing.TreeObject, b.Bytes())
}

// sortKey orders entries as Git does: a folder as if its name ended with a slash.
func sortKey(mode, name string) string {
	if mode == "40000" {
		return name + "/"
	}
	return name
}

func (s hostileStore) leaf(t *testing.T, x thing) (mode string, hash plumbing.Hash) {
	switch x.kind {
	case "file":
		return "100644", s.write(t, plumbing.BlobObject, []byte(x.text))
	case "link":
		return "120000", s.write(t, plumbing.BlobObject, []byte(x.text))
	case "missing":
		return "100644", plumbing.NewHash(strings.Repeat("12", 20))
	case "160000":
		return x.kind, plumbing.NewHash(strings.Repeat("34", 20))
	case "tree as file":
		return "100644", s.tree(t, []thing{file("x.yaml", x.text)})
	case "bomb":
		return "40000", s.bomb(t)
	}
	return x.kind, s.write(t, plumbing.BlobObject, []byte(x.text))
}

// bomb is six trees, each holding the next ten times over: a hundred million files in a few kilobytes.
func (s hostileStore) bomb(t *testing.T) plumbing.Hash {
	var leaf bytes.Buffer
	empty := s.write(t, plumbing.BlobObject, nil)
	for i := range 1000 {
		fmt.Fprintf(&leaf, "100644 f%03d\x00", i)
		leaf.Write(empty[:])
	}
	hash := s.write(t, plumbing.TreeObject, leaf.Bytes())
	for range 5 {
		var b bytes.Buffer
		for i := range 10 {
			fmt.Fprintf(&b, "40000 d%d\x00", i)
			b.Write(hash[:])
		}
		hash = s.write(t, plumbing.TreeObject, b.Bytes())
	}
	return hash
}
