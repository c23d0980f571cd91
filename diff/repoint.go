package diff

import (
	"time"

	"connsync/manifest"
	"connsync/secrets"
)

// A MAC that covers encrypted values only leaves the endpoint beside a secret to whoever can push. So in such a file a destination may
// only change together with something that needs the file's key: since the last apply, sops must have written the file.

// stamp is what a file said of its last encryption when it was applied: a time that its MAC authenticates, and the MAC.
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

// stamps are the newest stamps of all files, by their paths: one connection's record may be older than its file.
func stamps(known map[string]Known) map[string]stamp {
	out := map[string]stamp{}
	for _, k := range known {
		if s := stampOf(k.LastModified, k.MAC); s.mac != "" && !s.at.Before(out[k.File].at) {
			out[k.File] = s
		}
	}
	return out
}

// lastApplied is the stamp that a connection's file is compared with.
func (d *decider) lastApplied(w *Want, k *Known) stamp {
	newest := stampOf(k.LastModified, k.MAC)
	for _, file := range []string{k.File, w.File.Path} {
		if s := d.stamps[file]; s.at.After(newest.at) {
			newest = s
		}
	}
	return newest
}

// repointed are the destinations that changed since the last apply in a file that sops did not write since; none where the file's MAC
// covers them, or the connection has no secret that could go astray.
func (d *decider) repointed(w *Want, k *Known) []secrets.Path {
	s := w.File.Sops
	if k == nil || s == nil || !s.MACOnlyEncrypted || len(d.leaves[w.Name].secrets) == 0 {
		return nil
	}
	last := d.lastApplied(w, k)
	if last.mac == "" || last.written(s) {
		return nil
	}
	h := d.byID[k.ID]
	if h == nil {
		h = &Have{}
	}
	var out []secrets.Path
	for _, leaf := range d.leaves[w.Name].clear {
		if before, recorded := k.Clear[leaf.path]; recorded && before.Want == leaf.digest {
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

func shownValue(h *Have, p secrets.Path) any {
	if seen, ok := visible(h, p); ok {
		return seen.Value.Expose()
	}
	return nil
}

// restamp notes once for a file that sops wrote it although nothing of it is to be applied: what happens to it later is compared with that.
func (d *decider) restamp(c *Change) {
	s := c.Want.File.Sops
	if c.Action != Unchanged || s == nil || !s.MACOnlyEncrypted || d.restamped[c.Want.File.Path] {
		return
	}
	if last := d.lastApplied(c.Want, c.Known); last.mac == "" || last.written(s) {
		d.restamped[c.Want.File.Path], c.Restamp = true, true
	}
}
