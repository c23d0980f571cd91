package manifest

import (
	"strings"

	"connsync/lazy"
	"connsync/manifest/strict"
	"connsync/secrets"
)

// Exposure is one entry of exposed. It says: a secret stood in the clear in a commit, and does not any more hold what stood there, though
// without a key nothing tells.
type Exposure struct {
	Path    secrets.Path // exposed["config.…"], where it stands
	Setting secrets.Path
	Commit  string // its hash, of 12 digits or more
	Reason  string
}

var validHash = lazy.New(`^[0-9a-f]{12,64}$`)

// maxExposed is how many one connection may have: each asks something of the history.
const maxExposed = 20

// exposures reads exposed.
func (d *document) exposures(c *Connection, n *strict.Node) {
	const form = "exposed: [{setting: config.…, commit: …, reason: …}]"
	if n.Kind != strict.Sequence || len(n.Content) > maxExposed {
		d.Wrong(n, "exposed must be a list of at most %d", maxExposed).Hint(form)
		return
	}
	for _, item := range n.Content {
		if !d.Mapping(item, "an entry of exposed") {
			continue
		}
		for _, e := range strict.Entries(item) {
			if e.Key.Value != "setting" && e.Key.Value != "commit" && e.Key.Value != "reason" {
				d.Unknown(e.Key, "field", "setting", "commit", "reason")
			}
		}
		setting, commit, reason := strict.Child(item, "setting"), strict.Child(item, "commit"), strict.Child(item, "reason")
		if setting == nil || commit == nil || reason == nil || setting.Kind != strict.Scalar || strings.TrimSpace(reason.Value) == "" {
			d.Wrong(item, "an entry of exposed without setting, commit or reason").Hint(form)
			continue
		}
		if hash, ok := d.str(commit, "commit"); ok && !validHash.MatchString(hash) {
			d.Wrong(commit, "commit is no hash").Hint("write 12 digits of it or more, in quotes")
			continue
		}
		at := secrets.Path("exposed").Key(setting.Value)
		c.Exposed = append(c.Exposed, Exposure{at, secrets.Path(setting.Value), commit.Value, reason.Value})
		c.fields[at] = d.At(setting)
	}
}

// checkExposed refuses what is said of a setting without a secret.
func (d *document) checkExposed(c *Connection, n *strict.Node) {
	if n == nil || len(c.Exposed) == 0 {
		return
	}
	secret := map[secrets.Path]bool{}
	for _, s := range Settings("config", c.Config) {
		secret[s.Path] = s.Secret != nil
	}
	for _, e := range c.Exposed {
		if !secret[e.Setting] {
			d.WrongName(n, "exposed names %s, which is not encrypted, or not in the config", e.Setting).Hint("remove the entry")
		}
	}
}
