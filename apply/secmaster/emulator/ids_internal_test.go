package emulator

import "testing"

// An id always is the connection that has it now, the first one of several: also after others came, changed their id, or went.
func TestAnIDIsTheConnectionThatHasItNow(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	is := func(what, id, name string) {
		t.Helper()
		s.mu.Lock()
		defer s.mu.Unlock()
		if c := s.byID(id); (c == nil) != (name == "") || c != nil && c.Name != name {
			t.Errorf("%s: %s is %+v, want %q", what, id, c, name)
		}
	}
	is("nothing was put", "1", "")
	s.Put(Connection{ID: "1", Name: "a"})
	s.Put(Connection{ID: "2", Name: "b"})
	s.Put(Connection{ID: "1", Name: "c"})
	is("the first of two", "1", "a")
	is("one of its own", "2", "b")
	s.Edit("2", func(c *Connection) { c.ID = "3" })
	is("another id", "2", "")
	is("its new id", "3", "b")
	s.Remove("1")
	is("both are gone", "1", "")
	s.Put(Connection{ID: "1", Name: "d"})
	is("one came after", "1", "d")
	s.Clear()
	is("all are gone", "1", "")
	is("all are gone", "3", "")
}
