package diff_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

const file = "connections/a.yaml"

var edr = diff.Plugin{ComponentID: "c1", VersionID: "v1", Component: "Edr", Version: "1.0"}

// want is a wanted connection; the value of an encrypted setting begins with "ENC:".
func want(name string, change ...func(*diff.Want)) diff.Want {
	w := diff.Want{Connection: manifest.Connection{
		Target: "prod", Name: name, Description: "text", Component: "Edr", Version: "1.0",
		Config: config("endpoint", "https://a", "password", "ENC:1"),
		File:   manifest.File{Path: file, Sops: &manifest.Sops{KeysDigest: "keys"}},
		Pos:    manifest.Position{File: file, Line: 3, Column: 5},
	}, Resolved: edr}
	for _, c := range change {
		c(&w)
	}
	return w
}

func config(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		key, v := pairs[i].(string), pairs[i+1]
		if s, ok := v.(string); ok && strings.HasPrefix(s, "ENC:") {
			v = secrets.Ref{File: file, Path: secrets.Path("config").Key(key), Fingerprint: secrets.FingerprintOf(s)}
		}
		m[key] = v
	}
	return m
}

func with(pairs ...any) func(*diff.Want) {
	return func(w *diff.Want) { w.Config = config(pairs...) }
}

// have is what a server shows of a wanted connection, with the password in the clear.
func have(id string, w diff.Want, change ...func(*diff.Have)) diff.Have {
	h := diff.Have{
		ID: id, Name: w.Name, Description: w.Description, UpdateTime: "t1", ModifierName: "api",
		Plugin:   diff.Plugin{ComponentID: w.Resolved.ComponentID, VersionID: w.Resolved.VersionID, Component: w.Resolved.Component},
		Settings: secrets.Table[diff.Seen]{},
	}
	for _, s := range manifest.Settings("config", w.Config) {
		v := s.Value
		if s.Secret != nil {
			v = "plaintext-canary"
		}
		h.Settings = h.Settings.With(s.Path, diff.Seen{Digest: manifest.ValueDigest(v), Value: secrets.Hide(v)})
	}
	for _, c := range change {
		c(&h)
	}
	return h
}

func shows(key string, v any) func(*diff.Have) {
	return func(h *diff.Have) {
		h.Settings = h.Settings.With(secrets.Path("config").Key(key), diff.Seen{Digest: manifest.ValueDigest(v), Value: secrets.Hide(v)})
	}
}

// masks shows a setting as asterisks, or as nothing.
func masks(key string) func(*diff.Have) {
	return func(h *diff.Have) {
		h.Settings = h.Settings.With(secrets.Path("config").Key(key), diff.Seen{Masked: true})
	}
}

// hole is a wanted connection with a password that has no value yet.
func hole(name string, change ...func(*diff.Want)) diff.Want {
	return want(name, append(change, func(w *diff.Want) { w.Incomplete, w.Missing = true, []secrets.Path{"config.password"} })...)
}

func named(name string) func(*diff.Have) { return func(h *diff.Have) { h.Name = name } }

func touchedBy(name, at string) func(*diff.Have) {
	return func(h *diff.Have) { h.UpdateTime, h.ModifierName = at, name }
}

func known(id string, w diff.Want, change ...func(*diff.Known)) diff.Known {
	k := diff.Record(w, have(id, w), diff.RecordOptions{Commit: "c"})
	for _, c := range change {
		c(&k)
	}
	return k
}

func byName(ks ...diff.Known) map[string]*diff.Known {
	m := map[string]*diff.Known{}
	for _, k := range ks {
		m[k.Name] = &k
	}
	return m
}

func intent(name, kind string, settled bool) map[string]diff.Intent {
	return map[string]diff.Intent{name: {Name: name, Kind: kind, Run: "r", Settled: settled}}
}

// told is a plan in short: "action name [id] write causes | fields | secrets | risks | warnings | conflict" for each change.
func told(p diff.Plan) string {
	var out []string
	for _, c := range p.Changes {
		s := string(c.Action) + " " + c.Name
		if c.ID != "" {
			s += " " + c.ID
		}
		if c.Write {
			s += " write"
		}
		for _, cause := range c.Causes {
			s += " " + string(cause)
		}
		if c.Action != diff.Create {
			for _, f := range c.Fields {
				s += fmt.Sprintf(" | %s %s->%s", f.Path, old(f), text(f.New))
			}
		}
		for _, w := range c.Secrets {
			s += fmt.Sprintf(" | %s %s", w.Path, w.Word)
		}
		for _, r := range c.Risks {
			s += " | risk " + string(r.Path)
		}
		for _, w := range c.Warnings {
			s += fmt.Sprintf(" | warning %s %s", w.Kind, strings.Join(w.IDs, ","))
		}
		if c.Conflict != nil {
			s += fmt.Sprintf(" | %s %s %v", c.Conflict.Kind, strings.Join(c.Conflict.IDs, ","), c.Conflict.Fields)
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

func old(f diff.Field) string {
	if f.OldHidden {
		return "?"
	}
	return text(f.Old)
}

func text(v any) string { return fmt.Sprint(v) }

func TestTheTruthTable(t *testing.T) {
	a := want("a")
	moved := want("a", with("endpoint", "https://b", "password", "ENC:1"))
	rotated := want("a", with("endpoint", "https://a", "password", "ENC:2"))
	rekeyed := want("a", with("endpoint", "https://a", "password", "ENC:2"), func(w *diff.Want) { w.File.Sops = &manifest.Sops{KeysDigest: "other"} })
	adopting := func(id string) diff.Want { return want("a", func(w *diff.Want) { w.Adopt = id }) }
	renamed := want("b", func(w *diff.Want) { w.Previously = "a" })
	no := false
	for _, row := range []struct {
		name string
		in   diff.Input
		want string
	}{
		{"wanted, nothing there, nothing known: created",
			diff.Input{Want: []diff.Want{a}}, "create a write | config.password set"},
		{"wanted, known, and deleted outside: created again",
			diff.Input{Want: []diff.Want{a}, Known: byName(known("1", a))}, "create a write missing | config.password set"},
		{"as it was written: unchanged",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))}, "unchanged a 1 | config.password unchanged"},
		{"Git moved: updated, and a destination that moves while its secret stays is a risk",
			diff.Input{Want: []diff.Want{moved}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))},
			"update a 1 write git | config.endpoint https://a->https://b | config.password unchanged | risk config.endpoint"},
		{"SecMaster moved: drift, without a risk",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, shows("endpoint", "https://x"))}, Known: byName(known("1", a))},
			"update a 1 write drift | config.endpoint https://x->https://a | config.password unchanged"},
		{"SecMaster moved, to what looks like a secret: it is not shown",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, shows("endpoint", "https://u:hunter2@x"))}, Known: byName(known("1", a))},
			"update a 1 write drift | config.endpoint ?->https://a | config.password unchanged"},
		{"both moved",
			diff.Input{Want: []diff.Want{moved}, Have: []diff.Have{have("1", a, shows("endpoint", "https://x"))}, Known: byName(known("1", a))},
			"update a 1 write git drift | config.endpoint https://x->https://b | config.password unchanged | risk config.endpoint"},
		{"a name changed in the console is drift",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, named("z"))}, Known: byName(known("1", a))},
			"update a 1 write drift | name z->a | config.password unchanged"},
		{"a name changed in the console while another took it: conflict",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, named("z")), have("2", a)}, Known: byName(known("1", a))},
			"conflict a 1 | name-taken 2 []"},
		{"what the server normalised when it was written is no drift",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, shows("endpoint", "https://a/"))},
				Known: byName(diff.Record(a, have("1", a, shows("endpoint", "https://a/")), diff.RecordOptions{}))}, "unchanged a 1 | config.password unchanged"},
		{"a plugin version that moves in Git is one field",
			diff.Input{Want: []diff.Want{want("a", func(w *diff.Want) { w.Resolved.VersionID, w.Resolved.Version = "v2", "2.0" })},
				Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))},
			"update a 1 write git | plugin Edr 1.0->Edr 2.0 | config.password unchanged | risk plugin"},
		{"a secret that was set anew: exactly that word, nothing of its value",
			diff.Input{Want: []diff.Want{rotated}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))}, "update a 1 write git | config.password changed"},
		{"all secrets of a file moved with its data key: re-encrypted",
			diff.Input{Want: []diff.Want{rekeyed}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))}, "update a 1 write git | config.password re-encrypted"},
		{"a new secret, and one that is gone",
			diff.Input{Want: []diff.Want{want("a", with("endpoint", "https://a", "token", "ENC:9"))}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))},
			"update a 1 write git | config.password removed | config.token set"},
		{"a setting that is gone from Git",
			diff.Input{Want: []diff.Want{want("a", with("password", "ENC:1"))}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))},
			"update a 1 write git | config.endpoint https://a-><nil> | config.password unchanged | risk config.endpoint"},
		{"a secret that becomes a setting in the clear: its old value is not shown",
			diff.Input{Want: []diff.Want{want("a", with("endpoint", "https://a", "password", "open"))}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))},
			"update a 1 write git | config.password ?->open"},
		{"modified behind a mask: touched",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, touchedBy("eve", "t2"))}, Known: byName(known("1", a))},
			"update a 1 write touched | config.password unchanged"},
		{"modified, and everything is visible and equal: unchanged",
			diff.Input{Want: []diff.Want{want("a", with("endpoint", "x"))}, Have: []diff.Have{have("1", want("a", with("endpoint", "x")), touchedBy("eve", "t2"))},
				Known: byName(known("1", want("a", with("endpoint", "x"))))}, "unchanged a 1"},
		{"an interrupted create that is there: taken over and written in full",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, shows("endpoint", "half"))}, Intents: intent("a", diff.IntentCreate, false)},
			"adopt a 1 write interrupted | config.endpoint ?->https://a | config.password set"},
		{"an interrupted create beats an older id that is gone",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("2", a)}, Known: byName(known("1", a)), Intents: intent("a", diff.IntentCreate, false)},
			"adopt a 2 write interrupted | config.password set"},
		{"what an interrupted create was to take over belongs to no other name, whatever it is called by now",
			diff.Input{Want: []diff.Want{a, want("b")}, Have: []diff.Have{have("1", a)}, Intents: map[string]diff.Intent{
				"a": {Name: "a", Kind: diff.IntentCreate}, "b": {Name: "b", Kind: diff.IntentCreate, ID: "1"}}},
			"conflict a | name-taken 1 []\nadopt b 1 write interrupted | name a->b | config.password set"},
		{"an interrupted create that left nothing: created",
			diff.Input{Want: []diff.Want{a}, Intents: intent("a", diff.IntentCreate, true)}, "create a write interrupted | config.password set"},
		{"an interrupted update: written again whatever the fingerprints say",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a)), Intents: intent("a", diff.IntentUpdate, false)},
			"update a 1 write interrupted | config.password unchanged"},
		{"incomplete, and nothing of it is there: nothing is done", diff.Input{Want: []diff.Want{hole("a")}}, "incomplete a"},
		{"incomplete, and of its name: nothing is done, whatever is shown", diff.Input{Want: []diff.Want{hole("a")}, Have: []diff.Have{have("1", a)}, Rewrite: func(string) bool { return true }}, "incomplete a"},
		{"incomplete, and adopts: nothing is done, and what it will take over is not free", diff.Input{Want: []diff.Want{hole("b", func(w *diff.Want) { w.Adopt = "1" })}, Have: []diff.Have{have("1", a)}, Prune: true}, "incomplete b 1"},
		{"incomplete, and known: conflict, and never orphaned", diff.Input{Want: []diff.Want{hole("a")}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a)), Prune: true}, "conflict a 1 | hole  [config.password]"},
		{"incomplete, known, and gone from SecMaster: conflict", diff.Input{Want: []diff.Want{hole("a")}, Known: byName(known("1", a))}, "conflict a | hole  [config.password]"},
		{"incomplete, and known by the name that it had: conflict, and the old name is not orphaned",
			diff.Input{Want: []diff.Want{hole("b", func(w *diff.Want) { w.Previously = "a" })}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a)), Prune: true}, "conflict b 1 | hole  [config.password]"},
		{"incomplete, and its create was announced: conflict", diff.Input{Want: []diff.Want{hole("a")}, Intents: intent("a", diff.IntentCreate, false)}, "conflict a | hole  [config.password]"},
		{"its name, unknown, and no config is shown: conflict",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, func(h *diff.Have) { h.Settings = nil })}}, "conflict a | unseen 1 [config]"},
		{"its name, unknown, and no config is shown, where all that is wanted is secret: conflict",
			diff.Input{Want: []diff.Want{want("a", with("password", "ENC:1"))}, Have: []diff.Have{have("1", a, func(h *diff.Have) { h.Settings = nil })}}, "conflict a | unseen 1 [config]"},
		{"its name, unknown, and a setting is masked: conflict",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, masks("endpoint"))}}, "conflict a | unseen 1 [config.endpoint]"},
		{"its name, unknown, and a part of it is shown: conflict",
			diff.Input{Want: []diff.Want{want("a", with("endpoint", "https://a", "user", "svc", "password", "ENC:1"))}, Have: []diff.Have{have("1", a)}}, "conflict a | unseen 1 [config.user]"},
		{"its name, unknown, and it does not say of which plugin: conflict",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, func(h *diff.Have) { h.Plugin = diff.Plugin{} })}}, "conflict a | unseen 1 [plugin]"},
		{"its name, unknown, and a number is shown as a text: conflict",
			diff.Input{Want: []diff.Want{want("a", with("port", json.Number("443")))}, Have: []diff.Have{have("1", want("a", with("port", "443")))}}, "conflict a | differs 1 [config.port]"},
		{"its name, unknown, and a number is shown in another way: equal",
			diff.Input{Want: []diff.Want{want("a", with("port", json.Number("1.50")))}, Have: []diff.Have{have("1", want("a", with("port", json.Number("1.5"))))}}, "adopt a 1"},
		{"its name, unknown, and blank where blank is wanted, as a mask is shown too: conflict",
			diff.Input{Want: []diff.Want{want("a", with("endpoint", "", "password", "ENC:1"))}, Have: []diff.Have{have("1", a, masks("endpoint"))}}, "conflict a | unseen 1 [config.endpoint]"},
		{"rewrite never writes over what was not seen",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, masks("endpoint"))}, Rewrite: func(string) bool { return true }}, "conflict a | unseen 1 [config.endpoint]"},
		{"known state was lost: what is not shown is taken over by name, and not written",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, func(h *diff.Have) { h.Settings = nil })}, ByName: true}, "adopt a 1 | config.password unverified"},
		{"known state was lost: what differs is a conflict all the same",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, shows("endpoint", "https://x"))}, ByName: true}, "conflict a | differs 1 [config.endpoint]"},
		{"its name, unknown, and equal with every setting shown: recorded, not written",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a)}}, "adopt a 1 | config.password unverified"},
		{"its name, unknown, and different: conflict, fields named, no values",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, shows("endpoint", "https://x"))}}, "conflict a | differs 1 [config.endpoint]"},
		{"adopt names it: taken over with one write",
			diff.Input{Want: []diff.Want{adopting("1")}, Have: []diff.Have{have("1", a, shows("endpoint", "https://x"))}},
			"adopt a 1 write | config.endpoint ?->https://a | config.password set"},
		{"adopt names one of two: taken over, the other is warned of",
			diff.Input{Want: []diff.Want{adopting("2")}, Have: []diff.Have{have("1", a), have("2", a)}}, "adopt a 2 write | config.password set | warning duplicate 1"},
		{"adopt of what was adopted before: nothing more",
			diff.Input{Want: []diff.Want{adopting("1")}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))}, "unchanged a 1 | config.password unchanged"},
		{"adopt names nothing: conflict",
			diff.Input{Want: []diff.Want{adopting("9")}, Have: []diff.Have{have("1", a)}}, "conflict a | adopt-none 9 []"},
		{"adopt names another while ours is there: conflict",
			diff.Input{Want: []diff.Want{adopting("2")}, Have: []diff.Have{have("1", a), have("2", a)}, Known: byName(known("1", a))}, "conflict a 1 | adopt-busy 2 []"},
		{"its name, another id than the known one: conflict",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("2", a)}, Known: byName(known("1", a))}, "conflict a | replaced 2 []"},
		{"two of its name, one known: bound by id, and warned of",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a), have("2", a)}, Known: byName(known("1", a))},
			"unchanged a 1 | config.password unchanged | warning duplicate 2"},
		{"two of its name, none known: conflict",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("2", a), have("1", a)}}, "conflict a | duplicate 1,2 []"},
		{"renamed: updated, the name is one of the fields",
			diff.Input{Want: []diff.Want{renamed}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))},
			"update b 1 write git | name a->b | config.password unchanged"},
		{"renamed before: previously is ignored, with a warning",
			diff.Input{Want: []diff.Want{renamed}, Have: []diff.Have{have("1", renamed)}, Known: byName(known("1", renamed))},
			"unchanged b 1 | config.password unchanged | warning previously-ignored "},
		{"renamed, and the new name is somebody else's: conflict",
			diff.Input{Want: []diff.Want{renamed}, Have: []diff.Have{have("1", a), have("2", renamed)}, Known: byName(known("1", a))},
			"conflict b | rename 2 []"},
		{"renamed from one that was never ours: conflict",
			diff.Input{Want: []diff.Want{renamed}, Have: []diff.Have{have("1", a)}}, "conflict b | rename 1 []"},
		{"renamed from nothing: created",
			diff.Input{Want: []diff.Want{renamed}}, "create b write | config.password set"},
		{"no longer wanted: orphaned, left alone",
			diff.Input{Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))}, "orphaned a 1"},
		{"no longer wanted, with prune: deleted",
			diff.Input{Have: []diff.Have{have("1", a)}, Known: byName(known("1", a)), Prune: true}, "delete a 1 write"},
		{"protected: never deleted",
			diff.Input{Have: []diff.Have{have("1", a)}, Known: byName(known("1", a, func(k *diff.Known) { k.Protect = true })), Prune: true}, "orphaned a 1 | warning protected "},
		{"protected, and overruled for one run: deleted",
			diff.Input{Have: []diff.Have{have("1", a)}, Known: byName(known("1", a, func(k *diff.Known) { k.Protect = true })), Prune: true, Unguard: func(string) bool { return true }}, "delete a 1 write"},
		{"recorded and never written: never deleted",
			diff.Input{Have: []diff.Have{have("1", a)}, Known: byName(known("1", a, func(k *diff.Known) { k.Written = diff.WrittenNever })), Prune: true, Unguard: func(string) bool { return true }}, "orphaned a 1 | warning not-written "},
		{"recorded by a schema that did not say whether it was written: never deleted",
			diff.Input{Have: []diff.Have{have("1", a)}, Known: byName(known("1", a, func(k *diff.Known) { k.Written = diff.WrittenUnsaid })), Prune: true}, "orphaned a 1 | warning not-written "},
		{"written, though nothing proved it: deleted",
			diff.Input{Have: []diff.Have{have("1", a)}, Known: byName(known("1", a, func(k *diff.Known) { k.Written = diff.WrittenUnconfirmed })), Prune: true}, "delete a 1 write"},
		{"in use: never deleted",
			diff.Input{Have: []diff.Have{have("1", a, func(h *diff.Have) { h.CanBeDeleted = &no })}, Known: byName(known("1", a)), Prune: true}, "orphaned a 1 | warning in-use "},
		{"no longer wanted and gone: forgotten",
			diff.Input{Known: byName(known("1", a))}, "forget a"},
		{"no longer wanted, another id of its name: forgotten, never deleted",
			diff.Input{Have: []diff.Have{have("2", a)}, Known: byName(known("1", a)), Prune: true}, "forget a"},
		{"an interrupted create that nobody wants any more: recorded as orphaned",
			diff.Input{Have: []diff.Have{have("1", a)}, Intents: intent("a", diff.IntentCreate, true)}, "orphaned a 1"},
		{"an interrupted create that left nothing and nobody wants: cleared after its window",
			diff.Input{Intents: intent("a", diff.IntentCreate, true)}, "forget a"},
		{"and not before",
			diff.Input{Intents: intent("a", diff.IntentCreate, false)}, ""},
		{"never wanted, never written: not a word",
			diff.Input{Have: []diff.Have{have("1", a)}, Prune: true}, ""},
		{"a connection of an emergency policy is bound by no name",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, func(h *diff.Have) { h.Defense = true })}}, "create a write | config.password set"},
		{"rewrite: written although nothing differs",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a)), Rewrite: func(string) bool { return true }},
			"update a 1 write rewrite | config.password unchanged"},
		{"rewrite of an unknown one that is equal: taken over",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a)}, Rewrite: func(string) bool { return true }}, "adopt a 1 write rewrite | config.password set"},
		{"rewrite never turns a conflict into a write",
			diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, shows("endpoint", "x"))}, Rewrite: func(string) bool { return true }}, "conflict a | differs 1 [config.endpoint]"},
		{"a plugin that the workspace does not have: conflict, whatever else holds",
			diff.Input{Want: []diff.Want{want("a", func(w *diff.Want) { w.Unresolved = true })}, Have: []diff.Have{have("1", a)}, Known: byName(known("1", a))}, "conflict a 1 | plugin  []"},
		{"renamed in the console and in Git alike, without previously: adopted, and never orphaned with the same id",
			diff.Input{Want: []diff.Want{want("z")}, Have: []diff.Have{have("1", want("z"))}, Known: byName(known("1", a)), Prune: true},
			"forget a\nadopt z 1 | config.password unverified"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.in.Destinations = manifest.Reviewed // what else is decided of destinations has a table of its own
			p := diff.Compute(row.in)
			if got := told(p); got != row.want {
				t.Errorf("\n got %s\nwant %s", got, row.want)
			}
			leaks(t, p)
		})
	}
}

// leaks fails where a plan holds what only SecMaster showed: a secret of it would be in the clear.
func leaks(t interface{ Errorf(string, ...any) }, p diff.Plan) {
	text, err := json.Marshal(p)
	if err != nil {
		t.Errorf("%v", err)
	}
	if all := fmt.Sprintf("%+v %s", p, text); strings.Contains(all, "plaintext-canary") {
		t.Errorf("the plan holds a plaintext")
	}
}

func TestUnverifiedIsCountedUntilItIsWritten(t *testing.T) {
	a := want("a")
	k := diff.Record(a, have("1", a), diff.RecordOptions{Unverified: true})
	in := diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a)}, Known: byName(k)}
	if p := diff.Compute(in); p.Unverified != 1 || p.Changes[0].Action != diff.Unchanged {
		t.Errorf("%d unverified, %s", p.Unverified, told(p))
	}
	in.Known = byName(known("1", a))
	if p := diff.Compute(in); p.Unverified != 0 {
		t.Errorf("%d unverified after a write", p.Unverified)
	}
}

func TestWithoutAnUpdateTimeThePlanSaysThatItIsBlind(t *testing.T) {
	a := want("a")
	blind := func(h *diff.Have) { h.UpdateTime = "" }
	in := diff.Input{Want: []diff.Want{a}, Have: []diff.Have{have("1", a, blind)}, Known: byName(known("1", a))}
	if p := diff.Compute(in); !p.BlindToTouch || p.Changes[0].Action != diff.Unchanged {
		t.Errorf("blind %v, %s", p.BlindToTouch, told(p))
	}
}

func TestUnmanagedCountsWhatNoChangeIsAbout(t *testing.T) {
	a := want("a")
	in := diff.Input{Want: []diff.Want{a}, Known: byName(known("1", a)), Have: []diff.Have{
		have("1", a), have("2", a), have("3", want("x")), have("4", want("y"), func(h *diff.Have) { h.Defense = true }),
	}}
	p := diff.Compute(in)
	if p.Unmanaged != 1 || !slices.Equal(p.Others, []diff.Other{{Name: "x", ID: "3"}}) {
		t.Errorf("%d unmanaged, %v; the duplicate is warned of, and the emergency policy's does not count", p.Unmanaged, p.Others)
	}
}

// The unmanaged are named in one order, whatever the order of SecMaster's list.
func TestUnmanagedAreInOrderOfNameAndID(t *testing.T) {
	in := diff.Input{Have: []diff.Have{have("3", want("x")), have("9", want("a")), have("2", want("x")), have("1", want("y"))}}
	p := diff.Compute(in)
	if p.Unmanaged != 4 || !slices.Equal(p.Others, []diff.Other{{Name: "a", ID: "9"}, {Name: "x", ID: "2"}, {Name: "x", ID: "3"}, {Name: "y", ID: "1"}}) {
		t.Errorf("%d unmanaged, %v", p.Unmanaged, p.Others)
	}
}

func TestHashCoversWhatIsDoneAndNothingElse(t *testing.T) {
	a := want("a")
	base := diff.Compute(diff.Input{Target: "prod", Want: []diff.Want{a}})
	same := base
	same.WantCommit, same.KnownCommit, same.Unmanaged = "other", "other", 7
	if diff.Hash(base) != diff.Hash(same) {
		t.Error("a commit or a count moved the hash")
	}
	for name, w := range map[string]diff.Want{
		"another secret":    want("a", with("endpoint", "https://a", "password", "ENC:2")),
		"another setting":   want("a", with("endpoint", "https://b", "password", "ENC:1")),
		"another name":      want("b"),
		"another target":    a,
		"a different value": want("a", with("endpoint", true, "password", "ENC:1")),
	} {
		in := diff.Input{Target: "prod", Want: []diff.Want{w}}
		if name == "another target" {
			in.Target = "test"
		}
		if diff.Hash(diff.Compute(in)) == diff.Hash(base) {
			t.Errorf("%s has the same hash", name)
		}
	}
	if len(diff.Hash(base)) != 64 || diff.Hash(base, same) == diff.Hash(base) {
		t.Error("a hash is 64 hex digits of all plans")
	}
}
