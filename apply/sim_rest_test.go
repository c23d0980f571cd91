package apply_test

import (
	"math/rand/v2"
	"slices"

	"connsync/apply"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
)

// simChecks is what all runs check manifests by.
const simChecks = "simulated"

// goesByRecords tells of a run that does not read what known state vouches for. One that may delete reads everything.
func (r *simRun) goesByRecords() bool { return !r.prune && r.number%3 != 0 }

// wanted is what the manifests want, in their order or in another one, some of it in files that rest. Known state is read before the run has the lock: it may be
// another one by then.
func (r *simRun) wanted(t *apply.Target) {
	t.Checks = simChecks
	if !r.goesByRecords() {
		t.Want = shuffled(r.revision.want, r.shuffled)
		return
	}
	hint, err := r.s.snapshot(r.at)
	if err != nil {
		hint = state.Snapshot{} // it vouches for nothing
	}
	var but []string
	survey := func() (want []manifest.Connection, rest []manifest.Rested, err error) {
		want, rest, err = surveyed(r.revision.files, r.revision.project, hint, simChecks, but)
		return shuffled(want, r.shuffled), shuffled(rest, r.shuffled), err
	}
	t.Reread = func(files []string) ([]manifest.Connection, []manifest.Rested, error) {
		but = append(but, files...)
		return survey()
	}
	if t.Want, t.Rest, err = survey(); err != nil {
		panic(err)
	}
	t.RestedAt = hint.Commit
	r.rested += len(t.Rest)
}

// shuffled is a copy in an order that a seed decides; 0 leaves the order.
func shuffled[T any](all []T, seed uint64) []T {
	out := slices.Clone(all)
	if seed != 0 {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	}
	return out
}

// protects judges what is recorded of protection: what a run left alone, or carried out, is protected as its revision says.
func (m *model) protects(r *simRun) {
	for i := range r.report.Plan.Changes {
		c := &r.report.Plan.Changes[i]
		w, wanted := r.revision.wishes[c.Name]
		k, known := r.final.Known[c.Name]
		if wanted && known && c.Action == diff.Unchanged && k.Protect != w.protect {
			m.s.fail("the protection of " + c.Name + " is not recorded as it is wanted")
		}
	}
}
