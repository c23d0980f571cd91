package gitfs

import (
	"context"
	"errors"
	"time"
)

// Replace makes a remote's ref name a commit of this repository, if it names old ("" for absent): ErrReplaced where it does
// not. The server compares once more under a lock of its own, and never is a push forced.
//
// How a push ended, only another look at the ref tells: an answer may be lost, and words are not those of every server. A push that may arrive
// later is sent again, which changes nothing where it arrived.
func (s *Shared) Replace(ctx context.Context, ref, old, new string) error {
	ctx, cancel := withPatience(ctx, answerWithin)
	defer cancel()
	now, err := old, error(nil)
	if !s.line.compares() {
		now, err = s.listed(ctx, ref)
	}
	for try := 0; ; try++ {
		switch {
		case err != nil:
			return err
		case now == new:
			return nil
		case now != old && try > 0 && s.holds(ctx, ref, new):
			return nil // it arrived, and another run went on from there
		case now != old:
			return ErrReplaced
		}
		pushed := s.line.push(ctx, s.repo, ref, old, new)
		if pushed == nil {
			return nil
		}
		if now, err = s.listed(ctx, ref); err != nil {
			return s.unclear(ctx, pushed)
		}
		if now == old && (isFinal(pushed) || try == lastTry || pause(ctx, try) != nil) {
			return s.unclear(ctx, pushed)
		}
	}
}

// lastTry is the number of times to send a push without an outcome again.
const lastTry = 3

// pause waits before a push is sent again.
func pause(ctx context.Context, try int) error {
	waited, cancel := context.WithTimeout(ctx, 250*time.Millisecond<<try)
	defer cancel()
	<-waited.Done()
	return ctx.Err()
}

// isFinal tells whether a push failed in a way that a repetition would, too.
func isFinal(err error) bool {
	remote := (*RemoteError)(nil)
	return !errors.Is(err, errRaced) && (!errors.As(err, &remote) || remote.Kind != RemoteUnreachable)
}

// unclear is the error of a push after which the ref is as it was, or cannot be looked at.
func (s *Shared) unclear(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return remoteError(ctx, ctx.Err())
	case errors.Is(err, errRaced):
		return &RemoteError{RemoteRefused, "something there holds the branch: a lock file that a dead program left, or a branch named connsync-state"}
	}
	return err
}

// holds tells whether a commit is in the history of the remote's ref.
func (s *Shared) holds(ctx context.Context, ref, commit string) bool {
	head, err := s.Head(ctx, ref)
	if err != nil || head == "" {
		return false
	}
	before, err := s.repo.IsAncestor(commit, head)
	return err == nil && before
}
