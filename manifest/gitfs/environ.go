package gitfs

import (
	"os"
	"slices"
	"strings"
	"sync/atomic"
)

// withheld are the names of variables that Git is never given.
var withheld atomic.Pointer[[]string]

// Withhold keeps variables from every Git started from now on, also while they are set for something else that is done meanwhile.
func Withhold(names []string) { withheld.Store(&names) }

// environ is what Git is given of this process's environment.
func environ() []string {
	names := withheld.Load()
	if names == nil {
		return os.Environ()
	}
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(*names, name)
	})
}
