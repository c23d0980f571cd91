package state

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// What is larger than known state ever is is refused by its size alone: it is not read.
func TestAnObjectThatIsTooLargeIsNotRead(t *testing.T) {
	s := bareStore(t)
	for size, tooLarge := range map[int64]bool{mostObject: false, mostObject + 1: true, 700 << 20: true} {
		hash := plumbing.NewHash(fmt.Sprintf("%040x", size))
		put(t, s, hash, packed("blob %d\x00{}", size))
		_, err := s.text(hash, mostObject)
		if large := (*tooLargeError)(nil); errors.As(err, &large) != tooLarge || err == nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		said := s.unread("known.jsonl", err).Error()
		if strings.Contains(said, "known.jsonl is larger than 256 MiB, and is not read") != tooLarge {
			t.Errorf("%d bytes: %s", size, said)
		}
	}
}
