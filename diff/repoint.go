package diff

import (
	"time"

	"connsync/manifest"
	"connsync/secrets"
)

// SOPS's MAC leaves the endpoint beside a secret to whoever can push: with mac_only_encrypted its value, and always the names of keys in
// the clear, which can be swapped. So beside a secret a destination may only change together with something that needs the file's
// key: since the last apply, sops must have written the file.

// stamp is what a file said of its last encryption when a connection of it was applied: a time that its MAC authenticates, and the MAC.
type stamp struct {
	at  time.Time
	mac string
}

func stampOf(lastModified, mac string) stamp {
	at, _ := time.Parse(time.RFC3339, lastModified) // the zero time is before every other
	return stamp{at, mac}
}

// written tells whether sops wrote a file after it was stamped: the time is not earlier, and the MAC is another one, which nobody makes
// without the key. Whether the two belong together is seen when the file is opened.
func (s stamp) written(f *manifest.Sops) bool {
	now := stampOf(f.LastModified, f.MAC)
	return !now.at.Before(s.at) && now.mac != s.mac
}

// SopsWrote tells whether sops wrote a version of a file after an earlier one.
func SopsWrote(before, now *manifest.Sops) bool {
	return stampOf(before.LastModified, before.MAC).written(now)
}

// repointed are the destinations that changed since the last apply in a file that sops did not write since; none where the
// connection has no secret that could go astray.
func (d *decider) repointed(w *Want, k *Known) []secrets.Path {
	s := w.File.Sops
	if k == nil || s == nil || len(d.leaves[w.Name].secrets) == 0 {
		return nil
	}
	last := stampOf(k.LastModified, k.MAC)
	if last.mac == "" || last.written(s) {
		return nil
	}
	h := d.byID[k.ID]
	if h == nil {
		h = &Have{}
	}
	var out []secrets.Path
	returns := d.returns(w, k)
	for _, leaf := range d.leaves[w.Name].clear {
		if before, recorded := k.Clear[leaf.path]; !returns && recorded && before.Want == leaf.digest {
			continue
		}
		if f := (Field{Path: shownPath(leaf.path), Old: shownValue(h, leaf.path), New: leaf.value}); f.Destination() {
			out = append(out, f.Path)
		}
	}
	for p := range k.Clear {
		if f := (Field{Path: shownPath(p), Old: shownValue(h, p)}); !d.leaves[w.Name].paths[p] && f.Destination() {
			out = append(out, f.Path)
		}
	}
	return unique(out)
}

// returns tells whether a secret is wanted that the last apply did not have: one that came back meets the destination anew, which may have
// been changed while there was no secret beside it.
func (d *decider) returns(w *Want, k *Known) bool {
	for _, s := range d.leaves[w.Name].secrets {
		if _, had := k.Secrets[s.Path]; !had {
			return true
		}
	}
	return false
}

func shownValue(h *Have, p secrets.Path) any {
	if seen, ok := visible(h, p); ok {
		return seen.Value.Expose()
	}
	return nil
}

// restamp has an unchanged connection recorded once more where sops wrote its file: what happens to the file later is compared with that.
func restamp(c *Change) {
	s := c.Want.File.Sops
	if c.Action != Unchanged || s == nil || s.MAC == "" {
		return
	}
	last := stampOf(c.Known.LastModified, c.Known.MAC)
	c.Restamp = last.mac == "" || last.written(s)
}
