package gittest

import (
	"os"
	"syscall"
)

const (
	room   = 256 << 20 // ten times what the tests of all packages hold at a time; a container may have 64 MiB
	noExec = 8         // MS_NOEXEC: no program can be run there
)

// roomy tells whether programs can be written to a folder in memory, and run, and much besides.
func roomy(dir string) bool {
	const tmpfs = 0x01021994
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil || s.Type != tmpfs || s.Flags&noExec != 0 || s.Bavail*uint64(s.Bsize) < room {
		return false
	}
	made, err := os.MkdirTemp(dir, "connsync-test-")
	return err == nil && os.Remove(made) == nil
}
