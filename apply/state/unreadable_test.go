package state

import (
	"errors"
	"io"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage/memory"
)

var errDamaged = errors.New("damaged")

// damaged is an object that is there, and whose content cannot be read.
type damaged struct{ plumbing.MemoryObject }

func (*damaged) Reader() (io.ReadCloser, error) { return nil, errDamaged }

type damagedObjects struct{ *memory.Storage }

func (damagedObjects) EncodedObject(plumbing.ObjectType, plumbing.Hash) (plumbing.EncodedObject, error) {
	return &damaged{}, nil
}

func TestAnObjectThatCannotBeReadIsAnError(t *testing.T) {
	repo, err := git.Init(damagedObjects{memory.NewStorage()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{repo: Repo{Git: repo, CommonDir: t.TempDir()}, target: "prod"}
	if _, err := s.object(plumbing.BlobObject, plumbing.ZeroHash); !errors.Is(err, errDamaged) {
		t.Errorf("%v", err)
	}
	if err := s.syncFile(filepath.Join(s.repo.CommonDir, "gone")); err == nil {
		t.Error("what is not there is synced")
	}
}

func TestAFolderThatCannotBeSyncedIsNotAFailureAndADiskIs(t *testing.T) {
	for err, want := range map[error]error{nil: nil, syscall.EINVAL: nil, syscall.EBADF: nil, errors.ErrUnsupported: nil, syscall.EPERM: nil, syscall.EIO: syscall.EIO, syscall.ENOSPC: syscall.ENOSPC} {
		if got := synced(err); got != want {
			t.Errorf("%v became %v", err, got)
		}
	}
	if err := syncFolder(filepath.Join(t.TempDir(), "gone")); err != nil {
		t.Errorf("a folder that Git packed: %v", err)
	}
	if err := syncFolder("/dev/null/x"); err == nil {
		t.Error("what is no folder is synced")
	}
}
