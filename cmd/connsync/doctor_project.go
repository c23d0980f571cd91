package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"connsync/apply/secmaster/doctor"
	"connsync/apply/state"
	"connsync/cmd/connsync/view"
	"connsync/diff/review"
	"connsync/manifest"
)

// checkup is one run of the doctor.
type checkup struct {
	ctx context.Context
	w   world
	g   *globals

	src      *source
	settings manifest.Project
	readable bool // the project file
	set      manifest.Set
	targets  []wanted
	found    view.Doctor
	report   *doctor.Report // of the last target
	code     int
}

func (x *checkup) close() {
	if x.src != nil {
		x.src.close()
	}
}

// note adds a check of the project.
func (x *checkup) note(c view.Check) { x.found.Checks = append(x.found.Checks, c) }

func fine(name, text string) view.Check {
	return view.Check{Name: name, Verdict: view.Fine, Text: text}
}

func notLooked(name, text string) view.Check {
	return view.Check{Name: name, Verdict: view.NotLooked, Text: text}
}

// failed is an error as a check, and its exit code.
func (x *checkup) failed(name string, err error) view.Check {
	x.weigh(err)
	text, hints := explain(err)
	var ms manifest.Mistakes
	if errors.As(err, &ms) && len(ms) > 0 {
		text, hints = mistaken(ms)
	}
	return view.Check{Name: name, Verdict: view.Broken, Text: text, Hints: hints}
}

func (x *checkup) weigh(err error) { x.code = heavier(x.code, codeOf(err)) }

// mistaken is the first of some mistakes, and how many there are.
func mistaken(ms manifest.Mistakes) (string, []string) {
	m := ms[0]
	text := fmt.Sprintf("%s: %s", m.Pos, m.Message)
	if len(ms) > 1 {
		text = fmt.Sprintf("%s; the first: %s", view.Count(len(ms), "mistake"), text)
	}
	return text, append(slices.Clone(m.Hints), "see all of them:  connsync validate")
}

// project reads the project file.
func (x *checkup) project() {
	const name = "project file"
	src, err := x.g.open(x.ctx, x.w)
	if err == nil {
		x.src = src
		x.settings, err = x.g.project(src)
	}
	if err != nil {
		x.note(x.failed(name, err))
		return
	}
	x.readable = true
	x.targets = x.g.selected(x.settings, manifest.Set{})
	x.note(fine(name, x.settings.File+": "+view.Count(len(x.settings.Targets), "target")))
}

// manifests checks the manifests, and opens what is encrypted with the keys at hand.
func (x *checkup) manifests() {
	if !x.readable {
		x.note(notLooked("manifests, keys", "because of the failure above"))
		return
	}
	side, err := review.Check(x.src.files, x.settings, x.settings.Secrets, nil)
	if err != nil {
		x.note(x.failed("manifests", err))
		return
	}
	x.set, x.targets = side.Set, x.g.selected(x.settings, side.Set)
	all := func(manifest.File) bool { return true }
	found := checked(side, side.Findings(), nil, all)
	switch {
	case len(found.Wrong) > 0:
		x.note(x.failed("manifests", found.Wrong))
	case len(found.Warnings) > 0:
		text, hints := mistaken(found.Warnings)
		x.note(view.Check{Name: "manifests", Verdict: view.Doubtful, Text: found.Words() + "; " + text, Hints: hints})
	default:
		x.note(fine("manifests", found.Words()))
	}
	x.keys(side, found.Encrypted)
}

// keys says how many files they open. Nothing of what is opened is kept.
func (x *checkup) keys(side review.Side, encrypted int) {
	if encrypted == 0 {
		x.note(notLooked("keys", "no manifest is encrypted"))
		return
	}
	o, err := openAll(x.ctx, x.w, side)
	if err != nil {
		x.note(x.failed("keys", err))
		return
	}
	shut := o.mistakes(func(manifest.File) bool { return true })
	if len(shut) == 0 {
		x.note(fine("keys", "they open "+view.Count(o.count(), "file")))
		return
	}
	x.weigh(shut)
	text := fmt.Sprintf("they open %d of %s; %s: %s", o.count(), view.Count(encrypted, "file"), shut[0].Pos, shut[0].Message)
	x.note(view.Check{Name: "keys", Verdict: view.Broken, Text: text, Hints: append(slices.Clone(shut[0].Hints), "a diff works without a key")})
}

// remote looks at where known state is shared.
func (x *checkup) remote() {
	const name = "Git remote"
	if !x.readable {
		x.note(notLooked(name, "because of the failure above"))
		return
	}
	_, shared, err := x.g.keeper(x.w, x.src, x.settings.State)
	switch {
	case err != nil:
		x.note(x.failed(name, err))
	case shared == nil && x.g.checkShared(x.w, x.src, x.settings.State) != nil:
		x.note(x.failed(name, errOnlyHere))
	case shared == nil:
		x.note(view.Check{Name: name, Verdict: view.Doubtful, Text: "there is none: known state is in this clone only, and another clone does not know it"})
	default:
		x.reach(shared)
	}
}

// reach fetches known state of each target, and asks as a push does.
func (x *checkup) reach(s *sharedState) {
	known := 0
	for _, t := range x.targets {
		head, err := s.Seen(x.ctx, state.Ref(t.Name))
		if err != nil {
			x.note(x.failed("fetch", err))
			x.note(notLooked("push", "because of the failure above"))
			return
		}
		if head != "" {
			known++
		}
	}
	x.note(fine("fetch", fmt.Sprintf("%s has known state of %d of %s", s.name, known, view.Count(len(x.targets), "target"))))
	if err := s.remote.Rehearse(x.ctx); err != nil {
		x.note(x.failed("push", s.explain(err)))
	} else {
		x.note(fine("push", s.name+" would take one, as far as it says without being sent anything (a dry run)"))
	}
	x.note(view.Check{
		Name: "protection", Verdict: view.NotLooked, Text: "Git does not tell which branches a server protects",
		Hints: []string{"protect connsync-state/* as main is protected: only the identity that syncs pushes there"},
	})
}
