package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"connsync/apply/secmaster/emulator"
	"connsync/diff"
	"connsync/secrets"
)

// proof is a scene in which Git wants a with a password; its server lives by a clock of its own.
type proof struct {
	*scene
	at time.Time
}

func proving(t *testing.T, switches ...string) *proof {
	t.Helper()
	p := &proof{scene: staged(t), at: time.Now().Truncate(time.Second)}
	var err error
	if p.server, err = emulator.New(emulator.Options{Clock: func() time.Time { return p.at }}); err != nil {
		t.Fatal(err)
	}
	p.handler = p.server
	p.now = func() time.Time { return p.at }
	for _, sw := range switches {
		if err := p.server.Set(sw); err != nil {
			t.Fatal(err)
		}
	}
	p.files["connections/a.yaml"] = &fstest.MapFile{Data: []byte(sealedManifest)}
	p.decrypt = opens("old-password")
	p.expect(p.sync(), "created a", 1, 1)
	return p
}

// changes is what Git wants next.
func (p *proof) changes(what string) {
	text := sealedManifest
	switch what {
	case "secret":
		text = strings.Replace(text, "data:YWJj,", "data:YWJk,", 1)
		p.decrypt = opens("new-password")
	case "setting":
		text = strings.Replace(strings.Replace(text, "https://a.example", "https://b.example", 1), "mac: ENC[AES256_GCM,data:YWJj", "mac: ENC[AES256_GCM,data:YWJk", 1)
	case "name":
		text = strings.Replace(text, "    a:\n", "    b:\n      previously: a\n", 1)
		p.decrypt = func(context.Context, string, []byte) (map[secrets.Path]secrets.Value, string, error) {
			return map[secrets.Path]secrets.Value{"connections.prod.b.config.password": secrets.Hide("old-password")}, "2026-01-01T00:00:00Z", nil
		}
	case "description":
		text = strings.Replace(text, "      config:", "      description: other\n      config:", 1)
	case "nothing":
		p.rewrite = true
	case "left over": // a setting that others added is to go
		p.edit("a", func(c *emulator.Connection) { c.Config = strings.Replace(c.Config, "{", `{"more":"by hand",`, 1) })
		p.at = p.at.Add(5 * time.Second)
	}
	p.files["connections/a.yaml"] = &fstest.MapFile{Data: []byte(text)}
}

// TestAnUpdateIsDoneOnlyWhereSomethingShowsIt sends one update, some time after the create, to a server of some habits: it executes or
// swallows it.
func TestAnUpdateIsDoneOnlyWhereSomethingShowsIt(t *testing.T) {
	const masked, clear, blind, shared = "config=masked", "config=clear", "updatetime=absent", "times=shared"
	type row struct {
		habits, change string
		later          time.Duration
		fault          string
		want           string
		written        diff.Written
	}
	rows := []row{
		// A moved time proves; an unmoved time older than the update denies.
		{masked, "secret", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{masked, "secret", 5 * time.Second, "stale", "unknown", ""},
		{masked, "secret", 5 * time.Second, "echo", "unknown", ""},
		{masked, "secret", 2 * time.Second, "stale", "unknown", ""},
		{masked, "setting", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{masked, "setting", 5 * time.Second, "echo", "unknown", ""},
		{"config=omitted", "setting", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{"config=omitted", "setting", 5 * time.Second, "stale", "unknown", ""},
		{masked + " code=prefixed", "secret", 5 * time.Second, "no-asset", "updated", diff.WrittenConfirmed},
		{masked, "nothing", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{masked, "nothing", 5 * time.Second, "stale", "unknown", ""},
		// Within the resolution of a time it says nothing.
		{masked + " " + shared, "secret", 0, "", "updated", diff.WrittenUnconfirmed},
		{masked + " " + shared, "secret", 0, "stale", "updated", diff.WrittenUnconfirmed},
		{masked + " " + shared, "secret", 3 * time.Second, "", "updated", diff.WrittenConfirmed},
		{masked + " " + shared, "secret", 3 * time.Second, "stale", "unknown", ""},
		{masked + " " + shared, "setting", 0, "", "updated", diff.WrittenConfirmed}, // it is shown
		{masked + " " + shared, "setting", 0, "stale", "unknown", ""},
		{clear + " " + shared, "secret", 0, "", "updated", diff.WrittenConfirmed}, // likewise
		// Without a time, what is shown decides.
		{blind + " " + masked, "secret", 5 * time.Second, "", "updated", diff.WrittenUnconfirmed},
		{blind + " " + masked, "secret", 5 * time.Second, "stale", "updated", diff.WrittenUnconfirmed},
		{blind + " " + masked, "setting", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{blind + " " + masked, "setting", 5 * time.Second, "stale", "unknown", ""},
		{blind + " " + masked, "setting", 5 * time.Second, "echo", "unknown", ""},
		{blind + " config=omitted", "setting", 5 * time.Second, "", "updated", diff.WrittenUnconfirmed},
		{blind + " config=omitted", "description", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{blind + " config=omitted", "description", 5 * time.Second, "stale", "unknown", ""},
		{blind + " config=omitted", "name", 5 * time.Second, "echo", "unknown", ""},
		{blind + " config=omitted", "name", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{blind + " " + clear, "secret", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{blind + " " + clear, "secret", 5 * time.Second, "stale", "unknown", ""},
		{blind + " config=reserialised", "secret", 5 * time.Second, "echo", "unknown", ""},
		// An update without a change, and with the time as it was.
		{masked + " equalput=stays", "nothing", 5 * time.Second, "", "unknown", ""},
		{clear + " equalput=stays", "nothing", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		// All that is sent is shown, and what others added is left over.
		{clear, "left over", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{clear, "left over", 5 * time.Second, "stale", "unknown", ""},
		{masked, "left over", 5 * time.Second, "stale", "unknown", ""},
		// An unreadable time.
		{masked + " timeformat=opaque", "secret", 5 * time.Second, "", "updated", diff.WrittenConfirmed},
		{masked + " timeformat=opaque", "secret", 5 * time.Second, "stale", "updated", diff.WrittenUnconfirmed},
		{masked + " timeformat=opaque", "setting", 5 * time.Second, "stale", "unknown", ""},
	}
	for _, format := range []string{"zoned", "millis", "rfc3339", "offset", "bare", "epoch"} {
		habits := masked + " " + shared + " timeformat=" + format
		rows = append(rows,
			row{habits, "secret", 4 * time.Second, "", "updated", diff.WrittenConfirmed},
			row{habits, "secret", 4 * time.Second, "stale", "unknown", ""},
			row{habits, "secret", 0, "", "updated", diff.WrittenUnconfirmed},
			row{habits, "secret", 9*time.Hour + 7*time.Second, "echo", "unknown", ""})
	}
	for _, skew := range []time.Duration{0, 14 * time.Minute, -14 * time.Minute} {
		for _, r := range rows {
			if skew != 0 && !strings.Contains(r.habits, "timeformat=zoned") && !strings.Contains(r.habits, "timeformat=bare") {
				continue
			}
			name := fmt.Sprintf("%s %s after %v %s", r.habits, r.change, r.later, r.fault)
			t.Run(fmt.Sprintf("%v ahead, %s", skew, name), func(t *testing.T) {
				p := proving(t, strings.Fields(r.habits)...)
				p.now = func() time.Time { return p.at.Add(skew) }
				p.at = p.at.Add(r.later)
				p.changes(r.change)
				if r.fault != "" {
					p.server.Fail(emulator.Fault{Route: emulator.RouteUpdate, Kind: r.fault})
				}
				p.judged(r.want, r.written)
			})
		}
	}
}

// judged syncs once, and once more: what is not known is sent again, and what is not confirmed is not.
func (p *proof) judged(want string, written diff.Written) {
	p.t.Helper()
	before := p.server.Count(emulator.RouteUpdate)
	report := p.sync()
	res := report.Results[0]
	if string(res.Outcome) != want || res.Unconfirmed != (written == diff.WrittenUnconfirmed) || (want == "unknown") != (res.Err != nil) {
		p.t.Fatalf("%s, unconfirmed %v, %v; want %s", res.Outcome, res.Unconfirmed, res.Err, want)
	}
	known := p.known()
	if k := known.Known[res.Name]; want == "updated" && k.Written != written || (want == "unknown") != (len(known.Intents) == 1) {
		p.t.Errorf("recorded: %q, %d intents", k.Written, len(known.Intents))
	}
	p.rewrite = false
	p.at = p.at.Add(time.Minute)
	again := p.sync()
	switch sent := p.server.Count(emulator.RouteUpdate) - before; {
	case want == "unknown" && (sent != 2 || len(again.Plan.Changes[0].Causes) == 0):
		p.t.Errorf("the next sync sent %d: %s", sent-1, outcomes(again))
	case want == "updated" && (sent != 1 || !strings.HasPrefix(outcomes(again), "unchanged ")):
		p.t.Errorf("the next sync sent %d: %s", sent-1, outcomes(again))
	case again.Plan.Unconfirmed != map[bool]int{true: 1}[written == diff.WrittenUnconfirmed]:
		p.t.Errorf("%d unconfirmed in the next plan", again.Plan.Unconfirmed)
	}
}

// Without a Date there is no clock to compare a time with: ours may be wrong.
func TestWithoutADateATimeThatStayedSaysNothing(t *testing.T) {
	p := proving(t, "config=masked")
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.server.ServeHTTP(dateless{w}, r) })
	p.at = p.at.Add(time.Hour)
	p.changes("secret")
	p.server.Fail(emulator.Fault{Route: emulator.RouteUpdate, Kind: emulator.FaultStale})
	p.judged("updated", diff.WrittenUnconfirmed)
}

// dateless is an answer without a Date.
type dateless struct{ http.ResponseWriter }

func (d dateless) WriteHeader(status int) {
	d.Header()["Date"] = nil
	d.ResponseWriter.WriteHeader(status)
}

// A sync asks again for a list lagging behind an update.
func TestALateListIsWaitedForAfterAnUpdate(t *testing.T) {
	p := proving(t, "config=masked")
	p.at = p.at.Add(time.Hour)
	p.changes("secret")
	lists, plans := 0, []byte(nil)
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/assetcredentials") {
			p.server.ServeHTTP(w, r)
			return
		}
		lists++
		if lists == 2 || lists == 3 {
			_, _ = w.Write(plans)
			return
		}
		shown := httptest.NewRecorder()
		p.server.ServeHTTP(shown, r)
		plans = shown.Body.Bytes()
		_, _ = w.Write(plans)
	})
	p.judged("updated", diff.WrittenConfirmed)
	if lists != 5 { // of the first run the plan's and three closing ones
		t.Errorf("%d lists", lists)
	}
}
