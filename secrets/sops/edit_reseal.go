package sops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	upstream "github.com/getsops/sops/v3"
	upstreamkeys "github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/keyservice"

	"connsync/secrets"
	"connsync/secrets/seal"
	"connsync/secrets/sops/splice"
)

// underConfig is what a rule without a selector comes to: reviewers and plans read everything else without a key.
const underConfig = "^config$"

func selectorOf(m upstream.Metadata) string {
	for _, s := range [...][2]string{
		{"encrypted_regex", m.EncryptedRegex}, {"unencrypted_regex", m.UnencryptedRegex}, {"encrypted_suffix", m.EncryptedSuffix}, {"unencrypted_suffix", m.UnencryptedSuffix},
		{"encrypted_comment_regex", m.EncryptedCommentRegex}, {"unencrypted_comment_regex", m.UnencryptedCommentRegex},
	} {
		if s[1] != "" {
			return s[0] + ": " + s[1]
		}
	}
	return ""
}

// Selector is what the file's own metadata say is encrypted; "" where it has none.
func (e *Editor) Selector() string { return selectorOf(e.meta) }

// CoveredBy tells whether a rule encrypts what stands, or would stand, at a path.
func (e *Editor) CoveredBy(r *Rule, path []any) bool { return e.coveredBy(r.meta, path) }

// Resealed says what Reseal did.
type Resealed struct {
	Encrypted, Revealed []secrets.Path
	Added, Removed      []string // recipients: "age age1…"
	Selector, Mode      string   // what they became; "" where they stayed
	Threshold           bool     // it changed
	New                 bool     // the file was not encrypted before
}

// Any tells whether anything was done.
func (r Resealed) Any() bool {
	return len(r.Encrypted)+len(r.Revealed)+len(r.Added)+len(r.Removed) > 0 || r.Selector != "" || r.Mode != "" || r.Threshold || r.New
}

// Reseal brings the file to its rule: the selector, the mode of the MAC, the recipients and the threshold. Data key, ciphertexts and the wrapped keys
// of recipients that stay are kept. What the rule covers and stands in the clear is encrypted. What it does not cover is decrypted only where may
// allows it, by its path and value.
func (e *Editor) Reseal(ctx context.Context, o *Opener, r *Rule, may func(secrets.Path, secrets.Value) bool) (did Resealed, err error) {
	defer contain(e.name, &err)
	want := r.meta
	if e.key == nil {
		return e.begin(ctx, o, want)
	}
	if sealing, ok := withSeals(want); ok && e.seals() {
		want = sealing // a seal is no setting: whatever the rule says of those, it stays encrypted
	}
	next, did := e.compareTo(want)
	if err := e.recover(next, may, &did); err != nil {
		return did, err
	}
	if len(did.Added)+len(did.Removed) > 0 || did.Threshold {
		if err := rewrap(ctx, o, &next, e.meta, e.key); err != nil {
			return did, e.refuse("", err.Error())
		}
	}
	if e.meta = next; did.Selector+did.Mode != "" || len(did.Added)+len(did.Removed) > 0 || did.Threshold {
		return did, e.writeBlock()
	}
	return did, nil
}

// compareTo is the file's metadata as the rule wants them, and the changes for it.
func (e *Editor) compareTo(want upstream.Metadata) (upstream.Metadata, Resealed) {
	var did Resealed
	next := e.meta
	if selectorOf(e.meta) != selectorOf(want) && !e.asGood(want) {
		did.Selector = selectorOf(want)
		next.UnencryptedSuffix, next.EncryptedSuffix, next.UnencryptedRegex = want.UnencryptedSuffix, want.EncryptedSuffix, want.UnencryptedRegex
		next.EncryptedRegex, next.UnencryptedCommentRegex, next.EncryptedCommentRegex = want.EncryptedRegex, want.UnencryptedCommentRegex, want.EncryptedCommentRegex
	}
	if next.MACOnlyEncrypted != want.MACOnlyEncrypted {
		next.MACOnlyEncrypted = want.MACOnlyEncrypted
		did.Mode = map[bool]string{true: "mac_only_encrypted", false: "a full MAC"}[want.MACOnlyEncrypted]
	}
	if len(want.KeyGroups) > 0 && len(want.KeyGroups[0]) > 0 {
		was, is := recipientsOf(e.meta), recipientsOf(want)
		did.Added, did.Removed = without(is, was), without(was, is)
		threshold := min(want.ShamirThreshold, len(want.KeyGroups))
		did.Threshold = len(want.KeyGroups) != len(e.meta.KeyGroups) || len(want.KeyGroups) > 1 && threshold != 0 && threshold != e.meta.ShamirThreshold
		if len(did.Added)+len(did.Removed) > 0 || did.Threshold {
			next.KeyGroups, next.ShamirThreshold = want.KeyGroups, threshold
		}
	}
	return next, did
}

// asGood tells whether the file's selector does what a rule without one wants.
func (e *Editor) asGood(want upstream.Metadata) bool {
	if want.EncryptedRegex != underConfig && want.EncryptedRegex != "(?:"+underConfig+")|^"+seal.Key+"$" {
		return false
	}
	is, err := encrypts(e.text, e.meta)
	should, err2 := encrypts(e.text, want)
	if err != nil || err2 != nil || len(is) != len(should) {
		return false
	}
	for p, s := range should {
		if is[p] != s {
			return false
		}
	}
	return true
}

func recipientsOf(m upstream.Metadata) []string {
	var out []string
	for _, g := range m.KeyGroups {
		for _, k := range g {
			if id := k.TypeToIdentifier() + " " + k.ToString(); !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// recover encrypts what the next selector covers and stands in the clear, and decrypts what it leaves.
func (e *Editor) recover(next upstream.Metadata, may func(secrets.Path, secrets.Value) bool, did *Resealed) error {
	_, kept, err := encryptsAll(e.text, next)
	if err != nil {
		return e.refuse("", "it holds a value that sops cannot encrypt")
	}
	if next.EncryptedCommentRegex+next.UnencryptedCommentRegex != "" {
		kept = nil // a deciding comment must be read without a key
	}
	if err := e.revealComments(kept, may); err != nil {
		return err
	}
	doc, err := e.doc()
	if err != nil {
		return err
	}
	plain, err := plainOf(e.text)
	if err != nil {
		return e.refuse("", "cannot be read")
	}
	covered, err := encrypts(e.text, next)
	if err != nil {
		return e.refuse("", "it holds a value that sops cannot encrypt")
	}
	var changes []splice.Change
	for _, l := range doc.Leaves() {
		p := secrets.PathOf(l.Path)
		if encrypted := sealed(l.Value) && l.Tag == "!!str"; l.Path[0] == "sops" || l.Value == "" || l.Tag == "!!null" || covered[p] == encrypted {
			continue
		}
		change := splice.Change{}
		if covered[p] {
			did.Encrypted = append(did.Encrypted, p)
			if _, unfit := typed(plain[p]); unfit != "" {
				return e.refuse(p, "is of a type that is not encrypted: quote it if it is text")
			}
			change, err = e.ciphertext(l.Path, plain[p])
		} else {
			did.Revealed = append(did.Revealed, p)
			change, err = e.reveal(l, may)
		}
		if err != nil {
			return err
		}
		changes, e.free[p] = append(changes, change), true
	}
	if len(e.hidden) > 0 {
		return &HiddenError{e.name, e.hidden}
	}
	e.open = nil // everything the selector covers is encrypted now
	return e.setAll(changes)
}

// plainOf are the values of a text in SOPS's own types, undecrypted.
func plainOf(text []byte) (map[secrets.Path]any, error) {
	branch, err := plainTree(text)
	if err != nil {
		return nil, err
	}
	out := map[secrets.Path]any{}
	walk(branch, "", func(p secrets.Path, v any) { out[p] = v })
	return out, nil
}

// HiddenError says which values would stand in the clear, and may not.
type HiddenError struct {
	File   string
	Leaves []secrets.Path
}

func (e *HiddenError) Error() string {
	more := ""
	if n := len(e.Leaves); n > 1 {
		more = fmt.Sprintf(" and %d more", n-1)
	}
	return fmt.Sprintf("%s: %s%s: encrypted, and the rule would leave it in the clear", e.File, e.Leaves[0], more)
}

// reveal decrypts a value, if it may be.
func (e *Editor) reveal(l splice.Leaf, may func(secrets.Path, secrets.Value) bool) (splice.Change, error) {
	p := secrets.PathOf(l.Path)
	plain, err := e.cipher.Decrypt(l.Value, e.key, boundTo(l.Path))
	v, unfit := typed(plain)
	if err != nil || unfit != "" {
		return splice.Change{}, e.refuse(p, "does not open")
	}
	if !may(p, secrets.Hide(v)) {
		e.hidden = append(e.hidden, p)
	}
	return splice.Change{Path: l.Path, To: written(v)}, nil
}

// begin encrypts a file not yet encrypted, with a data key of its own.
func (e *Editor) begin(ctx context.Context, o *Opener, want upstream.Metadata) (Resealed, error) {
	did := Resealed{New: true, Selector: selectorOf(want)}
	covered, err := encrypts(e.text, want)
	if err != nil {
		return did, e.refuse("", "it holds a value that sops cannot encrypt")
	}
	doc, err := e.doc()
	if err != nil {
		return did, err
	}
	if !slices.ContainsFunc(doc.Leaves(), func(l splice.Leaf) bool { return covered[secrets.PathOf(l.Path)] && l.Value != "" && l.Tag != "!!null" }) {
		return Resealed{}, nil
	}
	tree := upstream.Tree{Metadata: want}
	key, errs := tree.GenerateDataKeyWithKeyServices(o.services(ctx))
	if len(errs) > 0 || len(recipientsOf(want)) == 0 {
		return did, e.refuse("", "no key of its rule in "+RulesFile+" can be used to encrypt it")
	}
	e.key, e.meta = key, tree.Metadata
	e.meta.LastModified = time.Now().UTC()
	did.Added = recipientsOf(want)
	if err := e.recover(e.meta, nil, &did); err != nil {
		return did, err
	}
	return did, e.writeBlock()
}

func (o *Opener) service(ctx context.Context) *keys {
	return &keys{ctx: ctx, allow: o.options.Allow, lend: o.options.Lend, ages: &o.ages}
}

func (o *Opener) services(ctx context.Context) []keyservice.KeyServiceClient {
	return []keyservice.KeyServiceClient{o.service(ctx)}
}

// errRecipient stands for every failure to encrypt for a recipient.
var errRecipient = errors.New("one of the recipients of its rule cannot be encrypted for")

// rewrap encrypts the data key for new recipients, and keeps what was wrapped for recipients who stay.
func rewrap(ctx context.Context, o *Opener, next *upstream.Metadata, was upstream.Metadata, key []byte) error {
	if len(next.KeyGroups) > 1 || len(was.KeyGroups) != 1 {
		if errs := next.UpdateMasterKeysWithKeyServices(key, o.services(ctx)); len(errs) > 0 {
			return errRecipient
		}
		return nil
	}
	group := upstream.KeyGroup{}
	for _, k := range next.KeyGroups[0] {
		stays := slices.IndexFunc(was.KeyGroups[0], func(w upstreamkeys.MasterKey) bool {
			return w.TypeToIdentifier() == k.TypeToIdentifier() && w.ToString() == k.ToString()
		})
		if stays >= 0 {
			group = append(group, was.KeyGroups[0][stays])
			continue
		}
		one := upstream.Metadata{KeyGroups: []upstream.KeyGroup{{k}}}
		if errs := one.UpdateMasterKeysWithKeyServices(key, o.services(ctx)); len(errs) > 0 {
			return errRecipient
		}
		group = append(group, one.KeyGroups[0][0])
	}
	next.KeyGroups = []upstream.KeyGroup{group}
	return nil
}

// writeBlock writes the sops block anew, indented as it was.
func (e *Editor) writeBlock() error {
	e.newBlock = true
	if e.meta.MessageAuthenticationCode == "" {
		e.meta.MessageAuthenticationCode = markComment // until it is signed
	}
	out, err := encryptedText(upstream.Tree{Branches: upstream.TreeBranches{{}}, Metadata: e.meta}, blockIndent(e.text))
	if err != nil {
		return e.refuse("", "its sops block cannot be written")
	}
	doc, err := e.doc()
	if err != nil {
		return err
	}
	if e.text, err = doc.SetBlock("sops", string(out)); err != nil {
		return e.refuse("", "its sops block cannot be written in place: "+err.Error())
	}
	return nil
}

// blockIndent is how far the sops block of a text is indented; 4, as sops does it, where there is none.
func blockIndent(text []byte) int {
	_, block, found := bytes.Cut(text, []byte("\nsops:\n"))
	if n := len(block) - len(bytes.TrimLeft(block, " ")); found && n > 0 {
		return n
	}
	return 4
}
