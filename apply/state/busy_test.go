package state_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"connsync/apply/state"
)

// A caller who only looks hears of a running sync: of this machine while it has the lock, of another one from its announcement until a
// minute after its expiry. The leftovers of an ended sync say nothing.
func TestWhoIsBusyIsTold(t *testing.T) {
	m := machines(t, 2)
	var busy *state.BusyError
	var held *state.HeldError
	look := func(m *machine) error {
		snap, err := m.store.ReadShared(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return m.store.Busy(snap)
	}
	if err := look(m[0]); err != nil {
		t.Errorf("nobody: %v", err)
	}
	host, _ := os.Hostname()
	l := m[0].locked()
	if err := look(m[0]); !errors.As(err, &busy) || busy.Holder[:len("process ")+len(fmt.Sprint(os.Getpid()))] != fmt.Sprint("process ", os.Getpid()) {
		t.Errorf("locked here: %v", err)
	}
	if err := look(m[1]); err != nil {
		t.Errorf("another machine is told of a lock before anything is announced: %v", err)
	}
	run := state.Run{ID: "r1", Host: "other", Started: m[0].now, Expires: m[0].now.Add(time.Minute)}
	commit(t, l, put("a").Announce(run))
	if err := look(m[1]); !errors.As(err, &held) || held.Run.ID != "r1" {
		t.Errorf("announced: %v", err)
	}
	_ = l.Close()
	if err := look(m[0]); !errors.As(err, &held) {
		t.Errorf("it died, and may still have sent something: %v", err)
	}
	m[1].now = run.Expires.Add(2 * time.Minute)
	if err := look(m[1]); err != nil {
		t.Errorf("expired: %v", err)
	}
	for name, who := range map[string]string{
		"a process that is gone": fmt.Sprintf("process %d on %s since x\n", 1<<30, host),
		"another host":           fmt.Sprintf("process %d on elsewhere since x\n", os.Getpid()),
		"no number":              "process x on " + host + " since x\n",
		"a number too large":     "process 99999999999 on " + host + " since x\n",
		"a process without lock": fmt.Sprintf("process 1 on %s since x\n", host),
	} {
		overwrite(t, file(m[1].clone, "connsync/prod.lock"), who)
		if err := look(m[1]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
