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

// A pattern says of a text what it said before, runs once for each of a few short texts, and the work for a file is counted as if nothing had
// been remembered: whether a file is too large does not depend on the ones read before.
func TestWhatAPatternSaidIsRememberedWithinBounds(t *testing.T) {
	ran := map[string]int{}
	r := &remembered{fits: func(text string) bool { ran[text]++; return strings.Contains(text, "7") }}
	long := strings.Repeat("7", maxRememberedText+1)
	for range 3 {
		for i := range maxRemembered {
			if text := strconv.Itoa(i); r.text(text) != strings.Contains(text, "7") {
				t.Fatalf("%s: wrong", text)
			}
		}
		if !r.text(long) || !r.text("one more: 7") {
			t.Fatal("what is not remembered is judged all the same")
		}
	}
	if ran["7"] != 1 || ran[long] != 3 || ran["one more: 7"] != 3 || len(r.said) != maxRemembered {
		t.Errorf("ran %d, %d and %d times, %d remembered", ran["7"], ran[long], ran["one more: 7"], len(r.said))
	}
	s := newSelector("encrypted_regex", "^(password|token)$")
	first, second := s.Judge(), s.Judge()
	for _, j := range []*Judge{first, second} {
		j.Encrypts(Leaf{Keys: []string{"a", "password"}})
	}
	if first.work != second.work || first.work == 0 {
		t.Errorf("work %d, and %d where it was remembered", first.work, second.work)
	}
}
