package main

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"connsync/apply/secmaster/emulator"
)

// The signal comes while the server takes its time with a change: what is answered in time is finished, what is not is left to
// the next sync, and a second signal waits for nothing, unless it is the second one of a lost session.
func TestASlowServerDoesNotHoldAnInterruptedSync(t *testing.T) {
	t.Parallel()
	st := setStage(t)
	c := newCrowd(t)
	cells := 0
	for _, shared := range []bool{false, true} {
		for method, route := range map[string]string{"POST": emulator.RouteCreate, "PUT": emulator.RouteUpdate, "DELETE": emulator.RouteDelete} {
			at := slices.Index(st.calm[shared], "after sending "+method) + 1
			for _, i := range []interruption{
				{signal: syscall.SIGINT, slow: emulator.Fault{Wait: time.Second}},
				{signal: syscall.SIGTERM, slow: emulator.Fault{Wait: time.Minute}},
				{signal: syscall.SIGINT, slow: emulator.Fault{Wait: time.Minute}, again: 200 * time.Millisecond},
				{signal: syscall.SIGHUP, slow: emulator.Fault{Wait: time.Second}, again: 200 * time.Millisecond}, // as from the kernel and the shell
			} {
				i.at, i.slow.Route, i.slow.Kind = at, route, emulator.FaultSlow
				cells++
				c.add(func() error {
					reached, err := st.stopped(shared, i)
					if err == nil && !reached {
						err = fmt.Errorf("%v: not reached", i)
					}
					return err
				})
			}
		}
	}
	failed := c.wait()
	t.Logf("T-SIG: %d interruptions beside a slow server, %d failed", cells, failed)
}
