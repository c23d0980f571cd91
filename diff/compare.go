package diff

import (
	"sort"

	"connsync/manifest"
	"connsync/secrets"
)

// Paths are the settings of a field: a plugin has two.
func (f Field) Paths() []secrets.Path {
	if f.Path == pathPlugin {
		return []secrets.Path{pathComponent, pathVersion}
	}
	return []secrets.Path{f.Path}
}

// fields are the changing settings in the clear, each with its causes. k is nil for a
// connection without a record: then only what SecMaster shows differently counts.
func (d *decider) fields(w *Want, h *Have, k *Known) []Field {
	var out []Field
	var plugin *Field
	for _, s := range d.leaves[w.Name].clear {
		f, changes := compare(s, h, k)
		if !changes {
			continue
		}
		if shownPath(s.path) != pathPlugin {
			out = append(out, f)
			continue
		}
		if plugin == nil {
			plugin = &Field{Path: pathPlugin, Old: pluginName(h.Plugin, k), New: pluginName(w.Resolved, nil)}
		}
		plugin.Causes = merge(plugin.Causes, f.Causes)
	}
	if plugin != nil {
		out = append(out, *plugin)
	}
	out = append(out, removed(d.leaves[w.Name], h, k)...)
	sort.SliceStable(out, func(i, j int) bool { return order(out[i].Path) < order(out[j].Path) })
	return out
}

// order puts what is not in the config first.
func order(p secrets.Path) string {
	switch p {
	case pathName:
		return "0"
	case pathDescription:
		return "1"
	case pathPlugin:
		return "2"
	}
	return "3" + string(p)
}

func merge(a, b []Cause) []Cause {
	for _, c := range b {
		if !has(a, c) {
			a = append(a, c)
		}
	}
	sort.Slice(a, func(i, j int) bool { return a[i] == Git && a[j] != Git })
	return a
}

// compare tells whether one setting changes. Want is compared with the want of the last write, and what SecMaster
// shows with what it showed then: it may have normalised what it was sent.
func compare(s clearLeaf, h *Have, k *Known) (Field, bool) {
	f := Field{Path: s.path}
	f.setNew(s.value)
	seen, shows := visible(h, s.path)
	if k == nil {
		differs := shows && seen.Digest != s.digest
		f.Causes = []Cause{Git}
		f.setOld(seen, shows, s.path == pathName)
		return f, differs
	}
	last, recorded := k.Clear.Get(s.path)
	if !recorded || last.Want != s.digest {
		f.Causes = append(f.Causes, Git)
	}
	if recorded && shows && seen.Digest != s.digest && (last.Have == "" || seen.Digest != last.Have) {
		f.Causes = append(f.Causes, Drift)
	}
	wasSecret := k.Secrets.Has(s.path)
	if recorded || shows || wasSecret {
		f.setOld(seen, shows, recorded && !wasSecret)
	}
	if f.NewHidden { // what it was is of the same kind
		f.Old, f.OldHidden = nil, f.OldHidden || f.Old != nil
	}
	f.NewHidden = f.NewHidden || wasSecret && s.value != "" // in the clear now: it may be what was encrypted
	return f, len(f.Causes) > 0
}

// setNew shows the new value, unless it is withheld.
func (f *Field) setNew(v any) {
	if _, withheld := v.(manifest.Withheld); withheld {
		f.NewHidden = true
		return
	}
	f.New = v
}

// setOld shows the old value only where connsync itself wrote it in the clear: anything else could be a secret. What looks like one is
// not shown even then: a user may have typed it in since.
func (f *Field) setOld(seen Seen, shows, mayShow bool) {
	if shows {
		f.Old = seen.Value.Expose()
	}
	_, withheld := f.Old.(manifest.Withheld)
	if withheld || !shows || !mayShow || manifest.LooksSecret(f.Old) {
		f.Old, f.OldHidden = nil, true
	}
}

// removed are the written settings no longer wanted.
func removed(l leaves, h *Have, k *Known) []Field {
	if k == nil {
		return nil
	}
	var out []Field
	for _, s := range k.Clear {
		if l.paths[s.Path] {
			continue
		}
		f := Field{Path: s.Path, Causes: []Cause{Git}}
		seen, shows := visible(h, s.Path)
		f.setOld(seen, shows, true)
		out = append(out, f)
	}
	return out
}

// pluginName is a plugin for people, with its known names.
func pluginName(p Plugin, k *Known) string {
	if k != nil && k.Plugin.ComponentID == p.ComponentID && k.Plugin.VersionID == p.VersionID {
		p = k.Plugin
	}
	return p.String()
}
