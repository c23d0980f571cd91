package main

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/sops"
)

// resealCmd brings files to their rules.
type resealCmd struct {
	Files  []string `arg:"" name:"file" help:"Manifests."`
	Reveal []string `type:"pattern" placeholder:"SETTING" help:"Decrypt this setting of every connection where the rule leaves it in the clear, as in config.endpoint or 'config.*' (repeatable). What looks like a secret is never decrypted."`
	DryRun bool     `help:"Say what would change, and change nothing."`
}

func (resealCmd) Help() string {
	return "Brings manifests to their rules in .sops.yaml: what is encrypted, what the MAC covers, and who can open them. The data key and every ciphertext that may stay are kept, so that nothing is written to SecMaster for them. " +
		"A manifest that was never encrypted is encrypted. A rule that names nothing to encrypt is taken for everything under config.\n\n" +
		examples("connsync reseal connections/prod/edr.yaml", "connsync reseal connections/prod/*.yaml --dry-run", "connsync reseal connections/prod/edr.yaml --reveal config.endpoint")
}

// Run brings one file after the other to its rule. The first that cannot be ends it.
func (c resealCmd) Run(ctx context.Context, w world, g *globals) error {
	e, err := g.edit(w, c.DryRun)
	if err != nil {
		return err
	}
	defer e.close()
	// A file that the project refuses for its MAC is brought to its rule as well.
	opener := sops.New(sops.Options{Allow: e.project.Secrets.Allow, Lend: w.lend})
	for _, name := range c.Files {
		file, err := e.fileOf(name)
		if err == nil {
			err = c.one(ctx, e, opener, file)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fileOf is a manifest of the command line, as a path in the repository.
func (e *editing) fileOf(name string) (string, error) {
	full := name
	if !filepath.IsAbs(name) {
		full = filepath.Join(e.g.Dir, name)
	}
	full, err := filepath.Abs(full)
	if err != nil {
		return "", err
	}
	top, err := filepath.Abs(e.top)
	if err != nil {
		return "", err
	}
	file, err := filepath.Rel(top, full)
	file = filepath.ToSlash(file)
	if err != nil || file == ".." || strings.HasPrefix(file, "../") {
		return "", &usageError{name + ": not in this repository"}
	}
	for _, f := range e.set.Files {
		if f.Path == file {
			return file, nil
		}
	}
	return "", &refusal{name + ": not a manifest of " + e.project.File, []string{"manifests are files that end in .yaml or .yml in " + strings.Join(e.project.Manifests, ", ")}}
}

func (c resealCmd) one(ctx context.Context, e *editing, o *sops.Opener, file string) error {
	rule, err := sops.RuleFor(e.top, file)
	if err != nil {
		return &refusal{file + ": " + err.Error(), []string{"add a rule to " + sops.RulesFile + " whose path_regex fits it, with recipients"}}
	}
	text, ed, err := e.open(ctx, file, o)
	if err != nil {
		return err
	}
	seals := e.seals(file, text, ed)
	did, err := ed.Reseal(ctx, o, rule, c.may)
	var hidden *sops.HiddenError
	if errors.As(err, &hidden) {
		return c.hidden(hidden, ed.Selector())
	}
	sealed := 0
	if err == nil {
		sealed, err = seals.keep(ctx, e, file, ed)
	}
	if err == nil && did.Any() {
		_, err = e.write(file, text, ed)
	}
	if err != nil {
		return err
	}
	e.resealed(file, did)
	if sealed > 0 {
		e.p.Out.Line("  %-10s %s", "sealed", view.Count(sealed, "connection"))
	}
	return nil
}

// may tells whether a value may be decrypted: outside of config it must, and in there it was asked for, and is no secret by its looks.
func (c resealCmd) may(p secrets.Path, v secrets.Value) bool {
	at, in := setting(p)
	switch {
	case (manifest.Setting{Path: at, Value: v.Expose()}).Suspicious():
		return false
	case !in:
		return true
	}
	return c.asked(at)
}

// asked tells whether a setting is to be decrypted where the rule leaves it in the clear.
func (c resealCmd) asked(at secrets.Path) bool {
	return slices.ContainsFunc(c.Reveal, func(pattern string) bool {
		ok, _ := path.Match(pattern, string(at))
		return ok || pattern == string(at)
	})
}

// setting is a path from its connection, and whether it is in the config.
func setting(p secrets.Path) (at secrets.Path, inConfig bool) {
	parts := strings.SplitN(string(p), ".", 4)
	if len(parts) < 4 {
		return p, false
	}
	at = secrets.Path(parts[3])
	return at, at == "config" || strings.HasPrefix(string(at), "config.") || strings.HasPrefix(string(at), "config[")
}

// hidden says what would stand in the clear, and the command that has it decrypted where that may be.
func (c resealCmd) hidden(e *sops.HiddenError, selector string) error {
	hints := []string{"change the rule so that it covers them; the file has  " + selector}
	reveal := "" // what was asked for and is refused all the same has a value that looks like a secret
	for _, p := range e.Leaves {
		at, _ := setting(p)
		if flag := " --reveal " + manifest.ShellWord(string(at)); !c.asked(at) && !(manifest.Setting{Path: at, Value: "x"}).Suspicious() && !strings.Contains(reveal+" ", flag+" ") {
			reveal += flag
		}
	}
	if reveal != "" {
		for _, p := range c.Reveal {
			reveal += " --reveal " + manifest.ShellWord(p)
		}
	}
	if len(reveal) > 0 && len(reveal) < 500 {
		hints = append(hints, "what is no secret is decrypted by  connsync reseal "+manifest.ShellWord(e.File)+reveal)
	}
	return &refusal{e.Error(), hints}
}

// resealed says what was done, or would be.
func (e *editing) resealed(file string, did sops.Resealed) {
	out := e.p.Out
	if !did.Any() {
		out.Line("%s is as its rule wants it", file)
		return
	}
	out.Line("%s %s", e.said("resealed", "would reseal"), render.Bold(file))
	say := func(word string, texts ...string) {
		for _, t := range texts {
			if t != "" {
				out.Line("  %-10s %s", word, t)
			}
		}
	}
	for _, p := range did.Encrypted {
		say("encrypted", string(p))
	}
	for _, p := range did.Revealed {
		say("decrypted", string(p))
	}
	say("selector", did.Selector)
	say("mac", did.Mode)
	say("can open", did.Added...)
	say("cannot", did.Removed...)
	if len(did.Removed) > 0 {
		e.p.Note("%s", "whoever cannot open it any more has seen its data key:  sops rotate --in-place "+manifest.ShellWord(file)+"  and rotate its secrets")
	}
	if did.New || len(did.Encrypted) > 0 {
		e.p.Note("what stood in the clear and was pushed is known: rotate it")
	}
}
