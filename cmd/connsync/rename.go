package main

import (
	"context"
	"fmt"

	"connsync/cmd/connsync/render"
	"connsync/manifest"
	"connsync/secrets/sops"
)

// renameCmd gives a connection another name.
type renameCmd struct {
	answerFormat

	Old    string `completes:"place" arg:"" name:"target/old" help:"The connection."`
	New    string `arg:"" name:"new" help:"Its new name."`
	DryRun bool   `help:"Say what would change, and change nothing."`
}

func (renameCmd) Help() string {
	return "Gives a connection another name: its secrets are bound to the name, and are encrypted anew with the file's own key. The old name is kept as previously, or the one that stands there already, " +
		"so that the next sync renames the connection in SecMaster too. A connection that was renamed by hand, and whose file does not open any more, is renamed properly by the same command.\n\n" +
		examples("connsync rename prod/edr_prod edr_main")
}

// Run renames.
func (c renameCmd) Run(ctx context.Context, w world, g *globals) error {
	old, rest, err := parsePlace(c.Old)
	switch {
	case err != nil:
		return err
	case rest != "" || !manifest.MayAdopt(old.name) || !manifest.UsualName(c.New):
		return &usageError{"a name is made of letters, digits and _, at most 64; one with  . [ or /  is quoted, as in  'prod/[\"a.b\"]'"}
	case old.name == c.New:
		return &usageError{"the new name is the old one"}
	}
	e, err := g.edit(w, c.DryRun)
	if err != nil {
		return err
	}
	defer e.close()
	r := renaming{e, old, connectionPlace{old.target, c.New}}
	return r.run(ctx)
}

type renaming struct {
	*editing
	old, new connectionPlace
}

func (r renaming) run(ctx context.Context) error {
	was, err := r.find(r.old)
	if err != nil {
		return err
	}
	is, err := r.find(r.new)
	switch {
	case err != nil:
		return err
	case was != nil && is != nil:
		return &refusal{fmt.Sprintf("%s is taken, at %s", r.new.String(), is.Pos.String()), nil}
	case was == nil && is != nil:
		return r.byHand(ctx, is.File.Path)
	case was == nil:
		_, err := r.wanted(r.old)
		return err
	}
	text, ed, err := r.open(ctx, was.File.Path, r.opener)
	if err != nil {
		return err
	}
	return r.rename(was.File.Path, text, ed, was.Previously)
}

// rename moves key and secrets.
func (r renaming) rename(file string, text []byte, ed *sops.Editor, previously string) error {
	if err := ed.Rename(r.old.path(), r.new.name); err != nil {
		return err
	}
	at := append(r.new.path(), "previously")
	var err error
	switch previously {
	case "":
		err = ed.Set(at, r.old.name)
	case r.new.name: // back to the name SecMaster may know
		err = ed.Unset(at)
	}
	if err == nil {
		_, err = r.write(file, text, ed)
	}
	if err != nil {
		return err
	}
	r.w.give(&renamedConnection{render.NewAnswer(), r.old.target, r.old.name, r.new.name, file, r.dry})
	r.p.Out.Line("%s %s to %s   %s", r.said("renamed", "would rename"), r.old.String(), render.Bold(r.new.name), file)
	if ed.Encrypted() {
		r.p.Out.Line("  %s", r.said("its secrets are bound to the new name", "its secrets would be bound to the new name"))
	}
	return nil
}

// byHand renames a connection with an already edited key: under its old name the file opens.
func (r renaming) byHand(ctx context.Context, file string) error {
	text, err := readFile(r.src, file)
	if err != nil {
		return err
	}
	before, err := sops.Rekeyed(file, text, r.new.path(), r.old.name)
	if err != nil {
		return err
	}
	ed, err := r.opener.Edit(ctx, file, before)
	if err != nil {
		_, missing := r.wanted(r.old)
		return missing
	}
	previously := ""
	if c, _ := r.find(r.new); c != nil && c.Previously != r.old.name {
		previously = c.Previously
	}
	return r.rename(file, text, ed, previously)
}
