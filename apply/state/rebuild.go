package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Rebuilt is what Rebuild did.
type Rebuilt struct {
	Commit string // the ref names it now
	From   string // the readable ref, of the remote or as fetched from one: the local ref follows it again; "" for a state begun anew
}

// Rebuild repairs unreadable state. Where the remote's is readable, or one fetched before, the local ref follows it again. Else
// it begins anew: with an empty one, on top of the broken commit where there is such a commit, so that its history stays and a shared ref
// need not be forced. What the local ref was is set aside in the repository's folder "connsync". The next sync adopts what SecMaster has.
//
// State is not begun anew where this clone can read it (*ReadableError), where a newer connsync wrote it, where a partial clone lacks its
// objects, or where agree has an error: agree hears what would be dropped, and its error is Rebuild's, too.
func (s *Store) Rebuild(ctx context.Context, wait time.Duration, agree func(Loss) error) (Rebuilt, error) {
	l, err := s.hold(ctx, wait)
	if err != nil {
		return Rebuilt{}, err
	}
	defer l.Close()
	shared, readable, err := s.judgeShared(ctx)
	if err != nil {
		return Rebuilt{}, err
	}
	local, problem := s.current()
	if problem == "" {
		err = s.judgeLocal(local)
	}
	if err != nil {
		return Rebuilt{}, err
	}
	if readable {
		return s.restore(local, problem, Rebuilt{shared, s.ref}, func(local string) error { return s.follow(ctx, local, shared) })
	}
	if ref, hash := s.fetchedBefore(); hash != "" {
		return s.restore(local, problem, Rebuilt{hash, ref}, func(local string) error { return s.replace(local, hash) })
	}
	if err := agree(s.loss(local, shared, problem)); err != nil {
		return Rebuilt{}, err
	}
	if local, err = s.setAside(local, problem); err != nil {
		return Rebuilt{}, err
	}
	hash, err := s.beginAnew(ctx, local, shared)
	return Rebuilt{Commit: hash}, err
}

// restore sets what is broken aside, and puts in its place what can be read.
func (s *Store) restore(local, problem string, done Rebuilt, put func(local string) error) (Rebuilt, error) {
	local, err := s.setAside(local, problem)
	if err == nil {
		err = put(local)
	}
	if err != nil {
		return Rebuilt{}, err
	}
	return done, nil
}

// Loss is what beginning anew drops.
type Loss struct {
	Ref      string
	Local    string   // the commit named by the ref here; "" where it names none
	Shared   string   // the remote's commit, for all machines; "" where there is none
	Problem  string   // why it cannot be read
	LastRead string   // the newest commit before it readable here; "" for none
	Known    []string // the connections known there
}

// loss finds what is lost, as far as it can be told.
func (s *Store) loss(local, shared, problem string) Loss {
	out := Loss{Ref: s.ref, Local: local, Shared: shared, Problem: problem}
	from := local
	if shared != "" {
		from = shared
	}
	for at := from; at != ""; {
		snap, err := s.at(at)
		var corrupt *CorruptError
		switch {
		case err == nil:
			out.LastRead, out.Known = at, slices.Sorted(maps.Keys(snap.Known))
			return out
		case out.Problem == "" && errors.As(err, &corrupt):
			out.Problem = corrupt.Reason
		case out.Problem == "":
			out.Problem = "a part of it is not in this clone"
		}
		c, err := s.commit(at)
		if err != nil {
			return out
		}
		at = parent(c)
	}
	return out
}

// fetchedBefore is the newest readable state fetched from a remote: shared state is not lost where this clone alone has
// lost sight of it. "" for none.
func (s *Store) fetchedBefore() (ref, hash string) {
	refs := s.fetchedRefs()
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		snap, err := s.at(refs[name])
		if err == nil && s.AtHome(snap) == nil && (hash == "" || s.follows(refs[name], hash)) {
			ref, hash = name, refs[name]
		}
	}
	return ref, hash
}

// fetchedRefs are the remotes' branches of the target, as they were fetched, and what they name. go-git finds none where one ref is broken.
func (s *Store) fetchedRefs() map[string]string {
	branch, out := strings.TrimPrefix(s.ref, "refs/heads/"), map[string]string{}
	text, _ := os.ReadFile(s.path("packed-refs"))
	for line := range strings.Lines(string(text)) {
		if hash, name, ok := packedLine(line); ok && isFetched(name, branch) {
			out[name] = hash
		}
	}
	files, _ := filepath.Glob(s.path("refs/remotes/*/" + branch))
	for _, name := range files {
		text, _ := os.ReadFile(name)
		if hash := strings.TrimSuffix(string(text), "\n"); validHash.MatchString(hash) {
			ref, _ := filepath.Rel(s.repo.CommonDir, name)
			out[filepath.ToSlash(ref)] = hash
		}
	}
	return out
}

func isFetched(name, branch string) bool {
	remote, ok := strings.CutPrefix(name, "refs/remotes/")
	_, of, _ := strings.Cut(remote, "/")
	return ok && of == branch
}

// judgeShared tells whether the remote's state can be read. An error is a reason to leave all as it is.
func (s *Store) judgeShared(ctx context.Context) (shared string, readable bool, err error) {
	if s.repo.Remote == nil {
		return "", false, nil
	}
	if shared, err = s.repo.Remote.Head(ctx, s.ref); err != nil || shared == "" {
		return "", false, err
	}
	if err = s.atHome(shared); err != nil {
		return "", false, err
	}
	_, err = s.at(shared)
	if corrupt := (*CorruptError)(nil); errors.As(err, &corrupt) {
		return shared, false, nil
	}
	return shared, err == nil, err
}

// judgeLocal is an error where the local state is not lost.
func (s *Store) judgeLocal(local string) error {
	_, err := s.at(local)
	var missing *MissingError
	var newer *SchemaError
	switch {
	case err == nil && local != "":
		return &ReadableError{Ref: s.ref, Commit: local}
	case errors.As(err, &newer), errors.As(err, &missing) && s.repo.Partial:
		return err
	}
	return nil
}

// setAside keeps what the ref was, and gives the commit it names from then on: what was no commit's name is gone from it.
func (s *Store) setAside(local, problem string) (string, error) {
	if local == "" && problem == "" {
		return "", nil
	}
	aside := s.path(fmt.Sprintf("connsync/broken-%s-%d", s.target, s.repo.Now().Unix()))
	if problem == "" {
		if err := os.WriteFile(aside, []byte(local+"\n"), 0o666); err != nil {
			return "", onDisk(err)
		}
		return local, nil
	}
	err := os.Rename(s.path(s.ref), aside)
	if errors.Is(err, fs.ErrNotExist) { // what is broken is in no file of its own
		return "", &CorruptError{s.ref, problem}
	}
	if err != nil {
		return "", onDisk(err)
	}
	if local, problem = s.current(); problem != "" {
		return "", &CorruptError{s.ref, problem}
	}
	return local, nil
}

// beginAnew makes an empty state of both refs.
func (s *Store) beginAnew(ctx context.Context, local, shared string) (string, error) {
	parent := local
	if shared != "" {
		parent = shared
	}
	if !s.isCommit(parent) {
		parent = ""
	}
	empty := Snapshot{Schema: schema}
	f := encodeKnown(s.target, empty, nil)
	f.intents = encodeIntents(empty)
	hash, err := s.write(parent, f, Message{Subject: s.target + ": begun anew", Lines: []string{"the state before could not be read"}})
	if err != nil {
		return "", err
	}
	if s.repo.Remote != nil {
		if parent != "" && parent == shared {
			err = s.keep(ctx, shared)
		}
		if err == nil {
			err = s.repo.Remote.Replace(ctx, s.ref, shared, hash)
		}
		if err != nil {
			return "", err
		}
	}
	return hash, s.replace(local, hash)
}

func (s *Store) isCommit(hash string) bool {
	if hash == "" {
		return false
	}
	_, err := s.commit(hash)
	return err == nil
}
