package apply_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

const sealedManifest = `connections:
  prod:
    a:
      component: EdrVendor
      version: "2.1"
      config:
        endpoint: https://a.example
        password: ENC[AES256_GCM,data:YWJj,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]
sops:
  age:
    - recipient: age1x
      enc: wrapped
  encrypted_regex: ^password$
  lastmodified: "2026-01-01T00:00:00Z"
  mac: ENC[AES256_GCM,data:YWJj,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]
`

// opens gives every scene's sealed password this value.
func opens(value string) func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
	return func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
		return map[secrets.Path]secrets.Value{"connections.prod.a.config.password": secrets.Hide(value)}, "2026-01-01T00:00:00Z", nil
	}
}

// A digest of a short password is as good as the password: it can be guessed offline.
func TestKnownStateHoldsNeitherAPlaintextNorADigestOfOne(t *testing.T) {
	const password = "canary-password"
	s := staged(t)
	s.files["connections/a.yaml"].Data = []byte(sealedManifest)
	s.decrypt = opens(password)
	s.expect(s.sync(), "created a", 1, 1)
	sent := ""
	for _, c := range s.server.Connections() {
		sent = c.Config
	}
	if !strings.Contains(sent, password) {
		t.Fatalf("sent: %s", sent)
	}
	objects := exec.Command("git", "cat-file", "--batch-all-objects", "--batch")
	objects.Dir = s.repo
	out, err := objects.Output()
	if err != nil || len(out) == 0 {
		t.Fatal(err)
	}
	stored := strings.ToLower(string(out))
	for _, plain := range []string{password, sent, `"` + password + `"`, "s" + password} {
		a, b, c, d := md5.Sum([]byte(plain)), sha1.Sum([]byte(plain)), sha256.Sum256([]byte(plain)), sha512.Sum512([]byte(plain))
		for _, sum := range [][]byte{a[:], b[:], c[:], d[:], c[:16]} {
			for _, text := range []string{hex.EncodeToString(sum), strings.ToLower(base64.StdEncoding.EncodeToString(sum)[:16])} {
				if strings.Contains(stored, text) {
					t.Errorf("state holds a digest of %q", plain)
				}
			}
		}
	}
	if strings.Contains(stored, password) || s.server.Count(emulator.RouteCreate) != 1 {
		t.Error("state holds the password")
	}
}

// What was not opened for want of time is not refused: no user has anything to mend.
func TestWhatIsNotOpenedBeforeAnInterruptionIsSkipped(t *testing.T) {
	s := staged(t)
	s.files["connections/a.yaml"].Data = []byte(sealedManifest)
	ctx, interrupt := context.WithCancel(context.Background())
	s.decrypt = func(ctx context.Context, _ string, _ []byte) (map[secrets.Path]secrets.Value, string, error) {
		interrupt()
		return nil, "", ctx.Err()
	}
	p, session, err := s.prepare(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r := p.Run(ctx)
	_ = session.Close()
	if len(r.Results) != 1 || r.Results[0].Outcome != apply.Skipped || r.Results[0].Err != nil || !r.Interrupted {
		t.Errorf("%+v", r.Results)
	}
	if s.server.Count(emulator.RouteCreate) != 0 || len(s.known().Intents) != 0 {
		t.Error("something was announced or sent")
	}
}

// A connection equal as far as SecMaster shows it is not taken over on the word of a file that does not open.
func TestWhatDoesNotOpenIsNotAdopted(t *testing.T) {
	s := staged(t)
	s.files["connections/a.yaml"].Data = []byte(sealedManifest)
	component, version := s.server.Plugin("EdrVendor", "2.1")
	s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://a.example","password":"secret"}`})
	s.decrypt = func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
		return nil, "", errors.New("no key")
	}
	s.expect(s.sync(), "refused a", 0, 1)
	if k := s.known(); len(k.Known) != 0 {
		t.Errorf("recorded: %+v", k.Known)
	}
	s.decrypt = opens("secret")
	s.expect(s.sync(), "adopted a", 0, 1)
	if k := s.known(); k.Of("a").MAC == "" || k.Of("a").LastModified == "" {
		t.Errorf("recorded: %+v", k.Known)
	}
}

// A create without a byte sent is not looked for in what another user made meanwhile under its name.
func TestACreateThatNeverLeftIsNotFound(t *testing.T) {
	s := staged(t, "a")
	component, version := s.server.Plugin("EdrVendor", "2.1")
	s.client = func(w apply.Writer) apply.Writer {
		return &unsent{w, func() {
			s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://theirs.example"}`})
		}}
	}
	s.expect(s.sync(), "failed a", 0, 1)
	if s.server.Count(emulator.RouteUpdate) != 0 || len(s.known().Known) != 0 {
		t.Errorf("somebody else's connection was written or recorded: %+v", s.known().Known)
	}
}

// unsent is a client with creates that do not leave this machine.
type unsent struct {
	apply.Writer
	meanwhile func()
}

func (c *unsent) Create(context.Context, secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	c.meanwhile()
	return secmaster.Connection{}, secmaster.Sent{}, &secmaster.Error{Op: "create connection", Message: "connection refused", Class: secmaster.ErrUnreachable}
}
