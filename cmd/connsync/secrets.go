package main

import (
	"context"
	"slices"
	"time"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff/review"
	"connsync/manifest"
	"connsync/manifest/gitfs"
	"connsync/manifest/strict"
)

// secretsCmd tells of secrets what their history tells: offline, and without a key.
type secretsCmd struct {
	Format     string `enum:"text,json,markdown,html" default:"text" placeholder:"FORMAT" help:"text, json (docs/json.md), markdown, or html."`
	ReadableBy string `placeholder:"RECIPIENT" help:"List only the secrets whose present value this recipient could ever open, with the commands that take them from it."`
}

func (secretsCmd) Help() string {
	return "Lists every secret with its age, its recipients, and where its value stands again. The age is that of the value: encrypting it anew, new recipients, a rename and a move do not make it younger. " +
		"It reads Git's history, opens no connection and needs no key. Where a value is older than max_age in connsync.yaml allows, it ends with 5.\n\n" +
		"--readable-by is for a recipient that leaves (docs/secrets.md): removal from .sops.yaml takes nothing that it could open already.\n\n" +
		examples("connsync secrets", "connsync secrets --target prod --format markdown", "connsync secrets --readable-by age1…")
}

// Run shows the secrets. Its code is that of what is too old, and of what could not be judged.
func (c secretsCmd) Run(ctx context.Context, w world, g *globals) error {
	if g.Repo != "" {
		return &usageError{"secrets is for the local repository: not with --repo"}
	}
	of, err := g.agesOf(ctx, w)
	if err != nil {
		return err
	}
	of.Reader, of.Now = c.ReadableBy, time.Now()
	ages := of.Ages()
	if !ages.Known {
		return c.unknown(of)
	}
	if c.Format == "text" {
		err = g.printer(w).Ages(ages)
	} else {
		err = render.Ages(w.stdout, c.Format, ages)
	}
	if err != nil || c.ReadableBy != "" {
		return err
	}
	return ended(codeOfAges(ages, of.Side.Set))
}

// codeOfAges refuses what is too old. Of what cannot be judged or read nothing is said to be right.
func codeOfAges(a view.Ages, set manifest.Set) int {
	code := exitDone
	if a.Old() > 0 {
		code = exitRefused
	}
	if a.Unjudged() > 0 || slices.ContainsFunc(set.Files, func(f manifest.File) bool { return f.Unread }) {
		code = heavier(code, exitFailed)
	}
	return code
}

// unknown is said of a recipient named nowhere: to say it could open no secret would be a lie after a slip of the hand.
func (c secretsCmd) unknown(of view.AgesOf) error {
	hints := []string{"connsync secrets  names all recipients"}
	var ids []string
	for _, r := range of.Inventory.Known {
		ids = append(ids, r.ID)
	}
	if near := strict.Nearest(c.ReadableBy, ids); near != "" {
		hints = []string{didYouMean(near)}
	}
	if of.Shallow {
		hints = append(hints, "fetch the rest of the history:  git fetch --unshallow")
	}
	return &advised{&usageError{"--readable-by " + view.Quoted(c.ReadableBy) + ": no version of a manifest in sight has such a recipient, and no rule of " + manifest.RulesFile}, hints}
}

// agesOf reads the manifests and their history.
func (g *globals) agesOf(ctx context.Context, w world) (view.AgesOf, error) {
	src, err := g.open(ctx, w)
	if err != nil {
		return view.AgesOf{}, err
	}
	defer src.close()
	switch {
	case src.repo == nil:
		return view.AgesOf{}, src.repoErr
	case src.commit.Hash == "":
		return view.AgesOf{}, gitfs.ErrUnborn
	}
	project, err := g.project(src)
	if err != nil {
		return view.AgesOf{}, err
	}
	side, err := review.Check(src.files, project, project.Secrets, nil)
	if err != nil {
		return view.AgesOf{}, err
	}
	selects, err := g.selecting(side.Set)
	if err != nil {
		return view.AgesOf{}, err
	}
	past, err := pastOf(src)
	if err != nil {
		return view.AgesOf{}, err
	}
	found, err := review.Ages(side, past)
	return view.AgesOf{Inventory: found, Side: side, Shallow: src.repo.Shallow(), Selects: selects}, err
}

// selecting tells the requested connections from the others.
func (g *globals) selecting(set manifest.Set) (func(target, name string) bool, error) {
	all, only := names{}, matcher(g.Only)
	for i := range set.Connections {
		if c := &set.Connections[i]; g.selects(c.Target) {
			all[c.Name] = true
		}
	}
	selects := func(target, name string) bool { return g.selects(target) && (only == nil || only(name)) }
	return selects, all.check(g.selections(planning{}))
}

// pastOf is the history of a source's commit.
func pastOf(src *source) (review.Past, error) {
	files, head, err := src.repo.Tree(src.commit.Hash)
	if err != nil {
		return review.Past{}, err
	}
	blobs, _ := files.(interface{ BlobHash(name string) string })
	return review.Past{
		Head: review.Moment{Commit: head.Hash, Time: head.Time},
		Blob: blobs.BlobHash,
		All: func(want func(string) bool, each func(review.FileVersion) error) (bool, error) {
			return src.repo.All(head.Hash, want, func(v gitfs.Version) error { return each(fileVersion(v)) })
		},
	}, nil
}
