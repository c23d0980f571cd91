package main

import (
	"testing"

	"connsync/apply"
)

func TestTheLimitOfTheCommandLine(t *testing.T) {
	for text, want := range map[string]apply.Limit{
		"10%":    {Most: 10, Percent: true, Ceiling: 10}, // the default
		"11%":    {Most: 11, Percent: true},
		"0":      {},
		"12":     {Most: 12},
		"999999": {Most: 999999},
	} {
		for _, empty := range []bool{false, true} {
			want.Empty = empty
			if have := (&syncCmd{MaxDeletes: text, AllowEmpty: empty}).limit(); have != want {
				t.Errorf("%s: %+v, want %+v", text, have, want)
			}
		}
	}
	for _, text := range []string{"", "%", "-1", "1.5", "10 %", "1000000", "10%%", "ten"} {
		if validLimit.MatchString(text) {
			t.Errorf("%q is taken", text)
		}
	}
}
