package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"connsync/manifest"
	"connsync/secrets/sops"
)

// value is the new value.
func (c setCmd) value(ctx context.Context, s *settingEdit, secret bool) (any, error) {
	if secret && c.Value != nil {
		return nil, &usageError{string(s.at) + " is encrypted, and a secret is never an argument: it may stand in the shell's history now. Leave it out: it is asked for, or read from standard input"}
	}
	if !secret && c.Generate != 0 {
		return nil, &refusal{fmt.Sprintf("%s: %s would stand in the clear: nothing is generated for it", s.file, string(s.at)),
			[]string{"add its key to the rule of the file in " + sops.RulesFile + ", and then  connsync reseal " + manifest.ShellWord(s.file)}}
	}
	var text string
	var err error
	switch {
	case c.Value != nil:
		text = *c.Value
	case c.Generate != 0:
		text, err = generated(c.Generate)
	default:
		text, err = typed(ctx, s.w, string(s.at))
	}
	if err != nil {
		return nil, err
	}
	if secret && text == "" {
		return nil, &refusal{"an empty value is never encrypted: nothing was changed", nil}
	}
	return valueAs(text, c.kind(s))
}

// kind is the type of the new value.
func (c setCmd) kind(s *settingEdit) string {
	if c.Type != "keep" {
		return c.Type
	}
	if !s.inConfig() {
		return map[bool]string{true: "boolean", false: "text"}[s.at == "protect"]
	}
	if s.was.Secret != nil {
		return sealedKinds[s.was.Secret.Ciphertext.Kind]
	}
	switch s.was.Value.(type) {
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	}
	return "text"
}

// sealedKinds are the types of encrypted values, by SOPS's names for them.
var sealedKinds = map[string]string{"str": "text", "int": "number", "float": "number", "bool": "boolean"}

// valueAs is a text as a value of a type. What sops or JSON would write differently is refused. The text is not quoted: it may be a secret.
func valueAs(text, kind string) (any, error) {
	switch kind {
	case "number":
		n := json.Number(text)
		f, err := n.Float64()
		i, notWhole := strconv.ParseInt(text, 10, 64)
		if err != nil || notWhole == nil && strconv.FormatInt(i, 10) != text || notWhole != nil && strconv.FormatFloat(f, 'f', -1, 64) != text || !json.Valid([]byte(text)) {
			return nil, &refusal{"not a number that JSON and sops write in this way", []string{"--type text  sets it as text"}}
		}
		return n, nil
	case "boolean":
		if text != "true" && text != "false" {
			return nil, &refusal{"not true or false", []string{"--type text  sets it as text"}}
		}
		return text == "true", nil
	}
	return text, nil
}
