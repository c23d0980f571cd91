package sopsrules

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"connsync/manifest/strict"
)

// File is the name of the file that tells sops what to encrypt, and whom for.
const File = ".sops.yaml"

// Rules are the creation rules of the .sops.yaml files of a commit, by their folder.
type Rules map[string][]Rule

// Rule is one creation rule: who can open its files, and what of them is encrypted.
type Rule struct {
	From       string // its .sops.yaml
	Pos        strict.Position
	PathRegex  string // "" fits every file
	Recipients []Recipient
	Selector   string // what is encrypted, as in "encrypted_regex: ^password$"; "" for SOPS's default
	Selects    Selector
	MACOnly    bool // mac_only_encrypted
	Threshold  int  // shamir_threshold
	Groups     int  // of keys
	Unread     bool // it stands for an unusable .sops.yaml
	path       *regexp.Regexp
}

// Load reads the .sops.yaml files that hold for some files: in the folder of each, and in all folders above. One of them is a mistake if the file tree
// refuses it, if sops cannot use it, or if it selects otherwise than it looks. The error is a *strict.ReadError.
func Load(fsys fs.FS, files []string) (Rules, []strict.Mistake, error) {
	rules := Rules{}
	var mistakes []strict.Mistake
	for _, dir := range foldersOf(files) {
		name := path.Join(dir, File)
		text, err := strict.ReadFile(fsys, name)
		var missing *strict.ReadError
		var refused interface{ Refused() string }
		switch {
		case errors.As(err, &missing) && missing.Missing:
			continue
		case errors.As(err, &refused):
			mistakes = append(mistakes, strict.Mistake{Pos: strict.Position{File: name}, Message: refused.Refused(), Rule: true})
			rules[dir] = unusable
			continue
		case err != nil:
			return nil, nil, err
		}
		rs, ms := read(name, text)
		mistakes = append(mistakes, ms...)
		if rs != nil {
			rules[dir] = rs
		}
	}
	return rules, mistakes, nil
}

// foldersOf are the folders of files, with all above them, in order.
func foldersOf(files []string) []string {
	seen := map[string]bool{".": true}
	for _, f := range files {
		for dir := path.Dir(f); !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// For is the rule of a file: the first fitting one in the nearest folder with rules. nil where none fits; told is false where there are
// no rules at all, or where they cannot be read.
func (r Rules) For(file string) (rule *Rule, told bool) {
	rs, relative := r.near(file)
	for i := range rs {
		switch {
		case rs[i].Unread:
			return nil, false
		case rs[i].fits(relative):
			return &rs[i], true
		}
	}
	return nil, rs != nil
}

// near are the rules of the nearest folder with any, and the file's path from there; nil where no folder has.
func (r Rules) near(file string) (rs []Rule, relative string) {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if rs, ok := r[dir]; ok {
			return rs, strings.TrimPrefix(file, dir+"/")
		}
		if dir == "." {
			return nil, ""
		}
	}
}

// fits tells whether the rule is for a file, by its path from the rule's folder. The pattern is not anchored.
func (r Rule) fits(relative string) bool { return r.path == nil || r.path.MatchString(relative) }

// ForWindows tells whether a rule before the one in force for a file would fit it on Windows, where sops writes paths with \.
func (r Rules) ForWindows(file string) bool {
	rs, relative := r.near(file)
	for _, rule := range rs {
		switch {
		case rule.Unread || rule.fits(relative):
			return false
		case strings.Contains(rule.PathRegex, `\`) && rule.fits(strings.ReplaceAll(relative, "/", `\`)):
			return true
		}
	}
	return false
}

// Command is a sops command with this rule for a file, wherever it is the nearest to: sops itself takes the .sops.yaml nearest
// to the folder in which it runs, the repository's root.
func (r Rule) Command(words string) string {
	if r.From == File {
		return "sops " + words
	}
	return "sops --config " + Word(r.From) + " " + words
}

// Same tells whether two rules want the same of a file.
func (r Rule) Same(other Rule) bool {
	return r.From == other.From && r.Selector == other.Selector && r.MACOnly == other.MACOnly && r.Threshold == other.Threshold && r.Groups == other.Groups &&
		len(Missing(r.Recipients, other.Recipients))+len(Missing(other.Recipients, r.Recipients)) == 0
}
