package diff

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"connsync/secrets"
)

// Compared is what a sync found out in memory about secrets recorded without a write and shown by SecMaster in the clear: whether each is the
// value Git wants, by the name of its connection and its path. A secret without a comparison is not in it.
type Compared map[string]map[secrets.Path]bool

// Comparable tells whether an open file would say more of a connection left alone: a secret of it is unverified, and SecMaster shows a value for it.
// What is written anyway needs no comparison.
func (c *Change) Comparable() bool {
	return !c.Write && c.Have != nil && slices.ContainsFunc(c.Secrets, func(s SecretChange) bool {
		_, shows := visible(c.Have, s.Path)
		return s.Word == Unverified && shows
	})
}

// Compare compares what SecMaster shows of unverified secrets with their decrypted values, by their paths in the file.
func (c *Change) Compare(values map[secrets.Path]secrets.Value) map[secrets.Path]bool {
	out := map[secrets.Path]bool{}
	for _, s := range leavesOf(c.Want).secrets {
		seen, shows := visible(c.Have, s.Path)
		value, opened := values[s.Secret.Path]
		if !shows || !opened || c.word(s.Path) != Unverified {
			continue
		}
		if equal, told := held(value, seen); told {
			out[s.Path] = equal
		}
	}
	return out
}

func (c *Change) word(p secrets.Path) Word {
	for _, s := range c.Secrets {
		if s.Path == p {
			return s.Word
		}
	}
	return ""
}

// held tells whether what is shown is a decrypted value. A partly hidden text, and the same text as a value of another type, tell nothing: a server may
// show another value like this.
func held(v secrets.Value, shown Seen) (equal, told bool) {
	if Conceals(v, shown.Digest) {
		return true, true
	}
	return false, !shown.PartlyMasked() && scalar(v) != scalar(shown.Value)
}

// scalar is the text of a value, unless it is a mapping or a list.
func scalar(v secrets.Value) string {
	switch v := v.Expose().(type) {
	case string:
		return "=" + v
	case bool:
		return "=" + strconv.FormatBool(v)
	case json.Number:
		return "=" + string(v)
	}
	return ""
}

// PartlyMasked tells whether a part of a shown text is hidden.
func (s Seen) PartlyMasked() bool {
	text, _ := s.Value.Expose().(string)
	return strings.Contains(text, "**")
}

// compared is the word for a secret recorded without a write. If it differs, it is written, unless the plan was reviewed without a key, or a write was
// answered before and SecMaster went on to show another value.
func (d *decider) compared(name string, p secrets.Path, written bool) Word {
	equal, told := d.in.Compared[name][p]
	switch {
	case told && equal:
		return Same
	case told && !written:
		return Differs
	}
	return Unverified
}

// otherwise are the secrets with other values in SecMaster than in Git.
func (d *decider) otherwise(name string) []secrets.Path {
	var out []secrets.Path
	for p, equal := range d.in.Compared[name] {
		if !equal {
			out = append(out, p)
		}
	}
	return unique(out)
}

// left says of unverified secrets why they are not written, although SecMaster shows them otherwise.
func (d *decider) left(c Change) []Warning {
	switch {
	case c.Action != Unchanged || !slices.ContainsFunc(c.Secrets, func(s SecretChange) bool { return s.Word == Unverified }):
		return nil
	case c.Known.Disputed:
		return []Warning{{Kind: WarnOtherwise}}
	case len(d.otherwise(c.Name)) > 0:
		return []Warning{{Kind: WarnDiffers}}
	}
	return nil
}

// verified tells whether each secret of a connection was compared, and is as Git has it.
func verified(cs []SecretChange) bool {
	return len(cs) > 0 && !slices.ContainsFunc(cs, func(s SecretChange) bool { return s.Word != Same })
}

// OnlyCompared tells of an update sent for nothing but unverified secrets with other values in SecMaster than in Git.
func (c *Change) OnlyCompared() bool {
	if c.Action != Update || c.Known == nil || len(c.Fields) > 0 || c.From != "" {
		return false
	}
	differs := c.Known.Unverified && c.Known.Disputed
	for _, s := range c.Secrets {
		if s.Word != Same && s.Word != Differs && s.Word != Unverified {
			return false
		}
		differs = differs || s.Word == Differs
	}
	return differs
}
