package state

import (
	"context"
	"time"
)

// effect does one thing to the disk, or to the remote. Repo.Effect hears of it before and after; its error counts as
// the thing's own.
func (r Repo) effect(op string, do func() error) error {
	if r.Effect == nil {
		return do()
	}
	if err := r.Effect("before " + op); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return r.Effect("after " + op)
}

// observedRemote is a Remote whose effects Repo.Effect hears of, and Repo.Waits.
type observedRemote struct {
	Remote
	repo Repo
}

func (h observedRemote) effect(op string, do func() error) error {
	return h.repo.effect(op, func() error {
		defer h.repo.waits("the remote that shares known state has not answered", time.Time{})()
		return do()
	})
}

// Head makes objects readable.
func (h observedRemote) Head(ctx context.Context, ref string) (hash string, err error) {
	err = h.effect("fetch", func() error {
		hash, err = h.Remote.Head(ctx, ref)
		return err
	})
	return hash, err
}

// Seen is Head for those who only read: where the Remote looked at all its refs at once, as it saw them then.
func (h observedRemote) Seen(ctx context.Context, ref string) (hash string, err error) {
	looks, ok := h.Remote.(interface {
		Seen(ctx context.Context, ref string) (string, error)
	})
	if !ok {
		return h.Head(ctx, ref)
	}
	err = h.effect("fetch", func() error {
		hash, err = looks.Seen(ctx, ref)
		return err
	})
	return hash, err
}

// Keep writes them.
func (h observedRemote) Keep(ctx context.Context, hash string) error {
	return h.effect("keep", func() error { return h.Remote.Keep(ctx, hash) })
}

func (h observedRemote) Replace(ctx context.Context, ref, old, new string) error {
	return h.effect("push", func() error { return h.Remote.Replace(ctx, ref, old, new) })
}
