package plugins_test

import (
	"fmt"
	"testing"

	"connsync/manifest/plugins"
)

func read(t *testing.T, text string) plugins.Catalog {
	t.Helper()
	c, ms := plugins.Read(plugins.File, []byte(text))
	if len(ms) > 0 {
		t.Fatal(ms)
	}
	return c
}

const before = `plugins:
  - {name: Edr, id: c, targets: [prod, test], versions: [{version: "1", settings: [{key: password, type: password}, {key: auth, type: object, settings: [{key: pin, type: secret}]}, {key: user, type: input}]}]}
`

// The catalog of a branch can only make checks stricter: what checks less is named, and the branch is still judged by what was.
func TestWhatACatalogChecksLess(t *testing.T) {
	for _, x := range []struct{ name, now, loosened, secrets string }{
		{"the same", before, "", "prod: password auth.pin; test: password auth.pin"},
		{"no file", "plugins: []\n", "prod  ; test  ", "prod: password auth.pin; test: password auth.pin"},
		{"a target is gone", `plugins: [{name: Edr, id: c, targets: [prod], versions: [{version: "1", settings: [{key: password, type: password}, {key: auth, settings: [{key: pin, type: secret}]}]}]}]` + "\n",
			"test  ", "prod: password auth.pin; test: password auth.pin"},
		{"another type", `plugins: [{name: Edr, id: c, targets: [prod, test], versions: [{version: "1", settings: [{key: password, type: input}, {key: auth, settings: [{key: pin, type: password}]}]}]}]` + "\n",
			"prod Edr 1 password; test Edr 1 password", "prod: password auth.pin; test: password auth.pin"},
		{"settings that are gone", `plugins: [{name: Edr, id: c, targets: [prod, test], versions: [{version: "1", settings: [{key: user}, {key: auth, settings: [{key: x}]}]}]}]` + "\n",
			"prod Edr 1 password; prod Edr 1 auth.pin; test Edr 1 password; test Edr 1 auth.pin", "prod: auth.pin password; test: auth.pin password"},
		{"a version that is gone is named where it is wanted", `plugins: [{name: Edr, id: c, targets: [prod, test], versions: [{version: "2"}]}]` + "\n", "", "prod: ; test: "},
		{"another password", `plugins: [{name: Edr, id: c, targets: [prod, test], versions: [{version: "1", settings: [{key: password, type: password}, {key: user, type: password}, {key: auth, settings: [{key: pin, type: secret}]}]}]}]` + "\n",
			"", "prod: password user auth.pin; test: password user auth.pin"},
	} {
		t.Run(x.name, func(t *testing.T) {
			was, now := read(t, before), read(t, x.now)
			got := ""
			for i, p := range now.Loosened(was) {
				if i > 0 {
					got += "; "
				}
				got += p.Target + " " + fmt.Sprint(p.Plugin, " ", p.Version)
				if p.Setting != "" {
					got += " " + p.Setting
				}
			}
			if got != x.loosened {
				t.Errorf("loosened: %q, want %q", got, x.loosened)
			}
			if got := passwords(now.Stricter(was)); got != x.secrets {
				t.Errorf("passwords: %q, want %q", got, x.secrets)
			}
			if got := passwords(now.Stricter(plugins.Catalog{})); got != passwords(now) {
				t.Errorf("without another version it is another catalog: %q", got)
			}
		})
	}
}

func passwords(c plugins.Catalog) string {
	out := ""
	for _, target := range []string{"prod", "test"} {
		if out != "" {
			out += "; "
		}
		out += target + ":"
		for _, p := range c.Of(target) {
			for _, v := range p.Versions {
				out += " " + keys("", v.Settings)
			}
		}
	}
	return out
}

func keys(above string, settings []plugins.Setting) string {
	out := ""
	for _, s := range settings {
		found := keys(above+s.Key+".", s.Settings)
		if s.Secret() {
			found = above + s.Key
		}
		if found != "" && out != "" {
			out += " "
		}
		out += found
	}
	return out
}
