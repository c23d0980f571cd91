package manifest

import (
	"io/fs"
	"strings"
	"unicode/utf8"

	"connsync/lazy"
	"connsync/manifest/strict"
	"connsync/secrets"
)

const (
	maxName  = 64 // characters of a new name, as the console has it
	nameRule = "letters, digits and _, at most 64"
)

// usualName is a name as the console gives it.
var usualName = lazy.New(`^[A-Za-z0-9_]{1,64}$`)

// UsualName tells whether the console would give a name: SecMaster is known to take it.
func UsualName(name string) bool { return usualName.MatchString(name) }

// MayAdopt tells whether a connection of SecMaster can be in a manifest under its own name, beside its id: everything but a name with ":",
// with which sops joins the keys of a path (a ciphertext could move from one name to another), and an unreadable one.
func MayAdopt(name string) bool { return strict.Name(name) }

// MayCreate tells whether a connection may be given a name. SecMaster has the last word: only usual names are known to be taken.
func MayCreate(name string) bool { return strict.Name(name) && utf8.RuneCountInString(name) <= maxName }

// KeepsAdopt tells whether a connection's line  adopt:  has to stay, also once it was carried out: without it the manifest would be refused,
// or a sync could create a connection under a name that no console gives.
func (c *Connection) KeepsAdopt() bool {
	return !usualName.MatchString(c.Name) || utf8.RuneCountInString(c.Description) > maxDescription
}

// PlaceOf is a connection as the commands that edit one take it: TARGET/NAME, with the name in brackets where it holds what a path is made of.
func PlaceOf(target, name string) string {
	if strings.ContainsAny(name, `.[]"\/`) || strings.TrimSpace(name) != name {
		return target + "/" + string(secrets.Path("").Key(name))
	}
	return target + "/" + name
}

// PatternOf is the pattern of a name, for the flags with a list of them.
func PatternOf(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `,`, `\,`).Replace(name)
}

// A look at names reads so many files, and so much, at most.
const (
	mostLooked  = 600
	looksAtMost = 1 << 20
)

// Each reads the first manifests, one after the other, and gives what they want, mistakes or not, until visit has enough. A file that cannot be
// read is passed over: this is for a look at names, and never for a plan.
func Each(fsys fs.FS, p Project, visit func(c *Connection) bool) {
	names, _, err := find(fsys, p)
	if err != nil {
		return
	}
	size := 0
	for _, name := range names[:min(len(names), mostLooked)] {
		text, err := strict.ReadFile(fsys, name)
		if size += len(text); size > looksAtMost {
			return
		}
		if err != nil {
			continue
		}
		l := parse(name, text, p, nil)
		for i := range l.connections {
			if !visit(&l.connections[i]) {
				return
			}
		}
	}
}
