package apply_test

import (
	"encoding/hex"
	"flag"
	"fmt"
	"testing"
)

var (
	simSeeds = flag.Int("sim.seeds", 40, "how many seeds the simulation lives through")
	simFrom  = flag.Uint64("sim.from", 0, "the first of them")
	simSeed  = flag.Int64("sim.seed", -1, "the one seed to replay, with its story")
)

// TestSimulation lives through seeded worlds: edits and rotations in Git, hands in the console, a server that fails
// before and after it executes, lagging lists, processes dying anywhere, and up to three syncs at once. A model that
// knows nothing of plans judges after every step.
func TestSimulation(t *testing.T) {
	if *simSeed >= 0 {
		s := simulate(t, uint64(*simSeed))
		t.Log("\n" + s.story())
		if s.failure != "" {
			t.Errorf("seed %d, step %d: %s", s.seed, s.count.steps, s.failure)
		}
		return
	}
	var sum counts
	failed := 0
	for n := range uint64(*simSeeds) {
		seed := *simFrom + n
		s := simulate(t, seed)
		sum.add(s.count)
		if s.failure != "" {
			failed++
			t.Errorf("seed %d, step %d: %s\n(replay: go test ./apply -run TestSimulation -sim.seed=%d)", seed, s.count.steps, s.failure, seed)
		}
	}
	t.Logf("T-SIM: %d seeds, %d steps, %d failed (%d syncs, %d effects, %d crashes, %d times by hand, %d connections of unread files)", *simSeeds, sum.steps, failed, sum.runs, sum.effects, sum.crashes, sum.meddled, sum.rested)
	if sum.rested < *simSeeds {
		t.Errorf("%d connections of unread files: nothing is known of them", sum.rested)
	}
	t.Logf("T-CONC: %d times two writers, %d times three, %d failed", sum.twos, sum.threes, failed)
}

func TestTheSameSeedGivesTheSameStory(t *testing.T) {
	for _, seed := range []uint64{1, 7, 42, 1001, 2002, 3003} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			first, second := simulate(t, seed), simulate(t, seed)
			if a, b := hex.EncodeToString(first.trace.Sum(nil)), hex.EncodeToString(second.trace.Sum(nil)); a != b {
				t.Errorf("%s and then %s:\n%s", a, b, firstDifference(first.told, second.told))
			}
		})
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d: %s\nthen    %s", i, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, then %d", len(a), len(b))
}
