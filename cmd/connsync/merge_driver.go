package main

import (
	"context"
	"errors"
	"os"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/secrets/sops"
)

// mergingCmd merges one manifest for Git.
type mergingCmd struct {
	answerFormat

	Base   string `completes:"files" arg:"" help:"A file with the common ancestor's version (%O)."`
	Ours   string `completes:"files" arg:"" help:"A file with our version, which becomes the result (%A)."`
	Theirs string `completes:"files" arg:"" help:"A file with the other version (%B)."`
	File   string `completes:"files" arg:"" name:"path" help:"The manifest (%P)."`
}

func (mergingCmd) Help() string {
	return "Git calls it to merge a manifest. Each connection is one unit: its settings, its secrets, and its seal come from the side that changed it. What both sides changed is a conflict. " +
		"With a key at hand that opens all versions, the result is signed. Without one, it is left with an empty mac, which neither sops nor validate accepts. No plaintext is written.\n\n" +
		"Once in the repository, in .gitattributes:  connections/**/*.yaml merge=connsync\n\n" +
		"Once in each clone:  git config merge.connsync.driver 'connsync merge-driver %O %A %B %P'"
}

// Run ends with 0 where nothing is left to do; with anything else, Git takes the file for a conflict.
func (c mergingCmd) Run(ctx context.Context, w world, g *globals) error {
	v, err := c.versions()
	if err != nil {
		return err
	}
	policy := c.policy(g)
	opener := sops.New(sops.Options{Allow: policy.Allow, FullMAC: policy.FullMAC, Lend: w.lend})
	m, err := opener.Merge(ctx, c.File, v)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Ours, m.Text, 0o644); err != nil {
		return err
	}
	return c.left(w, m)
}

func (c mergingCmd) versions() (v sops.Versions, err error) {
	for file, to := range map[string]*[]byte{c.Base: &v.Base, c.Ours: &v.Ours, c.Theirs: &v.Theirs} {
		text, failed := os.ReadFile(file)
		err = errors.Join(err, failed)
		*to = text
	}
	if len(v.Base) == 0 { // both sides added it
		v.Base = nil
	}
	return v, err
}

// policy is the worktree's, so ours: the other side allows no key service. Where it cannot be read it is the default one.
func (mergingCmd) policy(g *globals) manifest.SecretsPolicy {
	src, err := g.openWorktree()
	if err != nil {
		return manifest.DefaultSecrets()
	}
	defer src.close()
	project, err := g.project(src)
	if err != nil {
		return manifest.DefaultSecrets()
	}
	return project.Secrets
}

// left says what is left to do.
func (c mergingCmd) left(w world, m sops.Merge) error {
	switch {
	case m.Done():
		w.give(&mergedFile{render.NewAnswer(), c.File})
		return nil
	case len(m.Conflicts) > 0:
		return &refusal{c.File + ": both sides changed " + view.List(m.Conflicts), []string{
			"take the whole file of one side, and make the other side's changes again with its key:  git checkout --ours -- " + manifest.ShellWord(c.File),
			"or of the other side:  git checkout --theirs -- " + manifest.ShellWord(c.File),
		}}
	}
	why, hints, ok := explainSecrets(m.Unsigned)
	if !ok {
		why = c.File + ": " + m.Unsigned.Error()
	}
	return &refusal{why + "; merged, and left without a signature (mac is empty)", append(hints,
		"with a key that opens all versions at hand, this merges it once more:  git checkout --merge -- "+manifest.ShellWord(c.File))}
}
