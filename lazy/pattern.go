// Package lazy has regular expressions and sets of words made at their first use. A start makes none: dozens of them take longer than
// most commands do.
package lazy

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression.
type Pattern struct {
	text     string
	once     sync.Once
	compiled *regexp.Regexp
}

// New makes a pattern of a text known to be right: its first use panics where it is not.
func New(text string) *Pattern { return &Pattern{text: text} }

// Regexp is the compiled pattern.
func (p *Pattern) Regexp() *regexp.Regexp {
	p.once.Do(func() { p.compiled = regexp.MustCompile(p.text) })
	return p.compiled
}

// MatchString tells whether a text has a match.
func (p *Pattern) MatchString(s string) bool { return p.Regexp().MatchString(s) }

// FindStringSubmatch is the first match and its groups.
func (p *Pattern) FindStringSubmatch(s string) []string { return p.Regexp().FindStringSubmatch(s) }
