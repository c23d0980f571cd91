package diff_test

import (
	"testing"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// sealedAt gives a wanted connection's file a time of its last encryption, a MAC, and a MAC over encrypted values only.
func sealedAt(at, mac string) func(*diff.Want) {
	return func(w *diff.Want) {
		w.File.Sops = &manifest.Sops{KeysDigest: "keys", MACOnlyEncrypted: true, LastModified: at, MAC: mac}
	}
}

const (
	monday  = "2026-01-05T10:00:00Z"
	tuesday = "2026-01-06T10:00:00Z"
)

// To send a secret elsewhere, its key is needed. A later write of the file by sops shows nothing of it: what was edited by hand before is signed with the rest.
func TestADestinationIsNotChangedByHandBesideASecret(t *testing.T) {
	written := want("a", sealedAt(monday, "m1"))
	moved := with("endpoint", "https://evil", "password", "ENC:1")
	for _, c := range []struct {
		what    string
		want    diff.Want
		refused string // the field; "" where the change is made
	}{
		{"an endpoint edited by hand", want("a", moved, sealedAt(monday, "m1")), "config.endpoint"},
		{"an endpoint, and then sops wrote the file", want("a", moved, sealedAt(tuesday, "m2")), "config.endpoint"},
		{"an older file of sops's", want("a", moved, sealedAt("2025-01-01T00:00:00Z", "m0")), "config.endpoint"},
		{"an endpoint beside a new secret", want("a", with("endpoint", "https://evil", "password", "ENC:2"), sealedAt(tuesday, "m2")), "config.endpoint"},
		{"a destination by its value", want("a", with("endpoint", "https://a", "target", "10.0.0.1", "password", "ENC:1"), sealedAt(monday, "m1")), "config.target"},
		{"a destination taken away", want("a", with("password", "ENC:1"), sealedAt(monday, "m1")), "config.endpoint"},
		{"a plugin", want("a", func(w *diff.Want) { w.Resolved.VersionID = "v9" }, sealedAt(monday, "m1")), "plugin"},
		{"whether a certificate is verified", want("a", with("endpoint", "https://a", "verify_ssl", false, "password", "ENC:1"), sealedAt(monday, "m1")), "config.verify_ssl"},
		{"a setting that leads nowhere", want("a", with("endpoint", "https://a", "mode", "fast", "password", "ENC:1"), sealedAt(monday, "m1")), ""},
		{"a secret", want("a", with("endpoint", "https://a", "password", "ENC:2"), sealedAt(tuesday, "m2")), ""},
		{"a secret more", want("a", with("endpoint", "https://a", "password", "ENC:1", "token", "ENC:2"), sealedAt(tuesday, "m2")), ""},
		{"a description", want("a", func(w *diff.Want) { w.Description = "other" }, sealedAt(monday, "m1")), ""},
		{"the secret taken away beside it: SecMaster may keep the one that it has", want("a", with("endpoint", "https://evil"), sealedAt(monday, "m1")), "config.endpoint"},
		{"the secret taken away", want("a", with("endpoint", "https://a"), sealedAt(monday, "m1")), ""},
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
			for what, with := range map[string]func(*diff.Input){
				"reviewed": func(in *diff.Input) { in.Destinations = manifest.Reviewed },
				"accepted": func(in *diff.Input) { in.Accept = func(name string) bool { return name == "a" } },
			} {
				free := in
				with(&free)
				if p := diff.Compute(free); p.Changes[0].Conflict != nil {
					t.Errorf("%s, %s: %s", c.what, what, told(p))
				}
			}
			in.Accept = func(name string) bool { return name == "b" }
			if p := diff.Compute(in); (p.Changes[0].Conflict != nil) != (c.refused != "") {
				t.Errorf("%s, another accepted: %s", c.what, told(p))
			}
		}
	}
}

// place is the target of all seals here.
var place = diff.Place{Region: "cn-north-4", WorkspaceID: "w"}

// seals gives a wanted connection a seal with an IV in its text.
func seals(iv string) func(*diff.Want) {
	return func(w *diff.Want) {
		w.Seal = &secrets.Ref{Ciphertext: secrets.Ciphertext{Kind: "str", IV: iv, Size: 9}}
	}
}

// applied is the record of a connection sent under a seal.
func applied(t *testing.T, w diff.Want) diff.Known {
	t.Helper()
	lines, ok := w.Bound(manifest.Target{Region: place.Region, WorkspaceID: place.WorkspaceID})
	if !ok {
		t.Fatal("not sealed")
	}
	k := known("1", w)
	k.KeepSeal(&w, &diff.Seal{Settings: lines.Digest(), N: 5, Digest: "d", Sealed: true, Secrets: true}, nil)
	return k
}

// Of a seal is told without a key what the record shows. What is left open here, the key decides.
func TestWhatOfASealIsToldWithoutAKey(t *testing.T) {
	at := sealedAt(monday, "m1")
	before := want("a", at, seals("iv1"))
	moved := with("endpoint", "https://evil", "password", "ENC:1")
	for _, c := range []struct {
		what   string
		policy string
		want   diff.Want
		told   diff.ConflictKind // "" where the key decides
		fields string
	}{
		{"as it was applied", "", before, "", ""},
		{"with a new secret", "", want("a", with("endpoint", "https://a", "password", "ENC:2"), at, seals("iv1")), "", ""},
		{"an endpoint under the seal of another", "", want("a", moved, at, seals("iv1")), diff.ConflictResealed, "config.endpoint"},
		{"a setting that no list knows", "", want("a", with("endpoint", "https://a", "mode", "fast", "password", "ENC:1"), at, seals("iv1")), diff.ConflictResealed, "config.mode"},
		{"a free setting", "", want("a", with("endpoint", "https://a", "interval", "9", "password", "ENC:1"), at, seals("iv1")), "", ""},
		{"the secret taken away", "", want("a", with("endpoint", "https://a"), at, seals("iv1")), diff.ConflictResealed, "config.password"},
		{"an endpoint with another seal", "", want("a", moved, at, seals("iv2")), "", ""},
		{"the seal taken away", "", want("a", at), diff.ConflictUnsealed, ""},
		{"the seal taken away, and the endpoint changed", "", want("a", moved, at), diff.ConflictUnsealed, ""},
		{"the seal and all secrets taken away", "", want("a", with("endpoint", "https://a"), at), diff.ConflictUnsealed, ""},
		{"without a seal, where the project wants one", manifest.Sealed, want("b", at), diff.ConflictUnsealed, ""},
		{"without a seal, where it does not say", "", want("b", at), "", ""},
		{"without a seal and without secrets", manifest.Sealed, want("b", with("endpoint", "https://a"), at), "", ""},
		{"where review decides", manifest.Reviewed, want("a", moved, at), "", ""},
	} {
		in := diff.Input{Want: []diff.Want{c.want}, Have: []diff.Have{have("1", before)}, Known: byName(applied(t, before)), Destinations: c.policy, SealedFor: place}
		in.Accept = func(string) bool { return c.want.HasSecrets() } // what was sealed once is not accepted by a flag
		p := diff.Compute(in)
		var kind diff.ConflictKind
		fields := ""
		for _, change := range p.Changes {
			if change.Conflict != nil {
				kind = change.Conflict.Kind
				for _, f := range change.Conflict.Fields {
					fields += string(f)
				}
			}
		}
		if kind != c.told || fields != c.fields {
			t.Errorf("%s: %q %q, want %q %q; %s", c.what, kind, fields, c.told, c.fields, told(p))
		}
	}
	in := diff.Input{Want: []diff.Want{before}, Have: []diff.Have{have("1", before)}, Known: byName(applied(t, before)), SealedFor: place}
	in.SealedFor.WorkspaceID = "w2"
	if p := diff.Compute(in); p.Changes[0].Conflict == nil || p.Changes[0].Conflict.Kind != diff.ConflictResealed {
		t.Errorf("another workspace under the same seal: %s", told(p))
	}
}

// A new seal, or another one, is recorded once the file was opened; and what is recorded is not lost.
func TestASealIsRecorded(t *testing.T) {
	at := sealedAt(monday, "m1")
	before := want("a", at, seals("iv1"))
	for what, c := range map[string]struct {
		now     diff.Want
		restamp bool
	}{"the same": {before, false}, "rotated, with the same text": {before, false}, "another": {want("a", at, seals("iv2")), true}} {
		p := diff.Compute(diff.Input{Want: []diff.Want{c.now}, Have: []diff.Have{have("1", before)}, Known: byName(applied(t, before)), SealedFor: place})
		if p.Changes[0].Action != diff.Unchanged || p.Changes[0].Restamp != c.restamp {
			t.Errorf("%s: restamp %v; %s", what, p.Changes[0].Restamp, told(p))
		}
	}
	k, was := known("1", before), applied(t, before)
	k.KeepSeal(&before, nil, &was)
	if k.Seal == nil || k.Seal.N != 5 || !k.Seal.Sealed || k.Marks.Of("seal") != was.Marks.Of("seal") || k.Marks.Of("seal") == "" {
		t.Errorf("what was sealed once is forgotten: %+v %v", k.Seal, k.Marks)
	}
	if k.KeepSeal(&before, nil, nil); k.Seal != nil {
		t.Errorf("a seal out of nothing: %+v", k.Seal)
	}
}

// A renamed connection takes its stamp along.
func TestARenameIsNoWayToAnotherDestination(t *testing.T) {
	written := want("old", sealedAt(monday, "m1"))
	w := want("new", with("endpoint", "https://evil", "password", "ENC:1"), sealedAt(monday, "m1"), func(w *diff.Want) { w.Previously = "old" })
	p := diff.Compute(diff.Input{Want: []diff.Want{w}, Have: []diff.Have{have("1", written)}, Known: byName(known("1", written))})
	if c := p.Changes[0]; c.Action != diff.Conflict || c.Conflict.Kind != diff.ConflictRepointed || len(p.Changes) != 1 {
		t.Errorf("%s", told(p))
	}
}

// What sops wrote for one connection of a file is no licence for another one, once it was applied: the other one, left
// unchanged by it, is recorded once more, and then no more.
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

// Neither an older file applied in between, nor one without encryption, opens the way to another destination.
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
