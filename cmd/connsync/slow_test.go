package main

import (
	"fmt"
	"maps"
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
	routes := map[string]string{"POST": emulator.RouteCreate, "PUT": emulator.RouteUpdate, "DELETE": emulator.RouteDelete}
	cells := 0
	for where, shared := range []bool{false, true} {
		for what, method := range slices.Sorted(maps.Keys(routes)) {
			at := slices.Index(st.calm[shared], "after sending "+method) + 1
			for n, i := range []interruption{
				{signal: syscall.SIGINT, slow: emulator.Fault{Wait: time.Second}},
				{signal: syscall.SIGTERM, slow: emulator.Fault{Wait: time.Minute}},
				{signal: syscall.SIGINT, slow: emulator.Fault{Wait: time.Minute}, again: 200 * time.Millisecond},
				{signal: syscall.SIGHUP, slow: emulator.Fault{Wait: time.Second}, again: 200 * time.Millisecond}, // as from the kernel and the shell
			} {
				if !*crashLong && (where+what+n)%2 == 1 { // half of them, and each of the four beside both kinds of state
					continue
				}
				i.at, i.slow.Route, i.slow.Kind = at, routes[method], emulator.FaultSlow
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
