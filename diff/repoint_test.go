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

func onFile(path string) func(*diff.Want) { return func(w *diff.Want) { w.File.Path = path } }

const (
	monday  = "2026-01-05T10:00:00Z"
	tuesday = "2026-01-06T10:00:00Z"
)

// In a file whose MAC leaves the endpoint out, whoever sends a secret elsewhere must hold its key.
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
		{"under a full MAC, which covers it", want("a", moved, func(w *diff.Want) { w.File.Sops = &manifest.Sops{LastModified: monday, MAC: "m1"} }), ""},
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

// What sops wrote for one connection of a file is no licence for another one, once it was applied.
func TestTheNewestStampOfAFileCounts(t *testing.T) {
	a, b := want("a", sealedAt(tuesday, "m2")), want("b", sealedAt(monday, "m1"))
	evil := want("b", with("endpoint", "https://evil", "password", "ENC:1"), sealedAt(tuesday, "m2"))
	in := diff.Input{Want: []diff.Want{a, evil}, Have: []diff.Have{have("1", a), have("2", b)}, Known: byName(known("1", a), known("2", b))}
	if p := diff.Compute(in); p.Changes[1].Action != diff.Conflict {
		t.Errorf("%s", told(p))
	}
	in.Want[1] = want("b", with("endpoint", "https://evil", "password", "ENC:1"), sealedAt(tuesday, "m3"), onFile("other.yaml"))
	in.Known = byName(known("1", a), known("2", b))
	if p := diff.Compute(in); p.Changes[1].Action != diff.Update { // in a file of its own, sops wrote it since
		t.Errorf("%s", told(p))
	}
}

// A file that sops wrote without a change to apply is noted once, and not again.
func TestAFileThatSopsWroteIsNotedOnce(t *testing.T) {
	a, b := want("a", sealedAt(monday, "m1")), want("b", sealedAt(monday, "m1"))
	in := diff.Input{
		Want: []diff.Want{want("a", sealedAt(tuesday, "m2")), want("b", sealedAt(tuesday, "m2"))},
		Have: []diff.Have{have("1", a), have("2", b)}, Known: byName(known("1", a), known("2", b)),
	}
	p := diff.Compute(in)
	if !p.Changes[0].Restamp || p.Changes[1].Restamp || p.Pending() {
		t.Errorf("restamps: %v %v", p.Changes[0].Restamp, p.Changes[1].Restamp)
	}
	in.Known = byName(known("1", want("a", sealedAt(tuesday, "m2"))), known("2", b))
	if p := diff.Compute(in); p.Changes[0].Restamp || p.Changes[1].Restamp {
		t.Error("noted again")
	}
}
