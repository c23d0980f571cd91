package diff_test

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// situation is everything that can hold of one connection, a, with its possible former name, old.
type situation struct {
	wanted, unresolved, previously  bool
	adopt                           string // "" or an id
	wish, secret                    string // its endpoint and its password now
	known, knownOld                 bool   // as id 1, as id 3
	wrote                           string // the endpoint written and shown then; its password was ENC:1
	intent, intentID                string
	settled                         bool
	there                           [4]string // the name of an id; "" where it is not there
	defense                         [4]bool
	shown, time                     string // what they show: the endpoint ("*" masked), and the update time
	prune, protected, unguard, busy bool
	rewrite, byName                 bool
	written                         diff.Written
}

// choices turns bytes into a situation: each decides one thing.
func choices(b []byte) situation {
	pick := func(of ...string) string {
		if len(b) == 0 {
			return of[0]
		}
		v := of[int(b[0])%len(of)]
		b = b[1:]
		return v
	}
	yes := func() bool { return pick("no", "yes") == "yes" }
	s := situation{wanted: !yes(), unresolved: pick("", "", "", "", "", "", "x") != "", previously: yes(), adopt: pick("", "", "", "1", "2", "3", "9")}
	s.wish, s.secret, s.known, s.knownOld, s.wrote = pick("x", "x", "y"), pick("ENC:1", "ENC:1", "ENC:2"), yes(), yes(), pick("x", "x", "x", "y", "z")
	s.intent, s.intentID, s.settled = pick("", "", diff.IntentCreate, diff.IntentUpdate, diff.IntentDelete), pick("", "", "1", "2"), yes()
	for id := 1; id <= 3; id++ {
		s.there[id], s.defense[id] = pick("", "a", "old", "z"), pick("", "", "", "d") != ""
	}
	s.shown, s.time = pick("x", "x", "x", "y", "z", "*"), pick("t1", "t1", "t1", "t2", "")
	s.prune, s.protected, s.unguard, s.busy, s.rewrite = yes(), yes(), yes(), yes(), pick("", "", "", "", "", "x") != ""
	s.byName = pick("", "", "x") != ""
	s.written = diff.Written(pick(string(diff.WrittenConfirmed), string(diff.WrittenUnconfirmed), string(diff.WrittenConfirmed), string(diff.WrittenNever), string(diff.WrittenUnsaid)))
	return s
}

// input is a situation as Compute is told of it.
func (s situation) input() diff.Input {
	always := func(is bool) func(string) bool { return func(string) bool { return is } }
	in := diff.Input{Known: map[string]*diff.Known{}, Intents: map[string]diff.Intent{}, Prune: s.prune, ByName: s.byName, Unguard: always(s.unguard), Rewrite: always(s.rewrite)}
	if s.wanted {
		w := want("a", with("endpoint", s.wish, "password", s.secret))
		w.Unresolved, w.Adopt = s.unresolved, s.adopt
		if s.previously {
			w.Previously = "old"
		}
		in.Want = []diff.Want{w}
	}
	for id := 1; id <= 3; id++ {
		if s.there[id] == "" {
			continue
		}
		h := have(fmt.Sprint(id), want(s.there[id], with("endpoint", s.shown, "password", "plaintext-canary")), touchedBy("eve", s.time))
		h.Settings = h.Settings.With("config.password", diff.Seen{Masked: true})
		if s.shown == "*" {
			h.Settings = h.Settings.With("config.endpoint", diff.Seen{Masked: true})
		}
		free := !s.busy
		h.Defense, h.CanBeDeleted = s.defense[id], &free
		in.Have = append(in.Have, h)
	}
	record := func(id, name string) *diff.Known {
		w := want(name, with("endpoint", s.wrote, "password", "ENC:1"))
		k := known(id, w)
		k.Protect, k.Written = s.protected, s.written
		return &k
	}
	if s.known {
		in.Known["a"] = record("1", "a")
	}
	if s.knownOld {
		in.Known["old"] = record("3", "old")
	}
	if s.intent != "" {
		in.Intents["a"] = diff.Intent{Name: "a", Kind: s.intent, ID: s.intentID, Run: "r", Settled: s.settled}
	}
	return in
}

// named are the ids there under a binding name.
func (s situation) named(name, without string) (ids []string) {
	for id := 1; id <= 3; id++ {
		if s.there[id] == name && !s.defense[id] && fmt.Sprint(id) != without {
			ids = append(ids, fmt.Sprint(id))
		}
	}
	return ids
}

func (s situation) name(id string) string {
	if len(id) != 1 || id < "1" || id > "3" {
		return ""
	}
	return s.there[id[0]-'0']
}

// decisions is docs/decisions.md once more: what is done about a, and about old, as "action id write".
func (s situation) decisions() []string {
	var out []string
	say := func(name, action, id string, write bool) {
		out = append(out, strings.TrimRight(fmt.Sprintf("%s %s %s %v", name, action, id, write), " "))
	}
	bound, usedUp := "", false
	if s.wanted {
		action, id, write := s.wantedDecision()
		say("a", action, id, write)
		usedUp = s.previously && s.knownOld && !s.known && s.name("3") != "" && s.binds() == "previously"
		if bound = id; usedUp {
			bound = "3"
		}
	}
	switch id := s.leftBy("a"); {
	case s.wanted:
	case s.known && s.name("1") != "":
		action, write := s.pruned()
		say("a", action, "1", write)
	case s.known && s.intent == diff.IntentCreate && len(s.named("a", "")) == 1 && !s.owned(s.named("a", "")[0]):
		say("a", "orphaned", s.named("a", "")[0], false)
	case s.known:
		say("a", "forget", "", false)
	case s.intent == diff.IntentCreate && len(id) == 1 && !s.owned(id[0]):
		say("a", "orphaned", id[0], false)
	case s.intent == diff.IntentCreate && len(id) > 1:
		say("a", "conflict", "", false)
	case s.intent != "" && (s.settled || s.intent != diff.IntentCreate || len(id) > 0):
		say("a", "forget", "", false)
	}
	switch {
	case !s.knownOld || usedUp:
	case s.name("3") == "" || bound == "3":
		say("old", "forget", "", false)
	default:
		action, write := s.pruned()
		say("old", action, "3", write)
	}
	sort.Strings(out)
	return out
}

// leftBy are the connections an announced create of a name may have left behind.
func (s situation) leftBy(name string) []string {
	if s.intentID != "" && s.name(s.intentID) != "" {
		return []string{s.intentID}
	}
	return s.named(name, "")
}

func (s situation) owned(id string) bool { return s.known && id == "1" || s.knownOld && id == "3" }

func (s situation) pruned() (string, bool) {
	if s.prune && (s.written == diff.WrittenConfirmed || s.written == diff.WrittenUnconfirmed) && (!s.protected || s.unguard) && !s.busy {
		return "delete", true
	}
	return "orphaned", false
}

// binds is what a wanted connection is bound by.
func (s situation) binds() string {
	there := s.known && s.name("1") != ""
	switch {
	case s.unresolved:
		return "plugin"
	case s.adopt != "" && !(there && s.adopt == "1"):
		return "adopt"
	case s.intent == diff.IntentCreate && !there:
		return "intent"
	case s.known:
		return "known"
	case s.previously:
		return "previously"
	}
	return "name"
}

func (s situation) wantedDecision() (action, id string, write bool) {
	conflict := func() (string, string, bool) {
		if s.known && s.name("1") != "" {
			return "conflict", "1", false
		}
		return "conflict", "", false
	}
	byName := s.named("a", "")
	switch s.binds() {
	case "plugin":
		return conflict()
	case "adopt":
		if s.name(s.adopt) == "" || s.known && s.name("1") != "" || s.name(s.adopt) != "a" && len(s.named("a", s.adopt)) > 0 {
			return conflict()
		}
		return "adopt", s.adopt, true
	case "intent":
		switch {
		case s.name(s.intentID) != "":
			return "adopt", s.intentID, true
		case len(byName) == 0:
			return "create", "", true
		case len(byName) == 1:
			return "adopt", byName[0], true
		}
		return conflict()
	case "known":
		switch {
		case s.name("1") == "" && len(byName) > 0:
			return conflict()
		case s.name("1") == "":
			return "create", "", true
		case s.name("1") != "a" && len(byName) > 0:
			return conflict()
		}
		return s.compared("1", "a")
	case "previously":
		switch {
		case s.knownOld && s.name("3") != "" && len(s.named("a", "3")) > 0:
			return conflict()
		case s.knownOld && s.name("3") != "":
			return s.compared("3", "old")
		case !s.knownOld && len(s.named("old", "")) > 0:
			return conflict()
		}
	}
	switch {
	case len(byName) == 0:
		return "create", "", true
	case len(byName) > 1, s.shown != "*" && s.shown != s.wish, s.shown == "*" && !s.byName:
		return conflict()
	}
	return "adopt", byName[0], s.rewrite
}

// compared tells whether a bound connection is written: because Git moved, SecMaster moved, or a user asks for it.
func (s situation) compared(id, recorded string) (string, string, bool) {
	git := s.wish != s.wrote || s.secret != "ENC:1" || recorded != "a"
	moved := func(shown, want, before string) bool { return shown != want && shown != before }
	drift := s.shown != "*" && moved(s.shown, s.wish, s.wrote) || moved(s.name(id), "a", recorded)
	touched := s.time != "" && s.time != "t1"
	if git || drift || touched || s.intent != "" || s.rewrite {
		return "update", id, true
	}
	return "unchanged", id, false
}

// check compares a plan with the model's.
func (s situation) check(t *testing.T) {
	t.Helper()
	in := s.input()
	in.Destinations = manifest.Reviewed // the model knows nothing of destinations
	p := diff.Compute(in)
	var got []string
	for _, c := range p.Changes {
		got = append(got, strings.TrimRight(fmt.Sprintf("%s %s %s %v", c.Name, c.Action, c.ID, c.Write), " "))
	}
	sort.Strings(got)
	if want := s.decisions(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("%+v\n got %q\nwant %q", s, got, want)
	}
	leaks(t, p)
	for _, c := range p.Changes {
		for _, f := range c.Fields {
			if f.Path == secrets.Path("config.password") && f.Old != nil {
				t.Fatalf("%+v\nshows the old value of a secret", s)
			}
		}
	}
}

func TestThePlanIsTheModels(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	seen := map[string]int{}
	for range 10_000 {
		b := make([]byte, 34)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		choices(b).check(t)
		for _, d := range choices(b).decisions() {
			seen[strings.Fields(d)[1]]++
		}
	}
	for _, a := range []diff.Action{diff.Create, diff.Update, diff.Adopt, diff.Delete, diff.Orphaned, diff.Forget, diff.Conflict, diff.Unchanged} {
		if seen[string(a)] < 10 {
			t.Errorf("only %d times %s: %v", seen[string(a)], a, seen)
		}
	}
}

// FuzzPlan: what Compute decides about one connection is what the truth table says.
func FuzzPlan(f *testing.F) {
	f.Add([]byte{})
	for i := range byte(34) {
		b := make([]byte, 34)
		b[i] = 1
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { choices(b).check(t) })
}
