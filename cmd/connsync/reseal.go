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
	answerFormat

	Files  []string `completes:"files" arg:"" name:"file" help:"Manifests."`
	Reveal []string `type:"pattern" placeholder:"SETTING" help:"Decrypt this setting of every connection where the rule leaves it in the clear, as in config.endpoint or 'config.*' (repeatable). What looks like a secret is decrypted only where cleartext of its connection says that it is none, and where it is named in full."`
	DryRun bool     `help:"Say what would change, and change nothing."`
}

func (resealCmd) Help() string {
	return "Brings manifests to their rules in .sops.yaml: what is encrypted, what the MAC covers, and who can open them. The data key and every ciphertext that may stay are kept, so that nothing is written to SecMaster for them. " +
		"A manifest that was never encrypted is encrypted. A rule that names nothing to encrypt is taken for everything under config.\n\n" +
		examples("connsync reseal connections/prod/edr.yaml", "connsync reseal connections/prod/*.yaml --dry-run", "connsync reseal connections/prod/edr.yaml --reveal config.endpoint")
}

// Run brings one file after the other to its rule. The first failure ends it.
func (c resealCmd) Run(ctx context.Context, w world, g *globals) error {
	e, err := g.edit(w, c.DryRun)
	if err != nil {
		return err
	}
	defer e.close()
	// A file refused by the project for its MAC is brought to its rule as well.
	opener := sops.New(sops.Options{Allow: e.project.Secrets.Allow, Lend: w.lend})
	done := resealedFiles{Answer: render.NewAnswer(), DryRun: c.DryRun, Files: []resealedFile{}}
	defer func() { w.giveIf(len(done.Files) > 0, &done) }() // the first unchangeable file ends it
	for _, name := range c.Files {
		file, err := e.fileOf(name)
		if err == nil {
			err = c.one(ctx, e, opener, file, &done)
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

func (c resealCmd) one(ctx context.Context, e *editing, o *sops.Opener, file string, done *resealedFiles) error {
	rule, err := sops.RuleFor(e.top, file)
	if err != nil {
		return &refusal{file + ": " + err.Error(), []string{"add a rule to " + sops.RulesFile + " whose path_regex fits it, with recipients"}}
	}
	text, ed, err := e.open(ctx, file, o)
	if err != nil {
		return err
	}
	seals := e.seals(file, text, ed)
	reveal := revealing{resealCmd: c, except: e.exceptions(file)}
	did, err := ed.Reseal(ctx, o, rule, reveal.may)
	var hidden *sops.HiddenError
	if errors.As(err, &hidden) {
		return reveal.refusal(hidden, ed.Selector())
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
	done.Files = append(done.Files, resealedFileOf(file, did, sealed))
	if sealed > 0 {
		e.p.Out.Line("  %-10s %s", "sealed", view.Count(sealed, "connection"))
	}
	return nil
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
		e.p.Note("%s", "a recipient who was taken out has seen its data key:  sops rotate --in-place "+manifest.ShellWord(file)+"  and rotate its secrets")
	}
	if did.New || len(did.Encrypted) > 0 {
		e.p.Note("a value that was pushed in the clear may be known to others: set another one")
	}
}
