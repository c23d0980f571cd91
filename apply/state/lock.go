package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// hold takes the kernel's lock.
func (s *Store) hold(ctx context.Context, wait time.Duration) (*flock.Flock, error) {
	file := s.lockFile()
	if err := s.repo.effect("make lock folder", func() error { return os.MkdirAll(filepath.Dir(file), 0o777) }); err != nil {
		return nil, onDisk(err)
	}
	l := flock.New(file)
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	got := false
	err := s.repo.effect("lock", func() (err error) {
		if got, err = l.TryLock(); err == nil && !got && wait > 0 {
			defer s.repo.waits((&BusyError{holder(file)}).Error(), s.repo.Now().Add(wait))()
			got, err = l.TryLockContext(limited, 100*time.Millisecond)
		}
		return err
	})
	switch {
	case got && err == nil:
	case got:
		_ = l.Close()
		return nil, onDisk(err)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded) || err == nil:
		return nil, &BusyError{holder(file)}
	default:
		return nil, onDisk(err)
	}
	host, _ := os.Hostname()
	who := fmt.Appendf(nil, "process %d on %s since %s\n", os.Getpid(), host, s.repo.Now().UTC().Format(time.RFC3339))
	_ = s.repo.effect("write lock", func() error { return os.WriteFile(file, who, 0o666) })
	s.discard()
	return l, nil
}

// lockFile is permanent: removing it would let two hold it.
func (s *Store) lockFile() string { return s.path("connsync/" + s.target + ".lock") }

func holder(file string) string {
	text, err := os.ReadFile(file)
	if err != nil || len(text) > 200 {
		return ""
	}
	return clean(strings.TrimSpace(string(text)))
}
