package state

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"
)

// Entry is one commit of the state's branch.
type Entry struct {
	Commit string
	At     time.Time
	Lines  []string // of its message
}

// CutOffError says that a shallow clone has no more of a state's history than this.
type CutOffError struct {
	Ref    string
	Remote string // which may have the rest, as this clone names it; "" for none
}

func (e *CutOffError) Error() string { return e.Ref + ": what came before is not in this clone" }

// Log is the newest entries of the audit record, as it stands here, the newest first. Where the clone's history is cut off before there are as many, it is what is
// there, with a *CutOffError.
func (s *Store) Log(ctx context.Context, n int) ([]Entry, error) {
	snap, err := s.ReadShared(ctx)
	if err != nil {
		return nil, err
	}
	var out []Entry
	for at := snap.Commit; at != "" && len(out) < n; {
		c, err := s.commit(at)
		switch {
		case errors.Is(err, errAbsent) && len(out) > 0 && s.cutAt(out[len(out)-1].Commit):
			return out, &CutOffError{s.ref, s.repo.RemoteName}
		case err != nil:
			return out, s.unread("an earlier commit", err)
		}
		out = append(out, Entry{at, c.Committer.When, strings.Split(strings.TrimSpace(c.Message), "\n")})
		at = parent(c)
	}
	return out, nil
}

// cutAt tells whether a shallow clone has nothing before a commit (gitrepository-layout(5), shallow).
func (s *Store) cutAt(commit string) bool {
	text, _ := os.ReadFile(s.path("shallow"))
	return slices.Contains(strings.Fields(string(text)), commit)
}

// Unlock ends a run before its expiry, when its process died. It tells whether the run held the state. What it announced stays announced: the
// next session resolves it.
func (s *Store) Unlock(ctx context.Context, run string) (bool, error) {
	l, err := s.lockPast(ctx, 0, run)
	var other *HeldError
	if errors.As(err, &other) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer l.Close()
	if l.base.Run == nil || l.base.Run.ID != run {
		return false, nil
	}
	_, err = l.Commit(ctx, new(Edit).EndDead(run, s.repo.Now()).Say(Message{Subject: s.target + ": run " + run + " ended by hand"}))
	return err == nil, err
}
