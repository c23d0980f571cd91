package main

import (
	"errors"
	"strings"

	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/secrets/sops"
)

// explainSecrets says why a file does not open.
func explainSecrets(err error) (string, []string, bool) {
	var e *sops.Error
	if !errors.As(err, &e) {
		return "", nil, false
	}
	hints := map[sops.Kind][]string{
		sops.KindStructure:  {"restore the file as sops wrote it"},
		sops.KindNotAllowed: {"to use such a key, add to connsync.yaml:  secrets: {allow: [age, pgp, hckms, " + strings.Join(e.NotAllowed, ", ") + "]}"},
		sops.KindNoKey:      keyHints(e),
		sops.KindMAC:        {"edited without the file's key: undo the edit, and make it again with  sops edit " + manifest.ShellWord(e.File), "or without sops:  connsync set TARGET/NAME.SETTING VALUE"},
		sops.KindAltered:    {"a secret opens only in the target, connection and setting it was encrypted for: undo the change, and make it with sops"},
		sops.KindPartialMAC: {"take mac_only_encrypted out of its rule in .sops.yaml, and then  connsync reseal " + manifest.ShellWord(e.File), "or set  secrets: {mac: any}  in connsync.yaml"},
		sops.KindUnfit:      {"write a binary value as text, in the way that its plugin reads (base64, for example), and set it with  sops edit " + manifest.ShellWord(e.File)},
		sops.KindInternal:   {"if sops itself opens the file, please report this"},
	}[e.Kind]
	return e.Error(), hints, true
}

// keyHints say whom a file is encrypted for, where keys were looked for, and why none of them opens it.
func keyHints(e *sops.Error) []string {
	hints := []string{"the file is encrypted for keys of type " + strings.Join(e.KeyTypes, ", ")}
	if len(e.Recipients) > 0 {
		hints[0] += "; age recipients: " + view.List(quotedProse(e.Recipients))
	}
	hints = append(hints, triedHints(e.Tried)...)
	if len(e.Recipients) > 0 {
		hints = append(hints, "set SOPS_AGE_KEY or SOPS_AGE_KEY_FILE to the identity of one of its recipients")
	}
	if len(e.NotAllowed) > 0 {
		hints = append(hints, "not used, because secrets.allow in connsync.yaml does not name them: "+strings.Join(e.NotAllowed, ", "))
	}
	return hints
}

// triedHints are a line for each place where a key was looked for; those where nothing is are one line.
func triedHints(tried []sops.Source) []string {
	var hints, empty []string
	for _, s := range tried {
		if s.Found == "not set" {
			empty = append(empty, s.Name)
			continue
		}
		hints = append(hints, s.String())
	}
	if len(empty) > 0 {
		hints = append(hints, "not set: "+view.List(empty))
	}
	return hints
}

// keyCause is the same for all files that do not open for the same reason; "" for other errors.
func keyCause(err error) string {
	var e *sops.Error
	if !errors.As(err, &e) || e.Kind != sops.KindNoKey {
		return ""
	}
	return "keys\n" + strings.Join(triedHints(e.Tried), "\n")
}

// quotedProse are texts that others chose, as they stand in a sentence.
func quotedProse(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = manifest.Said(t)
	}
	return out
}
