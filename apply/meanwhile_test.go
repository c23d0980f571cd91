package apply_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/diff"
)

// slowly is a client with a late n-th list: the list is taken, and then takes its time to arrive.
type slowly struct {
	apply.Writer
	n         int
	meanwhile func()
}

func (c *slowly) List(ctx context.Context) ([]secmaster.Connection, error) {
	all, err := c.Writer.List(ctx)
	if c.n--; c.n == 0 {
		c.meanwhile()
	}
	return all, err
}

func TestAListFromBeforeTheEndOfTheWindowEndsNoWaiting(t *testing.T) {
	s := staged(t, "a")
	component, version := s.server.Plugin("EdrVendor", "2.1")
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultReset})
	s.expect(s.sync(), "unknown a", 1, 0)
	s.client = func(w apply.Writer) apply.Writer {
		return &slowly{w, 3, func() { // the create was executed after all, while the list was under way
			s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version})
			s.clock.at = s.clock.at.Add(2 * time.Minute)
		}}
	}
	s.expect(s.sync(), "adopted a", 1, 1)
}

// behind lets something happen whenever the closing list after a write is asked for.
func (s *scene) behind(write string, happen func()) {
	var wrote atomic.Bool // also where the connection of the write is reset, and its handler has not returned yet
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && wrote.CompareAndSwap(true, false) {
			happen()
		}
		if r.Method == write {
			wrote.Store(true)
		}
		s.server.ServeHTTP(w, r)
	})
}

func TestWhatIsEditedBehindAWriteIsSeenByTheNextRun(t *testing.T) {
	for _, shown := range []string{"config=clear", "config=omitted"} {
		t.Run(shown, func(t *testing.T) {
			s := staged(t, "a")
			if err := s.server.Set(shown); err != nil {
				t.Fatal(err)
			}
			edit := func() {
				s.server.Edit(s.server.Connections()[0].ID, func(c *emulator.Connection) { c.Config = `{"endpoint":"https://other.example"}` })
			}
			s.behind(http.MethodPost, edit)
			s.expect(s.sync(), "created a", 1, 1)
			s.behind(http.MethodPut, edit) // and once more, behind what undoes the first
			s.expect(s.sync(), "updated a", 1, 1)
			s.handler = s.server
			s.expect(s.sync(), "updated a", 1, 1)
			if c := s.server.Connections()[0]; c.Config != `{"endpoint":"https://a.example"}` {
				t.Errorf("config %s", c.Config)
			}
			s.expect(s.sync(), "unchanged a", 1, 1)
		})
	}
}

var updateTime = regexp.MustCompile(`"update_time":"[^"]*"`)

// altered changes the answers to writes.
func (s *scene) altered(change func(body []byte) []byte) {
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			s.server.ServeHTTP(w, r)
			return
		}
		inner := httptest.NewRecorder()
		s.server.ServeHTTP(inner, r)
		w.Header().Set("Content-Type", inner.Header().Get("Content-Type"))
		w.WriteHeader(inner.Code)
		_, _ = w.Write(change(inner.Body.Bytes()))
	})
}

func TestTimesThatNeverAgreeComeToRest(t *testing.T) {
	s := staged(t, "a")
	if err := s.server.Set("config=omitted"); err != nil {
		t.Fatal(err)
	}
	s.altered(func(body []byte) []byte { return updateTime.ReplaceAll(body, []byte(`"update_time":"1700000000"`)) })
	s.expect(s.sync(), "created a", 1, 1)
	s.expect(s.sync(), "updated a", 1, 1) // once, since another user could have been there
	s.expect(s.sync(), "unchanged a", 1, 1)
}

func TestAnEmptyAnswerToWhatWasNotDoneIsNoUpdate(t *testing.T) {
	s := staged(t, "a")
	s.sync()
	s.server.Edit(s.server.Connections()[0].ID, func(c *emulator.Connection) { c.Description = "by hand" })
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			_, _ = w.Write([]byte("{}"))
			return
		}
		s.server.ServeHTTP(w, r)
	})
	s.expect(s.sync(), "unknown a", 1, 1)
	s.handler = s.server
	s.expect(s.sync(), "updated a", 1, 1)
	if c := s.server.Connections()[0]; c.Description != "" {
		t.Errorf("description %s", c.Description)
	}
}

func TestAnUpdateThatIsAnsweredWithNothingIsBelievedToTheList(t *testing.T) {
	s := staged(t, "a")
	s.sync()
	s.server.Edit(s.server.Connections()[0].ID, func(c *emulator.Connection) { c.Description = "by hand" })
	s.altered(func([]byte) []byte { return []byte("{}") })
	s.expect(s.sync(), "updated a", 1, 1)
	s.expect(s.sync(), "unchanged a", 1, 1)
}

func TestWhatCouldNotBeRecordedIsNotReported(t *testing.T) {
	s := staged(t, "a", "b")
	component, version := s.server.Plugin("EdrVendor", "2.1")
	s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://a.example"}`})
	p, session, err := s.prepare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	s.blockState()
	s.expect(p.Run(context.Background()), "skipped a, skipped b", 0, 1)
}

func TestTheEndOfADeadRunIsRecorded(t *testing.T) {
	s := staged(t, "a", "b")
	s.sync()
	session := s.session()
	expires := s.clock.now().Add(time.Minute)
	if _, err := session.Commit(context.Background(), new(state.Edit).
		Announce(state.Run{ID: "dead", Expires: expires}, state.Intent{Name: "a", Kind: diff.IntentDelete, Run: "dead", Expires: expires})); err != nil {
		t.Fatal(err)
	}
	_ = session.Close()
	s.wants("b")
	s.expect(s.sync(), "orphaned a, unchanged b", 2, 2)
	if k := s.known(); k.Run != nil || len(k.Intents) != 0 {
		t.Errorf("left open: %+v", k)
	}
	rested := s.known().Commit
	s.expect(s.sync(), "orphaned a, unchanged b", 2, 2)
	if s.known().Commit != rested {
		t.Error("a sync that rests wrote something")
	}
}

func TestWhatWasThereBeforeIsNotTheCreatesDoing(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault emulator.Fault
		want  string
		there int
	}{
		{"the create was lost", emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultReset}, "unchanged b, unknown a", 1},
		{"it was refused", emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultStatus, Status: 400}, "failed a, unchanged b", 1},
		{"it was carried out", emulator.Fault{Route: "none"}, "created a, unchanged b", 2},
		{"its answer was lost", emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultReset, After: true}, "created a, unchanged b", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := staged(t, "b")
			s.sync()
			b := s.server.Connections()[0]
			s.wants("a", "b")
			s.server.Fail(c.fault)
			s.behind(http.MethodPost, func() { s.server.Edit(b.ID, func(c *emulator.Connection) { c.Name = "a" }) })
			r := s.sync()
			s.expect(r, c.want, 2, c.there)
			if k := s.known(); k.Of("a").ID == b.ID || k.Of("b").ID != b.ID {
				t.Errorf("known %+v", k.Known)
			}
			if s.server.Count(emulator.RouteUpdate) > c.there-1 {
				t.Errorf("%d updates", s.server.Count(emulator.RouteUpdate))
			}
			if c.there == 2 && (len(r.Results[0].Duplicates) != 1 || r.Results[0].Duplicates[0] != b.ID) {
				t.Errorf("the other one of that name is not said: %+v", r.Results[0])
			}
		})
	}
}

func TestWhatWasAnnouncedIsRecordedUnderThatName(t *testing.T) {
	s := staged(t, "a")
	s.sync()
	component, version := s.server.Plugin("EdrVendor", "2.1")
	other := s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version})
	expires := s.clock.now().Add(time.Minute)
	session := s.session()
	if _, err := session.Commit(context.Background(), new(state.Edit).
		Announce(state.Run{ID: "dead", Expires: expires}, state.Intent{Name: "x", Kind: diff.IntentCreate, ID: other, Run: "dead", Expires: expires})); err != nil {
		t.Fatal(err)
	}
	_ = session.Close()
	s.sync()
	if k := s.known(); k.Of("a").ID == other || k.Of("x").ID != other || len(k.Intents) != 0 {
		t.Errorf("known %+v, %+v", k.Known, k.Intents)
	}
}
