package apply_test

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
)

var netLong = flag.Bool("net.long", false, "change lists of 2,000 and of 10,000 connections too, and those at each gap between their pages")

const (
	netLimit  = 200          // connections of a page
	netStride = netLimit - 1 // from one page to the next
)

// paged is a workspace of n connections. Git wants one of them, unknown to connsync: w, the first behind a gap between two pages. The list
// changes at that gap.
type paged struct {
	*netScene
	n, gap   int
	change   string // insert, delete, both, or all: one is deleted, one inserted, and one moves to the end
	order    string
	mu       sync.Mutex
	served   *sync.Cond
	reached  int // the offset at the end of the served pages of this reading
	times    int // how often the list still changes
	inserted int
}

func pagesOf(t *testing.T, n, gap int, change, order string, times int) *paged {
	t.Helper()
	p := &paged{netScene: netEmpty(t, &fault{}, ""), n: n, gap: gap, change: change, order: order, times: times, reached: -1}
	p.served = sync.NewCond(&p.mu)
	if err := p.server.Set("order=" + order); err != nil {
		t.Fatal(err)
	}
	p.empty()
	component, version := p.server.Plugin("EdrVendor", "2.1")
	at := min(gap*netStride+1, n-1) // of w in the list
	if order == "newest" {
		at = n - 1 - at
	}
	for i := range n {
		name := fmt.Sprintf("c%05d", i)
		if i == at {
			name = "w"
		}
		p.server.Put(emulator.Connection{Name: name, ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://w.example"}`})
	}
	p.wants("w", "x")
	p.turn = p.wait
	return p
}

// empty takes away what every workspace comes with.
func (p *paged) empty() {
	client := p.client()
	defer client.Close()
	all, err := client.List(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range all {
		p.server.Remove(c.ID)
	}
}

// wait serves the pages of a reading one after the other (a client reading them side by side cannot see this), and changes the list
// before the page behind the gap.
func (p *paged) wait(text string) func() {
	offset, _ := strconv.Atoi(text)
	if offset%netStride != 0 {
		return func() {} // of a reading by page numbers
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for offset != 0 && p.reached < offset-netStride {
		p.served.Wait()
	}
	if offset > 0 && offset == p.gap*netStride && p.times > 0 {
		p.times--
		p.move()
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.reached = offset
		p.served.Broadcast()
	}
}

// move deletes what the first page has shown first, or inserts something at the end: the order has new connections there.
func (p *paged) move() {
	if p.change != "insert" {
		all := p.server.Connections() // in order of names, w last
		i := 0
		if p.order == "newest" {
			for i = len(all) - 1; all[i].Name[0] != 'c'; i-- {
			}
		}
		p.server.Remove(all[i].ID)
	}
	if p.change == "all" && p.n > 2 {
		p.server.Edit(p.server.Connections()[0].ID, func(c *emulator.Connection) { c.Description = "touched" })
	}
	if p.change != "delete" {
		p.inserted++
		p.server.Put(emulator.Connection{Name: fmt.Sprint("new", p.inserted)})
	}
}

func (p *paged) named(name string) int {
	n := 0
	for _, c := range p.server.Connections() {
		if c.Name == name {
			n++
		}
	}
	return n
}

// TestNetPages changes lists while they are read: whatever a list hides for a moment, nothing is created twice, and a list never holding
// still ends the run before anything is written.
func TestNetPages(t *testing.T) {
	sizes := []int{0, 1, netLimit - 1, netLimit, netLimit + 1, 3*netLimit + 1}
	if *netLong {
		sizes = append(sizes, 2000, 10_000)
	}
	var cells, failed atomic.Int64
	t.Run("cells", func(t *testing.T) {
		for _, n := range sizes {
			gaps, orders := gapsOf(n), []string{"created", "newest", "stale"}
			if n > 2000 {
				gaps, orders = []int{1, len(gaps)}, []string{"created", "stale"}
			}
			for _, gap := range gaps {
				for _, order := range orders {
					for _, change := range []string{"insert", "delete", "both", "all"} {
						if (change == "all") != (order == "stale") { // in the other orders nothing moves
							continue
						}
						cells.Add(1)
						t.Run(fmt.Sprintf("%d/%d/%s/%s", n, gap, order, change), func(t *testing.T) {
							t.Parallel()
							t.Cleanup(func() {
								if t.Failed() {
									failed.Add(1)
								}
							})
							changesOnce(pagesOf(t, n, gap, change, order, 1))
							changesAlways(pagesOf(t, n, gap, change, order, 1<<20))
						})
					}
				}
			}
		}
	})
	t.Logf("T-PAGE: %d cells, %d failed", cells.Load(), failed.Load())
}

// gapsOf are the gaps between the pages of a list; 0, where nothing changes, for a list of one page.
func gapsOf(n int) []int {
	gaps := []int{}
	for at := netStride; at < n && n >= netLimit; at += netStride {
		gaps = append(gaps, at/netStride)
	}
	if len(gaps) == 0 {
		return []int{0}
	}
	return gaps
}

func changesOnce(p *paged) {
	p.t.Helper()
	r, _, err := p.run()
	if want := p.outcome(); err != nil || outcomes(r) != want {
		p.t.Errorf("once: %s, want %s, %v %v", outcomes(r), want, err, r.Err)
	}
	if p.gap > 0 && p.times > 0 {
		p.t.Error("once: the list never changed")
	}
	p.oneOfEach("once", true)
	r, _, err = p.run()
	if err != nil || len(p.wrote) > 0 || outcomes(r) != "unchanged w, unchanged x" {
		p.t.Errorf("the next run: %s, %v %v, wrote %v", outcomes(r), err, r.Err, p.wrote)
	}
}

// outcome is what Git wants: w is there, but in an empty workspace, and x is not.
func (p *paged) outcome() string {
	if p.n == 0 {
		return "created w, created x"
	}
	return "adopted w, created x"
}

// changesAlways: the list moves in each reading. Only where what goes and what comes both stand before the gap does it hold still behind it, or
// where so much goes that one page is left.
func changesAlways(p *paged) {
	p.t.Helper()
	r, planned, err := p.run()
	still := p.gap == 0 || p.order == "newest" && p.change == "both" || p.change == "delete" && p.n <= netLimit+1
	switch {
	case still && (err != nil || outcomes(r) != p.outcome()):
		p.t.Errorf("still: %s, %v", outcomes(r), err)
	case !still && (planned || !errors.Is(err, secmaster.ErrIncomplete) || len(p.wrote) > 0):
		p.t.Errorf("always: %s, %v, wrote %v", outcomes(r), err, p.wrote)
	}
	p.oneOfEach("always", still)
	p.mu.Lock()
	p.times = 0
	p.mu.Unlock()
	if r, _, err = p.run(); err != nil || r.Err != nil {
		p.t.Errorf("the next run: %v %v", err, r.Err)
	}
	p.oneOfEach("at last", true)
	if _, ok := p.state()["w"]; !ok {
		p.t.Errorf("w is not known")
	}
}

// oneOfEach checks that nothing is there twice and nothing was sent twice.
func (p *paged) oneOfEach(where string, done bool) {
	p.t.Helper()
	x := map[bool]int{true: 1, false: 0}[done]
	w := map[bool]int{true: x, false: 1}[p.n == 0]
	if p.named("w") != w || p.named("x") != x || p.posts["x"] > 1 || p.posts["w"] > 1 || p.n > 0 && p.posts["w"] > 0 {
		p.t.Errorf("%s: %d of w, %d of x, sent %v", where, p.named("w"), p.named("x"), p.posts)
	}
}
