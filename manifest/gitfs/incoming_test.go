package gitfs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest/gitfs"
)

// A clone of a server on this disk is made while another clone's push is under way there: Git copies the folder of that push. Only go-git finds
// objects in it. What is there is not here: it is fetched, kept, and gone on from.
func TestAPushThatIsUnderWayIsNotHere(t *testing.T) {
	for _, folder := range []string{"tmp_objdir-incoming-a1B2c3", "incoming-a1B2c3"} {
		t.Run(folder, func(t *testing.T) {
			bare, clone, _ := served(t, ways["a path"])
			theirs := stateCommit(t, bare, "theirs", "")
			removeRef(t, bare, sharedRef)
			copied := filepath.Join(clone, ".git", "objects", folder)
			for _, hash := range []string{theirs, theirs + "^{tree}", theirs + ":known.jsonl", theirs + ":intents.jsonl"} {
				name := run(t, bare, "rev-parse", hash)
				object, err := os.ReadFile(filepath.Join(bare, "objects", name[:2], name[2:]))
				if err != nil {
					t.Fatal(err)
				}
				write(t, copied, name[:2]+"/"+name[2:], string(object))
			}
			write(t, bare, sharedRef, theirs+"\n") // the push arrives
			s, err := open(t, clone).Shared("origin", nil)
			if err != nil {
				t.Fatal(err)
			}
			head, err := s.Head(context.Background(), sharedRef)
			if err != nil || head != theirs {
				t.Fatalf("%s %v", head, err)
			}
			if err := s.Keep(context.Background(), theirs); err != nil {
				t.Fatal(err)
			}
			if kind := run(t, clone, "cat-file", "-t", theirs); kind != "commit" {
				t.Errorf("Git finds a %s", kind)
			}
			next := child(t, filepath.Join(clone, ".git"), theirs)
			if err := s.Replace(context.Background(), sharedRef, theirs, next); err != nil || refAt(t, bare, sharedRef) != next {
				t.Errorf("going on from it: %v", err)
			}
		})
	}
}

// Where this side lacks what it pushes, the server did not refuse it.
func TestAPushThatFailsHereIsNotARefusal(t *testing.T) {
	_, clone, s := served(t, ways["a path"])
	gitDir := filepath.Join(clone, ".git")
	first := child(t, gitDir, "")
	if err := s.Replace(context.Background(), sharedRef, "", first); err != nil {
		t.Fatal(err)
	}
	write(t, clone, "lost/known.jsonl", "lost")
	run(t, clone, "add", "lost")
	next := run(t, clone, "commit-tree", "-m", "lost", "-p", first, run(t, clone, "write-tree", "--prefix=lost/"))
	blob := run(t, clone, "rev-parse", next+":known.jsonl")
	if err := os.Remove(filepath.Join(gitDir, "objects", blob[:2], blob[2:])); err != nil {
		t.Fatal(err)
	}
	if err := s.Replace(context.Background(), sharedRef, first, next); !errors.Is(err, gitfs.ErrBroken) || strings.Contains(err.Error(), "refuses") {
		t.Errorf("%v", err)
	}
}
