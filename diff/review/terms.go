package review

import (
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/seal"
)

// Beside settings a manifest has terms. They decide what a sync may do to a connection, or what may stand in the clear: adopt, protect,
// previously, and exceptions. A merge changes them too, so they are lines of a plan, and risks where they can destroy.

// term is one of them; nil where it is not there.
type term struct {
	path secrets.Path
	was  any
	is   any
	risk diff.RiskKind // of what is new; "" for none
}

// terms are the differing ones. was is the zero Connection of a new one.
func terms(was, is manifest.Connection) []term {
	var out []term
	if was.Adopt != is.Adopt {
		out = append(out, term{"adopt", text(was.Adopt), text(is.Adopt), diff.RiskAdopt})
	}
	if was.Previously != is.Previously {
		out = append(out, term{"previously", text(was.Previously), text(is.Previously), ""})
	}
	if was.Protect != is.Protect {
		t := term{path: "protect", is: is.Protect}
		if was.Name != "" {
			t.was = was.Protect
		}
		if !is.Protect {
			t.risk = diff.RiskUnprotected
		}
		out = append(out, t)
	}
	if mark := sealMark(is); mark != sealMark(was) {
		t := term{path: seal.Key, is: text(mark), was: text(sealMark(was))}
		if t.is != nil {
			t.is = "sealed"
		}
		if t.was != nil {
			t.was = "sealed"
		}
		if t.is != nil && t.was != nil {
			t.is = "sealed anew"
		}
		if was.Name != "" {
			t.risk = diff.RiskSealed
		}
		out = append(out, t)
	}
	out = append(out, reasons(exceptions(was), exceptions(is), diff.RiskException)...)
	return append(out, reasons(exposures(was), exposures(is), diff.RiskExposed)...)
}

// sealMark is what stays of a connection's seal while its text stays; "" where it has none.
func sealMark(c manifest.Connection) string {
	if c.Seal == nil {
		return ""
	}
	return c.Seal.Ciphertext.Mark()
}

// text is a text, or nil for none.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// reason is why something is so, of a setting.
type reason struct {
	path secrets.Path
	text string
}

func exceptions(c manifest.Connection) []reason {
	var out []reason
	for _, e := range c.Exceptions {
		out = append(out, reason{e.Path, e.Reason})
	}
	return out
}

func exposures(c manifest.Connection) []reason {
	var out []reason
	for _, e := range c.Exposed {
		out = append(out, reason{e.Path, e.Commit + ": " + e.Reason})
	}
	return out
}

// reasons are the new, the gone and the changed ones.
func reasons(was, is []reason, risk diff.RiskKind) []term {
	before := map[secrets.Path]string{}
	for _, r := range was {
		before[r.path] = r.text
	}
	var out []term
	for _, r := range is {
		if before[r.path] != r.text {
			out = append(out, term{r.path, text(before[r.path]), r.text, risk})
		}
		delete(before, r.path)
	}
	for _, r := range was {
		if old, gone := before[r.path]; gone {
			out = append(out, term{r.path, old, nil, ""})
			delete(before, r.path)
		}
	}
	return out
}

// markTerms makes lines of the differing terms. A connection without another change is still not the same.
func markTerms(c *diff.Change, was, is manifest.Connection) {
	for _, t := range terms(was, is) {
		c.Fields = append(c.Fields, diff.Field{Path: t.path, Old: t.was, New: t.is, Causes: []diff.Cause{diff.Git}})
		if t.risk != "" && t.is != nil {
			c.Risks = append(c.Risks, diff.Risk{Kind: t.risk, Path: t.path})
		}
		if c.Action == diff.Unchanged {
			c.Action, c.Causes = diff.Update, []diff.Cause{diff.Git}
		}
	}
}

// before is the base's connection that a wanted one comes from: of its name, or of its former one; the zero Connection for none.
func before(c manifest.Connection, base map[string]manifest.Connection) manifest.Connection {
	if b, ok := base[c.Name]; ok {
		return b
	}
	return base[c.Previously]
}
