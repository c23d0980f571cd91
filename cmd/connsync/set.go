package main

import (
	"context"
	"fmt"
	"slices"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/sops"
)

// setCmd changes one value of a manifest in place.
type setCmd struct {
	answerFormat

	Where    string  `completes:"setting" arg:"" name:"target/name.setting" help:"The setting, as plans print it: prod/edr_prod.config.password. A name that is no field of a connection is a setting: prod/edr_prod.password."`
	Value    *string `arg:"" optional:"" help:"The new value, of a setting in the clear only. A secret is asked for, or read from standard input."`
	Type     string  `enum:"text,number,boolean,keep" default:"keep" placeholder:"TYPE" help:"text, number or boolean. Default: what the value was, or text."`
	Generate int     `placeholder:"N" help:"Make a secret of N random letters and digits, at least 16. It is not shown."`
	DryRun   bool    `help:"Say what would change, and change nothing."`
}

func (setCmd) Help() string {
	return "Changes one value, and leaves every other byte of the file as it is: ciphertexts, comments, order. It is encrypted where the file's selector or its rule in .sops.yaml says so, " +
		"for the file's own recipients, and the file is signed anew. A secret is never an argument: other users see those, and the shell keeps them.\n\n" +
		examples("connsync set prod/edr_prod.config.endpoint https://edr-2.example", "connsync set prod/edr_prod.config.password", "connsync set prod/edr_prod.config.token --generate 32",
			"connsync set prod/edr_prod.config.key < key.pem", "connsync set prod/edr_prod.config.port 8443 --type number --dry-run")
}

// setting is one value to set.
type settingEdit struct {
	*editing
	connectionPlace
	file  string
	at    secrets.Path // from the connection
	path  []any        // from the root
	was   manifest.Setting
	there bool

	seen       bool           // the person who gives the value was shown where it will go
	sealed     int            // connections sealed anew
	incomplete bool           // the connection says so
	missing    []secrets.Path // its holes
}

// Run changes the value.
func (c setCmd) Run(ctx context.Context, w world, g *globals) error {
	s, err := c.find(w, g)
	if err != nil {
		return err
	}
	defer s.close()
	text, ed, err := s.open(ctx, s.file, s.opener)
	if err != nil {
		return err
	}
	secret, fresh, err := s.encrypts(ed)
	if err != nil {
		return err
	}
	v, err := c.value(ctx, s, secret)
	if err != nil {
		return err
	}
	is, err := s.put(ctx, text, ed, fresh, v)
	if err != nil {
		return err
	}
	if err := s.report(text, is, ed); err != nil || c.DryRun {
		return err
	}
	if s.incomplete {
		s.next()
		return nil
	}
	set, _ := manifest.Read(s.file, is, s.project)
	unsealed := func(c manifest.Connection) bool { return c.Target == s.target && c.Name == s.name && s.wantsSeal(c) }
	if slices.ContainsFunc(set.Connections, unsealed) {
		s.p.Next([]string{s.g.again("connsync seal " + manifest.ShellWord(s.file))})
	}
	return nil
}

// put writes the value: encrypted, with the seals that held before, and signed.
func (s *settingEdit) put(ctx context.Context, text []byte, ed *sops.Editor, fresh *sops.Rule, v any) ([]byte, error) {
	seals := s.seals(s.file, text, ed)
	if err := seals.fits(s.file, s.connectionPlace); err != nil {
		return nil, err
	}
	if err := ed.Set(s.path, v); err != nil {
		return nil, err
	}
	if err := s.completes(ed); err != nil {
		return nil, err
	}
	var err error
	if s.sealed, err = seals.keep(ctx, s.editing, s.file, ed); err != nil {
		return nil, err
	}
	if fresh != nil {
		if _, err := ed.Reseal(ctx, s.opener, fresh, nil); err != nil {
			return nil, err
		}
	}
	if s.seen {
		if err := s.sealFirst(ctx, s.file, s.connectionPlace, ed); err != nil {
			return nil, err
		}
	}
	return s.write(s.file, text, ed)
}

// next names the setting to set next, or what comes when all are.
func (s *settingEdit) next() {
	set, _, err := manifest.Survey(s.src.files, s.project, nil)
	if err != nil {
		return
	}
	hole := func(c manifest.Connection) bool { return len(c.Missing) > 0 && c.Missing[0] != "config" }
	at := slices.IndexFunc(set.Connections, func(c manifest.Connection) bool { return hole(c) && c.Target == s.target && c.Name == s.name })
	if at < 0 {
		at = slices.IndexFunc(set.Connections, hole)
	}
	if at < 0 {
		s.onward(set)
		return
	}
	c := set.Connections[at]
	s.p.Next([]string{s.g.again("connsync set " + manifest.ShellWord(manifest.PlaceOf(c.Target, c.Name)+"."+string(c.Missing[0])))})
}

// completes takes the mark of an incomplete connection away with its last hole.
func (s *settingEdit) completes(ed *sops.Editor) error {
	if !s.incomplete || len(s.missing) != 1 || s.missing[0] != s.at {
		return nil
	}
	return ed.Unset(append(s.connectionPlace.path(), "incomplete"))
}

// find is the setting of the command line.
func (c setCmd) find(w world, g *globals) (*settingEdit, error) {
	place, rest, err := parsePlace(c.Where)
	if err != nil {
		return nil, err
	}
	path, err := settingPath(rest)
	if err != nil {
		return nil, err
	}
	if c.Generate != 0 && (c.Generate < 16 || c.Generate > 1024 || c.Value != nil) {
		return nil, &usageError{"--generate N: N is at least 16 and at most 1024, and no value is given with it"}
	}
	e, err := g.edit(w, c.DryRun)
	if err != nil {
		return nil, err
	}
	connection, err := e.wanted(place)
	if err != nil {
		e.close()
		return nil, err
	}
	s := &settingEdit{editing: e, connectionPlace: place, file: connection.File.Path, at: secrets.PathOf(path), path: append(place.path(), path...),
		incomplete: connection.Incomplete, missing: connection.Missing}
	s.was, s.there = settingOf(*connection, s.at)
	return s, nil
}

// settingOf is a setting of a connection's config.
func settingOf(c manifest.Connection, at secrets.Path) (manifest.Setting, bool) {
	for _, s := range manifest.Settings("config", c.Config) {
		if s.Path == at {
			return s, true
		}
	}
	return manifest.Setting{Path: at}, false
}

func (s *settingEdit) inConfig() bool { return s.path[3] == "config" }

// encrypts tells whether the value is encrypted. fresh is the rule that a file without a sops block is encrypted by then.
func (s *settingEdit) encrypts(ed *sops.Editor) (secret bool, fresh *sops.Rule, err error) {
	if ed.Covers(s.path) {
		if !s.inConfig() {
			return false, nil, &refusal{fmt.Sprintf("%s: %s must not be encrypted, and the file's selector encrypts it", s.file, string(s.at)), []string{"connsync reseal " + manifest.ShellWord(s.file)}}
		}
		return true, nil, nil
	}
	rule, err := s.rule(s.file)
	if err != nil || rule == nil || !s.inConfig() || !ed.CoveredBy(rule, s.path) {
		return false, nil, err
	}
	if !ed.Encrypted() {
		return true, rule, nil
	}
	return false, nil, &refusal{
		fmt.Sprintf("%s: its rule in %s encrypts %s (%s), and the file's own selector does not", s.file, sops.RulesFile, string(s.at), manifest.SaidSelector(rule.Selector())),
		[]string{"connsync reseal " + manifest.ShellWord(s.file) + "  brings the file to its rule; then set it again"},
	}
}

// report says what changed, and never a secret.
func (s *settingEdit) report(was, is []byte, ed *sops.Editor) error {
	out := s.p.Out
	set, _ := manifest.Read(s.file, is, s.project)
	now, line := manifest.Setting{}, ""
	for _, c := range set.Connections {
		if c.Target == s.target && c.Name == s.name {
			now, _ = settingOf(c, s.at)
			line = c.At(s.at).String()
		}
	}
	s.w.give(&editedSetting{Answer: render.NewAnswer(), Target: s.target, Connection: s.name, Setting: string(s.at), File: s.file, DryRun: s.dry,
		Changed: string(was) != string(is), Encrypted: now.Secret != nil, Sealed: s.sealed > 0})
	if string(was) == string(is) {
		out.Line("%s of %s: nothing to change", string(s.at), s.String())
		return nil
	}
	out.Line("%s %s of %s   %s", s.said("set", "would set"), render.Bold(string(s.at)), s.String(), line)
	if s.inConfig() {
		out.Line("  %s -> %s", s.shown(s.was, s.there), s.shown(now, true))
	}
	if s.sealed > 0 {
		out.Line("  %s", s.said("sealed anew", "it would be sealed anew"))
	}
	if ed.Encrypted() {
		out.Line("  %s", s.said("signed with the file's own key", "the file would be signed with its own key"))
	}
	return nil
}

// shown is a value for people; of what looks like a secret, nothing.
func (s *settingEdit) shown(v manifest.Setting, there bool) string {
	switch {
	case !there:
		return "(none)"
	case v.Secret != nil:
		return "(encrypted)"
	case v.Suspicious():
		return "(in the clear, not shown)"
	}
	if text, ok := v.Value.(string); ok {
		return view.Quoted(text)
	}
	return fmt.Sprint(v.Value)
}
