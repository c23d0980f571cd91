package apply_test

import (
	"context"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/diff"
)

// What a line  adopt:  takes over is written once, unless SecMaster shows all of it, in the clear and as Git wants it, secrets too. Then it is recorded, the
// next sync has nothing to do, and a prune does not take it for connsync's work.
func TestWhatIsEqualIsTakenOverWithoutAWrite(t *testing.T) {
	const config = `{"endpoint":"https://a.example","password":"canary-password"}`
	for name, c := range map[string]struct {
		config, description, called string
		shows                       string // the switch
		secret                      any    // in the file
		rewrite                     bool
		updates                     int
	}{
		"all is equal":           {},
		"another password":       {secret: "canary-other", updates: 1},
		"a password of a type":   {config: strings.Replace(config, `"canary-password"`, "12", 1), secret: "12", updates: 1},
		"masked":                 {shows: "config=masked", updates: 1},
		"masked all":             {shows: "config=masked-all", updates: 1},
		"not shown":              {shows: "config=omitted", updates: 1},
		"shown as nothing":       {shows: "config=null", updates: 1},
		"other spaces and order": {shows: "config=reserialised"},
		"a setting more":         {config: strings.Replace(config, "}", `,"user":"u"}`, 1), updates: 1},
		"a setting less":         {config: `{"password":"canary-password"}`, updates: 1},
		"another endpoint":       {config: strings.Replace(config, "a.example", "b.example", 1), updates: 1},
		"another description":    {description: "d", updates: 1},
		"another name":           {called: "b", updates: 1},
		"asked for":              {rewrite: true, updates: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := staged(t)
			component, version := s.server.Plugin("EdrVendor", "2.1")
			if c.config == "" {
				c.config = config
			}
			if c.called == "" {
				c.called = "a"
			}
			if c.secret == nil {
				c.secret = "canary-password"
			}
			if c.shows != "" {
				if err := s.server.Set(c.shows); err != nil {
					t.Fatal(err)
				}
			}
			id := s.server.Put(emulator.Connection{Name: c.called, Description: c.description, ComponentID: component, ComponentVersionID: version, Config: c.config, CanBeDeleted: true})
			s.files["connections/a.yaml"].Data = []byte(strings.Replace(sealedManifest, "      config:", "      adopt: "+id+"\n      config:", 1))
			s.decrypt = opens(c.secret.(string))
			s.rewrite = c.rewrite
			r := s.sync()
			s.expect(r, "adopted a", 0, 1)
			if n := s.server.Count(emulator.RouteUpdate); n != c.updates || r.Results[0].Sent != (n == 1) || !r.Recorded {
				t.Errorf("%d updates, want %d; sent %v, recorded %v", n, c.updates, r.Results[0].Sent, r.Recorded)
			}
			s.rewrite = false
			p, session, err := s.prepare(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			k := p.Plan.Changes[0].Known
			if p.Plan.Pending() || p.Plan.Unverified != 0 || k.Adopted != id || (k.Written == diff.WrittenNever) != (c.updates == 0) || k.Secrets.Of("config.password") == "" {
				t.Errorf("still to do: %+v, or recorded otherwise: %+v", p.Plan.Changes[0], k)
			}
		})
	}
}
