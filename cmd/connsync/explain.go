package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"connsync/apply"
	"connsync/apply/state"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/manifest/gitfs"
	"connsync/secrets"
	"connsync/secrets/sops"
)

// fileError is a file of the command line that cannot be read or written.
type fileError struct {
	flag, name string
	err        error
}

func (e *fileError) Error() string { return e.flag + " " + e.name + ": " + e.err.Error() }

func (e *fileError) Unwrap() error { return e.err }

// fromFlag is an error with the flag that led to it.
type fromFlag struct {
	flag string
	err  error
}

func (e *fromFlag) Error() string { return e.flag + ": " + e.err.Error() }

func (e *fromFlag) Unwrap() error { return e.err }

// fail says an error and what to do about it, on stderr, and gives its exit code.
func fail(p *render.Printer, err error) int {
	var ms manifest.Mistakes
	if errors.As(err, &ms) {
		p.Mistakes(ms)
		return exitFailed
	}
	p.Fail(explain(err))
	return codeOf(err)
}

// inWords is a report whose errors are in words for people, which is how it is shown.
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
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &refused), errors.As(err, &limit), errors.As(err, &place), errors.As(err, &split), errors.As(err, &home), errors.As(err, &notHome), errors.Is(err, state.ErrBusy), errors.Is(err, state.ErrCheckedOut), errors.Is(err, apply.ErrHistory), errors.Is(err, errOnlyHere):
		return exitRefused
	}
	return exitFailed
}

// explain puts an error into words for people, with hints. Only errors whose texts are ours are quoted; of everything
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
	for _, words := range []func(error) (string, []string, bool){
		explainHistory, explainOurs, explainBase, explainAPI, explainEdit, explainSecrets, explainLimit, explainState, explainRepository, explainRun, explainSystem,
	} {
		if message, hints, ok := words(err); ok {
			return prefix + message, hints
		}
	}
	return prefix + "something failed that connsync has no words for; its text is not shown, since it could hold a secret", []string{"repeat with -v, and please report it"}
}

func explainOurs(err error) (string, []string, bool) {
	var usage *usageError
	var refused *refusal
	var file *fileError
	switch {
	case errors.Is(err, secrets.ErrPanic):
		return internalError, nil, true
	case errors.As(err, &refused):
		return refused.message, refused.hints, true
	case errors.As(err, &usage):
		return usage.message, hintsOf(err, "connsync --help"), true
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

// explainSecrets says why a file does not open.
func explainSecrets(err error) (string, []string, bool) {
	var e *sops.Error
	if !errors.As(err, &e) {
		return "", nil, false
	}
	hints := map[sops.Kind][]string{
		sops.KindStructure:  {"restore the file as sops wrote it"},
		sops.KindNotAllowed: {"to use such a key, add to connsync.yaml:  secrets: {allow: [age, pgp, hckms, " + strings.Join(e.NotAllowed, ", ") + "]}"},
		sops.KindNoKey:      keyHints(e),
		sops.KindMAC:        {"edited without sops: undo the edit, and make it again with  sops edit " + manifest.ShellWord(e.File)},
		sops.KindAltered:    {"a secret opens only in the target, connection and setting it was encrypted for: undo the change, and make it with sops"},
		sops.KindPartialMAC: {"take mac_only_encrypted out of its rule in .sops.yaml, and then  connsync reseal " + manifest.ShellWord(e.File), "or set  secrets: {mac: any}  in connsync.yaml"},
		sops.KindUnfit:      {"write a binary value as text, in the way that its plugin reads (base64, for example), and set it with  sops edit " + manifest.ShellWord(e.File)},
		sops.KindInternal:   {"if sops itself opens the file, please report this"},
	}[e.Kind]
	return e.Error(), hints, true
}

// keyHints say whom a file is encrypted for, where keys were looked for, and why none of them opens it.
func keyHints(e *sops.Error) []string {
	hints := []string{"the file is encrypted for keys of type " + strings.Join(e.KeyTypes, ", ")}
	if len(e.Recipients) > 0 {
		hints[0] += "; age recipients: " + view.List(e.Recipients)
	}
	hints = append(hints, triedHints(e.Tried)...)
	if len(e.Recipients) > 0 {
		hints = append(hints, "set SOPS_AGE_KEY or SOPS_AGE_KEY_FILE to the identity of one of its recipients")
	}
	if len(e.NotAllowed) > 0 {
		hints = append(hints, "not used, because secrets.allow in connsync.yaml does not name them: "+strings.Join(e.NotAllowed, ", "))
	}
	return hints
}

// triedHints are a line for each place where a key was looked for; those where nothing is are one line.
func triedHints(tried []sops.Source) []string {
	var hints, empty []string
	for _, s := range tried {
		if s.Found == "not set" {
			empty = append(empty, s.Name)
			continue
		}
		hints = append(hints, s.String())
	}
	if len(empty) > 0 {
		hints = append(hints, "not set: "+view.List(empty))
	}
	return hints
}

// keyCause is the same for all files that do not open for the same reason; "" for other errors.
func keyCause(err error) string {
	var e *sops.Error
	if !errors.As(err, &e) || e.Kind != sops.KindNoKey {
		return ""
	}
	return "keys\n" + strings.Join(triedHints(e.Tried), "\n")
}

// explainRun says what stopped a run.
func explainRun(err error) (string, []string, bool) {
	switch {
	case errors.Is(err, apply.ErrFileChanged):
		return "the file changed while connsync ran; nothing was sent for it", []string{"repeat the sync"}, true
	case errors.Is(err, apply.ErrNotOpened):
		return "not taken over: its file does not open as it says, so nobody knows what it is", []string{"restore the file as sops wrote it"}, true
	case errors.Is(err, apply.ErrMoved):
		return "a secret of the connection is not among what its file holds; nothing was sent for it", []string{"repeat the sync"}, true
	case errors.Is(err, apply.ErrUnverified):
		return "answered, but the closing list failed: whether it holds is seen by the next sync", nil, true
	case errors.Is(err, apply.ErrNotExecuted):
		return "answered as done, but SecMaster shows the connection as it was: something in between may have swallowed it", []string{"the next sync sends it once more"}, true
	case errors.Is(err, apply.ErrNotShown):
		return "answered as done, but SecMaster does not show the connection any more", []string{"the next sync decides anew"}, true
	case errors.Is(err, context.Canceled):
		return "interrupted", nil, true
	case errors.Is(err, context.DeadlineExceeded):
		return "out of time", []string{"--timeout gives more"}, true
	}
	return "", nil, false
}

// explainSystem says what the operating system said, which quotes no content.
func explainSystem(err error) (string, []string, bool) {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Path + ": " + systemReason(err), nil, true
	}
	var read *manifest.ReadError
	if errors.As(err, &read) {
		if read.Missing && read.File == manifest.ProjectFile {
			return "no connsync.yaml here", []string{"run in a repository that has one at its root, or use -C DIR or --config FILE", "an example of one:  connsync demo"}, true
		}
		return read.Error(), nil, true
	}
	return "", nil, false
}

func systemReason(err error) string {
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &errno):
		return errno.Error()
	}
	return "cannot be used"
}

// explainRepository says what is wrong with a repository or a file of it.
func explainRepository(err error) (string, []string, bool) {
	var unreadable *gitfs.UnreadableError
	var unknown *gitfs.UnknownRefError
	var remote *gitfs.RemoteError
	var split *gitfs.SplitError
	var refused interface {
		error
		Refused() string
	}
	switch {
	case errors.As(err, &remote):
		return remote.Error(), remoteHints(remote), true
	case errors.As(err, &unreadable):
		return unreadable.Error(), []string{"keep known state in another repository: --state PATH"}, true
	case errors.As(err, &unknown):
		return unknown.Ref + ": " + unknown.Error(), []string{"fetch it first, if it is a remote's"}, true
	case errors.As(err, &refused):
		return refused.Error(), nil, true
	case errors.Is(err, gitfs.ErrNotRepository):
		return gitfs.ErrNotRepository.Error(), []string{"run inside a clone, or use --repo URL"}, true
	case errors.Is(err, gitfs.ErrOwner):
		return gitfs.ErrOwner.Error(), []string{`if you trust it, in its top folder:  git config --global --add safe.directory "$(pwd -P)"`}, true
	case errors.As(err, &split):
		return split.Error(), splitHints(split), true
	case errors.Is(err, gitfs.ErrUnborn), errors.Is(err, gitfs.ErrUnrelated), errors.Is(err, gitfs.ErrBroken), errors.Is(err, gitfs.ErrConfig), errors.Is(err, gitfs.ErrTemporary):
		return err.Error(), nil, true
	}
	return "", nil, false
}

// splitHints say how a remote gets one address: what is pushed where others do not look is no lock.
func splitHints(e *gitfs.SplitError) []string {
	hints := []string{"known state is the lock between machines, so all of them must read and write it at one place"}
	if plainName.MatchString(e.Remote) {
		hints = append(hints, fmt.Sprintf(`to push where it is fetched from: git config --replace-all remote.%s.pushurl "$(git config --get-all remote.%s.url | head -n 1)"`, e.Remote, e.Remote))
	}
	return append(hints, "or give known state a remote of its own:  git remote add state ADDRESS  and  state: {remote: state}  in connsync.yaml; or --state ADDRESS")
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

func remoteHints(e *gitfs.RemoteError) []string {
	switch e.Kind {
	case gitfs.RemoteDenied, gitfs.RemoteNotFound:
		return []string{"set CONNSYNC_GIT_TOKEN, or give the credentials to a credential helper of Git; for ssh, load the key into the agent"}
	case gitfs.RemoteUnreachable:
		return []string{"check the network, HTTPS_PROXY and the address"}
	}
	return nil
}

// explainHistory says why it cannot be told whether a plan goes back.
func explainHistory(err error) (string, []string, bool) {
	if !errors.Is(err, apply.ErrHistory) {
		return "", nil, false
	}
	why := "this clone's history is cut off, and no remote has the rest"
	if message, _, ok := explainRepository(err); ok && !errors.Is(err, gitfs.ErrShallow) {
		why = "the history that this clone lacks cannot be fetched: " + message
	}
	return apply.ErrHistory.Error() + ": " + why, []string{
		"fetch the history:  git fetch --unshallow   or  fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)",
		"or accept that something may be undone:  connsync sync --allow-older",
	}, true
}
