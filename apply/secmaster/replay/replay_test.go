package replay_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster/doctor"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/secmaster/replay"
)

// tick is a clock; it goes on only during a sleep.
type tick struct{ at time.Time }

func (c *tick) now() time.Time { return c.at }

func (c *tick) sleep(ctx context.Context, d time.Duration) error {
	c.at = c.at.Add(d)
	return ctx.Err()
}

// recorded examines a server of some switches, after something was done to it.
func recorded(t *testing.T, switches []string, prepare func(*emulator.Server)) (*doctor.Report, []byte) {
	t.Helper()
	clock := &tick{time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	o := emulator.Options{Clock: clock.now, Sleep: clock.sleep}
	for _, s := range switches {
		if err := o.Switches.Set(s); err != nil {
			t.Fatal(err)
		}
	}
	s, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if prepare != nil {
		prepare(s)
	}
	return examined(t, s, clock)
}

func examined(t *testing.T, s http.Handler, clock *tick) (*doctor.Report, []byte) {
	t.Helper()
	r, err := doctor.Examine(context.Background(), replay.Options(s, clock.now, clock.sleep))
	if err != nil {
		t.Fatal(err)
	}
	return r, r.Transcript().Text()
}

// again examines what a transcript makes.
func again(t *testing.T, text []byte) []byte {
	t.Helper()
	script, err := doctor.ReadTranscript(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	clock := &tick{time.Date(2027, 5, 6, 7, 8, 9, 0, time.UTC)}
	s, err := replay.PlanOf(script).Server(emulator.Options{Clock: clock.now, Sleep: clock.sleep})
	if err != nil {
		t.Fatal(err)
	}
	lost, err := replay.PlanOf(script).Lost(context.Background(), script)
	if err != nil || len(lost) > 0 {
		t.Errorf("lost: %v %v", lost, err)
	}
	_, is := examined(t, s, clock)
	return is
}

// workspaces are what a server may hold: what it comes with, nothing, one connection, and many, some edited and some with secrets.
var workspaces = map[string]func(*emulator.Server){
	"as it comes": nil,
	"empty":       (*emulator.Server).Clear,
	"one": func(s *emulator.Server) {
		s.Clear()
		put(s, 1)
	},
	"two": func(s *emulator.Server) {
		s.Clear()
		put(s, 2)
	},
	"many": func(s *emulator.Server) {
		ids := put(s, 12)
		for _, i := range []int{3, 0, 7} {
			s.Edit(ids[i], func(c *emulator.Connection) { c.Description = "" })
		}
	},
}

func put(s *emulator.Server, n int) (ids []string) {
	component, version := s.Plugin("KafkaBus", "1.0")
	for i := range n {
		ids = append(ids, s.Put(emulator.Connection{
			Name: fmt.Sprintf("conn_%d", i), ComponentID: component, ComponentVersionID: version, CanBeDeleted: true,
			Config: `{"kafkaAddr":"k:9092","password":"canary-7Qz"}`,
		}))
	}
	return ids
}

// seenAs are the words by which a value of a switch is seen, in the workspace "many"; "" where reads cannot see it.
var seenAs = map[string]string{
	"nulls=mixed": "empty null absent", "config=reserialised": "clear reserialised", "code=empty": "empty",
	"maxlimit=200": "as-asked", "maxlimit=7": "less", "maxlimit=1": "one", "workspaces=1": "one", "workspaces=3": "several", "workspaces=0": "none",
	"rate=5/1m": "limited", "rate=none": "", "rate=1000/1m": "", "ratescope=user": "", "ratescope=ip": "",
	"notfound=400": "400",
	"workflows=0":  "", "workflows=3": "", "policies=0": "", "policies=2": "", "users=shown": "", "users=denied": "", "users=absent": "", "users=broken": "",
}

// Record, replay and record again: the same file, byte for byte, for every value of every switch, in two workspaces; and the word for what was seen.
func TestARecordOfAReplayIsTheSame(t *testing.T) {
	all := [][]string{{"list=assets"}, {"list=assets"}, {"list=assets"}, {"list=assets"}} // each workspace as it is
	for _, d := range emulator.SwitchDocs() {
		for _, v := range d.Values {
			all = append(all, []string{d.Name + "=" + v})
		}
	}
	all = append(all, []string{"maxlimit=1"}, []string{"workspaces=0"}, []string{"rate=5/1m"}, []string{"rate=5/1m", "ratescope=ip"}, []string{"list=data", "config=masked", "timeformat=opaque", "offset=page", "code=prefixed"})
	others := []string{"as it comes", "empty", "one", "two"}
	for i, switches := range all {
		for _, name := range []string{"many", others[i%len(others)]} {
			prepare := workspaces[name]
			t.Run(strings.Join(switches, ",")+"/"+name, func(t *testing.T) {
				r, text := recorded(t, switches, prepare)
				if is := again(t, text); string(is) != string(text) {
					t.Errorf("another file:\n%s\n%s", text, is)
				}
				question, value, _ := strings.Cut(switches[0], "=")
				want, other := seenAs[switches[0]]
				if !other {
					want = value
				}
				if slices.Contains(doctor.Unasked(), question) {
					want = ""
				}
				if got := strings.Join(r.Seen[question], " "); name == "many" && len(switches) == 1 && got != want {
					t.Errorf("%s is seen as %q", switches[0], got)
				}
			})
		}
	}
}
