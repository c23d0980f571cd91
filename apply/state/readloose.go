package state

import (
	"bytes"
	"compress/zlib"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing"
)

// readLoose reads an object from its own file. Any error says no more than this: go-git has to look.
func (s *Store) readLoose(t plumbing.ObjectType, hash plumbing.Hash) ([]byte, error) {
	name := s.loosePath(hash)
	if at, err := os.Lstat(name); err != nil || !at.Mode().IsRegular() { // a pipe would not let go
		return nil, fs.ErrNotExist
	}
	packed, _ := os.ReadFile(name) // what cannot be read is not inflated either
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return inflated(z, t, int64(len(packed)))
}

// mostPacked is how many times smaller a file of known state is than its content, at most: room is made for no more at once.
const mostPacked = 16

// inflated is the text of an object of a type, as long as its header says. packed is how long its file is.
func inflated(z io.Reader, t plumbing.ObjectType, packed int64) ([]byte, error) {
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(z, bytes.MinRead)); err != nil {
		return nil, err
	}
	head, rest, ok := bytes.Cut(b.Bytes(), []byte{0})
	kind, number, _ := bytes.Cut(head, []byte(" "))
	size, err := strconv.ParseInt(string(number), 10, 64)
	if !ok || err != nil || string(kind) != t.String() || size < int64(len(rest)) || size > mostObject {
		return nil, io.ErrUnexpectedEOF
	}
	text := bytes.NewBuffer(make([]byte, 0, min(size, mostPacked*packed)+bytes.MinRead))
	text.Write(rest)
	if _, err := text.ReadFrom(io.LimitReader(z, size-int64(len(rest))+1)); err != nil {
		return nil, err
	}
	if int64(text.Len()) != size {
		return nil, io.ErrUnexpectedEOF
	}
	return text.Bytes(), nil
}
