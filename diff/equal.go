package diff

import (
	"connsync/secrets"
)

// Equal tells of a connection taken over by a line  adopt:  whether SecMaster shows the whole of it, and all as Git wants it: every setting, each
// secret by its decrypted value, and no setting more. values are the secrets by their paths in the file.
func (c *Change) Equal(values map[secrets.Path]secrets.Value) bool {
	if c.Action != Adopt || !c.Write || c.Intent != nil || len(c.Causes) > 0 || c.From != "" || c.Have.Settings == nil {
		return false
	}
	l := leavesOf(c.Want)
	for _, s := range l.clear {
		if seen, ok := visible(c.Have, s.path); !ok || seen.Digest != s.digest {
			return false
		}
	}
	for _, s := range l.secrets {
		if seen, ok := visible(c.Have, s.Path); !ok || !Conceals(values[s.Secret.Path], seen.Digest) {
			return false
		}
	}
	for _, s := range c.Have.Settings {
		if !l.paths[s.Path] {
			return false
		}
	}
	return true
}
