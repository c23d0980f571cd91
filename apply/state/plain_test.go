package state

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// However a text is cut in pieces, and however long it is, the object is the one Git knows, under the name Git gives it.
func TestAnObjectInPiecesIsTheSameObject(t *testing.T) {
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, packApart - 1, packApart, 3*packApart + 7} {
		text := strings.Repeat("0123456789abcdef-", size/17+1)[:size]
		for _, cut := range []int{1 << 30, 1000, 64 << 10, 7} {
			if cut == 7 && size > 64<<10 {
				continue
			}
			var p pieces
			for rest := text; rest != ""; {
				n := min(cut, len(rest))
				p, rest = append(p, rest[:n], ""), rest[n:]
			}
			o := plain{plumbing.BlobObject, p}
			if o.hash() != plumbing.ComputeHash(plumbing.BlobObject, []byte(text)) || p.size() != size || p.String() != text {
				t.Errorf("%d bytes in pieces of %d: named %s, %d bytes", size, cut, o.hash(), p.size())
			}
			z, err := zlib.NewReader(bytes.NewReader(o.packing()()))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(z); err != nil || string(got) != fmt.Sprintf("blob %d\x00%s", size, text) {
				t.Errorf("%d bytes in pieces of %d: %d bytes are packed, %v", size, cut, len(got), err)
			}
		}
	}
}

// What the parent of a commit names, too, is not written again; everything else is, once.
func TestAnObjectThatIsNamedAlreadyIsNotWritten(t *testing.T) {
	s := bareStore(t)
	for _, text := range []string{"a", strings.Repeat("b", 2*packApart)} {
		o := plain{plumbing.BlobObject, pieces{text}}
		hash, err := s.store(o, o.hash())
		if _, absent := os.Stat(s.loosePath(hash)); err != nil || hash != o.hash() || absent == nil {
			t.Errorf("%d bytes: %s, %v; the file: %v", len(text), hash, err, absent)
		}
		if hash, err = s.store(o, plumbing.ZeroHash); err != nil || hash != o.hash() || !s.isWhole(o, s.loosePath(hash)) {
			t.Errorf("%d bytes are not stored: %s, %v", len(text), hash, err)
		}
	}
}
