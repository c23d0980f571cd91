package diff

import (
	"sort"

	"connsync/secrets"
)

// secretWords says what happens to each secret of a connection that connsync wrote, by ciphertexts alone.
func (d *decider) secretWords(w *Want, k *Known) []SecretChange {
	l := d.leaves[w.Name]
	var out []SecretChange
	for _, s := range l.secrets {
		c := SecretChange{Path: s.Path, Fingerprint: s.Secret.Fingerprint}
		switch recorded := k.Secrets.Has(s.Path); {
		case !recorded:
			c.Word = Set
		case stays(s.Secret, s.Path, w, k) && k.Unverified:
			c.Word = d.compared(w.Name, s.Path, k.Disputed || d.in.Reviewed)
		case stays(s.Secret, s.Path, w, k):
			c.Word = Same
		case d.renewed[s.Secret.File]:
			c.Word = Reencrypted
		default:
			c.Word = Changed
		}
		out = append(out, c)
	}
	for _, s := range k.Secrets {
		if !l.paths[s.Path] {
			out = append(out, SecretChange{Path: s.Path, Word: Removed})
		}
	}
	for _, s := range l.clear {
		if k.Secrets.Has(s.path) && s.value == "" {
			out = append(out, SecretChange{Path: s.path, Word: Emptied})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// stays tells whether a secret has the value that it had: its ciphertext is the same, or the file got another data key and the ciphertext kept what stays
// while a value stays.
func stays(now *secrets.Ref, at secrets.Path, w *Want, k *Known) bool {
	if k.Secrets.Of(at) == now.Fingerprint {
		return true
	}
	mark := now.Ciphertext.Mark()
	return mark != "" && mark == k.Marks.Of(at) && w.File.Sops != nil && k.Keys != "" && k.Keys != w.File.Sops.KeysDigest
}

// renewedFiles are the files whose data key moved together with every secret known of them: then
// without the key, no one can tell the changed values from the others.
func (d *decider) renewedFiles() map[string]bool {
	out := map[string]bool{}
	for w := range d.read() {
		k, known := d.in.Known[w.Name]
		if !known && w.Previously != "" {
			k, known = d.in.Known[w.Previously]
		}
		if !known || w.File.Sops == nil {
			continue
		}
		changed, stayed := d.changed(w, k)
		all, seen := out[w.File.Path]
		if changed+stayed > 0 {
			out[w.File.Path] = stayed == 0 && k.Keys != "" && k.Keys != w.File.Sops.KeysDigest && (all || !seen)
		}
	}
	return out
}

// changed counts the recorded secrets of a connection whose ciphertexts changed, and those that stayed.
func (d *decider) changed(w *Want, k *Known) (changed, stayed int) {
	for _, s := range d.leaves[w.Name].secrets {
		switch recorded := k.Secrets.Has(s.Path); {
		case recorded && stays(s.Secret, s.Path, w, k):
			stayed++
		case recorded:
			changed++
		}
	}
	return changed, stayed
}
