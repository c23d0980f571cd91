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
	first  secrets.Fingerprint // of the ciphertext that came next; "" while there was none
}

// exposed finds secrets that a commit of the branch held in the clear, and that have not been set anew since they were encrypted: whoever
// fetched the branch has them. Those that only the base held in the clear come second.
func (r *review) exposed() (branch, base []manifest.Mistake, complete bool, err error) {
	edited := r.head.set.Edited(r.base.set)
	asked := map[[2]string]bool{}
	for _, c := range edited {
		asked[[2]string{c.Target, c.Name}] = true
	}
	clear := map[setting]pushed{}
	note := func(s manifest.Set, commit string) {
		for _, c := range s.Connections {
			if !asked[[2]string{c.Target, c.Name}] {
				continue
			}
			for _, x := range manifest.Settings("config", c.Config) {
				key := setting{c.Target, c.Name, x.Path}
				was, exposed := clear[key]
				switch {
				case x.Secret == nil && hides(x.Value):
					if d := manifest.ValueDigest(x.Value); !exposed || was.first != "" || was.digest != d {
						clear[key] = pushed{commit: commit, digest: d}
					}
				case x.Secret != nil && exposed && was.first == "":
					was.first = x.Secret.Fingerprint
					clear[key] = was
				}
			}
		}
	}
	note(r.base.set, r.base.commit.Hash)
	versions, complete, err := r.repo.Since(r.base.commit.Hash, r.head.commit.Hash, r.head.project.Reads)
	if err != nil {
		return nil, nil, false, err
	}
	for _, v := range versions {
		s, _ := manifest.Read(v.File, v.Text, r.head.project)
		note(s, v.Commit.Hash)
	}
	for _, c := range edited {
		for _, x := range manifest.Settings("config", c.Config) {
			was, ok := clear[setting{c.Target, c.Name, x.Path}]
			if !ok || x.Secret == nil || was.first != "" && was.first != x.Secret.Fingerprint {
				continue
			}
			m := rotate(c, x.Path, was.commit)
			if was.commit == r.base.commit.Hash {
				base = append(base, m)
				continue
			}
			branch = append(branch, m)
		}
	}
	return branch, base, complete, nil
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
