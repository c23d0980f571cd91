package state

import (
	"bytes"
	"compress/zlib"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// readLoose reads an object of so many bytes at most from its own file, and checks it against its name. Any error says no more than this: go-git has to look.
func (s *Store) readLoose(t plumbing.ObjectType, hash plumbing.Hash, most int64) (string, error) {
	name := s.loosePath(hash)
	if at, err := os.Lstat(name); err != nil || !at.Mode().IsRegular() { // a pipe would not let go
		return "", fs.ErrNotExist
	}
	packed, _ := os.ReadFile(name) // what cannot be read is not inflated either
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	text, is, err := inflated(z, t, int64(len(packed)), most)
	if err == nil && is != hash {
		err = errBroken
	}
	return text, err
}

// mostPacked is how many times smaller a file of known state is than its content, at most: room is made for no more at once.
const mostPacked = 16

// inflated is the text of an object of a type, as long as its header says, and the name that it has by its content. packed is how long its file is, most how
// long the text may be.
func inflated(z io.Reader, t plumbing.ObjectType, packed, most int64) (string, plumbing.Hash, error) {
	piece := make([]byte, 64<<10)
	n, err := io.ReadAtLeast(z, piece, bytes.MinRead)
	if err != nil && err != io.ErrUnexpectedEOF { // a shorter object ends before
		return "", plumbing.ZeroHash, err
	}
	head, rest, ok := bytes.Cut(piece[:n], []byte{0})
	kind, number, _ := bytes.Cut(head, []byte(" "))
	size, err := strconv.ParseInt(string(number), 10, 64)
	if !ok || err != nil || string(kind) != t.String() || size < int64(len(rest)) || size > most {
		return "", plumbing.ZeroHash, io.ErrUnexpectedEOF
	}
	is := plumbing.NewHasher(t, size)
	var text strings.Builder
	text.Grow(int(min(size, mostPacked*packed)))
	both := io.MultiWriter(&is, &text)
	_, _ = both.Write(rest) // neither can fail
	if _, err := io.CopyBuffer(both, io.LimitReader(z, size-int64(len(rest))+1), piece[:]); err != nil {
		return "", plumbing.ZeroHash, err
	}
	if int64(text.Len()) != size {
		return "", plumbing.ZeroHash, io.ErrUnexpectedEOF
	}
	return text.String(), is.Sum(), nil
}
