// Package sopsrules decides which values of a file sops encrypts, exactly as sops decides it, from the file's own metadata or from a
// rule of .sops.yaml. It needs no key.
package sopsrules

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"connsync/lazy"
	"connsync/manifest/strict"
)

// Kinds are the members by which a sops block or a creation rule selects what is encrypted. SOPS refuses two of them together.
var Kinds = []string{
	"encrypted_regex", "unencrypted_regex", "encrypted_suffix", "unencrypted_suffix", "encrypted_comment_regex", "unencrypted_comment_regex",
}

// defaultSuffix ends the keys of values in the clear where there is no selector.
const defaultSuffix = "_unencrypted"

// Selector tells which values SOPS encrypts. The zero Selector belongs to a file or a rule without one: everything is
// encrypted but what stands under a key with the end _unencrypted.
type Selector struct {
	Kind, Text string // one of Kinds, and its value
	Fault      Fault  // why it selects otherwise than its author thinks
	fits       func(text string) bool
	cost       int // of a match, for each byte
}

// Fault is what is wrong with a selector.
type Fault int

// The faults.
const (
	NoFault  Fault = iota
	NoRegexp       // the text is no regular expression: SOPS lets it match nothing, and says nothing
	TooLarge       // the text is larger than connsync looks at: nothing is known of what it selects
)

// Bounds of a selector: of its text in bytes, and of the steps of a regular expression for each byte of its input.
const (
	maxText  = 4096
	maxSteps = 4096
)

// NewSelector reads a selector of a kind. An empty text is none.
func NewSelector(kind, text string) Selector {
	return known.selector(kind, text)
}

// maxKnown is how many selectors are kept: most files of a repository have one of a few.
const maxKnown = 64

// known are selectors read before: of thousands of files with one regular expression, it is compiled once.
var known selectors

type selectors struct {
	mu   sync.Mutex
	read map[[2]string]Selector // by kind and text
}

// selector is newSelector, with the ones it gave before. Further ones are not kept where there are many.
func (k *selectors) selector(kind, text string) Selector {
	k.mu.Lock()
	s, ok := k.read[[2]string{kind, text}]
	k.mu.Unlock()
	if ok {
		return s
	}
	s = newSelector(kind, text)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.read == nil {
		k.read = map[[2]string]Selector{}
	}
	if len(k.read) < maxKnown && len(text) <= maxText {
		k.read[[2]string{kind, text}] = s
	}
	return s
}

func newSelector(kind, text string) Selector {
	s := Selector{Kind: kind, Text: text, cost: 1, fits: func(string) bool { return false }}
	switch {
	case text == "":
		return Selector{}
	case len(text) > maxText:
		s.Fault = TooLarge
	case strings.HasSuffix(kind, "suffix"):
		s.fits = func(key string) bool { return strings.HasSuffix(key, text) }
	default:
		s.compile()
	}
	return s
}

// compile reads the text as a regular expression, as SOPS does, unless it would be large.
func (s *Selector) compile() {
	tree, err := syntax.Parse(s.Text, syntax.Perl)
	if err != nil {
		s.Fault = NoRegexp
		return
	}
	if s.cost = steps(tree); s.cost > maxSteps {
		s.Fault = TooLarge
		return
	}
	pattern, err := regexp.Compile(s.Text)
	if err != nil {
		s.Fault = NoRegexp
		return
	}
	s.fits = lazy.Remembered(pattern.MatchString) // the keys of most files are the same few
}

// steps are about the states a regular expression may be in at once.
func steps(r *syntax.Regexp) int {
	n := 1 + len(r.Rune)
	for _, sub := range r.Sub {
		n = min(n+steps(sub), maxSteps+1)
	}
	if r.Op == syntax.OpRepeat {
		n = min(n*max(r.Min, r.Max, 1), maxSteps+1)
	}
	return n
}

// None tells whether the file or the rule of the selector names none.
func (s Selector) None() bool { return s.Kind == "" }

// String is the selector as it is written, kind: text; "" for none.
func (s Selector) String() string {
	if s.None() {
		return ""
	}
	return s.Kind + ": " + s.Text
}

// Said is a selector as it stands in a sentence: kind: text, or SOPS's default for none.
func Said(selector string) string {
	kind, text, ok := strings.Cut(selector, ": ")
	if !ok {
		return "unencrypted_suffix: " + defaultSuffix
	}
	return kind + ": " + strict.Said(text)
}

// maxWork bounds what one Judge does for one file: bytes looked at, times steps.
const maxWork = 200_000_000

// Judge applies a selector to the leaves of one file. Each key and each comment is looked at once.
type Judge struct {
	s        Selector
	keys     map[string]bool
	comments map[*remarks]bool
	work     int
}

// Judge makes a Judge. It is for one goroutine.
func (s Selector) Judge() *Judge {
	return &Judge{s: s, keys: map[string]bool{}, comments: map[*remarks]bool{nil: false}}
}

// Uncovers tells whether the selector can leave in the clear what stands under a key.
func (s Selector) Uncovers() bool {
	return s.None() || s.Kind == "unencrypted_regex" || s.Kind == "unencrypted_suffix"
}

// Uncovers tells whether everything under a key stays in the clear, whatever the keys below are.
func (j *Judge) Uncovers(key string) bool {
	if j.s.None() {
		return strings.HasSuffix(key, defaultSuffix)
	}
	return j.s.Uncovers() && j.key(key)
}

// Exhausted tells whether the file was too large for its selector: then what Encrypts said does not count.
func (j *Judge) Exhausted() bool { return j.work > maxWork }

// Encrypts tells whether SOPS encrypts a leaf. Every key above it counts, or every comment in force there, and the patterns are
// not anchored.
func (j *Judge) Encrypts(l Leaf) bool {
	switch {
	case j.s.None():
		return !slices.ContainsFunc(l.Keys, func(key string) bool { return strings.HasSuffix(key, defaultSuffix) })
	case strings.Contains(j.s.Kind, "comment"):
		return j.remarked(l.remarks) != j.inverted()
	}
	return slices.ContainsFunc(l.Keys, j.key) != j.inverted()
}

// inverted tells whether what fits stays in the clear.
func (j *Judge) inverted() bool { return strings.HasPrefix(j.s.Kind, "unencrypted") }

func (j *Judge) key(key string) bool {
	fits, known := j.keys[key]
	if !known {
		fits = j.fits(key)
		j.keys[key] = fits
	}
	return fits
}

// remarked tells whether one of the comments in force fits.
func (j *Judge) remarked(r *remarks) bool {
	fits, known := j.comments[r]
	if !known {
		fits = slices.ContainsFunc(r.lines, j.fits) || j.remarked(r.before)
		j.comments[r] = fits
	}
	return fits
}

func (j *Judge) fits(text string) bool {
	j.work += j.s.cost * (1 + len(text))
	return !j.Exhausted() && j.s.fits(text)
}
