package state

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
)

// What is larger than known state ever is is refused by its size alone: it is not read.
func TestAnObjectThatIsTooLargeIsNotRead(t *testing.T) {
	dir := t.TempDir()
	repo, err := git.PlainInit(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{repo: Repo{Git: repo, CommonDir: dir}, target: "prod", ref: Ref("prod")}
	for size, tooLarge := range map[int64]bool{mostObject: false, mostObject + 1: true, 700 << 20: true} {
		hash := plumbing.NewHash(fmt.Sprintf("%040x", size))
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		fmt.Fprintf(z, "blob %d\x00{}", size)
		_ = z.Close()
		file := filepath.Join(dir, "objects", hash.String()[:2], hash.String()[2:])
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
		_, err := s.text(hash)
		if errors.Is(err, errTooLarge) != tooLarge || err == nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		said := s.unread("known.jsonl", err).Error()
		if strings.Contains(said, "known.jsonl is larger than 256 MiB, and is not read") != tooLarge {
			t.Errorf("%d bytes: %s", size, said)
		}
	}
}
