package review

import (
	"testing"

	"connsync/manifest"
	"connsync/secrets"
)

// version is a file with a MAC over its secrets; both stand for what sops wrote with one data key.
func version(key, mac string, texts ...string) *document {
	s := &manifest.Sops{MAC: mac, WrappedKeys: []string{key}, LastModified: mac}
	e := entry{target: "prod", name: "edr"}
	for i, text := range texts {
		at := secrets.Path("config").Key(string(rune('a' + i)))
		s.Covered += text
		e.leaves = append(e.leaves, leaf{at: at, secret: &secrets.Ref{Path: "connections.prod.edr." + at, Fingerprint: secrets.Fingerprint(text)}})
	}
	return &document{connections: []entry{e}, sops: s}
}

// judged names what is broken of a version.
func judged(o *origins, d *document) string {
	refs, _ := d.secrets()
	b := o.judge(d.sops, refs)
	out := ""
	for _, x := range []struct {
		is   bool
		name string
	}{{b.mac, "mac "}, {b.mixed, "mixed "}, {len(b.moved) > 0, "moved "}} {
		if x.is {
			out += x.name
		}
	}
	return out
}

func TestPartsThatDoNotBelongTogetherAreFound(t *testing.T) {
	o := newOrigins()
	o.note(version("key1", "mac1", "p1", "t1"), true)
	o.note(version("key1", "mac2", "p2", "t1"), false) // another value set
	o.note(version("key2", "mac3", "p3", "t3"), false) // rotated
	o.note(version("key4", "mac3", "p3", "t3"), false) // another recipient
	o.note(version("key2", "mac1", "p1", "t1"), false) // broken by a merge: it joins nothing
	covered := func(d *document, as *document) *document { d.sops.Covered = as.sops.Covered; return d }
	for _, c := range []struct {
		what string
		now  *document
		want string
	}{
		{"the base", version("key1", "mac1", "p1", "t1"), ""},
		{"one of the branch", version("key2", "mac3", "p3", "t3"), ""},
		{"with the new recipient", version("key4", "mac3", "p3", "t3"), ""},
		{"a write that nothing in sight made", version("key1", "mac9", "p9", "t1"), ""},
		{"the keys of one side, all else of the other", version("key2", "mac1", "p1", "t1"), "mixed "},
		{"and the recipients' keys", version("key4", "mac2", "p2", "t1"), "mixed "},
		{"a secret of the other side, under a new MAC", version("key2", "mac9", "p3", "t1"), "mixed "},
		{"a secret of one side, and the MAC of the other", version("key1", "mac2", "p1", "t1"), "mac "},
		{"secrets exchanged", covered(version("key1", "mac1", "t1", "p1"), version("", "", "p1", "t1")), "moved "},
	} {
		if got := judged(o, c.now); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	later := version("key1", "mac1", "p1", "t1")
	later.sops.LastModified = "another time"
	if got := judged(o, later); got != "mac " {
		t.Errorf("another time: %q", got)
	}
}
