package review

import (
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// FileVersion is the content that a commit gave a file.
type FileVersion struct {
	Commit string
	File   string // slash path
	Text   []byte // valid until the next version
}

// History is what a branch pushed.
type History interface {
	// Since calls a function with each version of a file that the commits after the base and up to the head made, oldest first, if want
	// names the file. complete is false where the history is cut off or longer than anybody reviews.
	Since(want func(file string) bool, each func(FileVersion) error) (complete bool, err error)
}

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

// trail follows the settings of some connections through the commits of a branch, oldest first.
type trail struct {
	asked map[[2]string]bool // by target and name
	clear map[setting]pushed
}

// note takes up what one commit wants.
func (h trail) note(s manifest.Set, commit string) {
	for _, c := range s.Connections {
		if !h.asked[[2]string{c.Target, c.Name}] {
			continue
		}
		for _, x := range manifest.Settings("config", c.Config) {
			h.noteSetting(setting{c.Target, c.Name, x.Path}, x, commit)
		}
	}
}

func (h trail) noteSetting(key setting, x manifest.Setting, commit string) {
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
func (h trail) open(c manifest.Connection, x manifest.Setting) pushed {
	was, exposed := h.clear[setting{c.Target, c.Name, x.Path}]
	if !exposed || x.Secret == nil || was.first != "" && was.first != x.Secret.Fingerprint {
		return pushed{}
	}
	return was
}

// exposed finds secrets that a commit of the branch held in the clear, and that have not been set anew since they were encrypted: whoever
// fetched the branch has them. Not fatal are those that only the base held in the clear, and those whose old value does not look like a secret.
func (r *Review) exposed() (out []Finding, complete bool, err error) {
	changed := edited(r.head.Set, r.base.Set)
	h := trail{map[[2]string]bool{}, map[setting]pushed{}}
	for _, c := range changed {
		h.asked[[2]string{c.Target, c.Name}] = true
	}
	h.note(r.base.Set, r.base.Commit)
	complete, err = r.history.Since(r.head.Project.Reads, func(v FileVersion) error {
		s, _ := manifest.Read(v.File, v.Text, r.head.Project)
		h.note(s, v.Commit)
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	for _, c := range changed {
		for _, x := range manifest.Settings("config", c.Config) {
			if was := h.open(c, x); was.commit != "" {
				spot := diff.Spot{Target: c.Target, Name: c.Name, Path: x.Path, File: c.File.Path}
				fatal := was.looks && was.commit != r.base.Commit
				out = append(out, Finding{Kind: Exposed, Fatal: fatal, Pos: c.At(x.Path), Spot: spot, Commit: was.commit})
			}
		}
	}
	return out, complete, nil
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
