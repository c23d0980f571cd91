package main

import (
	"maps"
	"os"
	"slices"
	"sync"

	"connsync/manifest/gitfs"
)

// ours are the variables with credentials for connsync itself, each with the type of SOPS key that is found by it. No
// program started by connsync has a use for them: git and its hooks and helpers, gpg, a command that prints a key.
var ours = map[string]string{
	"HUAWEICLOUD_SDK_AK": "hckms", "HUAWEICLOUD_SDK_SK": "hckms", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "hckms",
	"HW_ACCESS_KEY": "", "HW_SECRET_KEY": "", "HW_SECURITY_TOKEN": "", "HW_AUTH_TOKEN": "",
	"CONNSYNC_ID_TOKEN": "", "HW_ASSUME_ROLE_ID_TOKEN": "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "",
	"CONNSYNC_GIT_TOKEN": "",
	"SOPS_AGE_KEY":       "age",
}

// withheld is what was taken out of the environment, so that no process inherits it.
type withheld struct {
	values map[string]string

	mu   sync.Mutex
	turn *sync.Cond
	kind string // of the key SOPS looks for
	lent int    // how many look for it
}

// withhold takes what is ours out of the process's environment.
func withhold() *withheld {
	w := &withheld{values: map[string]string{}}
	w.turn = sync.NewCond(&w.mu)
	for name := range ours {
		if v, ok := os.LookupEnv(name); ok {
			w.values[name] = v
			_ = os.Unsetenv(name)
		}
	}
	gitfs.Withhold(slices.Collect(maps.Keys(w.values))) // a Git may start while one is lent
	return w
}

// env is the environment as it was.
func (w *withheld) env(name string) string {
	if v, ok := w.values[name]; ok {
		return v
	}
	return os.Getenv(name)
}

// lend puts back what SOPS finds a type of key by, until a call of the function it gives. SOPS reads the environment by
// itself, and runs gpg for some keys: while it looks for one type of key, no goroutine looks for another.
func (w *withheld) lend(kind string) (back func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.lent > 0 && w.kind != kind {
		w.turn.Wait()
	}
	if w.lent == 0 {
		w.kind = kind
		w.each(kind, func(name, value string) { _ = os.Setenv(name, value) })
	}
	w.lent++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.lent--; w.lent == 0 {
			w.each(kind, func(name, _ string) { _ = os.Unsetenv(name) })
			w.turn.Broadcast()
		}
	}
}

func (w *withheld) each(kind string, do func(name, value string)) {
	for name, value := range w.values {
		if ours[name] == kind {
			do(name, value)
		}
	}
}
