package sopsrules

import (
	"strconv"
	"strings"
	"testing"
)

// Selectors read before select what they selected then, by kind and text; and no more than a few are kept, and none over the size limit.
func TestSelectorsAreKeptWithinBounds(t *testing.T) {
	var k selectors
	for range 2 {
		for i := range 2 * maxKnown {
			name := strconv.Itoa(i) + "x"
			for _, kind := range []string{"encrypted_regex", "unencrypted_regex"} {
				s := k.selector(kind, "^"+name+"$")
				judge := s.Judge()
				fits, other := judge.Encrypts(Leaf{Keys: []string{name}}), judge.Encrypts(Leaf{Keys: []string{name + "y"}})
				if want := kind == "encrypted_regex"; fits != want || other == want || s.Kind != kind || s.Text != "^"+name+"$" {
					t.Fatalf("%s: %s: fits %t, another one %t", s, name, fits, other)
				}
			}
		}
	}
	if len(k.read) != maxKnown {
		t.Errorf("%d selectors are kept, of at most %d", len(k.read), maxKnown)
	}
	var empty selectors
	if s := empty.selector("encrypted_regex", strings.Repeat("a", maxText+1)); s.Fault != TooLarge || len(empty.read) != 0 {
		t.Errorf("too large: fault %v, %d kept", s.Fault, len(empty.read))
	}
}

// The work for a file is counted as if nothing had been remembered of a pattern: whether a file is too large does not depend on the ones read before.
func TestWhatAPatternSaidSavesNoWorkOfTheBound(t *testing.T) {
	s := newSelector("encrypted_regex", "^(password|token)$")
	first, second := s.Judge(), s.Judge()
	for _, j := range []*Judge{first, second} {
		j.Encrypts(Leaf{Keys: []string{"a", "password"}})
	}
	if first.work != second.work || first.work == 0 {
		t.Errorf("work %d, and %d where it was remembered", first.work, second.work)
	}
}
