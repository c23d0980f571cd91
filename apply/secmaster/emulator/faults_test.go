package emulator_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// TestFaultsAsTheySay sends one create to a server with one fault, as the command line names it, and waits for no longer than
// a client that gives up.
func TestFaultsAsTheySay(t *testing.T) {
	const whole = `"field_of_next_year":{"nested":true}`
	for _, c := range []struct {
		fault    string
		status   int
		says     string // is in the body
		broken   bool   // the body does not end as it should
		executed int    // connections afterwards
	}{
		{"reset", 0, "", true, 0}, {"reset:after", 0, "", true, 1}, {"slow", 200, whole, false, 1}, {"truncated", 200, `{"asset"`, true, 1},
		{"stall", 200, `{"asset"`, true, 1}, {"drip", 200, `{"asset"`, true, 1}, {"late", 0, "", true, 1}, {"twice", 200, whole, false, 2},
		{"page", 200, "<html>", false, 0}, {"page:after", 200, "<html>", false, 1}, {"bomb", 200, "    ", false, 0}, {"flood:after", 200, "    ", false, 1},
		{"ok-error", 200, "SecMaster.20039999", false, 0}, {"no-asset", 200, whole, false, 1},
		{"stale", 200, whole, false, 0}, {"echo", 200, `"name":"a"`, false, 0},
		{"foreign-id", 200, `"name":"a"`, false, 1}, {"foreign-name", 200, `"name":"EdrVendor_default"`, false, 1},
		{"total-more", 200, `"total":1`, false, 1}, {"total-fewer", 200, `"total":0`, false, 1}, {"total-none", 200, whole, false, 1},
		{"redirect", 307, "", false, 0}, {"301", 301, "", false, 0}, {"303:after", 303, "", false, 1}, {"503:after", 503, "Service Unavailable", false, 1},
	} {
		t.Run(c.fault, func(t *testing.T) {
			ctx, giveUp := context.WithCancel(context.Background())
			defer giveUp()
			s := fresh(t, emulator.Options{
				Sleep: func(ctx context.Context, d time.Duration) error {
					if c.fault == "late" {
						giveUp()
					}
					return ctx.Err()
				},
				Later: func(_ time.Duration, f func()) { f() },
			})
			f, err := emulator.ParseFault("create connection:" + c.fault)
			if err != nil {
				t.Fatal(err)
			}
			s.Fail(f)
			status, text, whole := post(ctx, t, s, c.fault == "stall")
			if status != c.status || !strings.Contains(text, c.says) || whole == c.broken && c.fault != "drip" {
				t.Errorf("%d, whole %v: %.200s", status, whole, text)
			}
			if n := len(s.Connections()); n != c.executed {
				t.Errorf("%d connections", n)
			}
		})
	}
	for _, kind := range emulator.FaultKinds() {
		if _, err := emulator.ParseFault("create connection:" + kind); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// post sends one create of "a" and reads at most a megabyte of the answer, or only what comes at once; status 0 where there is none.
func post(ctx context.Context, t *testing.T, s *emulator.Server, impatient bool) (status int, text string, whole bool) {
	t.Helper()
	h := httptest.NewServer(s)
	defer h.Close()
	component, version := s.Plugin("EdrVendor", "2.1")
	r := signed(t, h.URL, "POST", listPath, `{"name":"a","component_id":"`+component+`","component_version_id":"`+version+`","config":"{}"}`)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r.WithContext(ctx))
	if err != nil {
		return 0, "", false
	}
	defer resp.Body.Close()
	if impatient {
		time.AfterFunc(100*time.Millisecond, cancel)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(body), err == nil
}

// What is swallowed leaves everything as it was, whatever the answer says.
func TestASwallowedWriteIsAnsweredAndNotExecuted(t *testing.T) {
	s, c := pair(t)
	ctx := context.Background()
	made, _, err := c.Create(ctx, bodyOf(s, "a", `{"endpoint":"https://a"}`))
	if err != nil {
		t.Fatal(err)
	}
	before := s.Connections()
	for kind, shows := range map[string]string{emulator.FaultStale: `{"endpoint":"https://a"}`, emulator.FaultEcho: `{"endpoint":"https://b"}`} {
		s.Fail(emulator.Fault{Route: emulator.RouteUpdate, Kind: kind})
		s.Fail(emulator.Fault{Route: emulator.RouteDelete, Kind: kind})
		answer, _, err := c.Update(ctx, made.ID, bodyOf(s, "a", `{"endpoint":"https://b"}`))
		if err != nil || shown(&answer) != shows || (answer.UpdateTime == made.UpdateTime) != (kind == emulator.FaultStale) {
			t.Errorf("%s: update: %s %s, %v", kind, shown(&answer), answer.UpdateTime, err)
		}
		if _, err := c.Delete(ctx, made.ID); err != nil {
			t.Errorf("%s: delete: %v", kind, err)
		}
		if have := s.Connections(); len(have) != 1 || have[0] != before[0] {
			t.Errorf("%s: %+v", kind, have)
		}
	}
}

func TestChangesOfOneSecondMayShareTheirTime(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	for habit, distinct := range map[string]int{"own": 3, "shared": 1} {
		s := fresh(t, emulator.Options{Clock: func() time.Time { return at }})
		if err := s.Set("times=" + habit); err != nil {
			t.Fatal(err)
		}
		times := map[string]bool{}
		id := s.Put(emulator.Connection{Name: "a"})
		for range 3 {
			times[s.Connections()[0].UpdateTime] = true
			s.Edit(id, func(c *emulator.Connection) { c.Description += "x" })
		}
		if len(times) != distinct || !times["2026-01-02T11:04:05Z+0800"] {
			t.Errorf("%s: %v", habit, times)
		}
	}
}

func TestAnEqualUpdateMayLeaveTheTimeAsItWas(t *testing.T) {
	for habit, moves := range map[string]bool{"moves": true, "stays": false} {
		s, c := pair(t, "equalput="+habit)
		made, _, err := c.Create(context.Background(), bodyOf(s, "a", `{"endpoint":"https://a"}`))
		if err != nil {
			t.Fatal(err)
		}
		same, _, err := c.Update(context.Background(), made.ID, bodyOf(s, "a", `{"endpoint":"https://a"}`))
		if err != nil || (same.UpdateTime != made.UpdateTime) != moves {
			t.Errorf("%s: an equal update: %q, %q, %v", habit, made.UpdateTime, same.UpdateTime, err)
		}
		if other, _, err := c.Update(context.Background(), made.ID, bodyOf(s, "a", `{"endpoint":"https://b"}`)); err != nil || other.UpdateTime == same.UpdateTime {
			t.Errorf("%s: an update: %q, %q, %v", habit, same.UpdateTime, other.UpdateTime, err)
		}
	}
}

func TestTheOrderOfAList(t *testing.T) {
	for order, want := range map[string]string{"created": "abc", "newest": "cba", "updated": "acb", "stale": "bca"} {
		s := fresh(t, emulator.Options{Plugins: []emulator.Plugin{}})
		if err := s.Set("order=" + order); err != nil {
			t.Fatal(err)
		}
		first := s.Put(emulator.Connection{Name: "a"})
		s.Put(emulator.Connection{Name: "b"})
		s.Put(emulator.Connection{Name: "c"})
		s.Edit(first, func(c *emulator.Connection) { c.Description = "changed" })
		_, text := ask(t, s, "GET", listPath+"?limit=10&offset=0", "", nil)
		var got string
		for _, name := range strings.SplitAfter(text, `"name":"`)[1:] {
			got += name[:1]
		}
		if got != want {
			t.Errorf("%s: %s", order, got)
		}
	}
}

func TestWhatIsHiddenIsThereAllTheSame(t *testing.T) {
	s := fresh(t, emulator.Options{Plugins: []emulator.Plugin{}})
	id := s.Put(emulator.Connection{Name: "a"})
	if !s.Hide(id, 2) || s.Hide("other", 1) {
		t.Error("what is hidden")
	}
	for i, want := range []string{`"total":0`, `"total":0`, `"total":1`} {
		if _, text := ask(t, s, "GET", listPath+"?limit=10&offset=0", "", nil); !strings.Contains(text, want) {
			t.Errorf("list %d: %s", i, text)
		}
		if status, _ := ask(t, s, "GET", listPath+"/"+id, "", nil); status != 200 {
			t.Errorf("show: %d", status)
		}
	}
}
