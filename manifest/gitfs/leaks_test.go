package gitfs_test

import (
	"os"
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"

	"connsync/manifest/gitfs/gittest"
)

// go-git does not close its connection to an SSH agent; it lasts until the process ends.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	gittest.InMemory()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(prepared.folder)
		os.Exit(code)
	}),
		goleak.IgnoreAnyFunction("golang.org/x/crypto/ssh/agent.(*pipeline).readLoop"),
		goleak.IgnoreAnyFunction("golang.org/x/crypto/ssh/agent.ServeAgent"), // the other end, in the tests
	)
}
