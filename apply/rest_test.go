package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
)

// rested is a scene of two files with three applied and recorded connections.
func rested(t *testing.T) *scene {
	t.Helper()
	s := staged(t)
	s.checks = "checks"
	s.file("a", "one", "two")
	s.file("b", "three")
	s.expect(s.sync(), "created one, created three, created two", 3, 3)
	s.hint = s.known()
	return s
}

// file writes a manifest of some connections.
func (s *scene) file(name string, names ...string) {
	var b strings.Builder
	b.WriteString("connections:\n  prod:\n")
	for _, n := range names {
		fmt.Fprintf(&b, "    %s:\n      component: EdrVendor\n      version: \"2.1\"\n      config:\n        endpoint: https://%s.example\n", n, n)
	}
	s.files["connections/"+name+".yaml"] = &fstest.MapFile{Data: []byte(b.String())}
}

// planned is what a sync would do, how many connections it read at first, and which files after all.
func (s *scene) planned() string {
	s.t.Helper()
	p, session, err := s.prepare(context.Background())
	if err != nil {
		return err.Error()
	}
	defer session.Close()
	var out []string
	for _, c := range p.Plan.Changes {
		if c.Action != diff.Unchanged || c.Write {
			out = append(out, fmt.Sprint(c.Action, " ", c.Name))
		}
	}
	return fmt.Sprintf("%s; %d read, %d rest, then %s", strings.Join(out, ", "), s.resumed, s.rested, strings.Join(s.reads, " "))
}

// A file unchanged since it was applied is not read: whatever is to be said or done about a connection of it has it read first, and no other file.
func TestWhatWasAppliedIsNotReadAgain(t *testing.T) {
	for _, c := range []struct {
		what   string
		happen func(s *scene)
		want   string
	}{
		{"nothing", func(*scene) {}, "; 0 read, 3 rest, then "},
		{"other checks", func(s *scene) { s.checks = "others" }, "; 3 read, 0 rest, then "},
		{"a comment more", func(s *scene) {
			f := s.files["connections/a.yaml"]
			f.Data = append(f.Data, "# note\n"...)
		}, "; 2 read, 1 rest, then "},
		{"one more in a file", func(s *scene) { s.file("b", "three", "four") }, "create four; 2 read, 2 rest, then "},
		{"a name in a second file", func(s *scene) { s.file("c", "one") }, "connections/c.yaml:3:5: connection one of target prod is wanted already at connections/a.yaml"},
		{"a file is gone", func(s *scene) { delete(s.files, "connections/b.yaml") }, "orphaned three; 0 read, 2 rest, then "},
		{"edited in SecMaster", func(s *scene) {
			s.edit("two", func(a *emulator.Connection) { a.Config = `{"endpoint":"https://elsewhere.example"}` })
		}, "update two; 0 read, 3 rest, then connections/a.yaml"},
		{"touched in SecMaster", func(s *scene) {
			s.edit("three", func(a *emulator.Connection) { a.UpdateTime = "2030-01-01T00:00:00Z+0800" })
		}, "; 0 read, 3 rest, then connections/b.yaml"},
		{"gone from SecMaster", func(s *scene) { s.server.Remove(s.id("three")) }, "create three; 0 read, 3 rest, then connections/b.yaml"},
		{"renamed in SecMaster", func(s *scene) { s.edit("three", func(a *emulator.Connection) { a.Name = "other" }) }, "update three; 0 read, 3 rest, then connections/b.yaml"},
		{"asked for", func(s *scene) { s.rewrite = true }, "update one, update three, update two; 0 read, 3 rest, then connections/a.yaml connections/b.yaml"},
	} {
		s := rested(t)
		c.happen(s)
		if got := s.planned(); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
		}
	}
}

func (s *scene) id(name string) string {
	for _, c := range s.server.Connections() {
		if c.Name == name {
			return c.ID
		}
	}
	s.t.Fatalf("no connection %s", name)
	return ""
}

func (s *scene) edit(name string, change func(*emulator.Connection)) {
	s.server.Edit(s.id(name), change)
}

// Planning what rests sends nothing but a list, and changes nothing in known state.
func TestWhatRestsCostsAListAndNoCommit(t *testing.T) {
	s := rested(t)
	s.server.ResetRequests()
	s.expect(s.sync(), "unchanged one, unchanged three, unchanged two", 0, 3)
	if n := len(s.server.Requests()); n != 2 { // the project's id, and a page
		t.Errorf("%d requests", n)
	}
	if now := s.known(); now.Commit != s.hint.Commit {
		t.Error("a sync that has nothing to do made a commit")
	}
}

// What is written has its file read and checked, and is sent as the file has it; and then it rests again, as one file with what was left alone.
func TestWhatIsWrittenIsReadBefore(t *testing.T) {
	s := rested(t)
	s.edit("two", func(c *emulator.Connection) { c.Config = `{"endpoint":"https://elsewhere.example"}` })
	s.expect(s.sync(), "unchanged one, unchanged three, updated two", 3, 3)
	if got := s.config("two"); !strings.Contains(got, "https://two.example") {
		t.Errorf("two is %s", got)
	}
	s.hint = s.known()
	if got := s.planned(); got != "; 0 read, 3 rest, then " {
		t.Error(got)
	}
}

func (s *scene) config(name string) string {
	for _, c := range s.server.Connections() {
		if c.Name == name {
			return c.Config
		}
	}
	return ""
}

// Known state read before the lock vouches for nothing more than it does once the lock is held.
func TestWhatWasKnownBeforeTheLockIsComparedWithWhatIsKnownThen(t *testing.T) {
	s := rested(t)
	before := s.hint
	s.file("b", "three", "four")
	s.expect(s.sync(), "created four, unchanged one, unchanged three, unchanged two", 4, 4)
	s.file("b", "three")
	s.hint = before
	if got := s.planned(); got != "orphaned four; 0 read, 3 rest, then connections/b.yaml" {
		t.Error(got)
	}
}

// A forged record hides only what its file says about connections nothing else tells of, and only from a run going by it; it is never sent, and a run
// reading the files sees all.
func TestAForgedRecordHidesNoWrite(t *testing.T) {
	s := rested(t)
	s.file("b", "three", "hidden")
	k := *s.hint.Known["three"]
	k.Blob = manifest.BlobHash(s.files["connections/b.yaml"].Data)
	k.Checked = k.CheckedBy(s.checks, diff.Together([]string{"three"}))
	s.forge(k)
	for _, c := range []struct {
		what string
		how  func(s *scene)
		want string
	}{
		{"the file that was forged", func(*scene) {}, "; 0 read, 3 rest, then "},
		{"where every file is read", func(s *scene) { s.hint = state.Snapshot{} }, "create hidden; 4 read, 0 rest, then "},
		{"where it would be written", func(s *scene) {
			s.edit("three", func(c *emulator.Connection) { c.Config = `{"endpoint":"https://elsewhere.example"}` })
		}, "create hidden, update three; 0 read, 3 rest, then connections/b.yaml"},
	} {
		s.hint = s.known()
		c.how(s)
		if got := s.planned(); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
		}
	}
	s.file("b", "three", "hidden", "more") // another content is not the one vouched for
	s.hint = s.known()
	if got := s.planned(); !strings.HasPrefix(got, "create hidden, create more") {
		t.Error(got)
	}
}

func (s *scene) forge(k diff.Known) {
	s.t.Helper()
	session := s.session()
	defer session.Close()
	if _, err := session.Commit(context.Background(), new(state.Edit).Record(k)); err != nil {
		s.t.Fatal(err)
	}
}

// Where a file cannot be read after all, nothing is planned; and nothing is planned from what is remembered.
func TestAFileThatHasToBeReadAndIsNotStopsTheTarget(t *testing.T) {
	wrong := errors.New("wrong")
	for what, reread := range map[string]apply.Reread{
		"nobody reads": nil,
		"it still rests": func([]string) ([]manifest.Connection, []manifest.Rested, error) {
			return nil, restingIn("connections/a.yaml"), nil
		},
		"it is wrong": func([]string) ([]manifest.Connection, []manifest.Rested, error) { return nil, nil, wrong },
	} {
		s := rested(t)
		s.edit("two", func(c *emulator.Connection) { c.Name = "other" })
		s.rereads = func() apply.Reread { return reread }
		_, session, err := s.prepare(context.Background())
		_ = session.Close()
		if want := apply.ErrUnread; !errors.Is(err, want) && !(what == "it is wrong" && errors.Is(err, wrong)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func restingIn(file string) []manifest.Rested {
	return []manifest.Rested{{Target: "prod", Name: "two", File: &manifest.File{Path: file}}}
}

// A file with only a part of its connections applied gets no record to let it rest: the others would vanish.
func TestAFileRestsOnlyAsAWhole(t *testing.T) {
	s := staged(t)
	s.checks = "checks"
	s.file("a", "one", "two")
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Name: "two", Kind: emulator.FaultStatus, Status: 400, Text: "no"})
	s.expect(s.sync(), "created one, failed two", 2, 1)
	s.hint = s.known()
	if got := s.planned(); got != "create two; 2 read, 0 rest, then " {
		t.Error(got)
	}
	if k := s.hint.Known["one"]; k.Checked != "" {
		t.Error("one is recorded as if it were the whole file")
	}
	s.expect(s.sync(), "created two, unchanged one", 3, 2)
	s.hint = s.known()
	if got := s.planned(); got != "; 0 read, 2 rest, then " {
		t.Error(got)
	}
	if !slices.ContainsFunc([]string{"one", "two"}, func(n string) bool { return s.hint.Of(n).Checked != "" }) {
		t.Error("nothing is recorded")
	}
}
