package apply_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"connsync/apply"
)

// netTable says what a run ends in, for each fault at each operation: where it strikes once / whenever it can, or the same for both.
//
//	ok       as if nothing had happened
//	stopped  the planning ends with an error, and nothing is written
//	failed   what was asked for was not done and is said to have failed; the others are done
//	unknown  whether it was done is not known, and it stays announced; the others are done
//	halted   failed, and what would have come after it is skipped
//	expired  failed, and so is or skipped what would have come after it: there was no time
//	blind    from then on nothing can be seen: what was sent is unknown, and the rest is skipped
//	open     no write is confirmed, and all stay announced
//	double   done, and the duplicate is named
//	-        left out, for the reason in notThere
const netTable = `
fault                   project     list        later       show        plugins     create      update      delete      closing
refused                 ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/failed   ok/failed   ok/failed   ok/open
no-dns                  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/failed   ok/failed   ok/failed   ok/open
certificate_untrusted   ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/failed   ok/failed   ok/failed   ok/open
certificate_expired     ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/failed   ok/failed   ok/failed   ok/open
certificate_wrong-host  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/failed   ok/failed   ok/failed   ok/open
reset-at-once           ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  unknown     ok/unknown  ok/unknown  ok/open
reset                   ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  unknown     ok/unknown  ok/unknown  ok/open
reset_executed          -           -           -           -           -           ok          ok/unknown  ok          -
stall                   ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok          ok/unknown  ok          ok/open
truncated               ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok          ok/unknown  ok          ok/open
drip                    ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok          ok/unknown  ok          ok/open
page                    ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  unknown     ok/unknown  ok/unknown  ok/open
page_executed           -           -           -           -           -           ok          ok/unknown  ok          -
ok-error                stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
no-asset                stopped     stopped     stopped     stopped     stopped     ok          ok          -           ok/open
foreign-id              -           -           -           stopped     -           ok          unknown     -           -
foreign-name            -           -           -           -           -           ok          unknown     -           -
400                     stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
401                     stopped     stopped     stopped     stopped     stopped     halted      halted      halted      open
403                     stopped     stopped     stopped     stopped     stopped     halted      halted      halted      open
404_page                stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
409                     stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
429                     ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/expired  ok/expired  ok/expired  ok/open
429_ip                  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/expired  ok/expired  ok/expired  ok/open
429_3                   ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/expired  ok/expired  ok/expired  ok/open
429_date                ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/expired  ok/expired  ok/expired  ok/open
429_-1                  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/expired  ok/expired  ok/expired  ok/open
429_huge                ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/expired  ok/expired  ok/expired  ok/open
429_garbage             ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/expired  ok/expired  ok/expired  ok/open
408                     ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  unknown     ok/unknown  ok/unknown  ok/open
408_executed            -           -           -           -           -           ok          ok/unknown  ok          -
500                     ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  unknown     ok/unknown  ok/unknown  ok/open
500_executed            -           -           -           -           -           ok          ok/unknown  ok          -
502_executed            ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok          ok/unknown  ok          ok/open
503_executed            ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok          ok/unknown  ok          ok/open
504_executed            ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok/stopped  ok          ok/unknown  ok          ok/open
bomb_executed           stopped     stopped     stopped     stopped     stopped     ok          unknown     ok          ok/open
flood_executed          stopped     stopped     stopped     stopped     stopped     ok          unknown     ok          ok/open
301                     stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
302                     stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
303                     stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
303_executed            -           -           -           -           -           ok          failed      ok          -
307                     stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
308                     stopped     stopped     stopped     stopped     stopped     failed      failed      failed      ok/open
late                    -           -           -           -           -           unknown     ok/unknown  ok          -
twice                   -           -           -           -           -           double      ok          ok          -
twice-refused           -           -           -           -           -           ok          -           -           -
stale                   -           -           -           -           -           unknown     unknown     unknown     -
echo                    -           -           -           -           -           unknown     unknown     unknown     -
lag_1                   -           -           -           -           -           ok          -           -           -
lag_2                   -           -           -           -           -           ok          -           -           -
lag_3                   -           -           -           -           -           ok          -           -           -
lag_4                   -           -           -           -           -           ok          -           -           -
lag_5                   -           -           -           -           -           ok          -           -           -
lag_1_lost              -           -           -           -           -           ok          -           -           -
lag_2_lost              -           -           -           -           -           ok          -           -           -
lag_3_lost              -           -           -           -           -           ok          -           -           -
lag_4_lost              -           -           -           -           -           ok          -           -           -
lag_5_lost              -           -           -           -           -           ok          -           -           -
lag_9                   -           -           -           -           -           ok          -           -           -
lag_9_lost              -           -           -           -           -           unknown     -           -           -
lag_9_foreign           -           -           -           -           -           unknown     -           -           -
list-changes_insert     -           -           ok/stopped  -           -           -           -           -           -
list-changes_delete     -           -           ok/stopped  -           -           -           -           -           -
list-changes_both       -           -           ok/stopped  -           -           -           -           -           -
clock_+16m              stopped     stopped     stopped     stopped     stopped     blind       blind       blind       open
clock_-16m              stopped     stopped     stopped     stopped     stopped     blind       blind       blind       open
total-more              -           ok/stopped  ok/stopped  -           ok/stopped  -           -           -           ok/open
total-fewer             -           ok/stopped  ok/stopped  -           ok/stopped  -           -           -           ok/open
total-none              -           ok          ok/stopped  -           ok          -           -           -           ok
`

// notThere says why a fault cannot strike the operations left out of the table.
var notThere = map[string]string{
	"reset_executed": "a read executes nothing: the same as reset", "page_executed": "a read executes nothing: the same as page",
	"408_executed": "a read executes nothing: the same as 408",
	"500_executed": "a read executes nothing: the same as 500", "303_executed": "a read executes nothing: the same as 303",
	"late": "a read that is executed late shows it to nobody", "twice": "a read that is executed twice shows it to nobody",
	"stale": "a read changes nothing: it is answered as it is", "echo": "a read changes nothing: it is answered as it is",
	"no-asset":      "what a delete is answered holds nothing anyway",
	"foreign-id":    "only a show, a create and an update are answered with the id of what they were about",
	"foreign-name":  "only a create and an update say a name: what is shown may have been renamed",
	"twice-refused": "only a create is refused because of the one before it",
	"lag":           "only new connections lag", "list-changes": "only between two pages can a list change",
	"total-more": "only lists count", "total-fewer": "only lists count", "total-none": "only lists count",
}

// netOutcomes are the outcomes of a, b, c and d by the words of the table; "failed or skipped" may be either.
func netOutcomes(word, op string) string {
	out := map[string]string{"a": "created", "b": "updated", "c": "deleted", "d": "unchanged"}
	order := []string{"create", "update", "delete"} // of a, b and c
	for i, name := range []string{"a", "b", "c"} {
		at := slices.Index(order, op)
		switch {
		case word == "open", word == "blind" && i <= at:
			out[name] = "unknown"
		case (word == "halted" || word == "blind") && i > at:
			out[name] = "skipped"
		case word == "expired" && i > at:
			out[name] = "failed or skipped"
		case i == at && (word == "halted" || word == "expired"):
			out[name] = "failed"
		case i == at && (word == "failed" || word == "unknown"):
			out[name] = word
		}
	}
	return fmt.Sprint(out)
}

// endsIn tells whether the outcomes of a run are the expected ones.
func endsIn(r apply.Report, want string) bool {
	have := map[string]string{}
	for _, res := range r.Results {
		have[res.Name] = string(res.Outcome)
		if either := res.Name + ":failed or skipped"; strings.Contains(want, either) && (res.Outcome == apply.Failed || res.Outcome == apply.Skipped) {
			have[res.Name] = "failed or skipped"
		}
	}
	return fmt.Sprint(have) == want
}

// TestNet runs every fault at every operation: the faulty run ends as the table says, having sent one create at most; the next
// one makes everything as Git wants it, and a third one writes nothing.
func TestNet(t *testing.T) {
	var cells, failed atomic.Int64
	elsewhere := strangeHost(t)
	t.Run("cells", func(t *testing.T) {
		lines := strings.Split(strings.TrimSpace(netTable), "\n")
		ops := strings.Fields(lines[0])[1:]
		for _, line := range lines[1:] {
			row := strings.Fields(line)
			reason := notThere[row[0]] + notThere[strings.SplitN(row[0], "_", 2)[0]]
			if len(row) != 1+len(ops) || slices.Contains(row, "-") != (reason != "") {
				t.Fatalf("%s: %d operations, left out because: %q", row[0], len(row)-1, reason)
			}
			for i, want := range row[1:] {
				if want != "-" {
					cells.Add(1)
					t.Run(strings.ReplaceAll(row[0], "_", "-")+"/"+ops[i], func(t *testing.T) {
						t.Parallel()
						t.Cleanup(func() {
							if t.Failed() {
								failed.Add(1)
							}
						})
						once, always, two := strings.Cut(want, "/")
						netCell(t, strings.ReplaceAll(row[0], "_", " "), ops[i], once, 1, elsewhere)
						if two {
							netCell(t, strings.ReplaceAll(row[0], "_", " "), ops[i], always, 1<<20, elsewhere)
						}
					})
				}
			}
		}
	})
	if n := strangers.Load(); n != 0 {
		t.Errorf("the host that redirects point to was connected to %d times", n)
	}
	if cells.Load() < 28*8 {
		t.Errorf("only %d cells", cells.Load())
	}
	t.Logf("T-NET: %d cells, %d failed", cells.Load(), failed.Load())
}

func netCell(t *testing.T, name, op, want string, times int, elsewhere string) {
	t.Helper()
	s := netStaged(t, netFault(name), op, times, elsewhere)
	before := s.server.Connections()
	r, planned, err := s.run()
	where := fmt.Sprintf("%s, %s", want, map[bool]string{true: "once", false: "always"}[times == 1])
	switch {
	case want == "stopped":
		if planned || err == nil || len(s.wrote) > 0 {
			t.Errorf("%s: planned %v, %v, wrote %v", where, planned, err, s.wrote)
		}
	case err != nil:
		t.Errorf("%s: %v", where, err)
	case !endsIn(r, netOutcomes(want, op)):
		t.Errorf("%s: %s (%v)", where, outcomes(r), texts(r, err))
	}
	if s.left.Load() == int64(times) && !s.skewed.Load() && !strings.HasPrefix(name, "lag") {
		t.Errorf("%s: the fault never struck", where)
	}
	s.explains(where, want, texts(r, err))
	s.sentOnce(where)
	s.leftAlone(where, before)
	s.converges(where, want, r)
}

// texts are all errors of a run.
func texts(r apply.Report, err error) string {
	out := fmt.Sprint(err, "; ", r.Err)
	for _, res := range r.Results {
		out += fmt.Sprint("; ", res.Err)
	}
	return out
}
