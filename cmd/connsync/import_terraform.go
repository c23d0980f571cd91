package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"connsync/apply"
	"connsync/cmd/connsync/render"
	"connsync/manifest"
)

// terraform finds the connections of a state file, without asking SecMaster.
func (i *importing) terraform(ctx context.Context) error {
	text, err := i.stateText()
	if err != nil {
		return err
	}
	if i.owned, err = readState(i.cmd.FromTerraform, text); err != nil {
		return err
	}
	of := map[string][]apply.Shown{}
	seen := map[string]bool{}
	targets := i.g.selected(i.project, i.set)
	for _, o := range i.owned {
		t := o.targetAmong(targets)
		switch {
		case t == "":
			i.leave("?", o.shown, "its workspace is no target of "+i.project.File)
		case seen[o.shown.ID]:
			i.leave(t, o.shown, "another resource of the state has the same id")
		default:
			of[t] = append(of[t], o.shown)
		}
		seen[o.shown.ID] = true
	}
	for _, t := range targets {
		known, err := i.known(ctx, t.Name)
		if err != nil {
			notes(i.p, []error{targetError(t.Name, &unseen{"imported without known state", err})})
		}
		maps.Copy(i.recorded, known)
		i.plugins[t.Name] = i.set.Plugins.Of(t.Name)
		if err := i.consider(t.Name, apply.Ordered(of[t.Name]), known); err != nil {
			return err
		}
	}
	return nil
}

// stateText is the state file, or what stands on standard input.
func (i *importing) stateText() ([]byte, error) {
	in, name := i.w.stdin, i.cmd.FromTerraform
	if name == "-" && render.IsTerminal(in) {
		return nil, &usageError{"--from-terraform -: the state comes on standard input, as from  terraform state pull"}
	}
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &fileError{"--from-terraform", name, err}
		}
		defer f.Close()
		in = f
		if file, err := filepath.Abs(name); err == nil && inside(i.top, file) {
			i.p.Note("%s holds secrets in the clear, and is in the repository: do not commit it", name)
		}
	}
	text, err := allWithin(in, maxState)
	switch {
	case errors.Is(err, syscall.EFBIG):
		return nil, &usageError{"--from-terraform " + name + ": more than 64 MiB"}
	case err != nil:
		return nil, &fileError{"--from-terraform", name, err}
	}
	return text, nil
}

// targetAmong is the target with the connection's workspace; "" for none.
func (o tfOwned) targetAmong(targets []wanted) string {
	for _, t := range targets {
		if t.WorkspaceID == o.shown.WorkspaceID && (o.region == "" || o.region == t.Region) && (o.shown.ProjectID == "" || t.ProjectID == "" || t.ProjectID == o.shown.ProjectID) {
			return t.Name
		}
	}
	return ""
}

// disown prints what ends Terraform's ownership: a block for each resource with every instance in Git now, and a command for the others, since a
// block would end it for all of them.
func (i *importing) disown(set manifest.Set) {
	adopted := map[string]bool{}
	for _, c := range set.Connections {
		adopted[c.Adopt] = true
	}
	inGit := func(o tfOwned) bool { return i.recorded[o.shown.ID] || adopted[o.shown.ID] }
	partly := map[string]bool{}
	for _, o := range i.owned {
		partly[o.resource] = partly[o.resource] || !inGit(o)
	}
	said := map[string]bool{}
	for _, o := range i.owned {
		if partly[o.resource] || said[o.resource] {
			continue
		}
		if len(said) == 0 {
			i.p.Out.Line("\nTerraform still owns them. Put these blocks in the place of its resources (Terraform 1.7 or later, or OpenTofu), and apply them before the first sync:\n")
		}
		said[o.resource] = true
		i.p.Out.Line("removed {\n  from = %s\n  lifecycle {\n    destroy = false\n  }\n}", o.resource)
	}
	first := true
	for _, o := range i.owned {
		if said[o.resource] || !inGit(o) {
			continue
		}
		if first {
			i.p.Out.Line("\nOf some resources only a part is in Git, and a block would end the ownership of all. For these:\n")
		}
		first = false
		i.p.Out.Line("  %s", strings.Join([]string{"terraform", "state", "rm", manifest.ShellWord(o.address)}, " "))
	}
}
