package state

import (
	"encoding/json"
	"io"
)

// feed decodes lines with one decoder: a decoder for each would copy each line into a buffer of its own.
type feed struct {
	line   []byte // what of the line was not read yet
	d      *json.Decoder
	failed bool // a line held something else than what is known: package json does not go on after it
}

func newFeed() *feed {
	f := &feed{}
	f.d = json.NewDecoder(f)
	f.d.DisallowUnknownFields()
	return f
}

// Read is io.Reader.
func (f *feed) Read(p []byte) (int, error) {
	if len(f.line) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.line)
	f.line = f.line[n:]
	return n, nil
}

// next decodes a line of one value and a newline.
func (f *feed) next(line []byte, into any) *feed {
	f.line = line
	err := f.d.Decode(into)
	var rest [2]byte
	n, _ := f.d.Buffered().Read(rest[:])
	f.failed = err != nil || n != 1 || rest[0] != '\n' || len(f.line) > 0
	return f
}
