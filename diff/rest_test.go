package diff_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

const blob = "0123456789abcdef0123456789abcdef01234567"

// settledAs is a wanted connection of a file known by its content, and its record.
func settledAs(w diff.Want, id string) (diff.Want, diff.Known) {
	w.File.Blob, w.File.Targets = blob, []string{"prod"}
	w.File.Sops = &manifest.Sops{KeysDigest: "keys", MAC: "mac", LastModified: "2026-01-02T03:04:05Z"}
	return w, known(id, w)
}

// resting is what is left of a wanted connection of an unread file.
func resting(w diff.Want) manifest.Rested {
	return manifest.Rested{Target: w.Target, Name: w.Name, File: &manifest.File{Path: w.File.Path, Blob: w.File.Blob, Targets: w.File.Targets}}
}

// bare is a plan without what only the reading of a file tells.
func bare(p diff.Plan) diff.Plan {
	changes := append([]diff.Change(nil), p.Changes...)
	for i := range changes {
		changes[i].Want, changes[i].Rests, changes[i].Pos = nil, false, manifest.Position{}
		if len(changes[i].Extra) == 0 {
			changes[i].Extra = nil
		}
	}
	p.Changes = changes
	return p
}

// Whatever holds of a connection of a resting file: it is left alone exactly as if the file had been read, or the file has to be read.
func TestWhatRestsIsPlannedAsIfItWereRead(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	rested, read, unsettled := 0, 0, 0
	for range 6_000 {
		b := make([]byte, 34)
		for i := range b {
			b[i] = byte(random.Uint32()) % 7 * byte(random.Uint32()%3/2) // mostly what is usual
		}
		b[7] = 1 // known
		s := choices(b)
		if random.Uint32()%2 == 0 {
			s.there, s.defense, s.intent, s.rewrite = [4]string{1: "a"}, [4]bool{}, "", false
		}
		in := s.input()
		in.Destinations = []string{manifest.Reviewed, ""}[random.Uint32()%2]
		if len(in.Want) == 0 {
			continue
		}
		w, _ := settledAs(in.Want[0], "1")
		wrote, k := settledAs(want("a", with("endpoint", s.wrote, "password", "ENC:1")), "1")
		k.Protect, k.Written, k.Commit = s.protected, s.written, "older"
		in.Want[0], in.Known["a"] = w, &k
		if !w.Settled(&k, in.SealedFor) {
			unsettled++
			continue
		}
		slow := elsewhere(t, diff.Compute(in))
		in.Want, in.Rest = nil, []manifest.Rested{resting(wrote)}
		fast := elsewhere(t, diff.Compute(in))
		switch c := changeOf(slow, "a"); {
		case len(fast.Unread) > 0:
			read++
			alone := s.there == [4]string{1: "a"} && !s.defense[1]
			if alone && c.Action == diff.Unchanged && len(c.Warnings) == 0 && s.time == k.UpdateTime && s.intent == "" {
				t.Fatalf("%+v: read for nothing", s)
			}
			if len(fast.Changes) > 0 || fast.Unread[0] != file {
				t.Fatalf("%+v: %v", s, fast)
			}
		case !reflect.DeepEqual(bare(fast), bare(slow)):
			t.Fatalf("%+v\n fast %+v\n slow %+v", s, bare(fast), bare(slow))
		default:
			rested++
		}
	}
	if rested < 300 || read < 300 || unsettled < 500 {
		t.Errorf("%d rested, %d were read, %d had no record of all", rested, read, unsettled)
	}
}

// elsewhere is a plan made from a commit without what was applied before.
func elsewhere(t *testing.T, p diff.Plan) diff.Plan {
	t.Helper()
	p.WantCommit = "another"
	if err := p.Forward(nil, func(string, string, string) (bool, error) { return false, nil }, false); err != nil {
		t.Fatal(err)
	}
	return p
}

func changeOf(p diff.Plan, name string) diff.Change {
	for _, c := range p.Changes {
		if c.Name == name {
			return c
		}
	}
	return diff.Change{}
}

// A record says all that a file says only where nothing in the file could lead to another decision, or to another record.
func TestARecordThatDoesNotSayAllIsNotSettled(t *testing.T) {
	w, k := settledAs(want("a"), "1")
	if !w.Settled(&k, diff.Place{}) {
		t.Fatal("a record of what was applied is not taken for that")
	}
	for what, change := range map[string]func(w *diff.Want, k *diff.Known){
		"another content":             func(w *diff.Want, _ *diff.Known) { w.File.Blob = "other" },
		"another file":                func(_ *diff.Want, k *diff.Known) { k.File = "connections/b.yaml" },
		"two targets":                 func(w *diff.Want, _ *diff.Known) { w.File.Targets = []string{"prod", "test"} },
		"any target":                  func(w *diff.Want, _ *diff.Known) { w.File.Targets = nil },
		"previously":                  func(w *diff.Want, _ *diff.Known) { w.Previously = "old" },
		"adopt":                       func(w *diff.Want, _ *diff.Known) { w.Adopt = "1" },
		"incomplete":                  func(w *diff.Want, _ *diff.Known) { w.Incomplete = true },
		"a hole":                      func(w *diff.Want, _ *diff.Known) { w.Missing = []secrets.Path{"config.x"} },
		"in the clear by its rule":    func(w *diff.Want, _ *diff.Known) { w.InClear = []secrets.Path{"config.endpoint"} },
		"no such plugin":              func(w *diff.Want, _ *diff.Known) { w.Unresolved = true },
		"another plugin":              func(w *diff.Want, _ *diff.Known) { w.Resolved.VersionID = "v2" },
		"recorded without a write":    func(_ *diff.Want, k *diff.Known) { k.Unverified = true },
		"protected since":             func(w *diff.Want, _ *diff.Known) { w.Protect = true },
		"protected before":            func(_ *diff.Want, k *diff.Known) { k.Protect = true },
		"an older MAC":                func(_ *diff.Want, k *diff.Known) { k.MAC = "older" },
		"an older time":               func(_ *diff.Want, k *diff.Known) { k.LastModified = "2025-01-02T03:04:05Z" },
		"another data key":            func(_ *diff.Want, k *diff.Known) { k.Keys = "others" },
		"not encrypted any more":      func(w *diff.Want, _ *diff.Known) { w.File.Sops = nil },
		"a seal that is not recorded": func(w *diff.Want, _ *diff.Known) { w.Seal = &secrets.Ref{} },
		"a seal that was recorded":    func(_ *diff.Want, k *diff.Known) { k.Seal = &diff.Seal{Sealed: true} },
		"another setting":             func(w *diff.Want, _ *diff.Known) { w.Config["endpoint"] = "https://b" },
		"one more":                    func(w *diff.Want, _ *diff.Known) { w.Config["more"] = "x" },
		"one less":                    func(w *diff.Want, _ *diff.Known) { delete(w.Config, "endpoint") },
		"another secret":              func(w *diff.Want, _ *diff.Known) { w.Config = config("endpoint", "https://a", "password", "ENC:2") },
		"no secret":                   func(w *diff.Want, _ *diff.Known) { w.Config = config("endpoint", "https://a") },
		"another description":         func(w *diff.Want, _ *diff.Known) { w.Description = "other" },
	} {
		w, k := settledAs(want("a"), "1")
		change(&w, &k)
		if w.Settled(&k, diff.Place{}) {
			t.Errorf("%s: taken for settled", what)
		}
	}
}

// Known state vouches for a file only as a whole, only under the checks it passed, and only as long as nothing of its records is another one.
func TestAFileIsVouchedForAsAWhole(t *testing.T) {
	both := func() map[string]*diff.Known {
		out := map[string]*diff.Known{}
		for _, name := range []string{"a", "b"} {
			_, k := settledAs(want(name), "id-"+name)
			k.Checked = k.CheckedBy("checks", diff.Together([]string{"a", "b"}))
			out[name] = &k
		}
		return out
	}
	vouched := diff.Resting(both(), "checks")
	if v := vouched[file]; len(vouched) != 1 || v.Blob != blob || !reflect.DeepEqual(v.Names, []string{"a", "b"}) {
		t.Fatalf("%v", vouched)
	}
	change := func(of func(k *diff.Known)) func(map[string]*diff.Known) {
		return func(ks map[string]*diff.Known) { of(ks["a"]) }
	}
	for what, change := range map[string]func(map[string]*diff.Known){
		"nothing vouches":       change(func(k *diff.Known) { k.Checked = "" }),
		"another digest":        change(func(k *diff.Known) { k.Checked = "0" }),
		"another content":       change(func(k *diff.Known) { k.Blob = "other" }),
		"no content":            change(func(k *diff.Known) { k.Blob = "" }),
		"another file":          change(func(k *diff.Known) { k.File = "connections/b.yaml" }),
		"no file":               change(func(k *diff.Known) { k.File = "" }),
		"another time":          change(func(k *diff.Known) { k.LastModified = "" }),
		"another MAC":           change(func(k *diff.Known) { k.MAC = "other" }),
		"another data key":      change(func(k *diff.Known) { k.Keys = "other" }),
		"another plugin":        change(func(k *diff.Known) { k.Plugin.VersionID = "v9" }),
		"protected":             change(func(k *diff.Known) { k.Protect = true }),
		"recorded, not written": change(func(k *diff.Known) { k.Unverified = true }),
		"sealed":                change(func(k *diff.Known) { k.Seal = &diff.Seal{Sealed: true} }),
		"one is gone":           func(ks map[string]*diff.Known) { delete(ks, "b") },
		"one came": func(ks map[string]*diff.Known) {
			k := *ks["b"]
			k.Name, k.ID = "c", "id-c"
			ks["c"] = &k
		},
		"all vouch for fewer": func(ks map[string]*diff.Known) {
			for name, k := range ks {
				k.Checked = k.CheckedBy("checks", diff.Together([]string{name}))
			}
		},
	} {
		ks := both()
		change(ks)
		if got := diff.Resting(ks, "checks"); len(got) > 0 {
			t.Errorf("%s: vouched for: %v", what, got)
		}
	}
	for _, checks := range []string{"", "other checks"} {
		if got := diff.Resting(both(), checks); len(got) > 0 {
			t.Errorf("under %q: %v", checks, got)
		}
	}
}

// Records that were made one by one vouch for no file: not of two contents, nor of none, nor of no file.
func TestRecordsOfOtherContentsVouchForNothing(t *testing.T) {
	for what, ks := range map[string][]diff.Known{
		"two contents": {{Name: "a", File: "f.yaml", Blob: "1"}, {Name: "b", File: "f.yaml", Blob: "2"}},
		"no content":   {{Name: "a", File: "f.yaml"}, {Name: "b", File: "f.yaml"}},
		"no file":      {{Name: "a", Blob: "1"}, {Name: "b", Blob: "1"}},
	} {
		known := map[string]*diff.Known{}
		for _, k := range ks {
			k.Checked = k.CheckedBy("checks", diff.Together([]string{"a", "b"}))
			known[k.Name] = &k
		}
		if got := diff.Resting(known, "checks"); len(got) > 0 {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// What rests keeps its id, whoever names that, without being read; what rests and is not known is read.
func TestTheIDOfWhatRestsIsItsOwn(t *testing.T) {
	w, k := settledAs(want("a", with("endpoint", "e")), "1")
	in := diff.Input{Rest: []manifest.Rested{resting(w)}, Have: []diff.Have{have("1", w), have("2", want("c"))}, Known: byName(k)}
	in.Have[0].UpdateTime = k.UpdateTime
	b := want("b", with("endpoint", "e"))
	b.Adopt = "1"
	in.Want = []diff.Want{b}
	p := diff.Compute(in)
	if len(p.Unread) > 0 || changeOf(p, "a").Action != diff.Unchanged || !changeOf(p, "a").Rests {
		t.Fatalf("%v, %+v", p.Unread, p.Changes)
	}
	if c := changeOf(p, "b"); c.Conflict == nil || c.Conflict.Kind != diff.ConflictAdoptBusy || c.Rests || p.Changes[0].Name != "a" {
		t.Errorf("%+v", c)
	}
	in.Known = nil
	if p := diff.Compute(in); len(p.Unread) != 1 || p.Unread[0] != file || len(p.Changes) > 0 {
		t.Errorf("nothing is known of what rests: %+v", p)
	}
}
