package review

import (
	"path"
	"strings"
	"time"

	"connsync/manifest"
)

// FileVersion is the content of a file, given by a commit.
type FileVersion struct {
	Commit  string
	File    string                 // slash path
	Blob    string                 // names the content: equal contents have equal names
	Outside bool                   // the commit is not of the branch; the branch was made from it
	Time    time.Time              // of the commit
	Before  []string               // the contents of the file in the commit's parents
	Cut     bool                   // a parent of the commit is not in sight
	Read    func() ([]byte, error) // ErrTooLarge for what is too large to read
}

// History is what a branch pushed, and what was there before.
type History interface {
	// Since calls a function with each version of a file made by the commits after the base and up to the head, if want names the
	// file, each commit after its parents. complete is false where the history is cut off or too long to review.
	Since(want func(file string) bool, each func(FileVersion) error) (complete bool, err error)
	// Before calls a function with each version of one file made by the base and commits before it, newest first, until it
	// wants no more.
	Before(file string, each func(FileVersion) (more bool, err error)) (complete bool, err error)
	// Holds tells whether a commit is another one, or comes after it; false where this is not in sight. Hashes may be cut off.
	Holds(commit, earlier string) bool
}

// Limits of what is read of a history. A branch beyond them is told as far as they go, with a note: it was not told whole.
const (
	maxRead   = 512 << 20 // bytes of all contents together
	maxParsed = 128 << 20 // of the YAML ones
	maxKept   = 8 << 20   // of contents with kept documents: they are not read again
)

// reader reads documents of a history: a content once, as long as not too much else was read in between.
type reader struct {
	project      manifest.Project
	kept         map[string]*document
	size         int // of the contents with kept documents
	read, parsed int
	cut          bool // a limit was reached
}

// document reads a version; nil where it says nothing of connections, or is not read any more.
func (r *reader) document(v FileVersion) (*document, error) {
	if d, ok := r.kept[v.Blob]; ok {
		return d, nil
	}
	if r.parsed > maxParsed {
		r.cut = true
		return nil, nil
	}
	text, err := r.raw(v)
	if err != nil || text == nil {
		return nil, err
	}
	d := r.parse(v.File, text)
	if r.size += len(text); r.size > maxKept || r.kept == nil {
		r.kept, r.size = map[string]*document{}, len(text)
	}
	r.kept[v.Blob] = d
	return d, nil
}

// raw reads a version; nil where it is empty, or is not read any more.
func (r *reader) raw(v FileVersion) ([]byte, error) {
	if r.read > maxRead {
		r.cut = true
		return nil, nil
	}
	text, err := v.Read()
	if err == ErrTooLarge {
		r.cut = true
		return nil, nil
	}
	r.read += len(text)
	return text, err
}

func (r *reader) parse(file string, text []byte) *document {
	named := r.project.Reads(file) || isLeftover(file)
	switch {
	case !named && !mentionsConnections(text):
		return nil
	case len(text) > maxManifest:
		return &document{lines: scan(file, text)}
	}
	r.parsed += len(text)
	set, _ := manifest.Read(file, text, r.project)
	if set.Files[0].Unread {
		return &document{lines: scan(file, text)}
	}
	return documentOf(set.Files[0], set.Connections)
}

// maxManifest is the size of the largest manifest.
const maxManifest = 1 << 20

// leftovers are what tools and people put behind the name of a file to keep a version of it.
var leftovers = []string{
	".dec", ".decrypted", ".clear", ".plain", ".plaintext", ".unencrypted", ".orig", ".rej", ".bak", ".backup", ".old", ".save", ".saved",
	".tmp", ".temp", ".copy", ".new", ".patch", ".diff", ".txt", ".swp", "~",
}

// isLeftover tells whether a file is a version of another one, by its name.
func isLeftover(file string) bool {
	for _, suffix := range leftovers {
		if strings.HasSuffix(file, suffix) {
			return true
		}
	}
	return false
}

// searched tells whether a file may hold settings of connections, by its name: a manifest wherever it stands, whatever stands in a folder of
// manifests, and leftovers.
func searched(p manifest.Project) func(file string) bool {
	return func(file string) bool {
		name := path.Base(file)
		for _, part := range []string{".yaml", ".yml", ".json"} {
			if strings.Contains(name, part) {
				return true
			}
		}
		for _, root := range p.Manifests {
			if strings.HasPrefix(file, root+"/") {
				return true
			}
		}
		return isLeftover(name)
	}
}

// stem is the file of a leftover, by its name.
func stem(file string) string {
	for trimmed := true; trimmed; {
		trimmed = false
		for _, suffix := range leftovers {
			if rest, ok := strings.CutSuffix(file, suffix); ok && rest != "" {
				file, trimmed = rest, true
			}
		}
	}
	for _, part := range leftovers[:6] { // edr.dec.yaml
		for _, ext := range []string{".yaml", ".yml"} {
			if rest, ok := strings.CutSuffix(file, part+ext); ok {
				return rest + ext
			}
		}
	}
	return file
}
