package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"connsync/secrets"
	"connsync/secrets/sops"
)

// recipient is one key able to open the secrets, and its origin.
type recipient struct{ kind, id, from string }

// newKey is a newly made age key, and the file to hold it.
type newKey struct {
	file, usual string // usual is where sops looks for a key without a variable
	recipient   string
	identity    secrets.Value
}

// who finds the recipients: those of the flags, or the age keys at hand, or a new one.
func (s *starting) who(ctx context.Context) error {
	asked := s.cmd.Recipient
	if s.exists(sops.RulesFile) {
		if len(asked) > 0 || s.cmd.NewKey != "" {
			return &refusal{sops.RulesFile + " is there, and says who can open the secrets: it is not changed", []string{"add the recipients to it, and leave out --recipient and --new-key"}}
		}
		return nil
	}
	if len(asked) == 0 && s.cmd.NewKey == "" {
		s.recipients = s.atHand()
		const question = "Another key that can open the secrets (an age recipient, an SSH public key, a file, a fingerprint or the id of a KMS key), or only Enter:"
		for typed := s.ask(ctx, question); typed != ""; typed = s.ask(ctx, question) {
			asked = append(asked, typed)
		}
	}
	for _, text := range asked {
		found, err := s.named(text)
		if err != nil {
			return err
		}
		s.add(found...)
	}
	if s.cmd.NewKey != "" || len(s.recipients) == 0 {
		return s.make()
	}
	return nil
}

func (s *starting) add(found ...recipient) {
	for _, r := range found {
		if !slices.ContainsFunc(s.recipients, func(o recipient) bool { return o.id == r.id }) {
			s.recipients = append(s.recipients, r)
		}
	}
}

// atHand are the recipients of the age keys sops would use here.
func (s *starting) atHand() []recipient {
	var out []recipient
	from := func(where, text string) {
		ids, err := sops.AgeRecipients(text)
		if err != nil {
			return // a key of no use to sops either
		}
		for _, id := range ids {
			out = append(out, recipient{"age", id, where})
		}
	}
	from("SOPS_AGE_KEY", s.w.env("SOPS_AGE_KEY"))
	for _, file := range []string{s.w.env("SOPS_AGE_KEY_FILE"), sops.UserKeys()} {
		if text, err := os.ReadFile(file); err == nil {
			from(file, string(text))
		}
	}
	return out
}

// named reads one --recipient.
func (s *starting) named(text string) ([]recipient, error) {
	text = strings.TrimSpace(text)
	if kind := sops.KindOf(text); kind != "" {
		return []recipient{{kind, text, "--recipient"}}, nil
	}
	data, err := os.ReadFile(filepath.Join(s.g.Dir, text))
	if filepath.IsAbs(text) {
		data, err = os.ReadFile(text)
	}
	if err != nil {
		return nil, &usageError{"--recipient: neither a key that sops knows, nor a file that can be read"}
	}
	var out []recipient
	for l := range strings.Lines(string(data)) {
		if kind := sops.KindOf(strings.TrimSpace(l)); kind != "" {
			out = append(out, recipient{kind, strings.TrimSpace(l), text})
		}
	}
	if len(out) == 0 { // its identities have recipients
		ids, _ := sops.AgeRecipients(string(data))
		for _, id := range ids {
			out = append(out, recipient{"age", id, text})
		}
	}
	if len(out) == 0 {
		return nil, &usageError{"--recipient " + text + ": no public key in that file, and no age identity"}
	}
	return out, nil
}

// make makes a new key, for a file not there yet, outside the repository.
func (s *starting) make() error {
	k := &newKey{file: s.cmd.NewKey, usual: sops.UserKeys()}
	if k.file == "" {
		k.file = k.usual
	}
	file, err := filepath.Abs(k.file)
	if k.file == "" || err != nil {
		return &advised{&usageError{"no age key is at hand, and this system names no folder for one"}, []string{"connsync init --new-key FILE"}}
	}
	k.file = file
	if inside(s.top, k.file) {
		return &refusal{"--new-key " + k.file + ": inside the repository, where it would be committed sooner or later; nothing was written", []string{"keep it outside, as in ~/.config/sops/age/keys.txt"}}
	}
	if _, err := os.Lstat(k.file); err == nil {
		return &refusal{k.file + " is there already: a key is never overwritten; nothing was written", []string{"name another file with --new-key, or use the key in it with --recipient"}}
	}
	if k.recipient, k.identity, err = sops.NewAgeKey(); err != nil {
		return &refusal{err.Error(), nil}
	}
	s.newKey = k
	s.add(recipient{"age", k.recipient, "the new key"})
	return nil
}

// inside tells whether a file would be in a folder, whatever links lead there.
func inside(folder, file string) bool {
	real := func(name string) string {
		for at, rest := name, ""; ; at, rest = filepath.Dir(at), filepath.Join(filepath.Base(at), rest) {
			if found, err := filepath.EvalSymlinks(at); err == nil {
				return filepath.Join(found, rest)
			}
			if at == filepath.Dir(at) {
				return name
			}
		}
	}
	rel, err := filepath.Rel(real(folder), real(file))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// write keeps the key for its owner alone. What came into the file's place meanwhile is left alone.
func (k *newKey) write() error {
	if err := os.MkdirAll(filepath.Dir(k.file), 0o700); err != nil {
		return &fileError{"--new-key", k.file, err}
	}
	f, err := os.OpenFile(k.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		identity, _ := k.identity.Expose().(string)
		_, err = f.WriteString("# public key: " + k.recipient + "\n" + identity + "\n")
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return &fileError{"--new-key", k.file, err}
	}
	return nil
}
