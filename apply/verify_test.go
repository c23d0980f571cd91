package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
)

// A run of updates alone is verified by lists of their names, where that is fewer requests than the list of everything; and by that one where a name is held by
// many, where a filter does not show what was updated, and where anything else was written. What is not shown as written stays so.
func TestUpdatesAreVerifiedByTheirNames(t *testing.T) {
	for _, c := range []struct {
		what          string
		others        int    // connections beside them
		called        string // what others are called
		names         []string
		edits         int // of the first
		create        bool
		habit         string
		filtered, all int // requests of the closing lists
		want          string
	}{
		{"one of many", 400, "other", []string{"a_1"}, 1, false, "", 1, 0, "updated a_1"},
		{"two of many", 400, "other", []string{"a_1", "b_2"}, 2, false, "", 2, 0, "updated a_1, updated b_2"},
		{"as many as there are pages", 400, "other", []string{"a_1", "b_2", "c_3"}, 3, false, "", 0, 3, "updated a_1, updated b_2, updated c_3"},
		{"one of few", 10, "other", []string{"a_1"}, 1, false, "", 0, 1, "updated a_1"},
		{"a name that all others hold", 400, "a_1 and", []string{"a_1"}, 1, false, "", 0, 3, "updated a_1"},
		{"a create beside it", 400, "other", []string{"a_1", "b_2"}, 1, true, "", 0, 3, "created b_2, updated a_1"},
		{"an exact filter", 400, "other", []string{"a_1"}, 1, false, "filter=exact", 1, 0, "updated a_1"},
		{"a filter that shows nothing", 400, "other", []string{"a_1"}, 1, false, "blind", 1, 3, "updated a_1"},
		{"a filter that is refused", 400, "other", []string{"a_1"}, 1, false, "refused", 1, 3, "updated a_1"},
		{"swallowed", 400, "other", []string{"a_1"}, 1, false, "writes=stale", 6, 0, "unknown a_1"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := staged(t, c.names...)
			if c.create {
				s.wants(c.names[0])
			}
			s.sync()
			s.wants(c.names...)
			for i := range c.others {
				s.server.Put(emulator.Connection{Name: fmt.Sprintf("%s %d", c.called, i)})
			}
			for _, name := range c.names[:c.edits] {
				for _, there := range s.server.Connections() {
					if there.Name == name {
						s.server.Edit(there.ID, func(c *emulator.Connection) { c.Description = "by hand" })
					}
				}
			}
			if strings.Contains(c.habit, "=") {
				if err := s.server.Set(c.habit); err != nil {
					t.Fatal(err)
				}
			}
			p, session, err := s.prepare(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			var mu sync.Mutex
			filtered, all := 0, 0
			s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				switch named := r.URL.Query().Get("name") != ""; {
				case r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/assetcredentials"):
				case named:
					filtered++
				default:
					all++
				}
				mu.Unlock()
				if c.habit == "blind" && r.URL.Query().Get("name") != "" {
					_, _ = w.Write([]byte(`{"assets": [], "total": 0}`))
					return
				}
				if c.habit == "refused" && r.URL.Query().Get("name") != "" {
					w.WriteHeader(http.StatusBadRequest)
					return
				}
				s.server.ServeHTTP(w, r)
			})
			r := p.Run(context.Background())
			if got := strings.Join(strings.Fields(outcomes(r)), " "); filtered != c.filtered || all != c.all || got != c.want {
				t.Errorf("%d filtered and %d other lists: %s %v", filtered, all, got, r.Err)
			}
			if c.habit == "writes=stale" && (len(r.Results) == 0 || !errors.Is(r.Results[0].Err, apply.ErrNotExecuted)) {
				t.Errorf("%+v", r.Results)
			}
		})
	}
}

// expecting keeps how many connections a list was said to have.
type expecting struct {
	apply.Writer
	said []int
}

func (e *expecting) Expect(connections int) {
	e.said = append(e.said, connections)
	e.Writer.Expect(connections)
}

// The list after creates is longer by them, and is expected to be: its pages are asked for at once.
func TestTheListAfterCreatesIsExpectedToHaveThem(t *testing.T) {
	s := staged(t, "a", "b", "c")
	target, w, session, err := s.target()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	e := &expecting{Writer: w}
	p, err := apply.Prepare(context.Background(), apply.Sync{
		Target: target, Client: e, State: session, Files: s.files, Open: s.opener(), Clock: apply.Clock{Now: s.clock.now, Sleep: s.clock.sleep},
		Run: state.Run{ID: "r", Started: s.clock.now(), Expires: s.clock.now().Add(time.Minute)},
	})
	if err != nil {
		t.Fatal(err)
	}
	before, err := w.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Run(context.Background()); r.Err != nil {
		t.Fatal(r.Err)
	}
	if !slices.Contains(e.said, len(before)+3) {
		t.Errorf("with %d connections there, and 3 more, lists were expected to have %v", len(before), e.said)
	}
}
