package state

import (
	"context"
	"slices"
)

// AtHome checks that a snapshot is shared in this repository. A snapshot never shared fits everywhere; and where others cannot know the
// repository, because it is a folder, nothing is checked. Else a fork with a copy of the state's branch would undo what the other one does.
func (s *Store) AtHome(snap Snapshot) error {
	home := s.repo.Home
	if s.accepted || home == "" || len(snap.Homes) == 0 || slices.Contains(snap.Homes, home) {
		return nil
	}
	return &HomeError{Known: snap.Homes, Asked: home}
}

// Accept lets this repository share a state that does not know it: the next commit keeps that. The caller has to name the
// repository, so a flag forgotten somewhere accepts no third one.
func (s *Store) Accept(home string) error {
	if home != s.repo.Home || home == "" {
		return &NotHomeError{Named: home, Is: s.repo.Home}
	}
	s.accepted = true
	return nil
}

// KeepHome commits the acceptance of this repository, where no other commit of the session did.
func (s *Session) KeepHome(ctx context.Context, m Message) error {
	if !s.store.accepted || slices.Contains(s.base.Homes, s.store.repo.Home) {
		return nil
	}
	_, err := s.Commit(ctx, new(Edit).Say(m))
	return err
}

// atHome checks commits before they are shared or followed. What cannot be read is judged elsewhere.
func (s *Store) atHome(hashes ...string) error {
	for _, hash := range hashes {
		if snap, err := s.at(hash); err == nil {
			if err := s.AtHome(snap); err != nil {
				return err
			}
		}
	}
	return nil
}
