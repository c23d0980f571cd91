package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
)

// console does something by hand, as a person would.
func (s *sim) console() {
	s.count.meddled++
	all := s.server.Connections()
	kind := s.random.IntN(8)
	if len(all) == 0 || kind < 2 {
		s.byHand()
		return
	}
	c := all[s.random.IntN(len(all))]
	s.meddle(nil, c.ID)
	switch kind {
	case 2:
		s.server.Remove(c.ID)
	case 3:
		name := fmt.Sprintf("hand%d", s.history.next())
		if names := slices.Sorted(maps.Keys(s.history.head.wishes)); len(names) > 0 && s.random.IntN(3) == 0 {
			name = names[s.random.IntN(len(names))]
		}
		s.server.Edit(c.ID, func(c *emulator.Connection) { c.Name = name })
		s.model.renamed[c.ID] = true
	case 4:
		s.server.Edit(c.ID, func(c *emulator.Connection) { c.Description = fmt.Sprintf("by hand %d", s.history.next()) })
	case 5:
		s.server.Edit(c.ID, func(c *emulator.Connection) { c.CanBeDeleted = !c.CanBeDeleted })
	default:
		key := []string{"password", "endpoint", "more"}[s.random.IntN(3)]
		s.server.Edit(c.ID, func(c *emulator.Connection) {
			c.Config = with1(c.Config, key, fmt.Sprintf("by hand %d", s.history.next()))
		})
	}
	s.note(nil, fmt.Sprintf("console %d %s %s", kind, c.Name, c.ID))
}

func with1(config, key, value string) string {
	var m map[string]any
	_ = json.Unmarshal([]byte(config), &m)
	m[key] = value
	text, _ := json.Marshal(m)
	return string(text)
}

// byHand makes a connection: one without any manifest, or one of a wanted name, like what is wanted or not.
func (s *sim) byHand() {
	w, name := s.history.wish(s.random), fmt.Sprintf("hand%d", s.history.next())
	if names := slices.Sorted(maps.Keys(s.history.head.wishes)); len(names) > 0 && s.random.IntN(2) == 0 {
		name = names[s.random.IntN(len(names))]
		if s.random.IntN(2) == 0 {
			w = s.history.head.wishes[name]
		}
	}
	config, _ := json.Marshal(map[string]any{"endpoint": w.endpoint, "user": w.user, "password": canaryStart + "-by-hand"})
	component, version := s.server.Plugin(w.component, w.version)
	id := s.server.Put(emulator.Connection{
		Name: name, Description: w.description, ComponentID: component, ComponentVersionID: version, Config: string(config), CanBeDeleted: true,
	})
	s.written[id] = time.Now()
	s.note(nil, fmt.Sprintf("console makes %s %s", name, id))
}

// newRun is a run of the newest revision, on this machine or on a fresh one, with whatever happens to it.
func (s *sim) newRun() *simRun {
	r := s.run(s.clone)
	if s.shared != nil && s.random.IntN(2) == 0 {
		r.at = s.newMachine()
	}
	r.prune = s.random.IntN(2) == 0
	r.parallelism = 1 + s.random.IntN(4)
	r.expires = []time.Duration{15 * time.Minute, 15 * time.Minute, 2 * time.Minute, 20 * time.Second}[s.random.IntN(4)]
	r.lockWait = []time.Duration{0, 2 * time.Minute, 2 * time.Minute}[s.random.IntN(3)]
	if s.random.IntN(10) == 0 {
		r.sealedFile = fmt.Sprintf("connections/f%d.yaml", s.random.IntN(simFiles))
	}
	switch s.random.IntN(5) {
	case 0, 1:
		r.crashAt, r.crashAfter = 1+s.random.IntN(80), s.random.IntN(2) == 0
	case 2:
		if s.random.IntN(2) == 0 {
			r.interruptAt = 1 + s.random.IntN(60)
		}
	}
	return r
}

func (s *sim) run(at *machine) *simRun {
	s.serial++
	r := &simRun{
		s: s, number: s.serial, at: at, revision: s.history.head, parallelism: 8, expires: 15 * time.Minute, lockWait: time.Hour,
		killed: make(chan struct{}), mute: map[string]bool{}, meddled: map[string]bool{}, posted: map[string]bool{}, creates: map[string][]string{}, seen: map[string][]emulator.Connection{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// quietRun is an undisturbed run. A clone with a history parted from the shared one is made anew, as a person would.
func (s *sim) quietRun(prune, rewrite bool) *simRun {
	r := s.run(s.clone)
	r.prune, r.rewrite = prune, rewrite
	if s.shared != nil {
		if _, err := s.lockable(); err != nil {
			s.clone = s.newMachine()
			r.at = s.clone
		}
	}
	return r
}

// lockable tells whether the clone follows the shared repository, or is followed by it.
func (s *sim) lockable() (bool, error) {
	known, err := s.snapshot(s.clone)
	if err != nil || known.Commit == "" || s.shared.head == "" {
		return true, nil
	}
	s.bring(s.shared.folder, s.clone.folder, s.shared.head)
	if s.leads(s.clone.folder, s.shared.head, known.Commit) || s.leads(s.clone.folder, known.Commit, s.shared.head) {
		return true, nil
	}
	return false, &state.DivergedError{}
}

func (r *simRun) made(name, id string) { r.creates[name] = append(r.creates[name], id) }

// told is how a run ended, in one line.
func (r *simRun) told() string {
	switch {
	case r.dead:
		return "died"
	case r.report == nil:
		return fmt.Sprint("refused: ", r.err)
	}
	return fmt.Sprintf("%s; recorded %v, %s, %v", outcomes(*r.report), r.report.Recorded, r.final.Commit, errorLine(r.report.Err))
}

func errorLine(err error) string {
	if err == nil {
		return "fine"
	}
	return errors.Join(err).Error()
}
