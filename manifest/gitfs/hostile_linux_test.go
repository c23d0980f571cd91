package gitfs_test

import (
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
)

const guarded = true

// guard has the kernel report every process opening or reading anything under a folder. The function it returns
// tells how often it happened since the last call.
func guard(t *testing.T, dir string) func() int {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	err = filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil {
			_, err = syscall.InotifyAddWatch(fd, name, syscall.IN_OPEN|syscall.IN_ACCESS)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() (events int) {
		buffer := make([]byte, 64<<10)
		for {
			n, err := syscall.Read(fd, buffer)
			if n <= 0 || err != nil {
				return events
			}
			events++
		}
	}
}
