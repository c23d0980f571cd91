package sops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"connsync/secrets"
	"connsync/secrets/sops/sopstest"
)

const editPlain = `connections:
  prod:
    edr: # the main one
      component: EdrVendor
      version: "2.1"
      config:
        endpoint: https://edr.example
        password: canary-first
        token: canary-token
    siem:
      component: EdrVendor
      version: "2.1"
      config:
        endpoint: https://siem.example
        password: canary-siem
`

// editScene is a file with a rule, encrypted by the sops command.
type editScene struct {
	t        *testing.T
	dir      string
	env      []string
	identity string
}

func newEditScene(t *testing.T, rule string) *editScene {
	t.Helper()
	recipient, identity := editKey(t)
	s := &editScene{t, t.TempDir(), []string{"SOPS_AGE_KEY=" + identity}, identity}
	s.rule(rule, recipient)
	s.write(editPlain)
	s.sops("encrypt", "--in-place", editFile)
	return s
}

func (s *editScene) rule(rule string, recipients ...string) {
	s.t.Helper()
	text := "creation_rules:\n  - age: " + strings.Join(recipients, ",") + "\n"
	for _, l := range strings.Split(rule, ";") {
		text += "    " + strings.TrimSpace(l) + "\n"
	}
	if err := os.WriteFile(filepath.Join(s.dir, RulesFile), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *editScene) write(text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, editFile), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *editScene) read() string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, editFile))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *editScene) sops(args ...string) string {
	s.t.Helper()
	return sopstest.Run(s.t, s.dir, s.env, args...)
}

// by edits the file by hand.
func (s *editScene) by(old, new string) {
	s.t.Helper()
	text := s.read()
	if strings.Count(text, old) != 1 {
		s.t.Fatalf("%q is there %d times in\n%s", old, strings.Count(text, old), text)
	}
	s.write(strings.Replace(text, old, new, 1))
}

// change edits the file with the editor, and writes what it gives.
func (s *editScene) change(do func(*Editor, *Opener) error) error {
	s.t.Helper()
	o := New(Options{Allow: []string{"age"}})
	e, err := o.Edit(context.Background(), editFile, []byte(s.read()))
	if err == nil {
		err = do(e, o)
	}
	if err != nil {
		return err
	}
	out, err := e.Done()
	if err == nil {
		s.write(string(out))
	}
	return err
}

func (s *editScene) reseal(may func(secrets.Path, secrets.Value) bool) (did Resealed, err error) {
	s.t.Helper()
	rule, err := RuleFor(s.dir, editFile)
	if err != nil {
		return did, err
	}
	err = s.change(func(e *Editor, o *Opener) error {
		did, err = e.Reseal(context.Background(), o, rule, may)
		return err
	})
	return did, err
}

func setTo(v any, keys ...any) func(*Editor, *Opener) error {
	return func(e *Editor, _ *Opener) error { return e.Set(append([]any{"connections", "prod"}, keys...), v) }
}

var nobody = func(secrets.Path, secrets.Value) bool { return false }

// An edit of a file by hand is not signed by a key holder's change of something else.
func TestWhatWasEditedByHandIsNotSigned(t *testing.T) {
	const full, part = "encrypted_regex: ^(password|token)$", "encrypted_regex: ^(password|token)$; mac_only_encrypted: true"
	for _, c := range []struct {
		name, rule string
		tamper     func(s *editScene)
	}{
		{"the endpoint, full MAC", full, func(s *editScene) { s.by("https://edr.example", "https://evil.example") }},
		{"a ciphertext removed", part, func(s *editScene) { s.by(s.line("token: "), "") }},
		{"a ciphertext replaced by a value in the clear", part, func(s *editScene) { s.by(s.line("token: "), "                token: mine\n") }},
		{"the MAC's time", part, func(s *editScene) { s.by(s.line("lastmodified: "), "    lastmodified: \"2020-01-01T00:00:00Z\"\n") }},
		{"a ciphertext moved", part, func(s *editScene) { s.by("siem:", "siem2:") }},
		{"the selector narrowed", part, func(s *editScene) { s.by("^(password|token)$", "^(password)$") }},
		{"the mode of the MAC", part, func(s *editScene) { s.by("    mac_only_encrypted: true\n", "") }},
		{"a ciphertext where nothing decrypts it", part, func(s *editScene) { s.by("                token: ", "                note: ") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newEditScene(t, c.rule)
			c.tamper(s)
			before := s.read()
			for what, do := range map[string]func() error{
				"set":           func() error { return s.change(setTo("canary-second", "edr", "config", "password")) },
				"set, in clear": func() error { return s.change(setTo("x", "edr", "config", "user")) },
				"rename": func() error {
					return s.change(func(e *Editor, _ *Opener) error { return e.Rename([]any{"connections", "prod", "edr"}, "new") })
				},
				"reseal": func() error { _, err := s.reseal(func(secrets.Path, secrets.Value) bool { return true }); return err },
			} {
				err := do()
				var opening *Error
				if !errors.As(err, &opening) || s.read() != before {
					t.Errorf("%s: %v", what, err)
				}
				if err != nil && strings.Contains(err.Error(), "canary") {
					t.Errorf("%s: it says %v", what, err)
				}
			}
		})
	}
}

// line is the one line with a text.
func (s *editScene) line(text string) string {
	s.t.Helper()
	for _, l := range strings.SplitAfter(s.read(), "\n") {
		if strings.Contains(l, text) {
			return l
		}
	}
	s.t.Fatalf("no line has %q", text)
	return ""
}

// A value in the clear covered by the file's selector keeps sops from opening the file: it is encrypted by set or reseal, if the rest is what was signed.
func TestAValueThatWasAddedInTheClearIsEncrypted(t *testing.T) {
	for _, c := range []struct {
		name, rule, add string
		opens           bool
	}{
		{"beside a MAC of all", "encrypted_regex: ^(password|token|secret)$", "                secret: canary-added\n", true},
		{"beside a MAC of encrypted values", "encrypted_regex: ^(password|token|secret)$; mac_only_encrypted: true", "                secret: canary-added\n", true},
		{"with another value that the MAC covers", "encrypted_regex: ^(password|token|secret)$", "                user: x\n                secret: canary-added\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newEditScene(t, c.rule)
			s.by("                token: ", c.add+"                token: ")
			spoilt := s.read()
			sopstest.Fails(t, s.dir, s.env, "decrypt", editFile)
			if err := s.change(setTo("canary-third", "edr", "config", "password")); err == nil || s.read() != spoilt {
				t.Errorf("another value was set beside it: %v", err)
			}
			if err := s.change(setTo("canary-second", "edr", "config", "secret")); (err == nil) != c.opens {
				t.Fatalf("set: %v", err)
			}
			if c.opens && !strings.Contains(s.sops("decrypt", editFile), "secret: canary-second\n") {
				t.Error("set: not what it should be")
			}
			s.write(spoilt)
			did, err := s.reseal(nobody)
			if (err == nil) != c.opens {
				t.Fatalf("reseal: %v", err)
			}
			if c.opens && (len(did.Encrypted) != 1 || did.Encrypted[0] != "connections.prod.edr.config.secret" || !strings.Contains(s.sops("decrypt", editFile), "secret: canary-added\n")) {
				t.Errorf("reseal: %+v", did)
			}
		})
	}
}

// TestAFileIsBroughtToItsRule changes the rule, and brings the file to it: data key and ciphertexts stay, and the sops command opens it.
func TestAFileIsBroughtToItsRule(t *testing.T) {
	other, _, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	const was = "encrypted_regex: ^(password|token)$; mac_only_encrypted: true"
	for _, c := range []struct {
		name, rule    string
		also          string
		did           Resealed
		has, not      []string
		new, keysStay bool
	}{
		{name: "nothing to do", rule: was},
		{name: "more is encrypted", rule: "encrypted_regex: ^(password|token|endpoint)$; mac_only_encrypted: true", has: []string{"endpoint: ENC[", "encrypted_regex: ^(password|token|endpoint)$"}, not: []string{"https://"}},
		{name: "a full MAC", rule: "encrypted_regex: ^(password|token)$", not: []string{"mac_only_encrypted"}},
		{name: "another selector of the same meaning", rule: "encrypted_regex: ^(token|password)$; mac_only_encrypted: true", has: []string{"^(token|password)$"}},
		{name: "no selector", rule: "mac_only_encrypted: true", has: []string{"endpoint: ENC[", "encrypted_regex: ^config$", "component: EdrVendor"}},
		{name: "another kind of selector", rule: "unencrypted_regex: ^(component|version|endpoint)$; mac_only_encrypted: true", has: []string{"unencrypted_regex: ", "endpoint: https://edr.example"}, not: []string{"\n    encrypted_regex"}},
		{name: "one recipient more", rule: was, also: other, has: []string{"recipient: " + other}},
		{name: "all at once", rule: "encrypted_suffix: ord", also: other, has: []string{"encrypted_suffix: ord", "token: canary-token", "recipient: " + other}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newEditScene(t, was)
			before := s.read()
			recipient := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s.line("recipient: ")), "recipient: "))
			if c.rule != was || c.also != "" {
				s.rule(c.rule, append([]string{recipient}, nonEmpty(c.also)...)...)
			}
			did, err := s.reseal(func(p secrets.Path, _ secrets.Value) bool { return strings.HasSuffix(string(p), "token") })
			if err != nil {
				t.Fatal(err)
			}
			after := s.read()
			if did.Any() == (before == after) {
				t.Errorf("%+v, and changed: %t", did, before != after)
			}
			for _, l := range strings.SplitAfter(before, "\n") {
				keep := strings.Contains(l, "password: ENC[") || strings.HasPrefix(l, "            ") && strings.Contains(l, "==") && !strings.Contains(l, "ENC[") || strings.Contains(l, "enc: ")
				if keep && !strings.Contains(after, l) {
					t.Errorf("gone: %s", l)
				}
			}
			for _, text := range c.has {
				if !strings.Contains(after, text) {
					t.Errorf("%q is missing in\n%s", text, after)
				}
			}
			for _, text := range c.not {
				if strings.Contains(after, text) {
					t.Errorf("%q is in\n%s", text, after)
				}
			}
			if !same(valuesOf(t, []byte(s.sops("decrypt", editFile))), valuesOf(t, []byte(editPlain))) {
				t.Error("it does not hold what it held")
			}
			if again, err := s.reseal(nobody); err != nil || again.Any() {
				t.Errorf("once more: %+v %v", again, err)
			}
		})
	}
}

func nonEmpty(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

// A rule leaving a secret in the clear decrypts nothing without a word, and a removed recipient loses what was wrapped for him.
func TestANarrowerRuleDecryptsNothingUnasked(t *testing.T) {
	s := newEditScene(t, "encrypted_regex: ^(password|token)$")
	before := s.read()
	recipient := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s.line("recipient: ")), "recipient: "))
	s.rule("encrypted_regex: ^token$", recipient)
	_, err := s.reseal(nobody)
	var hidden *HiddenError
	if !errors.As(err, &hidden) || len(hidden.Leaves) != 2 || hidden.Leaves[0] != "connections.prod.edr.config.password" || s.read() != before || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
	other, _, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	s.rule("encrypted_regex: ^(password|token)$", other)
	did, err := s.reseal(nobody)
	if err != nil || len(did.Removed) != 1 || did.Removed[0] != "age "+recipient || strings.Contains(s.read(), recipient) {
		t.Errorf("%+v %v", did, err)
	}
	sopstest.Fails(t, s.dir, s.env, "decrypt", editFile)
}

// Two groups need two keys; each wrapped part is made anew, and the data key stays.
func TestGroupsOfKeysAreWrapped(t *testing.T) {
	s := newEditScene(t, "encrypted_regex: ^(password|token)$")
	other, v, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	recipient := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s.line("recipient: ")), "recipient: "))
	password := s.line("password: ENC")
	text := "creation_rules:\n  - encrypted_regex: ^(password|token)$\n    shamir_threshold: 2\n    key_groups:\n      - age: [" + recipient + "]\n      - age: [" + other + "]\n"
	if err := os.WriteFile(filepath.Join(s.dir, RulesFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	did, err := s.reseal(nobody)
	if err != nil || !did.Threshold || !strings.Contains(s.read(), "shamir_threshold: 2") || !strings.Contains(s.read(), password) {
		t.Fatalf("%+v %v\n%s", did, err, s.read())
	}
	sopstest.Fails(t, s.dir, s.env, "decrypt", editFile)
	both := []string{"SOPS_AGE_KEY=" + s.identity + "\n" + v.Expose().(string)}
	if out := sopstest.Run(t, s.dir, both, "decrypt", editFile); !strings.Contains(out, "canary-first") {
		t.Error(out)
	}
	t.Setenv("SOPS_AGE_KEY", strings.TrimPrefix(both[0], "SOPS_AGE_KEY="))
	if again, err := s.reseal(nobody); err != nil || again.Any() {
		t.Errorf("once more: %+v %v", again, err)
	}
}

// Unusable rules are told from missing ones.
func TestRulesThatCannotBeUsed(t *testing.T) {
	for text, want := range map[string]error{
		"creation_rules:\n  - path_regex: ^other/\n    age: age1x\n": ErrNoRule,
		"":                                       ErrNoRule,
		"creation_rules: {canary}\n":             ErrBadRule,
		"creation_rules:\n  - path_regex: '['\n": ErrBadRule,
		"creation_rules:\n  - encrypted_regex: '['\n":                        ErrBadRule,
		"creation_rules:\n  - encrypted_regex: a\n    encrypted_suffix: b\n": ErrBadRule,
		"creation_rules:\n  - age: canary-no-recipient\n":                    ErrBadRule,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, RulesFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := RuleFor(dir, "connections/a.yaml"); !errors.Is(err, want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	if _, err := RuleFor(t.TempDir(), "a.yaml"); !errors.Is(err, ErrNoRule) {
		t.Error(err)
	}
	dir := t.TempDir()
	if err := os.Symlink("/dev/null", filepath.Join(dir, RulesFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := RuleFor(dir, "a.yaml"); !errors.Is(err, ErrBadRule) {
		t.Errorf("a link: %v", err)
	}
}

// What sops could not write back, or would read as something else, is refused, and nothing of a file without a sops block is encrypted.
func TestWhatCannotBeSet(t *testing.T) {
	s := newEditScene(t, "encrypted_regex: ^(password|token)$")
	before := s.read()
	for name, do := range map[string]func(*Editor, *Opener) error{
		"a mapping":               setTo("x", "edr", "config"),
		"a connection":            setTo("x", "edr"),
		"below a text":            setTo("x", "edr", "config", "endpoint", "more"),
		"an item of a mapping":    setTo("x", "edr", "config", 0),
		"a ciphertext":            setTo("ENC[AES256_GCM,data:YQ==]", "edr", "config", "user"),
		"nothing as a secret":     setTo("", "edr", "config", "password"),
		"a key of the sops block": func(e *Editor, _ *Opener) error { return e.Set([]any{"sops", "mac", "x"}, "y") },
	} {
		if err := s.change(do); err == nil || s.read() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.change(setTo(json.Number("12"), "edr", "config", "password")); err != nil || !strings.Contains(s.line("password: "), "type:int]") {
		t.Errorf("a number: %v", err)
	}
	if !strings.Contains(s.sops("decrypt", editFile), "password: 12\n") {
		t.Error("the number is not there")
	}
}

// A clock running behind does not sign a file for a time before its last one: the result would be an older version of it.
func TestAClockThatIsBehindSignsForTheSameTime(t *testing.T) {
	s := newEditScene(t, "encrypted_regex: ^(password|token)$")
	ahead := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	e, err := New(Options{Allow: []string{"age"}}).Edit(context.Background(), editFile, []byte(s.read()))
	if err == nil {
		err = e.sign(ahead)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.write(string(e.text))
	before := s.line("mac: ")
	if err := s.change(setTo("canary-second", "edr", "config", "password")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.line("lastmodified: "), ahead.Format(time.RFC3339)) || s.line("mac: ") == before {
		t.Errorf("%s%s", s.line("lastmodified: "), s.line("mac: "))
	}
	s.sops("decrypt", editFile)
}

// TestOtherFormsOfAFile edits a file written as JSON, and one with its sops block first.
func TestOtherFormsOfAFile(t *testing.T) {
	for name, form := range map[string]func(*editScene){
		"JSON": func(s *editScene) {
			var v map[string]any
			if err := yaml.Unmarshal([]byte(s.read()), &v); err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			s.write(string(text) + "\n")
		},
		"the sops block first": func(s *editScene) {
			manifest, block, _ := strings.Cut(s.read(), "sops:\n")
			s.write("---\nsops:\n" + block + manifest)
		},
		"line ends of Windows": func(s *editScene) { s.write(strings.ReplaceAll(s.read(), "\n", "\r\n")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newEditScene(t, "encrypted_regex: ^(password|token)$; mac_only_encrypted: true")
			form(s)
			before := strings.Split(s.read(), "\n")
			for _, do := range []func(*Editor, *Opener) error{
				setTo("canary-second", "edr", "config", "password"), setTo("https://edr-2.example", "edr", "config", "endpoint"), setTo("canary-new", "siem", "config", "token"),
				func(e *Editor, _ *Opener) error { return e.Rename([]any{"connections", "prod", "edr"}, "edr_main") },
			} {
				if err := s.change(do); err != nil {
					t.Fatal(err)
				}
			}
			out := s.sops("decrypt", editFile)
			for _, text := range []string{"edr_main:", "password: canary-second", "endpoint: https://edr-2.example", "token: canary-new", "token: canary-token"} {
				if !strings.Contains(out, text) {
					t.Errorf("%q is missing in\n%s", text, out)
				}
			}
			if after := strings.Split(s.read(), "\n"); len(after) > len(before)+1 {
				t.Errorf("%d lines became %d", len(before), len(after))
			}
			if strings.Count(s.read(), "\r\n") > 0 && strings.Count(s.read(), "\r\n") != strings.Count(s.read(), "\n") {
				t.Error("two kinds of line ends")
			}
		})
	}
}

// A file as large as a manifest may be is brought to its rule, changed and renamed in seconds: many values cost no more than one.
func TestALargeFileIsChangedInOneGo(t *testing.T) {
	recipient, _ := editKey(t)
	s := &editScene{t: t, dir: t.TempDir()}
	s.rule("encrypted_regex: ^(password|token)", recipient)
	var b strings.Builder
	b.WriteString("connections:\n  prod:\n    edr:\n      config:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "        token%d: canary-%d\n        user%d: u\n", i, i, i)
	}
	s.write(b.String())
	begin := time.Now()
	if did, err := s.reseal(nobody); err != nil || len(did.Encrypted) != 1000 {
		t.Fatalf("%d %v", len(did.Encrypted), err)
	}
	if err := s.change(setTo("x", "edr", "config", "user7")); err != nil {
		t.Fatal(err)
	}
	if err := s.change(func(e *Editor, _ *Opener) error { return e.Rename([]any{"connections", "prod", "edr"}, "new") }); err != nil {
		t.Fatal(err)
	}
	s.by("user7: x", "token: canary-clear")
	if did, err := s.reseal(nobody); err == nil { // a value covered by the MAC is gone
		t.Errorf("%+v", did)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}
