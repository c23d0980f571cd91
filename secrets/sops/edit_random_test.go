package sops

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getsops/sops/v3/decrypt"
	"go.yaml.in/yaml/v3"

	"connsync/secrets"
	"connsync/secrets/sops/sopstest"
	"connsync/secrets/sops/splice"
)

var (
	editFiles = flag.Int("edit.files", 160, "how many random files are edited")
	editSeed  = flag.Int64("edit.seed", 20261126, "the seed of the first of them")
	editReal  = flag.Int("edit.real", 40, "one file in so many is opened, and set once more, by the sops command")
)

// selectors are rules of every kind in sops. Most of them leave something in the clear.
var selectors = []string{
	"encrypted_regex: ^(password|token|secret)$", "encrypted_regex: ^config$", "encrypted_regex: (?i)pass|tok", "encrypted_suffix: _s", "unencrypted_suffix: _u",
	"unencrypted_regex: ^(component|version|description|endpoint|previously|hosts|name|note)$", "", "encrypted_comment_regex: sealed", "unencrypted_comment_regex: open",
}

// TestRandomFilesStayAsTheyWereButForOneChange edits files in many notations, with every kind of selector and both modes of the MAC. Each result opens in sops's
// own library with the values it should have, and differs from what was there by one value, the MAC and its time.
func TestRandomFilesStayAsTheyWereButForOneChange(t *testing.T) {
	recipient, identity := editKey(t)
	t.Logf("seed %d", *editSeed)
	count := map[string]int{}
	for i := range *editFiles {
		w := &editWorld{t: t, r: rand.New(rand.NewSource(*editSeed + int64(i))), recipient: recipient, identity: identity, dir: t.TempDir(), count: count}
		w.real = i%*editReal == 0
		if w.run(); t.Failed() {
			t.Fatalf("file %d (-edit.seed %d -edit.files 1):\n%s", i, *editSeed+int64(i), w.text)
		}
	}
	for _, did := range []string{"set", "set a secret", "added", "added a secret", "renamed", "resealed", "opened by the sops command"} {
		if count[did] < *editFiles/100 {
			t.Errorf("%s: %d times only", did, count[did])
		}
	}
	t.Logf("%d files: %v", *editFiles, count)
}

func editKey(t *testing.T) (recipient, identity string) {
	t.Helper()
	recipient, v, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	identity, _ = v.Expose().(string)
	t.Setenv("SOPS_AGE_KEY", identity)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	return recipient, identity
}

// editWorld is one file with its rule.
type editWorld struct {
	t                        *testing.T
	r                        *rand.Rand
	recipient, identity, dir string
	text                     []byte
	values                   map[string]any // what it holds, decrypted
	count                    map[string]int
	real                     bool
}

const editFile = "a.yaml"

func (w *editWorld) pick(of ...string) string { return of[w.r.Intn(len(of))] }

func (w *editWorld) rule() *Rule {
	w.t.Helper()
	text := fmt.Sprintf("creation_rules:\n  - mac_only_encrypted: %t\n    age: %s\n", w.r.Intn(2) == 0, w.recipient)
	if s := w.pick(selectors...); s != "" {
		text += "    " + s + "\n"
	}
	if err := os.WriteFile(filepath.Join(w.dir, RulesFile), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	rule, err := RuleFor(w.dir, editFile)
	if err != nil {
		w.t.Fatal(err)
	}
	return rule
}

func (w *editWorld) run() {
	w.text = []byte(w.plain())
	w.values = valuesOf(w.t, w.text)
	rule := w.rule()
	if w.r.Intn(2) == 0 { // encrypted in place, in its own notation
		w.edit("resealed", nil, func(e *Editor, o *Opener) error {
			_, err := e.Reseal(context.Background(), o, rule, w.allow)
			return err
		})
	} else { // as sops writes it
		w.encrypt(rule)
	}
	for range 2 {
		if !w.t.Failed() {
			w.change()
		}
	}
}

func (w *editWorld) allow(secrets.Path, secrets.Value) bool { return true }

// encrypt does what sops encrypt does.
func (w *editWorld) encrypt(rule *Rule) {
	w.t.Helper()
	out, err := encryptAs(w.text, rule)
	if err != nil {
		w.t.Fatal(err)
	}
	w.text = out
}

func (w *editWorld) change() {
	name := w.connection()
	at := []any{"connections", "prod", name}
	switch w.r.Intn(8) {
	case 0:
		to := fmt.Sprintf("n%d", w.r.Intn(1e6))
		w.edit("renamed", func(m map[string]any) { rename(m, name, to) }, func(e *Editor, _ *Opener) error { return e.Rename(at, to) })
	case 1:
		rule := w.rule()
		w.edit("resealed", nil, func(e *Editor, o *Opener) error {
			_, err := e.Reseal(context.Background(), o, rule, w.allow)
			return err
		})
	case 2, 3:
		path := append(at, w.newPath(name)...)
		w.set("added", path)
	default:
		path := w.leaf(name)
		if path == nil {
			return
		}
		w.set("set", path)
	}
}

func (w *editWorld) connection() string {
	all := slices.Sorted(maps.Keys(w.values["connections"].(map[string]any)["prod"].(map[string]any)))
	return all[w.r.Intn(len(all))]
}

// newPath is a place below a connection where nothing is.
func (w *editWorld) newPath(name string) []any {
	key := fmt.Sprintf("%s%d%s", w.pick("k", "password", "token", "tok"), w.r.Intn(1e6), w.pick("", "_s", "_u"))
	switch w.r.Intn(5) {
	case 0:
		return []any{"config", key, "password"}
	case 1:
		hosts, _ := w.values["connections"].(map[string]any)["prod"].(map[string]any)[name].(map[string]any)["config"].(map[string]any)["hosts"].([]any)
		return []any{"config", "hosts", len(hosts), "token"}
	case 2:
		return []any{"config", key, 0, "deep", 0}
	}
	return []any{"config", key}
}

// leaf is an existing scalar of a config.
func (w *editWorld) leaf(name string) []any {
	doc, err := splice.Parse(w.text, sealedComment)
	if err != nil {
		w.t.Fatal(err)
	}
	var all [][]any
	for _, l := range doc.Leaves() {
		if len(l.Path) > 4 && l.Path[2] == name && l.Path[3] == "config" && l.Kind == yaml.ScalarNode {
			all = append(all, l.Path)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[w.r.Intn(len(all))]
}

func (w *editWorld) set(word string, path []any) {
	v := w.value()
	secret := false
	w.edit(word, func(m map[string]any) { put(m, path, v) }, func(e *Editor, _ *Opener) error {
		secret = e.Covers(path)
		return e.Set(path, v)
	})
	if secret {
		w.count[word+" a secret"]++
	}
}

// value is something written in one way or another.
func (w *editWorld) value() any {
	switch w.r.Intn(6) {
	case 0:
		return json.Number(fmt.Sprint(w.r.Intn(100000) - 50000))
	case 1:
		return w.r.Intn(2) == 0
	case 2:
		return w.pick("1.5", "0123", "yes", "null", "~", "2024-01-01", "1_000", "0x1F", "- a", "? b", "a: b", "a #b", "#c", " lead", "trail ", "'q'", `"dq"`, `back\slash`, "two\nlines\n", "tab\there",
			"ümläut ☃ 🙂", "{a: b}", "[1,2]", "&x", "*y", "!t", "%d", "@e", "`f", "|", ">", "-", ":", "a:", ":a", "https://x.example:8443/p?q=1#f", "e10", "=", "<<", "123,456", "1:30")
	}
	return "v" + fmt.Sprint(w.r.Int63())
}

// edit carries out a change, and checks what came of it.
func (w *editWorld) edit(word string, model func(map[string]any), do func(*Editor, *Opener) error) {
	w.t.Helper()
	o := New(Options{Allow: []string{"age"}})
	e, err := o.Edit(context.Background(), editFile, w.text)
	if err != nil {
		w.t.Errorf("%s: does not open: %v", word, err)
		return
	}
	var out []byte
	if err = do(e, o); err == nil {
		out, err = e.Done()
	}
	if err != nil {
		w.t.Errorf("%s: %v", word, err)
		return
	}
	w.count[word]++
	if model != nil {
		model(w.values)
		w.alikeBut(word, out)
	}
	w.text = out
	w.opens(word, e.key == nil)
}

// alikeBut finds what differs from the text before besides the MAC and its time: one stretch of whole lines; more of them when a connection is
// renamed: its secrets are bound to its name.
func (w *editWorld) alikeBut(word string, out []byte) {
	w.t.Helper()
	was, is := unsigned(w.text), unsigned(out)
	from := 0
	for from < len(was) && from < len(is) && was[from] == is[from] {
		from++
	}
	to := 0
	for to < len(was)-from && to < len(is)-from && was[len(was)-1-to] == is[len(is)-1-to] {
		to++
	}
	if gone, come := len(was)-from-to, len(is)-from-to; word != "renamed" && (gone > 8 || come > 8 || word == "added" && gone > 1) {
		w.t.Errorf("%s: %d lines went, and %d came:\n%s", word, gone, come, strings.Join(was[from:len(was)-to], "\n"))
	}
	if word == "renamed" && len(was) != len(is) {
		w.t.Errorf("%d lines became %d", len(was), len(is))
	}
}

func unsigned(text []byte) []string {
	var out []string
	for _, l := range strings.Split(string(text), "\n") {
		if s := strings.TrimSpace(l); !strings.HasPrefix(s, "lastmodified:") && !strings.HasPrefix(s, "mac:") {
			out = append(out, l)
		}
	}
	return out
}

func (w *editWorld) opens(word string, plain bool) {
	w.t.Helper()
	text := w.text
	if !plain {
		var err error
		if text, err = decrypt.Data(w.text, "yaml"); err != nil {
			w.t.Errorf("%s: sops's library does not open it: %v", word, err)
			return
		}
	}
	if have := valuesOf(w.t, text); !same(w.values, have) {
		w.t.Errorf("%s:\nhave %v\nwant %v", word, have, w.values)
	}
	if w.real && !plain {
		w.count["opened by the sops command"]++
		if err := os.WriteFile(filepath.Join(w.dir, editFile), w.text, 0o600); err != nil {
			w.t.Fatal(err)
		}
		env := []string{"SOPS_AGE_KEY=" + w.identity}
		if have := valuesOf(w.t, []byte(sopstest.Run(w.t, w.dir, env, "decrypt", editFile))); !same(w.values, have) {
			w.t.Errorf("%s, by the sops command:\nhave %v\nwant %v", word, have, w.values)
		}
	}
}

func same(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

func valuesOf(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal(text, &out); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	delete(out, "sops")
	return out
}

func rename(m map[string]any, from, to string) {
	prod := m["connections"].(map[string]any)["prod"].(map[string]any)
	prod[to] = prod[from]
	delete(prod, from)
}

// put is Set on a model.
func put(v any, path []any, value any) any {
	if len(path) == 0 {
		var plain any
		text, _ := json.Marshal(value)
		_ = json.Unmarshal(text, &plain)
		return plain
	}
	switch step := path[0].(type) {
	case string:
		m, _ := v.(map[string]any)
		if m == nil {
			m = map[string]any{}
		}
		m[step] = put(m[step], path[1:], value)
		return m
	case int:
		list, _ := v.([]any)
		if step == len(list) {
			list = append(list, nil)
		}
		list[step] = put(list[step], path[1:], value)
		return list
	}
	return v
}
