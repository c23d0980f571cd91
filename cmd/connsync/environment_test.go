package main

import (
	"os"
	"sync"
	"testing"
)

// SOPS is lent what it finds one type of key by, and while it looks, no program started for another type inherits it.
func TestTheEnvironmentIsLentForOneTypeOfKeyAtATime(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", "an age key")
	t.Setenv("HUAWEICLOUD_SDK_SK", "a secret key")
	t.Setenv("CONNSYNC_GIT_TOKEN", "a token")
	t.Setenv("HW_AUTH_TOKEN", "")
	w := withhold()
	gone := func(name string) {
		t.Helper()
		if v, there := os.LookupEnv(name); there {
			t.Errorf("%s is there: %q", name, v)
		}
	}
	for name := range ours {
		gone(name)
	}
	if w.env("SOPS_AGE_KEY") != "an age key" || w.env("CONNSYNC_GIT_TOKEN") != "a token" || w.env("HOME") != os.Getenv("HOME") {
		t.Error("what was withheld is lost")
	}
	var wg sync.WaitGroup
	for _, kind := range []string{"age", "age", "pgp", "hckms", "pgp", "age", "hckms", "kms"} {
		wg.Go(func() {
			for range 200 {
				back := w.lend(kind)
				age, sk := os.Getenv("SOPS_AGE_KEY") != "", os.Getenv("HUAWEICLOUD_SDK_SK") != ""
				if age != (kind == "age") || sk != (kind == "hckms") || os.Getenv("CONNSYNC_GIT_TOKEN") != "" {
					t.Errorf("%s: age key %v, secret key %v", kind, age, sk)
				}
				back()
			}
		})
	}
	wg.Wait()
	for name := range ours {
		gone(name)
	}
}
