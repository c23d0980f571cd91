package plugins

import (
	"testing"

	"connsync/manifest/strict"
	"connsync/secrets"
)

// A required setting known to have no value yet is not missing a second time; an absent one is.
func TestAHoleIsNotMissingTwice(t *testing.T) {
	c := Catalog{File: File, Plugins: []Plugin{{Name: "Edr", ID: "p", Targets: []string{"prod"}, Versions: []Version{{Number: "1", ID: "v", Settings: []Setting{{Key: "password", Type: "password", Required: true}}}}}}}
	for _, missing := range []struct {
		of   []secrets.Path
		want int
	}{{nil, 1}, {[]secrets.Path{"config.password"}, 0}, {[]secrets.Path{"config"}, 0}, {[]secrets.Path{"config.pass"}, 1}} {
		u := Use{Target: "prod", Component: "Edr", Version: "1", Config: map[string]any{}, Missing: missing.of, At: func(secrets.Path) strict.Position { return strict.Position{} }}
		if found := c.Check(u); len(found) != missing.want {
			t.Errorf("%v: %v", missing.of, found)
		}
	}
}
