package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTheScannerFindsEveryEncodingOfEveryPartAnywhere(t *testing.T) {
	c, n := newCanary("one"), newNumber("a number")
	s := newScanner([]canary{newCanary("another"), c, n})
	for _, e := range encodings() {
		for _, text := range []string{e.by(c.text), "x" + e.by(c.text), e.by(c.text) + "=", "padding\x00 " + e.by(c.text) + " more"} {
			hits := s.scan("here", []byte(text))
			if !has(hits, hit{c.name, e.name, "here"}) {
				t.Errorf("%s is not found in %q: %v", e.name, text, hits)
			}
		}
		if len(s.scan("", []byte(e.by("nothing of that kind, however long it may be")))) != 0 {
			t.Errorf("%s is found where it is not", e.name)
		}
		if !has(s.scan("here", []byte(e.by(n.text))), hit{n.name, e.name, "here"}) {
			t.Errorf("%s of a number is not found", e.name)
		}
	}
	for i := 0; i+6 <= len(c.text); i++ {
		for _, e := range []string{"raw", "reversed", "hex", "utf-16le", "percent"} {
			part := c.text[i : i+6]
			for _, as := range encodings() {
				if as.name == e && !has(s.scan("", []byte("."+as.by(part)+".")), hit{c.name, e, ""}) {
					t.Errorf("six characters are not found as %s: %s", e, part)
				}
			}
		}
	}
	for size := 9; size <= 32; size++ { // of a part anywhere in something longer
		for before := range 4 {
			text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("z", before) + c.text[:size] + "zz"))
			if len(s.scan("", []byte(text))) == 0 {
				t.Errorf("base64 of %d characters after %d others is not found", size, before)
			}
		}
	}
	if len(s.scan("", []byte(c.text[:5]+"."+c.text[6:11]+"."+n.text[:11]))) != 0 {
		t.Error("less than a run is found")
	}
}

// What a program without secrets writes must not look like one: digests, base64, hexadecimal numbers and random bytes.
func TestTheScannerIsNotFooledByChance(t *testing.T) {
	var cs []canary
	for i := range 40 {
		cs = append(cs, newCanary(fmt.Sprint("c", i)), newNumber(fmt.Sprint("n", i)))
	}
	s := newScanner(cs)
	var b strings.Builder
	for i := range 20_000 {
		sum := sha256.Sum256(fmt.Append(nil, "noise", i))
		fmt.Fprintf(&b, "%x %X %s %d %v\n", sum, sum, base64.StdEncoding.EncodeToString(sum[:]), sum[0:8], sum[8:16])
		b.Write(sum[:])
	}
	if hits := s.scan("noise", []byte(b.String())); len(hits) > 0 {
		t.Errorf("%d of %d bytes: %v", len(hits), b.Len(), hits)
	}
}

func TestCanariesAreUnlikeEachOther(t *testing.T) {
	seen := map[string]string{}
	for i := range 200 {
		c := newCanary(fmt.Sprint("c", i))
		if len(c.text) != 32 || c.isNumber() {
			t.Fatalf("%q", c.text)
		}
		for at := 0; at+6 <= len(c.text); at++ {
			part := c.text[at : at+6]
			if other, taken := seen[part]; taken {
				t.Errorf("%s and %s share %s", c.name, other, part)
			}
			if !strings.ContainsAny(part, marks) {
				t.Errorf("%s could be anything", part)
			}
			seen[part] = c.name
		}
	}
	if n := newNumber("n"); len(n.text) != 18 || !n.isNumber() {
		t.Errorf("%q", n.text)
	}
}

func has(hits []hit, want hit) bool {
	return slices.Contains(hits, want)
}
