package state

import (
	"context"
)

// align makes the local ref and the remote's the same, if one follows the other. What a run could not push is pushed now, and
// what this clone lacks of the remote's state is brought here.
func (s *Store) align(ctx context.Context) error {
	local, err := s.local()
	if err != nil {
		return err
	}
	shared, err := s.repo.Remote.Head(ctx, s.ref)
	if err == nil {
		err = s.atHome(shared, local)
	}
	switch {
	case err != nil:
		return err
	case shared == local:
		return s.keep(ctx, shared)
	case local == "" || shared != "" && s.follows(shared, local):
		return s.follow(ctx, local, shared)
	case shared == "" || s.follows(local, shared):
		return s.repo.Remote.Replace(ctx, s.ref, shared, local)
	}
	if _, err := s.at(local); err != nil {
		return err
	}
	return &DivergedError{Ref: s.ref, Local: local, Shared: shared}
}

// follow makes the local ref name what is shared.
func (s *Store) follow(ctx context.Context, local, shared string) error {
	if err := s.keep(ctx, shared); err != nil {
		return err
	}
	return s.replace(local, shared)
}

func (s *Store) keep(ctx context.Context, shared string) error {
	if shared == "" {
		return nil
	}
	if err := s.repo.Remote.Keep(ctx, shared); err != nil {
		return onDisk(err)
	}
	return nil
}
