package apply

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"connsync/apply/secmaster"
	"connsync/secrets"
)

// A config no user could have written counts as not shown, and costs little: whatever its size, its depth and its keys.
func TestAShownConfigIsTakenApartWithinBounds(t *testing.T) {
	long, deep := strings.Repeat("k", 100<<10), func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for what, c := range map[string]struct {
		config string
		leaves int // 0: as if it were not shown
	}{
		"usual":                      {`{"endpoint":"https://a","list":[1,2],"m":{"x":true}}`, 4},
		"a thousand settings":        {`{"list":[` + strings.Repeat("1,", 999) + `1]}`, 1000},
		"a long text":                {`{"a":"` + strings.Repeat("x", 200<<10) + `"}`, 1},
		"as deep as may be":          {deep(63), 1},
		"too deep":                   {deep(64), 0},
		"nine thousand levels":       {deep(9000), 0},
		"nine thousand lists":        {`{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}", 0},
		"many under a long key":      {`{"` + long + `":[` + strings.Repeat("0,", 50_000) + `0]}`, 0},
		"many under nested long":     {strings.Repeat(`{"`+strings.Repeat("k", 4000)+`":`, 60) + `[` + strings.Repeat("0,", 1000) + `0]` + strings.Repeat("}", 60), 0},
		"a hundred thousand numbers": {`{"a":[` + strings.Repeat("0,", 100_000) + `0]}`, 0},
		"eight megabytes":            {`{"a":"` + strings.Repeat("x", 8<<20) + `"}`, 0},
		"eight megabytes, nested":    {`{"` + long + `":` + strings.Repeat(`[{"b":[0,0]},`, 600_000) + `0]}`, 0},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h := have(secmaster.Connection{ID: "x", Config: secrets.Hide(c.config)})
		runtime.ReadMemStats(&after)
		if len(h.Settings) != c.leaves || (h.Settings == nil) != (c.leaves == 0) {
			t.Errorf("%s: %d settings, want %d", what, len(h.Settings), c.leaves)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
			t.Errorf("%s: %d MiB for a config of %d KiB", what, took>>20, len(c.config)>>10)
		}
	}
}

// Many configs, each within bounds, are too much together. This is an error: none of them passes for a config not shown.
func TestAllShownConfigsTogetherAreBounded(t *testing.T) {
	list := func(n, of int) []secmaster.Connection {
		out := make([]secmaster.Connection, n)
		for i := range out {
			out[i] = secmaster.Connection{ID: fmt.Sprint(i), Config: secrets.Hide(`{"a":[` + strings.Repeat("0,", of-1) + `0]}`)}
		}
		return out
	}
	if hs, err := haves(list(20, 10_000)); err != nil || len(hs) != 20 {
		t.Errorf("%d, %v", len(hs), err)
	}
	if _, err := haves(list(26, 40_000)); !errors.Is(err, secmaster.ErrIncomplete) || !strings.Contains(err.Error(), "more settings than any workspace has") {
		t.Errorf("%v", err)
	}
}
