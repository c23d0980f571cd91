package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"connsync/apply/state"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// stateCmd looks at known state, and repairs it.
type stateCmd struct {
	List    stateList    `cmd:"" help:"The connections that connsync knows."`
	Show    stateShow    `cmd:"" help:"What connsync knows of one connection, as JSON."`
	Log     stateLog     `cmd:"" help:"Who did what, and when."`
	Unlock  stateUnlock  `cmd:"" help:"End a run that died, without waiting for its expiry."`
	Rebuild stateRebuild `cmd:"" help:"Begin anew where the state cannot be read; the next sync adopts what SecMaster has."`
	Forget  stateForget  `cmd:"" help:"Forget a connection. It stays in SecMaster."`
}

func (stateCmd) Help() string {
	return "Known state is a branch, connsync-state/TARGET, of the repository or of --state. It holds no secret.\n\n" +
		examples("connsync state list", "connsync state show edr_prod", "connsync state log --target prod", "connsync state unlock --run 0123456789abcdef", "connsync state forget edr_old")
}

// states opens the known state of every requested target. What fails for one is said, and hides no other's.
func (g *globals) states(ctx context.Context, w world, visit func(name string, s *state.Store) error) error {
	src, project, err := g.openProject(ctx, w)
	if err != nil {
		return err
	}
	defer src.close()
	code, p := exitDone, g.printer(w)
	for _, t := range g.selected(project, manifest.Set{}) {
		store, err := g.store(w, src, project.State, t.Name)
		if err == nil {
			err = visit(t.Name, store)
		}
		if err != nil {
			code = heavier(code, fail(p, targetError(t.Name, err)))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return ended(code)
}

type stateList struct{ answerFormat }

// Run prints a line for each known connection, and what is open.
func (stateList) Run(ctx context.Context, w world, g *globals) error {
	p, all := g.printer(w), listedStates{Answer: render.NewAnswer(), Targets: []listedState{}}
	err := g.states(ctx, w, func(target string, s *state.Store) error {
		snap, err := s.ReadShared(ctx)
		if err != nil {
			return err
		}
		all.Targets = append(all.Targets, listedStateOf(target, snap))
		p.Out.Line("%s  %s   applied %s   state %s", render.Bold(target), view.PlaceName(snap.Place), applied(snap.Applied, snap.AppliedDirty), view.CutHash(snap.Commit))
		for _, name := range slices.Sorted(maps.Keys(snap.Known)) {
			k := snap.Known[name]
			p.Out.Line("  %s   %s   %s%s", render.Bold(name), k.ID, k.File, render.Yellow(peculiarities(k)))
		}
		for _, name := range slices.Sorted(maps.Keys(snap.Intents)) {
			i := snap.Intents[name]
			p.Out.Line("  %s   %s announced by run %s, until %s", render.Yellow(name), i.Kind, i.Run, i.Expires.Format(time.RFC3339))
		}
		if snap.Run != nil {
			p.Out.Line("  run %s of %s holds the state until %s", snap.Run.ID, snap.Run.Host, snap.Run.Expires.Format(time.RFC3339))
		}
		return nil
	})
	w.giveIf(err == nil || len(all.Targets) > 0, &all)
	return err
}

// applied is the commit applied last, marked where the worktree had changes beside it.
func applied(commit string, dirty bool) string {
	if dirty {
		return view.CutHash(commit) + "+dirty"
	}
	return view.CutHash(commit)
}

// peculiarities are what is special about a known connection.
func peculiarities(k *diff.Known) string {
	out := ""
	for _, m := range []struct {
		holds bool
		text  string
	}{
		{k.Protect, "protected"}, {k.Written == diff.WrittenUnconfirmed, "unconfirmed"}, {k.Unverified, "unverified"}, {k.Disputed, "disputed"}, {k.Dirty, "dirty"},
	} {
		if m.holds {
			out += "   " + m.text
		}
	}
	return out
}

type stateShow struct {
	answerFormat

	Name string `arg:"" completes:"known" help:"The connection."`
}

// Run prints digests and ids: everything known, and no secret.
func (c stateShow) Run(ctx context.Context, w world, g *globals) error {
	var found []string
	err := g.states(ctx, w, func(target string, s *state.Store) error {
		snap, err := s.ReadShared(ctx)
		if err != nil {
			return err
		}
		k, ok := snap.Known[c.Name]
		if !ok {
			return nil
		}
		found = append(found, target)
		show := func(v any) error { return render.JSON(w.stdout, v) }
		if w.answers != nil { // one value, and so of one target
			show = func(v any) error { w.give(v); return nil }
		}
		return show(jsonKnown{
			Schema: render.Schema, Target: target, Name: k.Name, ID: k.ID, File: k.File, Commit: k.Commit, Plugin: k.Plugin,
			UpdateTime: k.UpdateTime, Modifier: k.Modifier, Protect: k.Protect, Unverified: k.Unverified, Disputed: k.Disputed,
			LastModified: k.LastModified, Written: k.Written, Dirty: k.Dirty, Blob: k.Blob, Adopted: k.Adopted, Clear: k.Clear.Map(), Secrets: k.Secrets.Map(),
		})
	})
	switch {
	case err == nil && len(found) == 0:
		err = &refusal{fmt.Sprintf("%s: not known", c.Name), []string{"connsync state list"}}
	case w.answers != nil && len(found) > 1:
		w.gave()
		err = &usageError{fmt.Sprintf("%s: known in %s; name one of them with --target", c.Name, view.List(found))}
	}
	return err
}

// jsonKnown is one known connection: ids and digests.
type jsonKnown struct {
	Schema       int                                  `json:"schema"`
	Target       string                               `json:"target"`
	Name         string                               `json:"name"`
	ID           string                               `json:"id"`
	File         string                               `json:"file"`
	Blob         string                               `json:"blob,omitempty"`
	Commit       string                               `json:"commit"`
	Dirty        bool                                 `json:"dirty"`
	Plugin       diff.Plugin                          `json:"plugin"`
	UpdateTime   string                               `json:"update_time,omitempty"`
	Modifier     string                               `json:"modifier,omitempty"`
	Protect      bool                                 `json:"protect"`
	Written      diff.Written                         `json:"written"`
	Unverified   bool                                 `json:"unverified"`
	Disputed     bool                                 `json:"disputed,omitempty"`
	Adopted      string                               `json:"adopted,omitempty"`
	LastModified string                               `json:"last_modified,omitempty"`
	Clear        map[secrets.Path]diff.Digests        `json:"clear"`
	Secrets      map[secrets.Path]secrets.Fingerprint `json:"secrets"`
}

type stateLog struct {
	answerFormat

	Number int `short:"n" default:"20" placeholder:"N" help:"How many commits (default ${default})."`
}

// Run prints the log of the state's branch.
func (c stateLog) Run(ctx context.Context, w world, g *globals) error {
	p, all := g.printer(w), loggedStates{Answer: render.NewAnswer(), Targets: []loggedState{}}
	err := g.states(ctx, w, func(target string, s *state.Store) error {
		entries, err := s.Log(ctx, c.Number)
		cut := (*state.CutOffError)(nil)
		if err != nil && !errors.As(err, &cut) {
			return err
		}
		logged := loggedState{Target: target, Entries: []loggedEntry{}, CutOff: cut != nil}
		defer func() { all.Targets = append(all.Targets, logged) }()
		for _, e := range entries {
			logged.Entries = append(logged.Entries, loggedEntry{e.Commit, e.At.UTC().Format(time.RFC3339), e.Lines})
			p.Out.Line("%s  %s", render.Yellow(view.CutHash(e.Commit)), e.At.UTC().Format(time.RFC3339))
			for _, l := range e.Lines {
				p.Out.Line("    %s", l)
			}
		}
		if cut != nil {
			notes(p, []error{targetError(target, err)})
			if g.State == "" && cut.Remote != "" { // else it is not this clone's, or no one else has it
				p.Next([]string{"git fetch --no-tags --unshallow " + manifest.ShellWord(cut.Remote) + " " + manifest.ShellWord(branchOf(cut.Ref))})
			}
		}
		return nil
	})
	w.giveIf(err == nil || len(all.Targets) > 0, &all)
	return err
}

type stateUnlock struct {
	answerFormat

	ID string `name:"run" required:"" placeholder:"ID" help:"The run that died, as the message of the refused sync names it."`
}

// Run ends the run. Its intents stay: the next sync resolves them.
func (c stateUnlock) Run(ctx context.Context, w world, g *globals) error {
	done := changedStates{Answer: render.NewAnswer(), Run: c.ID}
	err := g.states(ctx, w, func(target string, s *state.Store) error {
		ended, err := s.Unlock(ctx, c.ID)
		if ended {
			done.Targets = append(done.Targets, target)
			g.printer(w).Out.Line("%s: run %s is over; the next sync resolves what it announced", target, c.ID)
		}
		return err
	})
	if err == nil && len(done.Targets) == 0 {
		err = &refusal{fmt.Sprintf("no run %s holds a state", c.ID), []string{"connsync state list"}}
	}
	w.giveIf(len(done.Targets) > 0, &done)
	return err
}

type stateForget struct {
	answerFormat

	Name string `arg:"" completes:"known" help:"The connection."`
}

// Run drops the record. The next sync treats the connection as one made by another user.
func (c stateForget) Run(ctx context.Context, w world, g *globals) error {
	done := changedStates{Answer: render.NewAnswer(), Name: c.Name}
	err := g.states(ctx, w, func(target string, s *state.Store) error {
		l, err := s.Lock(ctx, 2*time.Minute)
		if err != nil {
			return err
		}
		defer l.Close()
		if _, ok := l.Snapshot().Known[c.Name]; !ok {
			return nil
		}
		done.Targets = append(done.Targets, target)
		_, err = l.Commit(ctx, new(state.Edit).Forget("", c.Name).Say(state.Message{Subject: target + ": forget " + c.Name}))
		if err == nil {
			g.printer(w).Out.Line("%s: %s is forgotten; it stays in SecMaster", target, c.Name)
		}
		return err
	})
	if err == nil && len(done.Targets) == 0 {
		err = &refusal{fmt.Sprintf("%s: not known", c.Name), []string{"connsync state list"}}
	}
	w.giveIf(len(done.Targets) > 0, &done)
	return err
}
