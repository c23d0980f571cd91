package apply_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

// What was applied in the clear and is encrypted now is sent only where its value, or anything else of the connection, is another one. Then it is
// a secret like others: the next sync has nothing to do.
func TestWhatIsOnlyEncryptedIsNotSent(t *testing.T) {
	const user = "ENC[AES256_GCM,data:YWJj,iv:YWJk,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"
	for name, c := range map[string]struct {
		clear   string // of user, in YAML
		opens   any
		change  func(manifest string) string
		console bool // a person changes the user in SecMaster before
		updates int
	}{
		"the same text":                {"svc", "svc", nil, false, 0},
		"the same number":              {"12", json.Number("12"), nil, false, 0},
		"the same boolean":             {"true", true, nil, false, 0},
		"another text":                 {"svc", "other", nil, false, 1},
		"a number that was a text":     {`"12"`, json.Number("12"), nil, false, 1},
		"what was an empty list":       {"[]", []any{}, nil, false, 1},
		"another endpoint":             {"svc", "svc", func(m string) string { return strings.Replace(m, "description: d", "description: e", 1) }, false, 1},
		"a setting that is new":        {"svc", "svc", func(m string) string { return strings.Replace(m, "        user:", "        new: x\n        user:", 1) }, false, 1},
		"another ciphertext":           {"svc", "svc", func(m string) string { return strings.Replace(m, "iv:YWJj", "iv:YWJl", 1) }, false, 1},
		"somebody changed SecMaster's": {"svc", "svc", nil, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := staged(t)
			clear := strings.Replace(strings.Replace(sealedManifest, "        password", "        user: "+c.clear+"\n        password", 1), "      config:", "      description: d\n      config:", 1)
			s.files["connections/a.yaml"].Data = []byte(clear)
			s.decrypt = opens("canary-password")
			s.expect(s.sync(), "created a", 1, 1)
			if c.console {
				s.server.Edit(s.server.Connections()[0].ID, func(o *emulator.Connection) { o.Config = strings.Replace(o.Config, "svc", "mallory", 1) })
			}
			sealed := strings.Replace(strings.Replace(clear, "user: "+c.clear, "user: "+user, 1), "encrypted_regex: ^password$", "encrypted_regex: ^(password|user)$", 1)
			if c.change != nil {
				sealed = c.change(sealed)
			}
			s.files["connections/a.yaml"].Data = []byte(sealed)
			s.decrypt = func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
				return map[secrets.Path]secrets.Value{"connections.prod.a.config.password": secrets.Hide("canary-password"), "connections.prod.a.config.user": secrets.Hide(c.opens)}, "2026-01-01T00:00:00Z", nil
			}
			r := s.sync()
			s.expect(r, []string{"unchanged a", "updated a"}[c.updates], 1, 1)
			if n := s.server.Count(emulator.RouteUpdate); n != c.updates || !r.Recorded {
				t.Errorf("%d updates, want %d; recorded %v", n, c.updates, r.Recorded)
			}
			p, session, err := s.prepare(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			if p.Plan.Pending() || p.Plan.Changes[0].Known.Secrets.Of("config.user") == "" || p.Plan.Changes[0].Known.Clear.Of("config.user").Want != "" {
				t.Errorf("still to do, or not recorded as a secret: %+v", p.Plan.Changes[0])
			}
		})
	}
}
