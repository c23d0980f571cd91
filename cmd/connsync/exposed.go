package main

import (
	"connsync/manifest"
	"connsync/secrets"
)

// setting is a setting of a connection of a target, wherever it stands.
type setting struct {
	target, name string
	at           secrets.Path
}

// pushed is what became of a setting that some commit held in the clear.
type pushed struct {
	commit string              // the first that held this value
	digest string              // of the value, in memory only
	looks  bool                // like a secret; what does not may have been encrypted for other reasons
	first  secrets.Fingerprint // of the ciphertext that came next; "" while there was none
}

// history follows the settings of some connections through the commits of a branch, oldest first.
type history struct {
	asked map[[2]string]bool // by target and name
	clear map[setting]pushed
}

// note takes up what one commit wants.
func (h history) note(s manifest.Set, commit string) {
	for _, c := range s.Connections {
		if !h.asked[[2]string{c.Target, c.Name}] {
			continue
		}
		for _, x := range manifest.Settings("config", c.Config) {
			h.noteSetting(setting{c.Target, c.Name, x.Path}, x, commit)
		}
	}
}

func (h history) noteSetting(key setting, x manifest.Setting, commit string) {
	was, exposed := h.clear[key]
	switch {
	case x.Secret == nil && hides(x.Value):
		if d := manifest.ValueDigest(x.Value); !exposed || was.first != "" || was.digest != d {
			h.clear[key] = pushed{commit: commit, digest: d, looks: x.Suspicious()}
		}
	case x.Secret != nil && exposed && was.first == "":
		was.first = x.Secret.Fingerprint
		h.clear[key] = was
	}
}

// open is what held a secret in the clear which has not been set anew since it was encrypted; its commit is "" for none.
func (h history) open(c manifest.Connection, x manifest.Setting) pushed {
	was, exposed := h.clear[setting{c.Target, c.Name, x.Path}]
	if !exposed || x.Secret == nil || was.first != "" && was.first != x.Secret.Fingerprint {
		return pushed{}
	}
	return was
}

// exposed finds secrets that a commit of the branch held in the clear, and that have not been set anew since they were encrypted: whoever
// fetched the branch has them. Second come those that only the base held in the clear, and those whose old value does not look like a secret.
func (r *review) exposed() (branch, other []manifest.Mistake, complete bool, err error) {
	edited := r.head.set.Edited(r.base.set)
	h := history{map[[2]string]bool{}, map[setting]pushed{}}
	for _, c := range edited {
		h.asked[[2]string{c.Target, c.Name}] = true
	}
	h.note(r.base.set, r.base.commit.Hash)
	versions, complete, err := r.repo.Since(r.base.commit.Hash, r.head.commit.Hash, r.head.project.Reads)
	if err != nil {
		return nil, nil, false, err
	}
	for _, v := range versions {
		s, _ := manifest.Read(v.File, v.Text, r.head.project)
		h.note(s, v.Commit.Hash)
	}
	for _, c := range edited {
		for _, x := range manifest.Settings("config", c.Config) {
			switch was := h.open(c, x); {
			case was.commit == "":
			case was.commit == r.base.commit.Hash, !was.looks:
				other = append(other, rotate(c, x.Path, was.commit))
			default:
				branch = append(branch, rotate(c, x.Path, was.commit))
			}
		}
	}
	return branch, other, complete, nil
}

// hides tells whether a value could be a secret: an empty one, a switch and an empty collection are none.
func hides(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case bool, map[string]any, []any, nil:
		return false
	}
	return true
}

func rotate(c manifest.Connection, at secrets.Path, commit string) manifest.Mistake {
	return manifest.Mistake{
		Pos:     c.At(at),
		Message: string(at) + " of " + c.Name + " was in the clear in commit " + cutHash(commit) + ": whoever has that commit has the secret",
		Hints:   []string{"rotate it where it is used, and set the new value with  sops set  or  sops edit " + c.File.Path},
	}
}
