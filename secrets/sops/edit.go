package sops

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"

	"connsync/secrets"
	"connsync/secrets/sops/splice"
)

// Editor is an open file with changeable values. What is not changed stays byte for byte as it is: the text is never written anew. The data
// key and the recipients are the file's own. Done signs the file; until then it is only in memory, and holds plaintexts.
type Editor struct {
	name   string
	text   []byte
	before []byte
	meta   upstream.Metadata
	key    []byte // nil where the file is not encrypted
	cipher *cipher
	open   []secrets.Path        // values in the clear covered by the file's own selector: while one is left, nothing opens the file
	moved  [2][]any              // what Rename did
	free   map[secrets.Path]bool // what may differ
	added  []secrets.Path        // of it, what may have given something on its way a content
	// newBlock tells that the sops block was written anew.
	newBlock bool
	hidden   []secrets.Path // what the rule would leave in the clear, and may not
}

// EditError is a change that cannot be made, in our own words.
type EditError struct {
	File   string
	Leaf   secrets.Path // "" where it is about the file
	Detail string
}

// Error is file: what, and why.
func (e *EditError) Error() string {
	if e.Leaf == "" {
		return e.File + ": " + e.Detail
	}
	return e.File + ": " + string(e.Leaf) + " " + e.Detail
}

func (e *Editor) refuse(leaf secrets.Path, detail string) error {
	return &EditError{e.name, leaf, detail}
}

// Edit opens a file to change it, as Open does, and under the same rules. A file with values in the clear where its selector wants
// ciphertexts is opened without them: the rest must be what was signed. A file without a sops block needs no key.
func (o *Opener) Edit(ctx context.Context, name string, data []byte) (e *Editor, err error) {
	defer contain(name, &err)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e = &Editor{name: name, text: data, before: data, cipher: &cipher{inner: aes.NewCipher()}, free: map[secrets.Path]bool{}}
	doc, err := splice.Parse(data, sealedComment)
	if err != nil {
		return nil, &Error{File: name, Kind: KindStructure, Detail: "it is not one YAML mapping without anchors, aliases and tags"}
	}
	if len(doc.Keys([]any{"sops"})) == 0 {
		return e, nil
	}
	text, err := e.withoutClear(doc)
	if err != nil {
		return nil, err
	}
	f, err := o.decrypt(ctx, name, text)
	if err == nil {
		_, err = f.values() // finds ciphertexts nothing decrypts
	}
	if err != nil {
		return nil, err
	}
	e.key, e.meta, e.cipher = f.key, f.tree.Metadata, f.cipher
	return e, nil
}

// contain turns a panic of the library into an error.
func contain(name string, err *error) {
	if recover() != nil {
		*err = &Error{File: name, Kind: KindInternal}
	}
}

// withoutClear is the text with nothing in the place of each value in the clear covered by the file's selector.
func (e *Editor) withoutClear(doc *splice.Doc) ([]byte, error) {
	screened, detail := screen(e.text)
	if detail != "" {
		return nil, &Error{File: e.name, Kind: KindStructure, Detail: detail}
	}
	tree, err := encryptedTree(screened)
	if err != nil {
		return nil, &Error{File: e.name, Kind: KindStructure, Detail: "its sops block cannot be read"}
	}
	covered, err := encrypts(e.text, tree.Metadata)
	if err != nil {
		return nil, &Error{File: e.name, Kind: KindStructure, Detail: "it holds a value that sops cannot encrypt"}
	}
	var changes []splice.Change
	for _, l := range doc.Leaves() {
		p := secrets.PathOf(l.Path)
		if !covered[p] || l.Value == "" || l.Tag == "!!null" || sealed(l.Value) && l.Tag == "!!str" {
			continue
		}
		e.open = append(e.open, p)
		changes = append(changes, splice.Change{Path: l.Path, To: splice.Text("")})
	}
	if len(changes) == 0 {
		return e.text, nil
	}
	text, err := doc.SetAll(changes)
	if err != nil {
		return nil, e.refuse(e.open[0], "cannot be read in place: "+err.Error())
	}
	return text, nil
}

// bound is what SOPS binds a ciphertext to.
func boundTo(path []any) string {
	var b strings.Builder
	for _, step := range path {
		if key, ok := step.(string); ok {
			b.WriteString(key + ":")
		}
	}
	return b.String()
}

// Encrypted tells whether the file has a sops block.
func (e *Editor) Encrypted() bool { return e.key != nil }

// Open are the values in the clear covered by the file's own selector.
func (e *Editor) Open() []secrets.Path { return e.open }

// Text is the file as it is now, without a new signature.
func (e *Editor) Text() []byte { return e.text }

func (e *Editor) doc() (*splice.Doc, error) {
	doc, err := splice.Parse(e.text, sealedComment)
	if err != nil {
		return nil, e.refuse("", "the change would leave something that is no YAML mapping")
	}
	return doc, nil
}

// Covers tells whether the file's selector encrypts what stands, or would stand, at a path.
func (e *Editor) Covers(path []any) bool { return e.key != nil && e.coveredBy(e.meta, path) }

// coveredBy asks SOPS, with something at the path.
func (e *Editor) coveredBy(m upstream.Metadata, path []any) bool {
	doc, err := e.doc()
	if err != nil {
		return false
	}
	text, err := doc.Set(path, splice.Verbatim("x"))
	if err != nil {
		return false
	}
	covered, err := encrypts(text, m)
	return err == nil && covered[secrets.PathOf(path)]
}

// Set puts a value (string, bool, or json.Number) at a path of keys and positions: encrypted where the file's selector covers it, and else in the clear. The same
// value leaves the same ciphertext.
func (e *Editor) Set(path []any, v any) error {
	if text, _ := v.(string); strings.HasPrefix(text, "ENC[") {
		return e.refuse(secrets.PathOf(path), "cannot be set to what looks like a ciphertext")
	}
	return e.set(path, v)
}

// SetSecret is Set of a value, even where its text looks like a ciphertext. It is refused where it would stand in the clear.
func (e *Editor) SetSecret(path []any, text string) error {
	if !e.Covers(path) {
		return e.refuse(secrets.PathOf(path), "looks like a ciphertext, and would stand in the clear")
	}
	return e.set(path, text)
}

func (e *Editor) set(path []any, v any) (err error) {
	defer contain(e.name, &err)
	doc, err := e.doc()
	if err != nil {
		return err
	}
	p := secrets.PathOf(path)
	scalar := written(v)
	if e.key != nil && e.coveredBy(e.meta, path) {
		if scalar, err = e.encrypt(path, v); err != nil {
			return err
		}
	}
	text, err := doc.Set(path, scalar)
	if err != nil {
		return e.refuse(p, "cannot be set: "+err.Error())
	}
	e.text, e.free[p], e.added = text, true, append(e.added, p)
	e.open = slices.DeleteFunc(e.open, func(o secrets.Path) bool { return o == p })
	return nil
}

func (e *Editor) encrypt(path []any, v any) (splice.Scalar, error) {
	text, err := e.cipher.Encrypt(sopsValue(v), e.key, boundTo(path))
	if err != nil || text == "" {
		return splice.Scalar{}, e.refuse(secrets.PathOf(path), "cannot be encrypted: an empty value stays in the clear")
	}
	return splice.Ciphertext(text), nil
}

// Unset removes the line of a value in the clear.
func (e *Editor) Unset(path []any) error {
	doc, err := e.doc()
	if err != nil {
		return err
	}
	text, err := doc.Remove(path)
	if err != nil {
		return e.refuse(secrets.PathOf(path), "cannot be removed: "+err.Error())
	}
	e.text, e.free[secrets.PathOf(path)] = text, true
	return nil
}

// Changed tells whether anything is other than it was.
func (e *Editor) Changed() bool { return string(e.text) != string(e.before) }

// Done is the file with a MAC over what it holds now, at a time not before its last one. It is opened once more before it is given
// out, and every value not meant to change is compared.
func (e *Editor) Done() (out []byte, err error) {
	defer contain(e.name, &err)
	if !e.Changed() {
		return e.before, nil
	}
	if len(e.open) > 0 {
		return nil, e.refuse(e.open[0], "is in the clear too, and the file's own selector encrypts it")
	}
	if e.key != nil {
		if err := e.sign(time.Now()); err != nil {
			return nil, err
		}
	}
	return e.text, e.prove()
}

// sign computes the MAC as SOPS does when it opens the file, and writes it with its time.
func (e *Editor) sign(now time.Time) error {
	tree, err := loaded(e.text)
	if err != nil {
		return e.refuse("", "the change would leave a file that sops does not read")
	}
	mac, err := tree.Decrypt(e.key, &cipher{inner: aes.NewCipher()})
	if err != nil {
		return e.refuse("", "the change would leave a file that sops does not open")
	}
	if now = now.UTC().Truncate(time.Second); now.Before(e.meta.LastModified) {
		now = e.meta.LastModified
	}
	at := now.Format(time.RFC3339)
	sum, err := aes.NewCipher().Encrypt(mac, e.key, at)
	if err != nil {
		return e.refuse("", "cannot be signed")
	}
	for _, v := range []struct {
		key string
		s   splice.Scalar
	}{{"lastmodified", splice.Text(at)}, {"mac", splice.Ciphertext(sum)}} {
		doc, err := e.doc()
		if err != nil {
			return err
		}
		if e.text, err = doc.Set([]any{"sops", v.key}, v.s); err != nil {
			return e.refuse("", "its sops block cannot be changed in place")
		}
	}
	return nil
}

// errUnlike says that a change did more than it should. It is a fault of ours, and nothing is written then.
var errUnlike = errors.New("the change would alter more than it should")
