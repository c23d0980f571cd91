package sops

import (
	"slices"

	"connsync/secrets"
	"connsync/secrets/sops/splice"
)

// Rename gives the mapping at a path another key: what is encrypted below it is bound to its keys, and is encrypted anew for them.
func (e *Editor) Rename(path []any, to string) (err error) {
	defer contain(e.name, &err)
	doc, err := e.doc()
	if err != nil {
		return err
	}
	leaves := doc.Leaves()
	now := append(slices.Clone(path[:len(path)-1]), to)
	text, err := doc.Rename(path, to)
	if err != nil {
		return e.refuse(secrets.PathOf(path), "cannot be renamed: "+err.Error())
	}
	e.moved, e.text = [2][]any{path, now}, text
	if err := e.rebind(leaves, path, now); err != nil {
		return err
	}
	return e.rebindComments(path, now)
}

// Rekeyed is a text with another key for the mapping at a path, and nothing else: as it was before an edit of the key by hand.
func Rekeyed(name string, text []byte, path []any, to string) ([]byte, error) {
	doc, err := splice.Parse(text, sealedComment)
	if err == nil {
		text, err = doc.Rename(path, to)
	}
	if err != nil {
		return nil, &EditError{name, secrets.PathOf(path), "cannot be renamed"}
	}
	return text, nil
}

// rebind encrypts what is encrypted below a mapping anew for its present key.
func (e *Editor) rebind(leaves []splice.Leaf, was, now []any) error {
	var changes []splice.Change
	for _, l := range leaves {
		if e.key == nil || !under(l.Path, was) || !sealed(l.Value) || l.Tag != "!!str" {
			continue
		}
		plain, err := e.cipher.Decrypt(l.Value, e.key, boundTo(l.Path))
		if err != nil {
			return e.refuse(secrets.PathOf(l.Path), "does not open")
		}
		c, err := e.ciphertext(append(slices.Clone(now), l.Path[len(was):]...), plain)
		if err != nil {
			return err
		}
		changes = append(changes, c)
	}
	return e.setAll(changes)
}

// ciphertext is a value of SOPS's own types, encrypted for a place.
func (e *Editor) ciphertext(path []any, plain any) (splice.Change, error) {
	text, err := e.cipher.Encrypt(plain, e.key, boundTo(path))
	if err != nil {
		return splice.Change{}, e.refuse(secrets.PathOf(path), "cannot be encrypted")
	}
	return splice.Change{Path: path, To: splice.Ciphertext(text)}, nil
}

func (e *Editor) setAll(changes []splice.Change) error {
	doc, err := e.doc()
	if err != nil {
		return err
	}
	text, err := doc.SetAll(changes)
	if err != nil {
		return e.refuse("", "a value cannot be set: "+err.Error())
	}
	e.text = text
	return nil
}

func under(path, above []any) bool {
	return len(path) >= len(above) && slices.Equal(path[:len(above)], above)
}
