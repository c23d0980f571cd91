package sops

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	upstream "github.com/getsops/sops/v3"
)

// RulesFile is where sops reads for whom and what it encrypts.
const RulesFile = ".sops.yaml"

// Rule is the creation rule of a file, as sops itself reads it.
type Rule struct {
	From string // its file, as a path of the system
	meta upstream.Metadata
}

// ErrNoRule says that no rule fits a file: the nearest .sops.yaml with rules has none for it, or there is none.
var ErrNoRule = errors.New("no rule of a " + RulesFile + " fits it")

// ErrBadRule says that a .sops.yaml cannot be used.
var ErrBadRule = errors.New("its " + RulesFile + " cannot be used")

// RuleFor is the rule of a file (a slash path below top): the first fitting one of the nearest .sops.yaml with rules, in its folder or above.
func RuleFor(top, file string) (r *Rule, err error) {
	defer func() {
		if recover() != nil {
			r, err = nil, ErrBadRule
		}
	}()
	silence()
	full := filepath.Join(top, filepath.FromSlash(file))
	for dir := filepath.Dir(full); ; dir = filepath.Dir(dir) {
		from := filepath.Join(dir, RulesFile)
		info, err := os.Lstat(from)
		switch {
		case err == nil && info.Mode().IsRegular():
			meta, found, err := ruleIn(from, full)
			if err != nil {
				return nil, err
			}
			if found {
				return &Rule{from, meta}, nil
			}
		case err == nil || !errors.Is(err, fs.ErrNotExist):
			return nil, ErrBadRule
		}
		if dir == filepath.Clean(top) || dir == filepath.Dir(dir) {
			return nil, ErrNoRule
		}
	}
}

// Selector is what the rule encrypts, as a key and its text: encrypted_regex: ^password$. A rule without one encrypts what stands under config.
func (r *Rule) Selector() string { return selectorOf(r.meta) }

// Recipients are the keys of a rule, each with its type before it.
func (r *Rule) Recipients() []string { return recipientsOf(r.meta) }
