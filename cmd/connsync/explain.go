package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"connsync/apply"
	"connsync/apply/state"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/manifest/gitfs"
	"connsync/secrets"
)

// fail says an error and what to do about it, on stderr, and gives its exit code.
func fail(p *render.Printer, err error) int {
	var ms manifest.Mistakes
	if errors.As(err, &ms) {
		p.Mistakes(ms, errors.As(err, new(*apart)))
		return exitFailed
	}
	p.Fail(explain(err))
	return codeOf(err)
}

// inWords is a report as it is shown: with its errors in words for people.
func inWords(r apply.Report) apply.Report {
	r.Err = said(r.Err)
	r.Results = slices.Clone(r.Results)
	for i := range r.Results {
		r.Results[i].Err = said(r.Results[i].Err)
	}
	return r
}

func said(err error) error {
	if err == nil {
		return nil
	}
	message, hints := explain(err)
	return &view.Said{Message: message, Hints: hints, Cause: keyCause(err)}
}

// notes says errors that stop nothing.
func notes(p *render.Printer, errs []error) {
	for _, err := range errs {
		message, _ := explain(err)
		p.Note("%s", message)
	}
}

// inFindings are errors as every format shows them: a plan is not all there is.
func inFindings(errs []error) []view.Finding {
	var out []view.Finding
	for _, err := range errs {
		var ms manifest.Mistakes
		if errors.As(err, &ms) {
			for _, m := range ms {
				out = append(out, view.Finding{Mistake: m, Fatal: true})
			}
			continue
		}
		message, hints := explain(err)
		at := manifest.Position{File: manifest.ProjectFile}
		out = append(out, view.Finding{Mistake: manifest.Mistake{Pos: at, Message: message, Hints: hints}, Fatal: true})
	}
	return out
}

// codeOf is the exit code of a command that did nothing.
func codeOf(err error) int {
	var usage *usageError
	var refused *refusal
	var place *state.PlaceError
	var split *gitfs.SplitError
	var home *state.HomeError
	var notHome *state.NotHomeError
	var limit *apply.LimitError
	var first *apply.FirstSyncError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &refused), errors.As(err, &limit), errors.As(err, &first), errors.As(err, &place), errors.As(err, &split), errors.As(err, &home), errors.As(err, &notHome), errors.Is(err, state.ErrBusy), errors.Is(err, state.ErrCheckedOut), errors.Is(err, apply.ErrHistory), errors.Is(err, errOnlyHere):
		return exitRefused
	}
	return exitFailed
}

// explain puts an error into words for people, with hints. Only errors with texts of ours are quoted; of everything
// else, nothing is: it could hold a value.
func explain(err error) (string, []string) {
	prefix := ""
	var target *inTarget
	if errors.As(err, &target) {
		prefix = target.target + ": "
	}
	var ahead *foreseen
	if errors.As(err, &ahead) {
		prefix = "a sync would refuse this: " + prefix
	}
	var unread *unseen
	if errors.As(err, &unread) {
		prefix += unread.instead + ": "
	}
	var flag *fromFlag
	if errors.As(err, &flag) {
		prefix += flag.flag + ": "
	}
	if message, hints, ok := firstWords(err, explainHistory, explainSeal, explainOurs, explainBase, explainAPI, explainEdit, explainSecrets, explainLimit, explainState, explainRepository, explainRun, explainSystem); ok {
		return prefix + message, hints
	}
	return prefix + "something failed that connsync has no words for; its text is not shown, since it could hold a secret", []string{"repeat with -v, and please report it"}
}

// firstWords are the words of the first function with any for an error.
func firstWords(err error, explain ...func(error) (string, []string, bool)) (string, []string, bool) {
	for _, words := range explain {
		if message, hints, ok := words(err); ok {
			return message, hints, true
		}
	}
	return "", nil, false
}

func explainOurs(err error) (string, []string, bool) {
	var usage *usageError
	var refused *refusal
	var file *fileError
	var none *unbegun
	var report *render.ReportError
	switch {
	case errors.Is(err, secrets.ErrPanic):
		return internalError, nil, true
	case errors.As(err, &report):
		return "report merge " + report.Error(), nil, true
	case errors.As(err, &refused):
		return refused.message, refused.hints, true
	case errors.As(err, &none):
		return none.Error(), none.hints(), true
	case errors.As(err, &usage):
		return usage.message, hintsOf(err), true
	case errors.As(err, &file):
		return fmt.Sprintf("%s %s: %s", file.flag, file.name, systemReason(file.err)), nil, true
	}
	return "", nil, false
}

// hintsOf are an error's own hints, or others where it has none.
func hintsOf(err error, others ...string) []string {
	var own *advised
	if errors.As(err, &own) {
		return own.hints
	}
	return others
}

// explainRun says what stopped a run.
func explainRun(err error) (string, []string, bool) {
	var first *apply.FirstSyncError
	switch {
	case errors.As(err, &first):
		return first.Error() + ": " + few(first.Names) + "; nothing was sent", []string{
			"if connsync wrote them, their known state is lost or elsewhere: find it before you go on, or take them over with  connsync state rebuild --adopt-by-name",
			"if it never did, look at the plan, and begin once with  connsync sync --first-sync",
		}, true
	case errors.Is(err, apply.ErrFileChanged):
		return "the file changed while connsync ran; nothing was sent for it", []string{"repeat the sync"}, true
	case errors.Is(err, apply.ErrNotOpened):
		return "not taken over: its file does not open as it says, so what it holds is unknown", []string{"restore the file as sops wrote it"}, true
	case errors.Is(err, apply.ErrMoved):
		return "a secret of the connection is not among what its file holds; nothing was sent for it", []string{"repeat the sync"}, true
	case errors.Is(err, apply.ErrUnverified):
		return "SecMaster answered, but the list after it failed: the next sync checks this write", nil, true
	case errors.Is(err, apply.ErrNotExecuted):
		return "answered as done, but SecMaster shows the connection as it was: something in between may have swallowed it", []string{"the next sync sends it once more"}, true
	case errors.Is(err, apply.ErrOtherwise):
		return "answered as done, but SecMaster still shows another value of a secret: something in between may have swallowed it, or SecMaster shows it so",
			[]string{"compare it in the console; connsync does not write it once more, unless --rewrite names the connection"}, true
	case errors.Is(err, apply.ErrNotShown):
		return "answered as done, but SecMaster does not show the connection any more", []string{"the next sync decides anew"}, true
	case errors.Is(err, context.Canceled):
		return "interrupted", nil, true
	case errors.Is(err, context.DeadlineExceeded):
		return "out of time", []string{"--timeout gives more"}, true
	}
	return "", nil, false
}
