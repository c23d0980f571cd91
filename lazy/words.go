package lazy

import (
	"slices"
	"strings"
	"sync"
)

// Set is some words, looked for in a map that the first look makes.
type Set struct {
	words string
	once  sync.Once
	of    map[string]bool
}

// Words makes a set of words written apart.
func Words(words string) *Set { return &Set{words: words} }

// Has tells whether a word is one of them.
func (s *Set) Has(word string) bool {
	s.once.Do(func() {
		s.of = make(map[string]bool)
		for w := range strings.FieldsSeq(s.words) {
			s.of[w] = true
		}
	})
	return s.of[word]
}

// HasAny tells whether at least one of some words is.
func (s *Set) HasAny(words []string) bool { return slices.ContainsFunc(words, s.Has) }
