package apply_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
)

func TestAClosingListThatFailsIsAskedForAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		times  int
		want   string
		lists  int           // closing ones
		least  time.Duration // the shortest wait
		most   time.Duration
	}{
		{"refused twice", 400, 2, "updated a", 3, 3 * time.Second, 4 * time.Second},
		{"refused for ever", 400, 1000, "unknown a", 6, 31 * time.Second, 40 * time.Second},
		{"denied: there is no prospect", 403, 1000, "unknown a", 1, 0, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := staged(t, "a")
			s.sync()
			s.server.Edit(s.server.Connections()[0].ID, func(c *emulator.Connection) { c.Description = "by hand" })
			p, session, err := s.prepare(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			s.server.ResetRequests()
			s.server.Fail(emulator.Fault{Route: emulator.RouteList, Kind: emulator.FaultStatus, Status: c.status, Times: c.times})
			start := s.clock.now()
			r := p.Run(context.Background())
			s.expect(r, c.want, 0, 1)
			if n, waited := s.server.Count(emulator.RouteList), s.clock.now().Sub(start); n != c.lists || waited < c.least || waited > c.most {
				t.Errorf("%d lists in %v: %v", n, waited, r.Err)
			}
			if denied := errors.Is(r.Err, secmaster.ErrDenied); denied != (c.status == 403) {
				t.Errorf("%v", r.Err)
			}
		})
	}
}
