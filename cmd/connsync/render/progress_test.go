package render

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"connsync/apply"
)

// Targets worked on side by side share one live line: it stays one target's while that has something to say, and only that one takes it away.
func TestTheLiveLineIsOneTargetsAtATime(t *testing.T) {
	var out bytes.Buffer
	p := &Progress{live: true, p: &Printer{Err: &Stream{w: &out}}}
	said := func() string { defer out.Reset(); return strings.ReplaceAll(out.String(), "\r\x1b[K", "|") }
	at := func(target string, done int) apply.Progress {
		return apply.Progress{Target: target, Phase: "writing", Done: done, Total: 9}
	}
	later := func(d time.Duration) { p.last = p.last.Add(-d) }
	p.Show(at("a", 1))
	later(100 * time.Millisecond)
	p.Show(at("b", 1))
	p.End("b")
	p.Show(at("a", 2))
	if got := said(); got != "|a: writing 1/9|a: writing 2/9" {
		t.Errorf("%q", got)
	}
	later(staysFor)
	p.Show(at("b", 2))
	p.End("a")
	p.End("b")
	p.End("b")
	if got := said(); got != "|b: writing 2/9|" {
		t.Errorf("%q", got)
	}
	// Each has a time of its own: what one writes makes the other one's pause no shorter.
	p.phases["c"] = phase{name: "waiting", began: time.Now().Add(-aloudAfter)}
	p.Show(at("a", 3))
	p.Show(apply.Progress{Target: "c", Phase: "waiting", Until: time.Now()})
	if got := said(); !strings.Contains(got, "|c: waiting for an interrupted create") {
		t.Errorf("%q", got)
	}
}

// Who writes beside the live line, or asks, does so alone: the line is away, and comes back after the last of them.
func TestThoseWhoStepAsideWaitForEachOther(t *testing.T) {
	var out bytes.Buffer
	p := &Progress{live: true, p: &Printer{Err: &Stream{w: &out}}}
	var mu sync.Mutex
	var all sync.WaitGroup
	beside, most := 0, 0
	for range 4 {
		all.Go(func() {
			defer p.Aside()()
			mu.Lock()
			beside++
			most = max(most, beside)
			mu.Unlock()
			p.Show(apply.Progress{Target: "a", Phase: "verifying"})
			time.Sleep(time.Millisecond)
			mu.Lock()
			beside--
			mu.Unlock()
		})
	}
	all.Wait()
	if most != 1 || out.Len() > 0 {
		t.Errorf("%d at a time, %q", most, out.String())
	}
	if p.Show(apply.Progress{Target: "a", Phase: "verifying"}); !strings.Contains(out.String(), "a: verifying") {
		t.Errorf("%q", out.String())
	}
}
