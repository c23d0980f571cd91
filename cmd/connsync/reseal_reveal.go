package main

import (
	"slices"
	"strings"

	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/sops"
)

// revealing decides what of one file is decrypted.
type revealing struct {
	resealCmd
	except map[secrets.Path]bool // those named by cleartext of its connection
	looks  []secrets.Path        // from their connections: harmless by their names, and like secrets by their values
}

// exceptions are the settings of a file declared by its connections to be no secrets.
func (e *editing) exceptions(file string) map[secrets.Path]bool {
	out := map[secrets.Path]bool{}
	for _, c := range e.set.Connections {
		for _, x := range c.Exceptions {
			if c.File.Path == file {
				out[secrets.Path("connections").Key(c.Target).Key(c.Name)+"."+x.Path] = true
			}
		}
	}
	return out
}

// excepted tells whether the connection of a setting says it is no secret.
func (r *revealing) excepted(p, at secrets.Path) bool {
	owner := secrets.Path(strings.TrimSuffix(string(p), "."+string(at)))
	return r.except[owner+"."+secrets.Path("cleartext").Key(string(at))]
}

// may tells whether a value may be decrypted: outside of config it must, and in there it was asked for, and is no secret by its looks,
// or by what its connection says of the setting asked for in full.
func (r *revealing) may(p secrets.Path, v secrets.Value) bool {
	at, in := setting(p)
	switch looks := (manifest.Setting{Path: at, Value: v.Expose()}).Suspicious(); {
	case looks && in && r.excepted(p, at) && slices.Contains(r.Reveal, string(at)):
		return true
	case looks && in && !suspiciousName(at) && !slices.Contains(r.looks, at):
		r.looks = append(r.looks, at)
		return false
	case looks:
		return false
	}
	return !in || r.asked(at)
}

// suspiciousName tells of a setting to be withheld whatever its value is.
func suspiciousName(at secrets.Path) bool {
	return (manifest.Setting{Path: at, Value: "x"}).Suspicious()
}

// refusal says what would stand in the clear, and the commands to have it decrypted where this may be.
func (r *revealing) refusal(e *sops.HiddenError, selector string) error {
	hints := []string{"change the rule so that it covers them; the file has  " + manifest.SaidSelector(selector)}
	flags := r.flags(e)
	if flags == "" || len(flags) > 500 {
		return &refusal{e.Error(), hints}
	}
	command := "connsync reseal " + manifest.ShellWord(e.File) + flags
	if len(r.looks) == 0 {
		return &refusal{e.Error(), append(hints, "what is no secret is decrypted by  "+command)}
	}
	hints = append(hints, "what looks like a secret by its value, and is none ("+view.List(view.Paths(r.looks))+"), is named under cleartext of its connection first:  sops edit "+manifest.ShellWord(e.File),
		"there, beside config:  cleartext: [{setting: "+string(r.looks[0])+", reason: …}]", "and is decrypted then, with what is no secret, by  "+command)
	return &refusal{e.Error(), hints}
}

// flags name what would stand in the clear and may after all, with what was asked for already.
func (r *revealing) flags(e *sops.HiddenError) string {
	out := ""
	add := func(name string) {
		if flag := " --reveal " + manifest.ShellWord(name); !strings.Contains(out+" ", flag+" ") {
			out += flag
		}
	}
	for _, p := range e.Leaves {
		if at, _ := setting(p); !suspiciousName(at) && (!r.asked(at) || slices.Contains(r.looks, at)) {
			add(string(at))
		}
	}
	if out != "" {
		for _, p := range r.Reveal {
			add(p)
		}
	}
	return out
}
