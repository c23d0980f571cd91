//go:build unix

package gitfs

import (
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// heldFolder is an open folder of a worktree.
type heldFolder struct {
	*os.File
	fd int // of File, which stays open as long as the folder is held
}

func holdFolder(root *os.Root, name string) (*heldFolder, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	return &heldFolder{file, int(file.Fd())}, nil
}

// Stat is of the folder itself.
func (f *heldFolder) Stat(string) (fs.FileInfo, error) { return f.File.Stat() }

// entries are what is in the folder, in no order. The folder itself says what each of them is: Go's own would ask for each again.
func (f *heldFolder) entries() ([]fs.DirEntry, error) {
	fd, err := again(func() (int, error) { return unix.Openat(f.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, err
	}
	again := os.NewFile(uintptr(fd), f.Name())
	defer again.Close()
	return again.ReadDir(-1)
}

// read reads a file of the folder. It does not follow a link, and a pipe does not hold it up. An open file is not handed to Go's poller:
// that would take as many system calls again as reading it.
func (f *heldFolder) read(base string, room []byte) ([]byte, error) {
	fd, err := again(func() (int, error) {
		return unix.Openat(f.fd, base, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	var at unix.Stat_t
	if err := unix.Fstat(fd, &at); err != nil || at.Mode&unix.S_IFMT != unix.S_IFREG || at.Size > maxFile {
		return nil, fs.ErrInvalid
	}
	return allOf(fd, int(at.Size), room)
}

// allOf is the content of an open file that had some bytes a moment ago, and may have others by now.
func allOf(fd, size int, room []byte) ([]byte, error) {
	data := slices.Grow(room[:0], size+1)[:size+1] // one more: a file that grew is seen
	for n := 0; ; {
		more, err := again(func() (int, error) { return unix.Read(fd, data[n:]) })
		n += more
		switch {
		case err != nil:
			return nil, err
		case n > size:
			return nil, fs.ErrInvalid
		case more == 0 || n == size:
			return data[:n], nil
		}
	}
}

// again repeats a system call that a signal broke off.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}
