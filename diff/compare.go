package diff

import (
	"slices"
	"sort"

	"connsync/manifest"
	"connsync/secrets"
)

// Paths of what is not in the config.
const (
	pathName        secrets.Path = "name"
	pathDescription secrets.Path = "description"
	pathComponent   secrets.Path = "component_id"
	pathVersion     secrets.Path = "component_version_id"
	pathPlugin      secrets.Path = "plugin" // both, in a plan
	pathConfig      secrets.Path = "config" // all of it
)

// clearLeaf is a setting that Git holds in the clear.
type clearLeaf struct {
	path   secrets.Path
	value  any
	digest string
}

// leaves are a wanted connection's settings, taken apart once.
type leaves struct {
	clear   []clearLeaf
	secrets []manifest.Setting
	paths   map[secrets.Path]bool
}

func leavesOf(w *Want) leaves {
	l := leaves{paths: map[secrets.Path]bool{}}
	add := func(p secrets.Path, v any) {
		l.clear = append(l.clear, clearLeaf{p, v, manifest.ValueDigest(v)})
		l.paths[p] = true
	}
	add(pathName, w.Name)
	add(pathDescription, w.Description)
	add(pathComponent, w.Resolved.ComponentID)
	add(pathVersion, w.Resolved.VersionID)
	for _, s := range manifest.Settings("config", w.Config) {
		if s.Secret != nil {
			l.secrets = append(l.secrets, s)
			l.paths[s.Path] = true
			continue
		}
		add(s.Path, s.Value)
	}
	return l
}

// asNew are the settings in the clear of a connection that is created.
func (l leaves) asNew() []Field {
	var out []Field
	for _, s := range l.clear {
		if s.path == pathName || s.path == pathComponent || s.path == pathVersion || s.path == pathDescription && s.value == "" {
			continue
		}
		f := Field{Path: s.path, Causes: []Cause{Git}}
		f.setNew(s.value)
		out = append(out, f)
	}
	return out
}

func (l leaves) words(w Word) []SecretChange {
	out := make([]SecretChange, len(l.secrets))
	for i, s := range l.secrets {
		out[i] = SecretChange{Path: s.Path, Word: w, Fingerprint: s.Secret.Fingerprint}
	}
	return out
}

// visible is what SecMaster shows of a setting; false where it shows nothing that can be compared.
func visible(h *Have, p secrets.Path) (Seen, bool) {
	of := func(text string) (Seen, bool) {
		return Seen{Digest: manifest.ValueDigest(text), Value: secrets.Hide(text)}, true
	}
	switch p {
	case pathName:
		return of(h.Name)
	case pathDescription:
		return of(h.Description)
	case pathComponent:
		s, _ := of(h.Plugin.ComponentID)
		return s, h.Plugin.ComponentID != ""
	case pathVersion:
		s, _ := of(h.Plugin.VersionID)
		return s, h.Plugin.VersionID != ""
	}
	s, ok := h.Settings[p]
	return s, ok && !s.Masked
}

// Shows is the digest of what SecMaster shows of a setting; false where it shows nothing that can be compared.
func (h *Have) Shows(p secrets.Path) (digest string, ok bool) {
	s, ok := visible(h, p)
	if !ok {
		return "", false
	}
	return s.Digest, true
}

// Holds tells whether the shown config has a setting, be it masked.
func (h *Have) Holds(p secrets.Path) bool {
	_, ok := h.Settings[p]
	return ok
}

// Fixed are the paths of what is not in the config.
func Fixed() []secrets.Path {
	return []secrets.Path{pathName, pathDescription, pathComponent, pathVersion}
}

// Paths are the settings that a field is about: a plugin is two.
func (f Field) Paths() []secrets.Path {
	if f.Path == pathPlugin {
		return []secrets.Path{pathComponent, pathVersion}
	}
	return []secrets.Path{f.Path}
}

// visibleDifferences are the settings that differ as far as SecMaster shows them, for a connection without a record.
func (d *decider) visibleDifferences(w *Want, h *Have) []secrets.Path {
	var out []secrets.Path
	for _, s := range d.leaves[w.Name].clear {
		if seen, ok := visible(h, s.path); ok && seen.Digest != s.digest {
			out = append(out, shownPath(s.path))
		}
	}
	return unique(out)
}

// unseen are the settings in the clear that SecMaster does not show, and the config where it shows none at all: what is not seen is not equal.
func (d *decider) unseen(w *Want, h *Have) []secrets.Path {
	if h.Settings == nil {
		return []secrets.Path{pathConfig}
	}
	var out []secrets.Path
	for _, s := range d.leaves[w.Name].clear {
		if _, ok := visible(h, s.path); !ok {
			out = append(out, shownPath(s.path))
		}
	}
	return unique(out)
}

// shownPath is the path that people see: a plugin is one thing.
func shownPath(p secrets.Path) secrets.Path {
	if p == pathComponent || p == pathVersion {
		return pathPlugin
	}
	return p
}

func unique(ps []secrets.Path) []secrets.Path {
	slices.Sort(ps)
	out := ps[:0]
	for i, p := range ps {
		if i == 0 || p != ps[i-1] {
			out = append(out, p)
		}
	}
	return out
}

// extra names the settings that SecMaster shows and Git does not.
func (d *decider) extra(w *Want, h *Have) []secrets.Path {
	var out []secrets.Path
	for p := range h.Settings {
		if !d.leaves[w.Name].paths[p] {
			out = append(out, p)
		}
	}
	return unique(out)
}

// fields are the settings in the clear that change, each with its causes. k is nil for a
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
	last, recorded := k.Clear[s.path]
	if !recorded || last.Want != s.digest {
		f.Causes = append(f.Causes, Git)
	}
	if recorded && shows && seen.Digest != s.digest && (last.Have == "" || seen.Digest != last.Have) {
		f.Causes = append(f.Causes, Drift)
	}
	_, wasSecret := k.Secrets[s.path]
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
// not shown even then: somebody may have typed it in since.
func (f *Field) setOld(seen Seen, shows, mayShow bool) {
	if shows {
		f.Old = seen.Value.Expose()
	}
	_, withheld := f.Old.(manifest.Withheld)
	if withheld || !shows || !mayShow || manifest.LooksSecret(f.Old) {
		f.Old, f.OldHidden = nil, true
	}
}

// removed are the settings that were written and are wanted no more.
func removed(l leaves, h *Have, k *Known) []Field {
	if k == nil {
		return nil
	}
	var out []Field
	for p := range k.Clear {
		if l.paths[p] {
			continue
		}
		f := Field{Path: p, Causes: []Cause{Git}}
		seen, shows := visible(h, p)
		f.setOld(seen, shows, true)
		out = append(out, f)
	}
	return out
}

// pluginName is a plugin for people, with the names that are known of it.
func pluginName(p Plugin, k *Known) string {
	if k != nil && k.Plugin.ComponentID == p.ComponentID && k.Plugin.VersionID == p.VersionID {
		p = k.Plugin
	}
	return p.String()
}
