package state

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"connsync/secrets"
)

// plain is an object before it is stored.
type plain struct {
	kind plumbing.ObjectType
	text pieces
}

// pieces are a text that is not put together in memory: known state is long, and nearly all of its lines are parts of what was read.
type pieces []string

func (p pieces) String() string { return strings.Join(p, "") }

func (p pieces) size() (n int) {
	for _, piece := range p {
		n += len(piece)
	}
	return n
}

// into writes the text to what cannot fail, some of it at a time.
func (p pieces) into(w io.Writer) {
	b := bufio.NewWriterSize(struct{ io.Writer }{w}, 64<<10)
	for _, piece := range p {
		_, _ = b.WriteString(piece)
	}
	_ = b.Flush()
}

// header stands in front of an object's text, in its hash and in its file.
func (o plain) header() []byte { return fmt.Appendf(nil, "%s %d\x00", o.kind, o.text.size()) }

func (o plain) hash() plumbing.Hash {
	h := plumbing.NewHasher(o.kind, int64(o.text.size()))
	o.text.into(h)
	return h.Sum()
}

// packApart is from which size on an object is packed while it is hashed.
const packApart = 1 << 20

// packing gives the object as it is stored in a file of its own, once that is asked for. A large one is packed meanwhile.
func (o plain) packing() (packed func() []byte) {
	if o.text.size() < packApart {
		return o.loose
	}
	var out []byte
	ended := secrets.Begun(func() error { out = o.loose(); return nil })
	return func() []byte {
		if ended() != nil {
			return o.loose() // its fault is this goroutine's
		}
		return out
	}
}

// loose is an object as Git stores it in a file of its own. It is made in memory, as it was itself: it cannot fail.
func (o plain) loose() []byte {
	var b bytes.Buffer
	z := packers.Get().(*zlib.Writer)
	defer packers.Put(z)
	z.Reset(&b)
	_, _ = z.Write(o.header())
	o.text.into(z)
	_ = z.Close()
	return b.Bytes()
}

// packLevel packs known state about as fast as Git packs such objects (git-config(1), core.looseCompression), and a little smaller.
const packLevel = 2

// packers are kept for the next object: each has more than a megabyte of tables, and most objects have less than a kilobyte.
var packers = sync.Pool{New: func() any {
	z, _ := zlib.NewWriterLevel(nil, packLevel) // it knows the level
	return z
}}
