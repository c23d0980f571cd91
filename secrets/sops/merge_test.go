package sops

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/decrypt"
	"github.com/getsops/sops/v3/keyservice"
	"go.yaml.in/yaml/v3"

	"connsync/secrets/sops/sopstest"
	"connsync/secrets/sops/splice"
)

var (
	mergeCount = flag.Int("merge.count", 24, "how many random merges are made")
	mergeSeed  = flag.Int64("merge.seed", 20261126, "the seed of the first of them")
	mergeReal  = flag.Int("merge.real", 6, "one result in so many is opened by the sops command")
)

const mergeBase = `# What everybody reads.
connections:
  prod:
    # The EDR.
    edr:
      component: EdrVendor
      version: "2.1"
      config:
        endpoint: https://edr.example
        retries: 3
        password: canary-edr
        pin: 1234
    siem:
      component: Siem
      version: "1.0"
      config:
        endpoint: https://siem.example
        password: canary-siem
  test:
    bus:
      component: KafkaBus
      version: "1.0"
      config: {kafkaAddr: "k.example:9093", token: canary-bus}
`

// mergeWorld is one file with two versions made of it.
type mergeWorld struct {
	t         *testing.T
	r         *rand.Rand
	recipient string
	other     string
	macOnly   bool
	opener    *Opener
}

// TestARandomMergeIsWhatBothSidesMeant draws two versions of a file. What is signed opens in sops, and holds of each connection what the side that changed it has;
// what both changed is a conflict; without the key nothing that is new is signed.
func TestARandomMergeIsWhatBothSidesMeant(t *testing.T) {
	recipient, identity := editKey(t)
	other, _, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d", *mergeSeed)
	count := map[string]int{}
	for i := range *mergeCount {
		seed := *mergeSeed + int64(i)
		w := &mergeWorld{t: t, r: rand.New(rand.NewSource(seed)), recipient: recipient, other: other, macOnly: i%2 == 0}
		w.opener = New(Options{Allow: []string{"age"}})
		v, did := w.versions()
		m, err := w.opener.Merge(context.Background(), "a.yaml", v)
		if err != nil {
			t.Fatalf("seed %d, %s: %v", seed, did, err)
		}
		word := w.judge(v, m)
		count[word]++
		if word == "signed" && i%*mergeReal == 0 {
			count["opened by the sops command"]++
			file := filepath.Join(t.TempDir(), "a.yaml")
			if err := os.WriteFile(file, m.Text, 0o600); err != nil {
				t.Fatal(err)
			}
			sopstest.Run(t, filepath.Dir(file), []string{"SOPS_AGE_KEY=" + identity}, "decrypt", "a.yaml")
		}
		w.withoutKey(v, m)
		if t.Failed() {
			t.Fatalf("seed %d (-merge.seed %d -merge.count 1), %s:\n%s", seed, seed, did, m.Text)
		}
	}
	t.Logf("T-MERGE: %d merges: %v", *mergeCount, count)
	for _, word := range []string{"signed", "conflict", "opened by the sops command"} {
		if *mergeCount > 20 && count[word] < 2 {
			t.Errorf("%s: %d", word, count[word])
		}
	}
}

// versions are drawn.
func (w *mergeWorld) versions() (v Versions, did string) {
	w.t.Helper()
	base, err := Encrypt([]byte(mergeBase), w.recipient, EncryptOptions{EncryptedRegex: "^(password|pin|token)$", MACOnlyEncrypted: w.macOnly})
	if err != nil {
		w.t.Fatal(err)
	}
	v.Base = base
	sides := [2][]byte{base, base}
	for i := range sides {
		for range 1 + w.r.Intn(2) {
			name := slices.Sorted(maps.Keys(mergeOps))[w.r.Intn(len(mergeOps))]
			did += fmt.Sprintf("%d %s, ", i, name)
			sides[i] = mergeOps[name](w, sides[i])
		}
	}
	v.Ours, v.Theirs = sides[0], sides[1]
	return v, did
}

func (w *mergeWorld) edit(text []byte, do func(e *Editor) error) []byte {
	w.t.Helper()
	e, err := w.opener.Edit(context.Background(), "a.yaml", text)
	if err == nil {
		err = do(e)
	}
	if err == nil {
		text, err = e.Done()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

func (w *mergeWorld) one() []any {
	return [][]any{{"connections", "prod", "edr", "config", "password"}, {"connections", "prod", "edr", "config", "endpoint"}, {"connections", "prod", "siem", "config", "password"}, {"connections", "test", "bus", "config", "token"}}[w.r.Intn(4)]
}

// rewritten has sops write a whole file anew, under its own data key or another one.
func (w *mergeWorld) rewritten(text []byte, rotate bool, change func(upstream.TreeBranch) upstream.TreeBranch) []byte {
	w.t.Helper()
	f, err := w.opener.decrypt(context.Background(), "a.yaml", text)
	if err != nil {
		w.t.Fatal(err)
	}
	if rotate {
		key, errs := f.tree.GenerateDataKeyWithKeyServices([]keyservice.KeyServiceClient{&keys{ctx: context.Background(), allow: []string{"age"}}})
		if len(errs) > 0 {
			w.t.Fatal(errs)
		}
		f.key = key
	}
	f.tree.Branches[0] = change(f.tree.Branches[0])
	out, err := encryptTree(&f.tree, f.key, f.cipher)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func asItIs(b upstream.TreeBranch) upstream.TreeBranch { return b }

// mergeOps are what people do to a file.
var mergeOps = map[string]func(*mergeWorld, []byte) []byte{
	"set": func(w *mergeWorld, text []byte) []byte {
		at := w.one()
		return w.edit(text, func(e *Editor) error { return e.Set(at, fmt.Sprintf("canary-%d", w.r.Intn(1000))) })
	},
	"set with sops": func(w *mergeWorld, text []byte) []byte {
		return w.rewritten(text, false, func(b upstream.TreeBranch) upstream.TreeBranch {
			b, _ = b.Set(w.one(), fmt.Sprintf("canary-%d", w.r.Intn(1000)))
			return b
		})
	},
	"added": func(w *mergeWorld, text []byte) []byte {
		name := fmt.Sprintf("new%d", w.r.Intn(3))
		return w.edit(text, func(e *Editor) error {
			return errors.Join(e.Set([]any{"connections", "prod", name, "component"}, "Edr"), e.Set([]any{"connections", "prod", name, "config", "password"}, fmt.Sprintf("canary-%d", w.r.Intn(1000))))
		})
	},
	"a target added": func(w *mergeWorld, text []byte) []byte {
		name := fmt.Sprintf("t%d", w.r.Intn(3))
		return w.edit(text, func(e *Editor) error { return e.Set([]any{"connections", name, "x", "config", "password"}, "canary-x") })
	},
	"removed": func(w *mergeWorld, text []byte) []byte {
		return w.rewritten(text, false, func(b upstream.TreeBranch) upstream.TreeBranch {
			b, _ = b.Unset([]any{"connections", "prod", "siem"})
			return b
		})
	},
	"rotated":      func(w *mergeWorld, text []byte) []byte { return w.rewritten(text, true, asItIs) },
	"written anew": func(w *mergeWorld, text []byte) []byte { return w.rewritten(text, false, asItIs) },
	"nothing":      func(_ *mergeWorld, text []byte) []byte { return text },
	"comment by hand": func(_ *mergeWorld, text []byte) []byte {
		return []byte(strings.Replace(string(text), "The EDR", "EDR of all", 1))
	},
	"recipient": func(w *mergeWorld, text []byte) []byte {
		dir := w.t.TempDir()
		rule := fmt.Sprintf("creation_rules:\n  - age: %s,%s\n    encrypted_regex: ^(password|pin|token)$\n    mac_only_encrypted: %t\n", w.recipient, w.other, w.macOnly)
		if err := os.WriteFile(filepath.Join(dir, RulesFile), []byte(rule), 0o600); err != nil {
			w.t.Fatal(err)
		}
		r, err := RuleFor(dir, "a.yaml")
		if err != nil {
			w.t.Fatal(err)
		}
		return w.edit(text, func(e *Editor) error {
			_, err := e.Reseal(context.Background(), w.opener, r, nil)
			return err
		})
	},
}

// judge compares a merge with what it should be.
func (w *mergeWorld) judge(v Versions, m Merge) string {
	w.t.Helper()
	marked := strings.Contains(string(m.Text), "\n<<<<<<< ours\n") && strings.Contains(string(m.Text), "\n=======\n") && strings.Contains(string(m.Text), "\n>>>>>>> theirs\n")
	if marked != (len(m.Conflicts) > 0) {
		w.t.Errorf("conflicts %v", m.Conflicts)
	}
	want, conflict := w.want(v)
	switch {
	case len(m.Conflicts) > 0:
		if !conflict && !slices.Contains(m.Conflicts, "sops") {
			w.t.Errorf("a conflict about %v", m.Conflicts)
		}
		return "conflict"
	case conflict:
		w.t.Error("no conflict")
	case m.Unsigned != nil:
		w.t.Errorf("not signed: %v", m.Unsigned)
	}
	plain, err := decrypt.Data(m.Text, "yaml")
	if err != nil {
		w.t.Errorf("sops does not open it")
		return ""
	}
	if have := connectionsOf(w.t, plain); !reflect.DeepEqual(have, want) {
		w.t.Errorf("have %v\nwant %v", have, want)
	}
	for _, s := range []string{string(v.Ours), string(v.Theirs)} {
		if s == string(m.Text) {
			return "one side"
		}
	}
	return "signed"
}

// want are the connections a merge should have, and whether both sides changed one, each to something else.
func (w *mergeWorld) want(v Versions) (map[string]any, bool) {
	w.t.Helper()
	var c [3]map[string]any
	names := map[string]bool{}
	for i, text := range [][]byte{v.Base, v.Ours, v.Theirs} {
		plain, err := decrypt.Data(text, "yaml")
		if err != nil {
			w.t.Fatal(err)
		}
		c[i] = connectionsOf(w.t, plain)
		for n := range c[i] {
			names[n] = true
		}
	}
	want, conflict := map[string]any{}, false
	for n := range names {
		b, o, t := c[0][n], c[1][n], c[2][n]
		pick := o
		switch {
		case reflect.DeepEqual(o, b):
			pick = t
		case !reflect.DeepEqual(o, t) && !reflect.DeepEqual(t, b):
			conflict = true
		}
		if pick != nil {
			want[n] = pick
		}
	}
	return want, conflict
}

func connectionsOf(t *testing.T, plain []byte) map[string]any {
	t.Helper()
	var doc struct {
		Connections map[string]map[string]any `yaml:"connections"`
	}
	if err := yaml.Unmarshal(plain, &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for target, cs := range doc.Connections {
		for name, c := range cs {
			out[target+"/"+name] = c
		}
	}
	return out
}

// withoutKey repeats a merge where no key is: nothing new is signed.
func (w *mergeWorld) withoutKey(v Versions, with Merge) {
	w.t.Helper()
	m, err := New(Options{Allow: []string{"pgp"}}).Merge(context.Background(), "a.yaml", v)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = decrypt.Data(m.Text, "yaml")
	opens := err == nil
	switch {
	case opens && !m.Done():
		w.t.Errorf("without the key, it opens, and is not done")
	case !opens && m.Done():
		w.t.Errorf("without the key, it does not open, and is done:\n%s", m.Text)
	case m.Unsigned != nil && !strings.Contains(string(m.Text), "mac: \"\"\n"):
		w.t.Errorf("without the key, no mark:\n%s", m.Text)
	case with.Done() && len(m.Conflicts) > 0 && !strings.Contains(string(m.Text), "sops"):
		w.t.Errorf("without the key, conflicts %v", m.Conflicts)
	}
}

// What cannot be merged by connections, or be proven, is left so that neither sops nor connsync opens it.
func TestAMergeThatIsNotProvenIsNotSigned(t *testing.T) {
	recipient, _ := editKey(t)
	o := New(Options{Allow: []string{"age"}})
	w := &mergeWorld{t: t, r: rand.New(rand.NewSource(1)), recipient: recipient, opener: o}
	encrypted := func(plain, regex string) []byte {
		text, err := Encrypt([]byte(plain), recipient, EncryptOptions{EncryptedRegex: regex})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	base := encrypted(mergeBase, "^(password|pin|token)$")
	set := func(text []byte, value string, path ...any) []byte {
		return w.edit(text, func(e *Editor) error { return e.Set(append([]any{"connections"}, path...), value) })
	}
	ours, theirs := set(base, "canary-o", "prod", "edr", "config", "password"), set(base, "canary-t", "prod", "siem", "config", "password")
	replaced := func(text []byte, old, with string) []byte { return []byte(strings.Replace(string(text), old, with, 1)) }
	commented := encrypted(replacedText(mergeBase, "        retries: 3\n", "        # canary-comment\n        retries: 3\n"), "^config$")
	rotated := w.rewritten(commented, true, asItIs)
	for _, c := range []struct {
		what               string
		base, ours, theirs []byte
		conflicts          string
		unsigned           string
		holds              []string
	}{
		{"ours edited by hand", base, replaced(ours, "edr.example", "evil.example"), theirs, "[]", "a.yaml: changed since it was encrypted: its MAC does not match", []string{"evil.example", "mac: \"\""}},
		{"theirs edited by hand", base, ours, replaced(theirs, "k.example", "evil.example"), "[]", "a.yaml: changed since it was encrypted: its MAC does not match", []string{"evil.example", "mac: \"\""}},
		{"the base edited by hand", replaced(base, "retries: 3", "retries: 4"), ours, theirs, "[connections.prod.edr]", "", []string{"<<<<<<< ours"}},
		{"the base of another time", replaced(base, "lastmodified: \"2", "lastmodified: \"1"), ours, theirs, "[]", "a.yaml: changed since it was encrypted: its MAC does not match", []string{"mac: \"\""}},
		{"one side not encrypted", base, ours, []byte(mergeBase + "    new:\n      config:\n        password: canary-new\n"), "[connections.prod.edr]", "", []string{"<<<<<<< ours"}},
		{"encrypted on one side only", []byte(mergeBase), base, []byte(mergeBase + "    new: {config: {password: canary-new}}\n"), "[]", ErrUnproven.Error(), []string{"mac: \"\"", "canary-new"}},
		{"no YAML", base, []byte("a: ["), theirs, "[the whole file]", "", []string{"<<<<<<< ours\na: [\n=======\n"}},
		{"an anchor", base, replaced(ours, "component: Siem", "component: &x Siem"), theirs, "[the whole file]", "", []string{"<<<<<<< ours"}},
		{"in brackets", base, []byte("connections: {prod: {}}\n"), theirs, "[the whole file]", "", []string{"<<<<<<< ours"}},
		{"an encrypted comment, and rotated", commented, rotated, set(commented, "canary-t", "prod", "siem", "config", "password"), "[]", ErrComments.Error(), []string{"mac: \"\""}},
		{"nothing encrypted", []byte(mergeBase), []byte(replacedText(mergeBase, "retries: 3", "retries: 4")), []byte(mergeBase + "    new: {config: {}}\n"), "[]", "", []string{"retries: 4", "new: {config: {}}\n"}},
		{"added by both", nil, ours, ours, "[]", "", []string{"mac: ENC["}},
		{"added by both, each in its own way", nil, ours, theirs, "[connections.prod.edr connections.prod.siem]", "", []string{"<<<<<<< ours"}},
		{"removed, and changed", base, set(base, "canary-o", "prod", "siem", "config", "password"), mergeOps["removed"](w, base), "[connections.prod.siem]", "", []string{"=======\n>>>>>>> theirs\n"}},
	} {
		m, err := o.Merge(context.Background(), "a.yaml", Versions{c.base, c.ours, c.theirs})
		unsigned := ""
		if m.Unsigned != nil {
			unsigned = m.Unsigned.Error()
		}
		if have := fmt.Sprint(m.Conflicts); err != nil || have != c.conflicts || unsigned != c.unsigned {
			t.Errorf("%s: %v, conflicts %s, %q", c.what, err, have, unsigned)
		}
		for _, h := range c.holds {
			if !strings.Contains(string(m.Text), h) {
				t.Errorf("%s: no %q in\n%s", c.what, h, m.Text)
			}
		}
	}
	without := New(Options{Allow: []string{"pgp"}})
	turned := w.rewritten(base, true, asItIs)
	if m, err := without.Merge(context.Background(), "a.yaml", Versions{base, turned, theirs}); err != nil || m.Unsigned != ErrRotated || len(m.Conflicts) > 0 {
		t.Errorf("rotated, without the key: %v, %v", err, m)
	}
}

func replacedText(text, old, with string) string { return strings.Replace(text, old, with, 1) }

// A result that is not what was meant is found before it is signed, whatever went wrong.
func TestAResultIsProvenBeforeItIsSigned(t *testing.T) {
	recipient, _ := editKey(t)
	o := New(Options{Allow: []string{"age"}})
	w := &mergeWorld{t: t, recipient: recipient, opener: o}
	base, err := Encrypt([]byte(mergeBase), recipient, EncryptOptions{EncryptedRegex: "^(password|pin|token)$"})
	if err != nil {
		t.Fatal(err)
	}
	v := Versions{base, w.rewritten(base, true, asItIs), w.edit(base, func(e *Editor) error {
		return e.Set([]any{"connections", "prod", "siem", "config", "password"}, "canary-t")
	})}
	for what, spoil := range map[string]func(g *merger){
		"":                 func(*merger) {},
		"another data key": func(g *merger) { g.files[2].key = make([]byte, 32) },
		"another value": func(g *merger) {
			g.opened[2].Secrets["connections.prod.siem.config.password"] = g.opened[0].Secrets["connections.prod.siem.config.password"]
		},
		"a secret less":        func(g *merger) { delete(g.opened[1].Secrets, "connections.prod.edr.config.pin") },
		"no key of the result": func(g *merger) { g.files[1].key = nil },
	} {
		g := &merger{name: "a.yaml"}
		for i, text := range [][]byte{v.Base, v.Ours, v.Theirs} {
			g.docs[i], _ = splice.Parse(text, sealedComment)
		}
		g.open(context.Background(), o, v)
		merged, err := splice.Merger{Key: "connections", Depth: 2, Own: "sops", Side: g.side}.Merge(g.docs[0], g.docs[1], g.docs[2])
		if err != nil {
			t.Fatal(err)
		}
		g.result, _ = splice.Parse(merged.Text, sealedComment)
		spoil(g)
		text, err := g.signed(merged)
		if (err == nil) != (what == "") || (text == nil) != (what != "") || err != nil && err != ErrUnproven {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, text := range map[string]string{"no sops block": "a: 1\n", "a sops block that is none": "a: 1\nsops: {mac: \"" + markComment + "\"}\n", "another key": string(v.Ours)} {
		if _, err := reopened("a.yaml", []byte(text), make([]byte, 32)); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
