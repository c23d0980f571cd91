package diff

import (
	"sort"
	"strings"
	"unicode"

	"connsync/secrets"
)

// secretWords says what happens to each secret of a connection that connsync wrote, by ciphertexts alone.
func (d *decider) secretWords(w *Want, k *Known) []SecretChange {
	l := d.leaves[w.Name]
	var out []SecretChange
	for _, s := range l.secrets {
		c := SecretChange{Path: s.Path, Fingerprint: s.Secret.Fingerprint}
		switch before, recorded := k.Secrets[s.Path]; {
		case !recorded:
			c.Word = Set
		case before == s.Secret.Fingerprint && k.Unverified:
			c.Word = Unverified
		case before == s.Secret.Fingerprint:
			c.Word = Same
		case d.renewed[s.Secret.File]:
			c.Word = Reencrypted
		default:
			c.Word = Changed
		}
		out = append(out, c)
	}
	for p := range k.Secrets {
		if !l.paths[p] {
			out = append(out, SecretChange{Path: p, Word: Removed})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// renewedFiles are the files whose data key moved together with every secret that is known of them: then
// nobody without the key can tell which of the values changed.
func (d *decider) renewedFiles() map[string]bool {
	out := map[string]bool{}
	for i := range d.want {
		w := &d.want[i]
		k, known := d.in.Known[w.Name]
		if !known && w.Previously != "" {
			k, known = d.in.Known[w.Previously]
		}
		if !known || w.File.Sops == nil {
			continue
		}
		moved, stayed := d.moved(w, &k)
		all, seen := out[w.File.Path]
		if moved+stayed > 0 {
			out[w.File.Path] = stayed == 0 && k.Keys != "" && k.Keys != w.File.Sops.KeysDigest && (all || !seen)
		}
	}
	return out
}

func (d *decider) moved(w *Want, k *Known) (moved, stayed int) {
	for _, s := range d.leaves[w.Name].secrets {
		switch before, recorded := k.Secrets[s.Path]; {
		case recorded && before == s.Secret.Fingerprint:
			stayed++
		case recorded:
			moved++
		}
	}
	return moved, stayed
}

// destinations are the words of keys that say where a connection leads.
var destinations = map[string]bool{
	"endpoint": true, "endpoints": true, "url": true, "urls": true, "uri": true, "host": true, "hosts": true, "hostname": true,
	"address": true, "addresses": true, "addr": true, "addrs": true, "server": true, "servers": true, "broker": true, "brokers": true,
	"domain": true, "proxy": true, "port": true, "ip": true, "gateway": true, "bootstrap": true, "base": true, "site": true,
}

// risks are the destinations that Git changes while a secret stays: it would be sent to the new place.
func risks(c Change) []Risk {
	stays := false
	for _, s := range c.Secrets {
		stays = stays || s.Word == Same || s.Word == Unverified
	}
	if !stays {
		return nil
	}
	var out []Risk
	for _, f := range c.Fields {
		if has(f.Causes, Git) && (f.Path == pathPlugin || leads(f.Path)) {
			out = append(out, Risk{Path: f.Path})
		}
	}
	return out
}

// leads tells whether a setting's own key, or one above it, names a destination.
func leads(p secrets.Path) bool {
	if !strings.HasPrefix(string(p), "config") {
		return false
	}
	for _, word := range keyWords(strings.TrimPrefix(string(p), "config")) {
		if destinations[word] {
			return true
		}
	}
	return false
}

// keyWords splits kafkaAddr, proxy_url and proxy-url into words in lower case.
func keyWords(path string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = nil
		}
	}
	lower := false
	for _, r := range path {
		if !unicode.IsLetter(r) {
			flush()
			lower = false
			continue
		}
		if unicode.IsUpper(r) && lower {
			flush()
		}
		lower = unicode.IsLower(r)
		word = append(word, r)
	}
	flush()
	return words
}
