package apply_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"reflect"
	"slices"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/diff"
)

// model is what must hold, told from the server's side: whose a connection is, and what connsync may do to it.
type model struct {
	s        *sim
	ours     map[string]string // id → the name connsync last wrote, of what it made or took over
	renamed  map[string]bool   // ids renamed by hand since
	excused  map[string]bool   // names with a create that came later than any run waits, or twice
	unjudged map[string]bool   // ids written by another writer while an update of them was answered with nothing: no one can tell
	blind    map[string]bool   // ids taken over without having been written
}

func newModel(s *sim) *model {
	return &model{s, map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

// leaves judges a write before it is sent: it is announced, by this very run.
func (m *model) leaves(e *effect) {
	known, err := m.s.snapshot(e.run.at)
	if err != nil {
		m.s.fail(fmt.Sprint("known state cannot be read: ", err))
	}
	run := fmt.Sprint("run", e.run.number)
	i := known.Intents[nameIn(e.body)]
	if e.request.Method == http.MethodDelete {
		for _, other := range known.Intents {
			if other.ID == path.Base(e.request.URL.Path) && other.Run == run { // an earlier run may have announced it under another name
				i = other
			}
		}
	}
	if i.Run != run || known.Run == nil || known.Run.ID != run {
		m.s.fail(fmt.Sprintf("run %d sends %s without having announced it", e.run.number, e.key))
	}
}

// sent notes a create with an uncertain outcome. Its window is a minute: from then on another one may be sent.
func (m *model) sent(e *effect, f fate) {
	if f.executed > 1 || f.executed == 1 && f.wait+m.s.lag >= window {
		m.excused[nameIn(e.body)] = true
	}
}

// created judges a create executed by the server: no other one of its name is connsync's.
func (m *model) created(r *simRun, name, id string) {
	live := m.s.byID()
	for other, wrote := range m.ours {
		if c, there := live[other]; there && wrote == name && c.Name == name && c.Creator != "ops" && !m.renamed[other] && !m.excused[name] {
			m.s.fail(fmt.Sprintf("run %d made a second %s beside %s", r.number, name, other))
		}
	}
	m.ours[id] = name
	r.made(name, id)
}

// updated judges an update executed by the server.
func (m *model) updated(r *simRun, name, id string) {
	if _, ours := m.ours[id]; !ours && !m.mayTake(r, name, id) {
		m.s.fail(fmt.Sprintf("run %d wrote %s over %s, which is not connsync's", r.number, name, id))
	}
	m.s.meddle(r, id)
	m.ours[id] = name
	delete(m.unjudged, id)
	delete(m.renamed, id)
	delete(m.blind, id)
}

// mayTake tells whether a run may take over a connection: it is told to, an announced create may have made it, or
// it is what is wanted, as far as can be seen.
func (m *model) mayTake(r *simRun, name, id string) bool {
	w, wanted := r.revision.wishes[name]
	return wanted && w.adopt == id || r.began.Intents[name].Kind == diff.IntentCreate || r.posted[name] ||
		wanted && r.rewrite && m.looked(r, id, name, w)
}

// looked tells whether a run was shown a connection as a wish says.
func (m *model) looked(r *simRun, id, name string, w wish) bool {
	return slices.ContainsFunc(r.seen[id], func(c emulator.Connection) bool { return m.looksLike(c, name, w) })
}

// looksLike tells whether a connection is what a wish says, as far as the server shows it.
func (m *model) looksLike(c emulator.Connection, name string, w wish) bool {
	component, version := m.s.server.Plugin(w.component, w.version)
	same := c.Name == name && c.Description == w.description && c.ComponentID == component && c.ComponentVersionID == version
	if m.s.shows == "omitted" || m.s.shows == "masked-all" {
		return same
	}
	var config map[string]any
	_ = json.Unmarshal([]byte(c.Config), &config)
	return same && config["endpoint"] == w.endpoint && config["user"] == w.user
}

// deleting judges a delete before the server executes it.
func (m *model) before(e *effect) {
	if e.request.Method != "DELETE" {
		return
	}
	r, id := e.run, e.request.URL.Path[len(simBase+"/assetcredentials/"):]
	_, ours := m.ours[id]
	c, there := m.s.byID()[id]
	if there && c.CanBeDeleted && (!r.prune || !ours || !m.orphaned(r, id)) {
		m.s.fail(fmt.Sprintf("run %d deletes %s %s", r.number, c.Name, id))
	}
}

// orphaned tells whether what a run planned from knows an id under a name no longer wanted, unprotected.
func (m *model) orphaned(r *simRun, id string) bool {
	for name, k := range r.began.Known {
		if k.ID == id {
			_, wanted := r.revision.wishes[name]
			return !wanted && !k.Protect
		}
	}
	return false
}

func (m *model) deleted(_ *simRun, id string) { delete(m.ours, id) }

// took judges what known state says: every connection in it is connsync's, by right. After a create without an answer, that is what shows under its name
// for the first time: written in full once more, or, where that answer was false, not.
func (m *model) took(runs []*simRun, known state.Snapshot) {
	for name, k := range known.Known {
		if _, ours := m.ours[k.ID]; ours {
			continue
		}
		legal := false
		for _, r := range runs {
			w, wanted := r.revision.wishes[name]
			legal = legal || r.posted[name] || wanted && m.looked(r, k.ID, name, w) || r.began.Intents[name].Kind == diff.IntentCreate && (r.began.Intents[name].ID == "" || r.began.Intents[name].ID == k.ID)
		}
		if _, there := m.s.byID()[k.ID]; there && !legal {
			m.s.fail(fmt.Sprintf("known state holds %s %s, which is not connsync's", name, k.ID))
		}
		m.ours[k.ID], m.blind[k.ID] = name, true
	}
}

// ended judges a run's report by the known state it left.
func (m *model) ended(r *simRun) {
	switch {
	case r.dead:
		return
	case r.report == nil:
		m.refused(r)
		return
	case !errors.Is(r.report.Err, apply.ErrNotAnnounced) && r.report.Recorded && r.final.Run != nil && r.final.Run.ID == r.report.Run:
		m.s.fail(fmt.Sprintf("run %d ended, and its announcement stands", r.number))
	}
	if r.report.Err == nil && r.report.Recorded {
		m.protects(r)
	}
	announced := !errors.Is(r.report.Err, apply.ErrNotAnnounced) // or it is not known whether it is
	for _, res := range r.report.Results {
		k, known := r.final.Known[res.Name]
		i, open := r.final.Intents[res.Name]
		left := open && (i.Run == r.report.Run || i.Run == r.began.Intents[res.Name].Run) // and not by another run meanwhile
		wrong := ""
		switch res.Outcome {
		case apply.Created, apply.Updated, apply.Adopted:
			if r.report.Recorded && (!known || k.ID != res.ID || left) {
				wrong = "is not what is known"
			}
		case apply.Deleted, apply.Forgotten:
			if r.report.Recorded && known {
				wrong = "is known all the same"
			}
		case apply.Unknown:
			disputed := errors.Is(res.Err, apply.ErrOtherwise) && known && k.Disputed // the record says so, instead of an intent
			if !open && !disputed && !m.overtaken(r, res.Name) {
				wrong = "has no intent"
			}
		case apply.Failed, apply.Skipped, apply.Refused:
			if id := m.standing(r, res.Name); id != "" {
				wrong = "was executed: " + id
			}
			if left && announced && r.report.Recorded && r.began.Intents[res.Name].Name == "" {
				wrong = "has an intent left"
			}
		}
		if wrong != "" {
			m.s.fail(fmt.Sprintf("run %d: %s %s %s (%v)", r.number, res.Outcome, res.Name, wrong, res.Err))
		}
	}
}

// overtaken tells whether another run took over what this one had announced of a name.
func (m *model) overtaken(r *simRun, name string) bool {
	return slices.ContainsFunc(m.s.running, func(o *simRun) bool { return o != r && o.began.Intents[name].Run == r.report.Run })
}

// standing is a create of a run, executed by the server and present, for a name whose creates are not excused.
func (m *model) standing(r *simRun, name string) string {
	for _, id := range r.creates[name] {
		if c, there := m.s.byID()[id]; there && c.Name == name && !m.renamed[id] && !m.excused[name] {
			return id
		}
	}
	return ""
}

// refused judges why a run did not come to carry out its plan.
func (m *model) refused(r *simRun) {
	var corrupt *state.CorruptError
	var schema *state.SchemaError
	var place *state.PlaceError
	var locked *state.LockedRefError
	if errors.As(r.err, &corrupt) || errors.As(r.err, &schema) || errors.As(r.err, &place) || errors.As(r.err, &locked) || r.err == nil {
		m.s.fail(fmt.Sprintf("run %d: %v", r.number, r.err))
	}
}

// converged judges what quiet syncs have left: everything wanted is there as it is wanted, or stands in the way of nothing
// but a connection that is not connsync's.
func (m *model) converged(r *simRun) {
	conflicts := map[string]bool{}
	warned := map[string]bool{}
	for _, c := range r.report.Plan.Changes {
		conflicts[c.Name] = conflicts[c.Name] || c.Action == diff.Conflict
		if w := r.revision.wishes[c.Name]; w.previously != "" && c.Action == diff.Conflict {
			conflicts[w.previously] = true // its rename waits
		}
		warned[c.Name] = len(c.Warnings) > 0 || c.Conflict != nil
	}
	for name := range r.final.Intents {
		if !conflicts[name] {
			m.s.fail("an intent is left for " + name)
		}
	}
	if r.final.Run != nil {
		m.s.fail("a run is left under way")
	}
	for _, name := range slices.Sorted(maps.Keys(r.revision.wishes)) {
		w, k := r.revision.wishes[name], r.final.Of(name)
		others := m.others(k.ID, name, w)
		switch c, there := m.s.byID()[k.ID]; {
		case conflicts[name] && len(others) == 0 && w.adopt == "":
			m.s.fail(name + " is in a conflict with nothing")
		case !conflicts[name] && (!there || !m.holds(c, name, w)):
			m.s.fail(fmt.Sprintf("%s is not as it is wanted: %+v, want %+v", name, c, w))
		case m.named(name) > 1 && !warned[name]:
			m.s.fail("two connections have the name " + name + ", and nothing says so")
		}
	}
}

// holds tells whether the server holds what a wish says; of what was taken over unseen, as far as it could be seen.
func (m *model) holds(c emulator.Connection, name string, w wish) bool {
	var config map[string]any
	_ = json.Unmarshal([]byte(c.Config), &config)
	return m.unjudged[c.ID] || m.looksLike(c, name, w) && (m.blind[c.ID] || reflect.DeepEqual(config, w.config()))
}

// others are connections in a wish's way.
func (m *model) others(id, name string, w wish) []string {
	var out []string
	for _, c := range m.s.server.Connections() {
		if c.ID != id && (c.Name == name || c.Name == w.previously && w.previously != "") {
			out = append(out, c.ID)
		}
	}
	return out
}

func (m *model) named(name string) int {
	n := 0
	for _, c := range m.s.server.Connections() {
		if c.Name == name {
			n++
		}
	}
	return n
}
