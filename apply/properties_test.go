package apply_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"connsync/apply/state"
	"connsync/diff"
)

// drawn is a world rapid can make smaller: what happens in it before a property is looked at.
type drawn struct {
	seed    uint64
	actions []action
}

// action is an edit in Git, a hand in the console, or a quiet sync.
type action struct {
	kind int
	seed uint64
}

func draw(t *rapid.T) drawn {
	seed := rapid.Uint64Range(0, 1<<32)
	return drawn{seed.Draw(t, "seed"), rapid.SliceOfN(rapid.Custom(func(t *rapid.T) action {
		return action{rapid.IntRange(0, 5).Draw(t, "kind"), seed.Draw(t, "how")}
	}), 0, 12).Draw(t, "actions")}
}

// live brings a world to where the actions lead, and gives what a look at it finds wrong.
func (d drawn) live(t *testing.T, look func(*sim) string) (wrong string) {
	folder := simFolder(t)
	defer os.RemoveAll(folder)
	s := newSim(d.seed, folder)
	synctest.Test(t, func(*testing.T) {
		s.begin()
		s.calm, s.meddling, s.lag, s.shared = true, 0, 0, nil
		for _, a := range d.actions {
			s.act(a)
		}
		if wrong = s.failure; wrong == "" {
			wrong = look(s)
		}
		if wrong == "" {
			wrong = s.failure
		}
	})
	return wrong
}

func (s *sim) act(a action) {
	random := rand.New(rand.NewPCG(a.seed, 3))
	switch a.kind {
	case 0, 1, 2:
		s.history.edit(random, s.server)
	case 3, 4:
		s.random = random
		s.console()
	default:
		s.sync(func(r *simRun) { r.prune = random.IntN(2) == 0 })
	}
}

// sync is one quiet sync of the newest revision.
func (s *sim) sync(how func(*simRun)) *simRun {
	r := s.run(s.clone)
	how(r)
	s.round([]*simRun{r})
	if r.report == nil || r.report.Err != nil {
		s.fail(r.told())
	}
	return r
}

func (s *sim) foresee(how func(*simRun)) diff.Plan {
	r := s.run(s.clone)
	r.previews = true
	how(r)
	s.play([]*simRun{r})
	if r.err != nil {
		s.fail(r.told())
	}
	return r.foreseen
}

// writes are the changing requests of a run, sorted.
func (r *simRun) writes() []string {
	var out []string
	for _, e := range r.requests {
		if e.request.Method != http.MethodGet {
			out = append(out, fmt.Sprintf("%s %s %s", e.request.Method, strings.TrimPrefix(e.request.URL.Path, simBase), e.body))
		}
	}
	slices.Sort(out)
	return out
}

// predicted are the changing requests announced by a plan, without their bodies.
func predicted(p diff.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		switch id := "/assetcredentials/" + c.ID; {
		case !c.Write:
		case c.Action == diff.Create:
			out = append(out, "POST /assetcredentials "+c.Name)
		case c.Action == diff.Delete:
			out = append(out, "DELETE "+id+" ")
		default:
			out = append(out, "PUT "+id+" "+c.Name)
		}
	}
	slices.Sort(out)
	return out
}

// named are a run's changing requests with the names alone of what they send.
func (r *simRun) named() []string {
	var out []string
	for _, e := range r.requests {
		if e.request.Method != http.MethodGet {
			out = append(out, fmt.Sprintf("%s %s %s", e.request.Method, strings.TrimPrefix(e.request.URL.Path, simBase), nameIn(e.body)))
		}
	}
	slices.Sort(out)
	return out
}

// property checks what holds of every world, and counts the worlds.
func property(t *testing.T, name string, holds func(*rapid.T, drawn) string) {
	worlds := 0
	rapid.Check(t, func(rt *rapid.T) {
		worlds++
		if wrong := holds(rt, draw(rt)); wrong != "" {
			rt.Fatal(wrong)
		}
	})
	t.Logf("T-PROP: %s, %d worlds, 0 failed", name, worlds)
}

func TestAfterASyncThereIsNothingToDo(t *testing.T) {
	property(t, "P1 P4 P5", func(rt *rapid.T, d drawn) string {
		prune := func(r *simRun) { r.prune, r.reviewed = d.seed%2 == 0, d.seed/2%2 == 0 }
		return d.live(t, func(s *sim) string {
			plan := s.foresee(prune)
			first := s.sync(prune)
			foreseen, keys := predicted(plan), byKeys(plan, first.report.Plan)
			if keys && d.seed/2%2 != 0 { // no review binds it: what the keys told is written, too
				foreseen = predicted(first.report.Plan)
			}
			switch touched := first.foreign(); {
			case !slices.Equal(foreseen, first.named()):
				return fmt.Sprintf("foreseen %q, done %q", foreseen, first.named())
			case !keys && diff.Hash(plan) != diff.Hash(first.report.Plan):
				return "what was shown is not what was done"
			case touched != "":
				return touched + " is touched, and is not connsync's"
			}
			if first.report.Plan.Count(diff.Conflict) > 0 {
				s.sync(prune) // a name once in the way may have been given back
			}
			if again := s.foresee(prune); again.Writes() > 0 {
				return fmt.Sprintf("after a sync, to be done: %q", predicted(again))
			}
			commit := s.head()
			second := s.sync(prune)
			if len(second.writes()) > 0 || s.head() != commit {
				return fmt.Sprintf("a sync that rests sends %q and leaves %s, not %s", second.writes(), s.head(), commit)
			}
			s.model.converged(second)
			return ""
		})
	})
}

// byKeys tells whether a plan differs from one made without keys in nothing but what decrypted secrets tell: a secret shown otherwise by SecMaster is
// written where nothing else is to be done, and a connection of the wanted name with such a secret is in the way.
func byKeys(without, with diff.Plan) bool {
	if len(without.Changes) != len(with.Changes) {
		return false
	}
	told := false
	for i, c := range with.Changes {
		was := without.Changes[i]
		switch differs := slices.ContainsFunc(c.Secrets, func(s diff.SecretChange) bool { return s.Word == diff.Differs }); {
		case c.Name != was.Name:
			return false
		case c.Action == was.Action && c.Write == was.Write:
		case was.Action == diff.Unchanged && c.Action == diff.Update && differs, was.Action == diff.Adopt && !was.Write && c.Action == diff.Conflict:
			told = true
		default:
			return false
		}
	}
	return told
}

// foreign is an id changed by a run although connsync had neither made nor recorded it, and no manifest names it.
func (r *simRun) foreign() string {
	for _, e := range r.requests {
		id := strings.TrimPrefix(e.request.URL.Path, simBase+"/assetcredentials")
		ours := e.request.Method == http.MethodGet || id == "" || r.revision.wishes[nameIn(e.body)].adopt == id[1:]
		for _, k := range r.began.Known {
			ours = ours || k.ID == id[1:]
		}
		if !ours {
			return id
		}
	}
	return ""
}

func TestTheOrderOfTheManifestsChangesNoRequest(t *testing.T) {
	property(t, "P2", func(rt *rapid.T, d drawn) string {
		shuffled, parallelism := rapid.Uint64().Draw(rt, "order"), rapid.IntRange(1, 9).Draw(rt, "parallelism")
		var hash string
		var writes []string
		wrong := d.live(t, func(s *sim) string {
			r := s.sync(func(*simRun) {})
			hash, writes = diff.Hash(r.report.Plan), r.writes()
			return ""
		})
		if wrong != "" {
			return wrong
		}
		return d.live(t, func(s *sim) string {
			r := s.sync(func(r *simRun) { r.shuffled, r.parallelism = shuffled, parallelism })
			if hash != diff.Hash(r.report.Plan) || !slices.Equal(writes, r.writes()) {
				return fmt.Sprintf("%s %q, and in another order %s %q", hash, writes, diff.Hash(r.report.Plan), r.writes())
			}
			return ""
		})
	})
}

// contents are what a workspace holds and what is known of it, without ids and times.
func (s *sim) contents() (have, known []string) {
	for _, c := range s.server.Connections() {
		have = append(have, fmt.Sprint(c.Name, c.Description, c.ComponentID, c.ComponentVersionID, c.Config, c.Creator))
	}
	slices.Sort(have)
	snap, err := s.snapshot(s.clone)
	if err != nil {
		s.fail(fmt.Sprint("known state cannot be read: ", err))
	}
	return have, described(snap)
}

func described(snap state.Snapshot) []string {
	out := []string{fmt.Sprint(len(snap.Intents), snap.Run, snap.Applied)}
	for _, name := range slices.Sorted(maps.Keys(snap.Known)) {
		k := snap.Known[name]
		out = append(out, fmt.Sprint(name, k.Protect, k.Unverified, k.Plugin, k.Clear, k.Secrets, k.Keys, k.File))
	}
	return out
}

func TestSomeFirstAndThenAllIsAll(t *testing.T) {
	property(t, "P3", func(rt *rapid.T, d drawn) string {
		some := rapid.Uint64().Draw(rt, "some")
		prune := func(r *simRun) { r.prune, r.reviewed = d.seed%2 == 0, d.seed/2%2 == 0 }
		all := func(s *sim) {
			if s.sync(prune).report.Plan.Count(diff.Conflict) > 0 {
				s.sync(prune) // a name once in the way may have been given back
			}
		}
		var have, known []string
		wrong := d.live(t, func(s *sim) string {
			all(s)
			have, known = s.contents()
			return ""
		})
		if wrong != "" {
			return wrong
		}
		return d.live(t, func(s *sim) string {
			s.sync(func(r *simRun) {
				prune(r)
				r.only = func(name string) bool { return some>>(name[len(name)-1]%64)&1 == 1 }
			})
			all(s)
			if h, k := s.contents(); !slices.Equal(h, have) || !slices.Equal(k, known) {
				return fmt.Sprintf("all at once\n%q\n%q\nsome first\n%q\n%q", have, known, h, k)
			}
			return ""
		})
	})
}

func TestNoCallIsTriedWithoutEnd(t *testing.T) {
	property(t, "P6", func(rt *rapid.T, d drawn) string {
		faults := rapid.SampledFrom([]float64{0, 0.3, 0.9, 1}).Draw(rt, "faults")
		return d.live(t, func(s *sim) string {
			n := len(s.history.head.wishes) + len(s.server.Connections())
			s.calm, s.faults = false, faults
			r := s.run(s.clone)
			r.parallelism = 2 // a 429 says nothing about a try
			s.round([]*simRun{r})
			tries := map[string]int{}
			for _, e := range r.requests {
				key := fmt.Sprint(e.call, e.key)
				if tries[key]++; e.call > 0 && tries[key] > 4 {
					return fmt.Sprintf("%d tries of %s", tries[key], e.key)
				}
			}
			bound := 6*n + 3 + 20
			if faults > 0 {
				bound *= 4
			}
			if len(r.requests) > bound {
				return fmt.Sprintf("%d requests for %d connections", len(r.requests), n)
			}
			return ""
		})
	})
}
