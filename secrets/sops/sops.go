// Package sops reads SOPS files: it decrypts a manifest in memory, with SOPS's own packages, under rules
// of ours (docs/sops.md): a file is screened before SOPS sees it, a forbidden key type is
// never contacted, the MAC is verified, and no text of SOPS gets out.
package sops

import (
	"context"
	"crypto/subtle"
	"io"
	"slices"
	"sync"
	"time"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/logging"

	"connsync/secrets"
)

// Options are the rules of a project.
type Options struct {
	Allow   []string // the allowed key types: age, pgp, hckms, kms, gcp_kms, azure_kv, hc_vault
	FullMAC bool     // refuse files with a MAC over encrypted values only
	// Lend is called before SOPS looks for a key of a type, and what it gives afterwards: the environment may hold only then
	// what SOPS looks for there. nil: it always does.
	Lend func(keyType string) (back func())
}

// Opened is what one file holds.
type Opened struct {
	Secrets      map[secrets.Path]secrets.Value // every encrypted value by its path from the document's root
	LastModified string                         // RFC 3339; authenticated by the MAC
}

// Opener opens the files of one run. It may be used concurrently.
type Opener struct {
	options Options
	ages    ageKeys

	mu    sync.Mutex
	files map[string]*result
}

type result struct {
	mu     sync.Mutex
	known  bool
	opened Opened
	err    error
}

// New makes an Opener. Keys are looked up when the first file needs them, where SOPS looks for them.
func New(o Options) *Opener {
	silence()
	return &Opener{options: o, files: map[string]*result{}}
}

// silence keeps SOPS's loggers quiet: they write texts of the file to stderr.
var silence = sync.OnceFunc(func() {
	for _, l := range logging.Loggers {
		l.SetOutput(io.Discard)
	}
})

// Files is how many files have been decrypted.
func (o *Opener) Files() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.files)
}

// Open decrypts a file in memory. Its errors are *Error, or the context's where that had ended before. The same
// file is decrypted once, however often it is asked for: what it holds is kept as long as the Opener.
func (o *Opener) Open(ctx context.Context, name string, data []byte) (Opened, error) {
	if err := ctx.Err(); err != nil {
		return Opened{}, err
	}
	key := name + "\x00" + string(secrets.FingerprintOf(string(data)))
	o.mu.Lock()
	r := o.files[key]
	if r == nil {
		r = &result{}
		o.files[key] = r
	}
	o.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.known {
		r.opened, r.err = o.open(ctx, name, data)
		r.known = r.err == nil || ctx.Err() == nil // an end of this caller's time is no word about the file
	}
	return r.opened, r.err
}

// OpenOnce is Open for a file that is not asked for again: nothing of it is kept.
func (o *Opener) OpenOnce(ctx context.Context, name string, data []byte) (Opened, error) {
	if err := ctx.Err(); err != nil {
		return Opened{}, err
	}
	return o.open(ctx, name, data)
}

// open turns every panic of the library into an error: it would print what it had in hand.
func (o *Opener) open(ctx context.Context, name string, data []byte) (opened Opened, err error) {
	defer func() {
		if recover() != nil {
			opened, err = Opened{}, &Error{File: name, Kind: KindInternal}
		}
	}()
	f, err := o.decrypt(ctx, name, data)
	if err != nil {
		return Opened{}, err
	}
	return f.values()
}

// file is a SOPS file in memory, decrypted.
type file struct {
	name   string
	tree   upstream.Tree
	key    []byte
	cipher *cipher
	paths  []secrets.Path // of what was encrypted
	sealed map[secrets.Path]string
}

func (o *Opener) decrypt(ctx context.Context, name string, data []byte) (*file, error) {
	doc, detail := screen(data)
	if detail != "" {
		return nil, &Error{File: name, Kind: KindStructure, Detail: detail}
	}
	tree, err := encryptedTree(doc)
	if err != nil {
		return nil, &Error{File: name, Kind: KindStructure, Detail: "its sops block cannot be read"}
	}
	if o.options.FullMAC && tree.Metadata.MACOnlyEncrypted {
		return nil, &Error{File: name, Kind: KindPartialMAC}
	}
	f := newFile(name, tree)
	if err := o.unlock(ctx, f); err != nil {
		return nil, err
	}
	return f, f.verify()
}

// unlock finds the file's data key, with the allowed keys and no others.
func (o *Opener) unlock(ctx context.Context, f *file) error {
	failed := &Error{File: f.name, Kind: KindNoKey}
	for _, group := range f.tree.Metadata.KeyGroups {
		for _, k := range group {
			kind := k.TypeToIdentifier()
			if !slices.Contains(failed.KeyTypes, kind) {
				failed.KeyTypes = append(failed.KeyTypes, kind)
				if !slices.Contains(o.options.Allow, kind) {
					failed.NotAllowed = append(failed.NotAllowed, kind)
				}
			}
			if kind == "age" && len(failed.Recipients) < 3 {
				failed.Recipients = append(failed.Recipients, k.ToString())
			}
		}
	}
	if len(failed.NotAllowed) == len(failed.KeyTypes) {
		failed.Kind = KindNotAllowed
		return failed
	}
	service := o.service(ctx)
	key, err := f.tree.Metadata.GetDataKeyWithKeyServices([]keyservice.KeyServiceClient{service}, upstream.DefaultDecryptionOrder)
	if err != nil {
		o.diagnose(f, service, failed)
		return failed
	}
	f.key = key
	return nil
}

// diagnose says where keys were looked for, and why none opens a file.
func (o *Opener) diagnose(f *file, service *keys, e *Error) {
	var ages []string
	m := f.tree.Metadata
	e.Groups = [3]int{len(m.KeyGroups), m.ShamirThreshold, 0}
	for _, group := range m.KeyGroups {
		open := false
		for _, k := range group {
			open = open || service.opened[string(k.EncryptedDataKey())]
			if k.TypeToIdentifier() == "age" {
				ages = append(ages, k.ToString())
			}
		}
		if open {
			e.Groups[2]++
		}
	}
	if len(ages) > 0 && slices.Contains(o.options.Allow, "age") {
		if o.options.Lend != nil {
			defer o.options.Lend("age")()
		}
		e.Tried = o.ages.sources(ages)
	}
	e.Tried = append(e.Tried, service.failed...)
}

// verify decrypts the values in place and compares the MAC.
func (f *file) verify() error {
	computed, err := decrypted(f.tree, f.key, f.cipher)
	if err != nil {
		return &Error{File: f.name, Kind: KindAltered, Leaf: f.cipher.failedAt}
	}
	m := f.tree.Metadata
	stored, err := f.cipher.inner.Decrypt(m.MessageAuthenticationCode, f.key, m.LastModified.Format(time.RFC3339))
	text, _ := stored.(string)
	if err != nil || text == "" || subtle.ConstantTimeCompare([]byte(text), []byte(computed)) != 1 {
		return &Error{File: f.name, Kind: KindMAC}
	}
	return nil
}

// values are the plaintexts of what was encrypted.
func (f *file) values() (Opened, error) {
	out := Opened{Secrets: make(map[secrets.Path]secrets.Value, len(f.paths)), LastModified: f.tree.Metadata.LastModified.Format(time.RFC3339)}
	var bad, unfit secrets.Path
	why := ""
	walk(f.tree.Branches[0], "", func(p secrets.Path, v any) {
		before, was := f.sealed[p]
		if !was {
			return
		}
		if s, still := v.(string); still && s == before {
			bad = p // outside of what the file's own rule encrypts, so SOPS left it as it is
			return
		}
		plain, detail := typed(v)
		if detail != "" {
			unfit, why = p, detail
		}
		out.Secrets[p] = secrets.Hide(plain)
	})
	switch {
	case bad != "" || len(out.Secrets) != len(f.paths):
		return Opened{}, &Error{File: f.name, Kind: KindAltered, Leaf: bad}
	case unfit != "":
		return Opened{}, &Error{File: f.name, Kind: KindUnfit, Leaf: unfit, Detail: why}
	}
	return out, nil
}
