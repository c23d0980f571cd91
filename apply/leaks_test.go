package apply_test

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"

	"connsync/manifest/gitfs/gittest"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // a sixth of their time was spent on collecting what they drop
	gittest.InMemory()
	goleak.VerifyTestMain(m)
}
