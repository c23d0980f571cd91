package diff

import (
	"encoding/json"

	"connsync/manifest"
	"connsync/secrets"
)

// Concealed are the settings applied in the clear and encrypted now, each with the digest of the applied value, where this is
// the only reason for a write: nothing else of the connection differs, and SecMaster shows it as it was. None otherwise. Whether they have these
// values still is seen when the file is opened: then there is nothing to write.
func (c *Change) Concealed() map[secrets.Path]string {
	if !c.onlyGit() || c.Known.Unverified || c.Known.UpdateTime != c.Have.UpdateTime {
		return nil
	}
	out := map[secrets.Path]string{}
	for _, s := range c.Secrets {
		last, wasClear := c.Known.Clear.Get(s.Path)
		shown, shows := visible(c.Have, s.Path)
		switch {
		case s.Word == Same:
		case s.Word != Set || !wasClear || shows && shown.Digest != last.Have:
			return nil
		default:
			out[s.Path] = last.Want
		}
	}
	return out
}

// onlyGit tells of an update of a bound connection, written for its secrets alone.
func (c *Change) onlyGit() bool {
	return c.Action == Update && c.Write && len(c.Causes) == 1 && c.Causes[0] == Git && len(c.Fields) == 0 && c.From == "" && c.Intent == nil &&
		c.Want != nil && c.Have != nil && c.Known != nil && c.Known.Name == c.Name
}

// Conceals tells whether a decrypted value is the one applied in the clear.
func Conceals(v secrets.Value, applied string) bool {
	switch plain := v.Expose().(type) {
	case string, bool, json.Number:
		return applied != "" && manifest.ValueDigest(plain) == applied
	}
	return false
}
