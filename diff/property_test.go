package diff_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"connsync/diff"
)

// inputs draws any mixture of wanted, present, known and announced connections.
func inputs(t *rapid.T) diff.Input {
	in := diff.Input{Target: "prod", Known: map[string]*diff.Known{}, Intents: map[string]diff.Intent{}, Prune: rapid.Bool().Draw(t, "prune")}
	name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
	id := rapid.SampledFrom([]string{"1", "2", "3", "4", "5", "6"})
	value := rapid.SampledFrom([]string{"x", "y", "ENC:1", "ENC:2"})
	sealed := rapid.SampledFrom([]string{"ENC:1", "ENC:2"}) // what was a secret when it was written is never shown
	for _, n := range rapid.SliceOfNDistinct(name, 0, 5, rapid.ID).Draw(t, "want") {
		w := want(n, with("endpoint", value.Draw(t, "endpoint"), "password", value.Draw(t, "password")))
		if rapid.IntRange(0, 4).Draw(t, "adopts") == 0 {
			w.Adopt = id.Draw(t, "adopt") + "" // may be shared: package manifest forbids it, Compute must survive it
		}
		if rapid.IntRange(0, 3).Draw(t, "renamed") == 0 {
			w.Previously = name.Draw(t, "previously")
		}
		in.Want = append(in.Want, w)
	}
	for _, i := range rapid.SliceOfNDistinct(id, 0, 6, rapid.ID).Draw(t, "have") {
		h := have(i, want(name.Draw(t, "name"), with("endpoint", rapid.SampledFrom([]string{"x", "y"}).Draw(t, "shown"), "password", "plaintext-canary")))
		h.UpdateTime = rapid.SampledFrom([]string{"t1", "t2", ""}).Draw(t, "time")
		if rapid.IntRange(0, 4).Draw(t, "hidden") == 0 {
			h.Settings = nil
		}
		in.Have = append(in.Have, h)
	}
	for i, n := range rapid.SliceOfNDistinct(name, 0, 5, rapid.ID).Draw(t, "known") {
		in.Known[n] = new(known(fmt.Sprint(i+1), want(n, with("endpoint", value.Draw(t, "written"), "password", sealed.Draw(t, "sealed")))))
	}
	for _, n := range rapid.SliceOfNDistinct(name, 0, 2, rapid.ID).Draw(t, "intents") {
		kind := rapid.SampledFrom([]string{diff.IntentCreate, diff.IntentUpdate}).Draw(t, "kind")
		in.Intents[n] = diff.Intent{Name: n, Kind: kind, Settled: rapid.Bool().Draw(t, "settled")}
	}
	return in
}

func TestWhateverTheInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := inputs(t)
		p := diff.Compute(in)
		leaks(t, p)
		names, written := map[string]bool{}, map[string]bool{}
		present := map[string]bool{}
		for _, h := range in.Have {
			present[h.Name] = true
		}
		for _, c := range p.Changes {
			if names[c.Name] {
				t.Fatalf("two changes for %s:\n%s", c.Name, told(p))
			}
			names[c.Name] = true
			if c.Action == diff.Create && present[c.Name] {
				t.Fatalf("a create although the name is there:\n%s", told(p))
			}
			if c.Write && c.ID != "" {
				if written[c.ID] {
					t.Fatalf("two writes of one connection:\n%s", told(p))
				}
				written[c.ID] = true
			}
			if c.Write && (c.Action == diff.Conflict || c.Action == diff.Orphaned || c.Action == diff.Forget || c.Action == diff.Unchanged) {
				t.Fatalf("a write that is none:\n%s", told(p))
			}
			if c.Action == diff.Delete && !in.Prune {
				t.Fatalf("a delete that nobody asked for:\n%s", told(p))
			}
		}
		for _, w := range in.Want {
			if !names[w.Name] {
				t.Fatalf("no decision about %s", w.Name)
			}
		}
	})
}

func TestTheOrderOfTheInputMakesNoDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := inputs(t)
		first := diff.Compute(in)
		rand.Shuffle(len(in.Want), func(i, j int) { in.Want[i], in.Want[j] = in.Want[j], in.Want[i] })
		rand.Shuffle(len(in.Have), func(i, j int) { in.Have[i], in.Have[j] = in.Have[j], in.Have[i] })
		second := diff.Compute(in)
		if told(first) != told(second) || diff.Hash(first) != diff.Hash(second) {
			t.Fatalf("first\n%s\nthen\n%s", told(first), told(second))
		}
	})
}

func TestWhatWasWrittenIsUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := inputs(t)
		next := diff.Input{Target: in.Target, Known: map[string]*diff.Known{}}
		for i, w := range in.Want { // as a perfect server shows it, whole or masked
			w.Adopt, w.Previously = "", ""
			next.Want = append(next.Want, w)
			h := have(fmt.Sprint(i), w)
			if rapid.Bool().Draw(t, "masked") {
				h.Settings = nil
			}
			next.Have = append(next.Have, h)
			next.Known[w.Name] = new(diff.Record(w, h, diff.RecordOptions{}))
		}
		if p := diff.Compute(next); p.Pending() || p.Count(diff.Unchanged) != len(next.Want) {
			t.Fatalf("not at rest:\n%s", told(p))
		}
	})
}

func BenchmarkCompute10000(b *testing.B) {
	in := diff.Input{Target: "prod", Known: map[string]*diff.Known{}}
	for i := range 10_000 {
		w := want(fmt.Sprintf("c%05d", i))
		in.Want = append(in.Want, w)
		in.Have = append(in.Have, have(fmt.Sprint(i), w))
		in.Known[w.Name] = new(known(fmt.Sprint(i), w))
	}
	for b.Loop() {
		if p := diff.Compute(in); p.Pending() {
			b.Fatal("pending")
		}
	}
}
