package diff

import (
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

// clearLeaf is a setting in the clear in Git.
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

// asNew are the settings in the clear of a new connection.
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

// Fixed are the paths of what is not in the config.
func Fixed() []secrets.Path {
	return []secrets.Path{pathName, pathDescription, pathComponent, pathVersion}
}

// shownPath is the path for people: a plugin is one thing.
func shownPath(p secrets.Path) secrets.Path {
	if p == pathComponent || p == pathVersion {
		return pathPlugin
	}
	return p
}
