package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/sops"
	"connsync/secrets/sops/sopstest"
)

var allTampers = flag.Bool("tampers", false, "tamper with files that the sops command encrypted, too, and sync each")

// tampered is the file with the tampered text.
const tampered = "connections/a.yaml"

const tamperProject = `targets:
  prod: {region: cn-north-4, project_id: 0123456789abcdef0123456789abcdef, workspace_id: 11111111-2222-4333-8444-555555555555}
  test: {region: cn-north-4, project_id: 0123456789abcdef0123456789abcdef, workspace_id: 99999999-2222-4333-8444-555555555555}
secrets: {allow: [age]}
state: {remote: none}
`

const tamperPlain = `connections:
  prod:
    alpha:
      description: EDR of production
      component: EdrVendor
      version: "2.1"
      config:
        endpoint: https://alpha.example
        user: svc_alpha
        port: 443
        retries: 3
        password: canary-alpha-password
        pin_secret: "8443"
        flag_secret: "True"
        port_secret: 9443
        ratio_secret: 1.5
        on_secret: true
        list_secret:
          - canary-item-one
          - canary-item-two
          - nested: canary-nested
        auth:
          token: canary-token
          realm: one
    beta:
      description: Firewall
      component: HssFirewall
      version: "2.1"
      config:
        endpoint: https://beta.example
        password: canary-beta-password
`

// modes are the ways to encrypt a file: which values, and what the MAC covers.
var modes = []struct {
	name    string
	options sops.EncryptOptions
}{
	{"full MAC", sops.EncryptOptions{EncryptedRegex: "password|token|_secret"}},
	{"the whole config, full MAC", sops.EncryptOptions{EncryptedRegex: "^config$"}},
	{"MAC of encrypted values only", sops.EncryptOptions{EncryptedRegex: "password|token|_secret", MACOnlyEncrypted: true}},
}

// sealedFile is a file in one mode, and what goes with it to tamper with.
type sealedFile struct {
	text, older string // as committed last, and before
	plainFor    func(plain string, recipient string) string
	recipient   string
	host        string // named by a hostile file
}

// The verdicts. A refusal is the kind of error with which the file does not open, or keyless where no key is needed to refuse it.
const (
	same    = "same"    // what would be sent is as it was, and the plan says there is nothing to do
	told    = "told"    // every setting that would be sent otherwise is in the plan
	keyless = "keyless" // validate refuses it, offline and without a key
)

// TestTamperedFiles tampers with an encrypted file in every way we know of and follows connsync to what it would send. Nothing is
// ever taken in silently: a file is refused in our own words, or it says what it said before, or the plan shows every difference.
func TestTamperedFiles(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	asked := 0
	host := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(host.Close)
	t.Setenv("VAULT_TOKEN", "canary-vault-token")
	makers := map[string]func(*testing.T, string, string, sops.EncryptOptions) string{"connsync": encryptHere}
	if *allTampers {
		makers["sops"] = encryptThere
	}
	cells, failed := 0, 0
	for maker, encrypt := range makers {
		for m, mode := range modes {
			bench := newTamperBench(t, host.URL, encrypt, mode.options)
			for _, c := range tampers() {
				cells++
				if !t.Run(fmt.Sprintf("%s, %s/%s", maker, mode.name, c.name), func(t *testing.T) { bench.check(t, c, c.want[m]) }) {
					failed++
				}
			}
		}
	}
	if asked != 0 {
		t.Errorf("a host that a file names was asked %d times", asked)
	}
	if cells < 3*70 {
		t.Errorf("%d cells: these are fewer than there were", cells)
	}
	t.Logf("T-SOPS: %d cells, %d failed", cells, failed)
}

func encryptHere(t *testing.T, plain, recipient string, o sops.EncryptOptions) string {
	t.Helper()
	out, err := sops.Encrypt([]byte(plain), recipient, o)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func encryptThere(t *testing.T, plain, recipient string, o sops.EncryptOptions) string {
	t.Helper()
	dir := t.TempDir()
	writeInto(t, dir, "a.yaml", plain)
	rule := fmt.Sprintf("creation_rules:\n  - {age: %s, encrypted_regex: '%s', mac_only_encrypted: %t}\n", recipient, o.EncryptedRegex, o.MACOnlyEncrypted)
	writeInto(t, dir, ".sops.yaml", rule)
	return sopstest.Run(t, dir, nil, "--indent", "2", "encrypt", "a.yaml")
}

// tamperBench is a repository with an encrypted file, what it sends, and a way to look at another version of the file.
type tamperBench struct {
	dir  string
	file sealedFile
	sent map[string]any

	server *emulator.Server // with the connections as committed, and a clone to sync from
	clone  string
	sync   func(args ...string) (int, string, string)
}

func newTamperBench(t *testing.T, host string, encrypt func(*testing.T, string, string, sops.EncryptOptions) string, o sops.EncryptOptions) *tamperBench {
	t.Helper()
	b := &tamperBench{dir: t.TempDir()}
	f := sealedFile{recipient: testRecipient, host: host, plainFor: func(plain, recipient string) string { return encrypt(t, plain, recipient, o) }}
	f.older = f.plainFor(strings.Replace(tamperPlain, "canary-alpha-password", "canary-older-password", 1), testRecipient)
	text, err := sops.Set(context.Background(), sops.New(sops.Options{Allow: []string{"age"}}), tampered, []byte(f.older),
		[]any{"connections", "prod", "alpha", "config", "password"}, "canary-alpha-password")
	if err != nil {
		t.Fatal(err)
	}
	f.text = string(text)
	b.file = f
	writeInto(t, b.dir, "connsync.yaml", tamperProject)
	writeInto(t, b.dir, tampered, f.text)
	runGit(t, b.dir, "init", "-q", "-b", "main")
	runGit(t, b.dir, "add", "-A")
	runGit(t, b.dir, "commit", "-q", "-m", "base")
	opened, err := sops.New(sops.Options{Allow: []string{"age"}}).Open(context.Background(), tampered, text)
	if err != nil {
		t.Fatal(err)
	}
	b.sent = b.would(t, opened)
	if *allTampers {
		b.serve(t)
	}
	return b
}

// would is what the connections of the repository would be sent as, flat: one value for each setting.
func (b *tamperBench) would(t *testing.T, opened sops.Opened) map[string]any {
	t.Helper()
	files := os.DirFS(b.dir)
	p, err := manifest.LoadProject(files, manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	set, err := manifest.Load(files, p)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for _, c := range set.Connections {
		at := c.Target + "/" + c.Name + " "
		text, err := manifest.JSON(c.Config, func(r secrets.Ref) (any, error) {
			v, ok := opened.Secrets[r.Path]
			if !ok {
				return nil, errors.New("not there")
			}
			return v.Expose(), nil
		})
		if err != nil {
			t.Fatalf("a secret of %s is not where the manifest has it: %v", c.Name, err)
		}
		var config map[string]any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&config); err != nil {
			t.Fatal(err)
		}
		out[at+"description"], out[at+"plugin"] = c.Description, c.Plugin()
		for _, s := range manifest.Settings("config", config) {
			out[at+string(s.Path)] = s.Value
		}
	}
	return out
}

// check looks at the file as tampered with, in every way connsync does, and compares the verdict.
func (b *tamperBench) check(t *testing.T, c tamper, want string) {
	f := b.file
	text := c.do(&f)
	if text == f.text && c.name != "nothing" {
		t.Fatal("the tamper changed nothing")
	}
	writeInto(t, b.dir, tampered, text)
	code, stdout, stderr := inProcess(nil, "validate", "-C", b.dir)
	b.clean(t, stdout+stderr)
	planCode, plan, planErr := inProcess(nil, "diff", "--base", "HEAD", "-C", b.dir)
	b.clean(t, plan+planErr)
	opened, err := sops.New(sops.Options{Allow: []string{"age"}}).Open(context.Background(), tampered, []byte(text))
	have := b.verdict(t, code, plan, opened, err)
	if have != want && !(have == keyless && want != same && want != told) {
		t.Errorf("%s, want %s\n%s%s%s%v", have, want, stderr, plan, planErr, err)
	}
	if planCode == exitDone && code != exitDone || plan != "" && planCode != exitDone && !strings.Contains(plan, "will fail: "+tampered) {
		t.Errorf("validate ends with %d and diff --base with %d\n%s", code, planCode, plan)
	}
	if *allTampers && have != told {
		b.syncSendsNothing(t, want)
	}
}

func (b *tamperBench) verdict(t *testing.T, code int, plan string, opened sops.Opened, err error) string {
	t.Helper()
	if err != nil {
		var e *sops.Error
		if !errors.As(err, &e) {
			t.Fatalf("an error of somebody else: %T", err)
		}
		b.clean(t, fmt.Sprintf("%v %+v %#v", err, e, e))
		if code != exitDone {
			return keyless
		}
		return string(e.Kind)
	}
	if code != exitDone {
		return keyless
	}
	now, differs := b.would(t, opened), false
	for _, at := range slices.Sorted(maps.Keys(union(b.sent, now))) {
		if reflect.DeepEqual(b.sent[at], now[at]) {
			continue
		}
		differs = true
		name, path, _ := strings.Cut(at, " ")
		_, name, _ = strings.Cut(name, "/")
		if !tells(plan, name, path) {
			t.Errorf("%s differs, and the plan does not say so:\n%s", at, plan)
		}
	}
	if !differs && nothingToDo.MatchString(plan) {
		return same
	}
	return told
}

// tells whether a plan names a setting of a connection, or says the connection is created or goes.
func tells(plan, name, path string) bool {
	at := strings.Index(plan, " "+name)
	if at < 0 {
		return false
	}
	head, rest, _ := strings.Cut(plan[strings.LastIndex(plan[:at], "\n")+1:], "\n")
	if strings.Contains(head, "create") || strings.Contains(head, "remove") {
		return true
	}
	change := rest
	if end := regexp.MustCompile(`(?m)^  [~+=!ox-] `).FindStringIndex(rest); end != nil {
		change = rest[:end[0]]
	}
	if path == "plugin" {
		return strings.Contains(change, "component") || strings.Contains(change, "version") || strings.Contains(change, "plugin")
	}
	return strings.Contains(change, strings.TrimPrefix(path, "config."))
}

func union(a, b map[string]any) map[string]any {
	out := map[string]any{}
	for _, m := range []map[string]any{a, b} {
		maps.Copy(out, m)
	}
	return out
}

var (
	nothingToDo  = regexp.MustCompile(`(?m)^Plan: 0 to create, 0 to update, [0-9]+ unchanged\.$`)
	digestOfAll  = regexp.MustCompile(`[0-9A-Fa-f]{128}`)
	foreignWords = regexp.MustCompile(`(?i)input string|sops' data format|could not decrypt|error decrypting|expected mac|yaml: line|cannot unmarshal|cipher: |goroutine |unhashable|no identity matched|incorrect identity|successful groups`)
)

// clean checks a text: it must hold no plaintext, no digest of plaintexts, and no words of a library.
func (b *tamperBench) clean(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, "canary") || digestOfAll.MatchString(text) || foreignWords.MatchString(text) {
		t.Errorf("it says what it must not: %s", text)
	}
}

// syncSendsNothing syncs the tampered file to a server with the connections as they were.
func (b *tamperBench) syncSendsNothing(t *testing.T, verdict string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, tampered))
	if err != nil {
		t.Fatal(err)
	}
	writeInto(t, b.clone, tampered, string(text))
	before := b.server.Connections()
	code, stdout, stderr := b.sync("--dirty")
	b.clean(t, stdout+stderr)
	if !reflect.DeepEqual(before, b.server.Connections()) || len(before) != 2 {
		t.Errorf("a sync changed something, exit %d\n%s%s", code, stdout, stderr)
	}
	if verdict == keyless && code == exitDone {
		t.Errorf("a sync took it: %s", stdout)
	}
}

// serve makes a server with the connections as they are committed.
func (b *tamperBench) serve(t *testing.T) {
	t.Helper()
	server, env, url := emulated(t)
	b.server, b.clone = server, filepath.Join(t.TempDir(), "clone")
	runGit(t, ".", "clone", "-q", b.dir, b.clone)
	b.sync = func(args ...string) (int, string, string) {
		return inProcess(env, append([]string{"sync", "-C", b.clone, "--endpoint", url, "-t", "prod", "-q"}, args...)...)
	}
	if code, stdout, stderr := b.sync(); code != exitDone {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
}
