package manifest

import (
	"io/fs"
	"runtime"
	"strings"

	"connsync/manifest/strict"
	"connsync/secrets"
)

// Checks is the version of what is checked of a manifest, and of what is made of one. It grows with every change of either: a file that passed an earlier version
// is read once more.
const Checks = 1

// Vouched is what is known of a file that need not be read, as long as it has this content.
type Vouched struct {
	Target string
	Blob   string   // Git's name of the content
	Names  []string // of all connections in it
	Seen   bool     // it had this content when it was looked at a moment ago: it is not looked at again
}

// reader reads the manifests of one survey.
type reader struct {
	fsys    fs.FS
	project Project
	policy  string
	cache   *Cache
	vouched map[string]Vouched
}

// loadAll loads files side by side.
func (r reader) loadAll(names []string, rules Rules) ([]loaded, error) {
	docs := make([]loaded, len(names))
	return docs, secrets.SideBySide(len(names), 2*runtime.GOMAXPROCS(0), func(i int) (err error) {
		rule, _ := rules.For(names[i])
		docs[i], err = r.load(names[i], rule)
		return err
	})
}

// load reads and checks a file, unless it is vouched for. Of one that is, its bytes are read and hashed, and nothing is parsed. A commit knows the hash without
// the bytes, and they are read all the same: what is not here was not looked at.
func (r reader) load(name string, rule *Rule) (loaded, error) {
	v, ok := r.vouched[name]
	if !ok {
		return r.cache.load(r.fsys, name, r.project, r.policy, rule)
	}
	if v.Seen {
		return v.rests(name, 0), nil
	}
	if h, ok := r.fsys.(holder); ok {
		if size, same := h.Holds(name, v.Blob); same {
			return v.rests(name, size), nil
		}
	}
	text, err := strict.ReadFile(r.fsys, name)
	if err != nil {
		return loaded{}, err
	}
	if BlobHash(text) == v.Blob {
		return v.rests(name, len(text)), nil
	}
	return parse(name, text, r.project, rule), nil
}

// holder is a file tree that tells whether a file has a content, by Git's name of it, without handing the content out.
type holder interface {
	Holds(name, blob string) (size int, ok bool)
}

func (v Vouched) rests(name string, size int) loaded {
	return loaded{file: File{Path: name, Blob: v.Blob, Targets: []string{v.Target}}, size: size, resting: v.Names}
}

// Rested is a connection of an unread file: no more is known of it than its target, its name and its file.
type Rested struct {
	Target, Name string
	File         *File
}

// noting notes what is read from a file tree.
type noting struct {
	fs.FS
	read strings.Builder
}

// ReadFile is fs.ReadFileFS.
func (n *noting) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(n.FS, name)
	if err == nil {
		n.read.WriteString(name + "\x00" + secrets.DigestOf(text) + "\x00")
	}
	return text, err
}

// digest is of a project's file and of all that was read; "" for a project of no file.
func (n *noting) digest(p Project) string {
	if p.Digest == "" {
		return ""
	}
	return secrets.Digest(p.File + "\x00" + p.Digest + "\x00" + n.read.String())
}
