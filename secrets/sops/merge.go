package sops

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"connsync/secrets"
	"connsync/secrets/sops/splice"
)

// Versions are those of a three-way merge. Base is nil where both sides added the file.
type Versions struct{ Base, Ours, Theirs []byte }

// Merge is what became of two versions of a manifest. Its text is always to be written: where the merge is not done, it says so by itself, by
// conflict markers or by an empty MAC, SOPS's own mark for a file a person has to look at.
type Merge struct {
	Text      []byte
	Conflicts []string // the connections that both sides changed, or "sops"
	Unsigned  error    // why the result has no MAC; nil where it has one, or needs none
}

// Done tells whether nothing is left to do.
func (m Merge) Done() bool { return len(m.Conflicts) == 0 && m.Unsigned == nil }

// The reasons not to sign the result of a merge.
var (
	ErrRotated  = errors.New("the two sides have other data keys, and no key is at hand to encrypt the one anew for the other")
	ErrComments = errors.New("an encrypted comment of one side cannot be encrypted anew for the other")
	ErrUnproven = errors.New("the result does not open")
)

// Merge merges two versions of a file, one connection as one unit: its settings, its secrets, its seal. The result is signed if all
// versions open, and it opens itself.
func (o *Opener) Merge(ctx context.Context, name string, v Versions) (m Merge, err error) {
	defer contain(name, &err)
	g := &merger{name: name}
	for i, text := range [][]byte{v.Base, v.Ours, v.Theirs} {
		if i == 0 && text == nil {
			continue
		}
		if g.docs[i], err = splice.Parse(text, sealedComment); err != nil {
			return whole(v), nil
		}
	}
	g.open(ctx, o, v)
	text := splice.Merger{Key: "connections", Depth: 2, Own: "sops", Side: g.side}
	merged, err := text.Merge(g.docs[0], g.docs[1], g.docs[2])
	if err == nil && len(merged.Conflicts) == 0 {
		g.result, err = splice.Parse(merged.Text, sealedComment)
	}
	switch {
	case err != nil:
		return whole(v), nil
	case len(merged.Conflicts) > 0:
		return Merge{Text: merged.Text, Conflicts: merged.Conflicts}, nil
	case !g.encrypted() || g.signedAlready():
		return Merge{Text: merged.Text}, nil
	}
	if m.Text, m.Unsigned = g.signed(merged); m.Unsigned == nil {
		return m, nil
	}
	if m.Text, err = g.result.Set([]any{"sops", "mac"}, splice.Text("")); err != nil {
		return whole(v), nil
	}
	return m, nil
}

// signedAlready tells whether the result has the values of one side, in order, and its sops block: then its MAC holds.
func (g *merger) signedAlready() bool {
	same := func(a, b splice.Leaf) bool {
		return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && samePlace(a, b)
	}
	return slices.EqualFunc(g.result.Leaves(), g.docs[1+g.from].Leaves(), same)
}

// whole is a conflict about all of a file.
func whole(v Versions) Merge {
	line := func(text []byte) string {
		if len(text) > 0 && text[len(text)-1] != '\n' {
			return string(text) + "\n"
		}
		return string(text)
	}
	text := "<<<<<<< ours\n" + line(v.Ours) + "=======\n" + line(v.Theirs) + ">>>>>>> theirs\n"
	return Merge{Text: []byte(text), Conflicts: []string{"the whole file"}}
}

// merger merges one file.
type merger struct {
	name   string
	docs   [3]*splice.Doc // base, ours, theirs
	files  [3]*file       // that opened
	opened [3]Opened
	closed error       // why one did not
	from   splice.Side // whose sops block the result has
	result *splice.Doc
}

// open opens all encrypted versions.
func (g *merger) open(ctx context.Context, o *Opener, v Versions) {
	for i, text := range [][]byte{v.Base, v.Ours, v.Theirs} {
		if g.docs[i] == nil || !encryptedDoc(g.docs[i]) {
			continue
		}
		f, err := o.decrypt(ctx, g.name, text)
		if err == nil {
			g.opened[i], err = f.values()
		}
		if err != nil {
			g.closed = err
			continue
		}
		g.files[i] = f
	}
	for i, d := range g.docs {
		if d != nil {
			d.Values(func(path []any, text string) string { return g.stands(i, path, text) })
		}
	}
}

// stands is what a text stands for: a ciphertext for its value, or, where not all versions open, for what it keeps while its value stays.
func (g *merger) stands(version int, path []any, text string) string {
	c, encrypted := secrets.ReadCiphertext(text, "str", "int", "float", "bool")
	switch {
	case !encrypted || path[0] == "sops":
		return text
	case g.closed != nil || g.files[version] == nil:
		return "\x00" + c.Mark()
	}
	return fmt.Sprintf("\x00%s %v", c.Kind, g.opened[version].Secrets[secrets.PathOf(path)].Expose())
}

func encryptedDoc(d *splice.Doc) bool { return len(d.Keys([]any{"sops"})) > 0 }

func (g *merger) encrypted() bool { return encryptedDoc(g.docs[1]) || encryptedDoc(g.docs[2]) }

// side decides whose sops block the result has: of the one that changed it, or of ours where both mean the same. MAC and time
// are made anew.
func (g *merger) side() (splice.Side, bool) {
	block := func(i int, without ...string) string {
		if g.docs[i] == nil {
			return ""
		}
		return g.docs[i].Meaning("sops", append(without, "mac", "lastmodified", "version")...)
	}
	g.from = splice.Ours
	switch b, o, t := block(0), block(1), block(2); {
	case o == t || t == b:
		return g.from, true
	case o == b:
		g.from = splice.Theirs
		return g.from, true
	}
	return g.from, block(1, "enc", "created_at") == block(2, "enc", "created_at")
}

// signed is the result with a MAC, or why it has none.
func (g *merger) signed(merged splice.Merged) ([]byte, error) {
	switch {
	case g.closed != nil && !g.related():
		return nil, ErrRotated
	case g.closed != nil:
		return nil, g.closed
	case g.files[1] == nil || g.files[2] == nil:
		return nil, ErrUnproven // one side is not encrypted
	}
	mine := g.files[1+g.from]
	text, err := g.rekeyed(merged, mine)
	if err != nil {
		return nil, err
	}
	e := &Editor{name: g.name, text: text, meta: mine.tree.Metadata, key: mine.key}
	for _, f := range g.files {
		if f != nil && f.tree.Metadata.LastModified.After(e.meta.LastModified) {
			e.meta.LastModified = f.tree.Metadata.LastModified
		}
	}
	if err = e.sign(time.Now()); err == nil {
		err = g.prove(merged, e)
	}
	if err != nil {
		return nil, ErrUnproven
	}
	return e.text, nil
}

// rekeyed is the result with what is encrypted by another data key encrypted anew by the result's. The IV stays, as `sops rotate` keeps it.
func (g *merger) rekeyed(merged splice.Merged, mine *file) ([]byte, error) {
	foreign := g.foreign(merged, mine)
	var changes []splice.Change
	for _, l := range g.result.Leaves() {
		f := foreign[owner(l.Path)]
		if f == nil || l.Tag != "!!str" || !sealed(l.Value) {
			continue
		}
		plain, err := f.cipher.Decrypt(l.Value, f.key, boundTo(l.Path))
		text, failed := f.cipher.Encrypt(plain, mine.key, boundTo(l.Path))
		if err != nil || failed != nil {
			return nil, ErrUnproven
		}
		changes = append(changes, splice.Change{Path: l.Path, To: splice.Ciphertext(text)})
	}
	if len(changes) == 0 {
		return merged.Text, nil
	}
	if strings.Contains(string(merged.Text), "type:comment") {
		return nil, ErrComments
	}
	return g.result.SetAll(changes)
}

// foreign are the files of the connections from a side with another data key.
func (g *merger) foreign(merged splice.Merged, mine *file) map[secrets.Path]*file {
	out := map[secrets.Path]*file{}
	for _, e := range merged.Entries {
		if f := g.files[1+e.From]; f != nil && string(f.key) != string(mine.key) {
			out[secrets.PathOf(e.Path)] = f
		}
	}
	return out
}

// owner is the connection of a leaf.
func owner(path []any) secrets.Path { return secrets.PathOf(path[:min(len(path), 3)]) }

// prove opens the result, and compares every secret with what its side has.
func (g *merger) prove(merged splice.Merged, e *Editor) error {
	opened, err := reopened(g.name, e.text, e.key)
	want := map[secrets.Path]any{}
	for _, entry := range merged.Entries {
		for p, v := range g.opened[1+entry.From].Secrets {
			if at := secrets.PathOf(entry.Path); isAbove(at, p) || at == p {
				want[p] = v.Expose()
			}
		}
	}
	if err != nil || !maps.Equal(want, exposed(opened.Secrets)) {
		return ErrUnproven
	}
	return nil
}

func exposed(values map[secrets.Path]secrets.Value) map[secrets.Path]any {
	out := make(map[secrets.Path]any, len(values))
	for p, v := range values {
		out[p] = v.Expose()
	}
	return out
}

// related tells, without a key, whether both sides may have one data key: a wrapped key or a ciphertext is the same.
func (g *merger) related() bool {
	seen := map[string]bool{}
	for _, l := range g.docs[1].Leaves() {
		if sealed(l.Value) || l.Path[len(l.Path)-1] == "enc" {
			seen[l.Value] = true
		}
	}
	return slices.ContainsFunc(g.docs[2].Leaves(), func(l splice.Leaf) bool { return seen[l.Value] })
}
