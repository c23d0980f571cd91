package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/secrets"
)

// refuses has the server refuse one kind of request for good.
func (s *scene) refuses(route string) {
	s.server.Fail(emulator.Fault{Route: route, Kind: emulator.FaultStatus, Status: 400, Text: "no", Times: 1000})
}

// What cannot be observed is not planned, and nothing is written.
func TestWithoutACompleteObservationThereIsNoPlan(t *testing.T) {
	for _, route := range []string{emulator.RouteProject, emulator.RouteList, emulator.RouteComponents, emulator.RouteShow} {
		s := staged(t, "a")
		if route == emulator.RouteShow { // a known connection not in the list is asked for by its id
			s.expect(s.sync(), "created a", 1, 1)
			s.server.Remove(s.server.Connections()[0].ID)
		}
		before := s.known().Commit
		s.refuses(route)
		p, session, err := s.prepare(context.Background())
		_ = session.Close()
		var e *secmaster.Error
		if !errors.As(err, &e) || p != nil || s.known().Commit != before {
			t.Errorf("%s: %v", route, err)
		}
		if n := s.server.Count(emulator.RouteUpdate) + s.server.Count(emulator.RouteDelete); n != 0 {
			t.Errorf("%s: %d writes", route, n)
		}
	}
}

func TestAPreviewOfAnotherPlaceIsRefused(t *testing.T) {
	s := staged(t, "a")
	s.expect(s.sync(), "created a", 1, 1)
	target := apply.Target{Name: "prod", Place: diff.Place{Region: "cn-north-4", WorkspaceID: emulator.DefaultWorkspace}, Known: s.known()}
	reader := s.reader()
	if _, err := apply.Preview(context.Background(), reader, target); err != nil {
		t.Errorf("%v", err)
	}
	target.Known.Place.WorkspaceID = "other"
	var place *state.PlaceError
	if _, err := apply.Preview(context.Background(), reader, target); !errors.As(err, &place) {
		t.Errorf("%v", err)
	}
	target.Retarget = true
	if p, err := apply.Preview(context.Background(), reader, target); err != nil || p.Unmanaged == 0 || len(p.Changes) != 0 {
		t.Errorf("%+v %v", p, err)
	}
}

// reader is a client of the scene's server.
func (s *scene) reader() *secmaster.Reader {
	s.t.Helper()
	r, err := secmaster.NewReader(secmaster.Options{
		Endpoint: s.url, Region: "cn-north-4", WorkspaceID: emulator.DefaultWorkspace,
		Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(r.Close)
	return r
}

// While the planning waits for an interrupted create, an interruption or a failing list ends it.
func TestWaitingForACreateEndsWithTheRun(t *testing.T) {
	for name, during := range map[string]func(*scene, func()){
		"interrupted":       func(_ *scene, cancel func()) { cancel() },
		"a list that fails": func(s *scene, _ func()) { s.refuses(emulator.RouteList) },
	} {
		s := staged(t, "a")
		s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultReset})
		s.expect(s.sync(), "unknown a", 1, 0)
		ctx, cancel := context.WithCancel(context.Background())
		s.clock.waiting = func() { during(s, cancel) }
		p, session, err := s.prepare(ctx)
		cancel()
		_ = session.Close()
		if err == nil || p != nil || len(s.known().Intents) != 1 || s.server.Count(emulator.RouteCreate) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A list that was asked for ahead, while an interrupted create could still appear, does not tell that it never will, however late the plan is made: another list does.
func TestAnEarlyListDoesNotOutliveTheSettleWindow(t *testing.T) {
	for before, lists := range map[time.Duration]int{time.Second: 2, -time.Second: 1} { // the end of the window
		s := staged(t, "a")
		s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultReset})
		s.expect(s.sync(), "unknown a", 1, 0)
		s.clock.at = s.known().Intents["a"].Expires.Add(time.Minute - before)
		s.server.ResetRequests()
		target, w, session, err := s.target()
		if err != nil {
			t.Fatal(err)
		}
		listed := apply.ListAhead(context.Background(), w, 0, apply.Clock{Now: s.clock.now, Sleep: s.clock.sleep})
		for s.server.Count(emulator.RouteList) == 0 {
			time.Sleep(time.Millisecond)
		}
		s.clock.at = s.clock.at.Add(time.Hour)
		p, err := apply.Prepare(context.Background(), apply.Sync{
			Target: target, Client: w, Listed: listed, State: session, Files: s.files, Open: s.opener(), Settle: time.Minute, Clock: apply.Clock{Now: s.clock.now, Sleep: s.clock.sleep},
		})
		listed.Stop()
		_ = session.Close()
		if err != nil || p.Plan.Count(diff.Create) != 1 || s.server.Count(emulator.RouteList) != lists {
			t.Errorf("asked for %v before the end of the window: %d lists, %v", before, s.server.Count(emulator.RouteList), err)
		}
	}
}

func TestARefusedCreateIsUndecidedWhereTheClosingListFails(t *testing.T) {
	s := staged(t, "a")
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			s.refuses(emulator.RouteCreate)
			s.refuses(emulator.RouteList)
		}
		s.server.ServeHTTP(w, r)
	})
	r := s.sync()
	s.expect(r, "unknown a", 1, 0)
	if len(s.known().Intents) != 1 || r.Err == nil {
		t.Errorf("%v, %+v", r.Err, s.known().Intents)
	}
}

func TestASecretThatDoesNotOpenInItsPlaceIsRefused(t *testing.T) {
	s := staged(t)
	s.files["connections/a.yaml"].Data = []byte(sealedManifest)
	s.decrypt = func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
		return map[secrets.Path]secrets.Value{"connections.prod.b.config.password": secrets.Hide("canary")}, "", nil
	}
	r := s.sync()
	s.expect(r, "refused a", 0, 0)
	if err := r.Results[0].Err; !errors.Is(err, apply.ErrMoved) || strings.Contains(fmt.Sprintf("%+v", err), "canary") {
		t.Errorf("%v", err)
	}
}

// A config with something behind it cannot be compared, so it is neither different nor equal: it was not seen.
func TestAShownConfigWithARestIsNotCompared(t *testing.T) {
	s := staged(t, "a")
	component, version := s.server.Plugin("EdrVendor", "2.1")
	s.server.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://other.example"} x`})
	p, session, err := s.prepare(context.Background())
	_ = session.Close()
	if err != nil || p.Plan.Changes[0].Conflict == nil || p.Plan.Changes[0].Conflict.Kind != diff.ConflictUnseen {
		t.Errorf("%+v %v", p.Plan.Changes, err)
	}
}
