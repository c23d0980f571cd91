package diff_test

import (
	"testing"

	"connsync/diff"
	"connsync/manifest"
)

// sealedAt gives a wanted connection's file a time of its last encryption, a MAC, and a MAC that covers encrypted values only.
func sealedAt(at, mac string) func(*diff.Want) {
	return func(w *diff.Want) {
		w.File.Sops = &manifest.Sops{KeysDigest: "keys", MACOnlyEncrypted: true, LastModified: at, MAC: mac}
	}
}

const (
	monday  = "2026-01-05T10:00:00Z"
	tuesday = "2026-01-06T10:00:00Z"
)

// Whoever sends a secret elsewhere must hold its key.
func TestADestinationIsNotChangedByHandBesideASecret(t *testing.T) {
	written := want("a", sealedAt(monday, "m1"))
	moved := with("endpoint", "https://evil", "password", "ENC:1")
	for _, c := range []struct {
		what    string
		want    diff.Want
		refused string // the field; "" where the change is made
	}{
		{"an endpoint edited by hand", want("a", moved, sealedAt(monday, "m1")), "config.endpoint"},
		{"an endpoint set with sops", want("a", moved, sealedAt(tuesday, "m2")), ""},
		{"in the same second, by sops", want("a", moved, sealedAt(monday, "m2")), ""},
		{"a later time that somebody wrote beside the old MAC", want("a", moved, sealedAt(tuesday, "m1")), "config.endpoint"},
		{"an older file of sops's", want("a", moved, sealedAt("2025-01-01T00:00:00Z", "m0")), "config.endpoint"},
		{"a time that is none", want("a", moved, sealedAt("x", "m2")), "config.endpoint"},
		{"a destination by its value", want("a", with("endpoint", "https://a", "target", "10.0.0.1", "password", "ENC:1"), sealedAt(monday, "m1")), "config.target"},
		{"a destination taken away", want("a", with("password", "ENC:1"), sealedAt(monday, "m1")), "config.endpoint"},
		{"a plugin", want("a", func(w *diff.Want) { w.Resolved.VersionID = "v9" }, sealedAt(monday, "m1")), "plugin"},
		{"a setting that leads nowhere", want("a", with("endpoint", "https://a", "mode", "fast", "password", "ENC:1"), sealedAt(monday, "m1")), ""},
		{"a description", want("a", func(w *diff.Want) { w.Description = "other" }, sealedAt(monday, "m1")), ""},
		{"without a secret that could go astray", want("a", with("endpoint", "https://evil"), sealedAt(monday, "m1")), ""},
		{"under a full MAC, which sees no names of keys", want("a", moved, func(w *diff.Want) { w.File.Sops = &manifest.Sops{LastModified: monday, MAC: "m1"} }), "config.endpoint"},
	} {
		for _, there := range []bool{true, false} { // also where it is gone from SecMaster, and would be created anew
			in := diff.Input{Want: []diff.Want{c.want}, Known: byName(known("1", written))}
			if there {
				in.Have = []diff.Have{have("1", written)}
			}
			got := diff.Compute(in).Changes[0]
			refused := ""
			if got.Conflict != nil && got.Conflict.Kind == diff.ConflictRepointed && len(got.Conflict.Fields) == 1 {
				refused = string(got.Conflict.Fields[0])
			}
			if refused != c.refused || got.Write == (c.refused != "") {
				t.Errorf("%s (there: %v): refused %q, want %q; %s", c.what, there, refused, c.refused, told(diff.Compute(in)))
			}
		}
	}
}

// A connection that was renamed takes its stamp along.
func TestARenameIsNoWayToAnotherDestination(t *testing.T) {
	written := want("old", sealedAt(monday, "m1"))
	w := want("new", with("endpoint", "https://evil", "password", "ENC:1"), sealedAt(monday, "m1"), func(w *diff.Want) { w.Previously = "old" })
	p := diff.Compute(diff.Input{Want: []diff.Want{w}, Have: []diff.Have{have("1", written)}, Known: byName(known("1", written))})
	if c := p.Changes[0]; c.Action != diff.Conflict || c.Conflict.Kind != diff.ConflictRepointed || len(p.Changes) != 1 {
		t.Errorf("%s", told(p))
	}
}

// What sops wrote for one connection of a file is no licence for another one, once it was applied: the other one, which it left
// unchanged, is recorded once more, and then no more.
func TestWhatSopsWroteForOneIsNoLicenceForAnother(t *testing.T) {
	a, b := want("a", sealedAt(monday, "m1")), want("b", sealedAt(monday, "m1"))
	in := diff.Input{
		Want: []diff.Want{want("a", with("endpoint", "https://a", "password", "ENC:2"), sealedAt(tuesday, "m2")), want("b", sealedAt(tuesday, "m2"))},
		Have: []diff.Have{have("1", a), have("2", b)}, Known: byName(known("1", a), known("2", b)),
	}
	p := diff.Compute(in)
	if p.Changes[0].Restamp || !p.Changes[1].Restamp || p.Writes() != 1 {
		t.Errorf("restamps: %v %v\n%s", p.Changes[0].Restamp, p.Changes[1].Restamp, told(p))
	}
	in.Known = byName(known("1", in.Want[0]), known("2", in.Want[1]))
	if p := diff.Compute(in); p.Changes[1].Restamp || p.Pending() {
		t.Errorf("recorded again: %s", told(p))
	}
	in.Want[1] = want("b", with("endpoint", "https://evil", "password", "ENC:1"), sealedAt(tuesday, "m2"))
	if p := diff.Compute(in); p.Changes[1].Action != diff.Conflict {
		t.Errorf("%s", told(p))
	}
}

// What one connection of a file could not be brought to yet is still brought there: its own last apply counts, not that of its file.
func TestAnApplyThatFailedIsRepeated(t *testing.T) {
	a, b := want("a", sealedAt(monday, "m1")), want("b", sealedAt(monday, "m1"))
	moved := want("b", with("endpoint", "https://b2", "password", "ENC:1"), sealedAt(tuesday, "m2"))
	in := diff.Input{
		Want: []diff.Want{want("a", sealedAt(tuesday, "m2")), moved}, Have: []diff.Have{have("1", a), have("2", b)},
		Known: byName(known("1", want("a", sealedAt(tuesday, "m2"))), known("2", b)),
	}
	if p := diff.Compute(in); p.Changes[1].Action != diff.Update {
		t.Errorf("%s", told(p))
	}
}

// Neither an older file that was applied in between, nor one without encryption, opens the way to another destination.
func TestADetourIsNoWayToAnotherDestination(t *testing.T) {
	newest := want("a", sealedAt(tuesday, "m2"))
	older := want("a", with("endpoint", "https://a", "password", "ENC:0"), sealedAt(monday, "m1"))
	bare := want("a", with("endpoint", "https://evil"), func(w *diff.Want) { w.File.Sops = nil })
	for what, between := range map[string]diff.Want{"an older file": older, "a file in the clear": bare} {
		k := known("1", newest)
		applied := known("1", between)
		applied.KeepStamp(&k)
		back := want("a", with("endpoint", "https://evil", "password", "ENC:1"), sealedAt(tuesday, "m2"))
		p := diff.Compute(diff.Input{Want: []diff.Want{back}, Have: []diff.Have{have("1", between)}, Known: byName(applied)})
		if c := p.Changes[0]; c.Action != diff.Conflict || c.Conflict.Kind != diff.ConflictRepointed {
			t.Errorf("%s: %s", what, told(p))
		}
	}
}
