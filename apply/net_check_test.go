package apply_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
	"connsync/diff"
)

// explains checks that an error names its cause, and neither an address nor a secret.
func (s *netScene) explains(where, want, texts string) {
	s.t.Helper()
	if bad := want != "ok" && want != "double"; bad && !slices.ContainsFunc(strings.Split(s.fault.says, "|"), func(says string) bool { return strings.Contains(texts, says) }) {
		s.t.Errorf("%s: the error does not say %q: %s", where, s.fault.says, texts)
	}
	for _, secret := range []string{"127.0.0.1", "http://", "https://", "/elsewhere", netHost, emulator.DefaultSecretKey, "Signature="} {
		if strings.Contains(texts, secret) {
			s.t.Errorf("%s: %q is in %s", where, secret, texts)
		}
	}
}

// sentOnce checks that no create was sent twice in a run but after a 429, as the server and as the wire saw it.
func (s *netScene) sentOnce(where string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range s.posts {
		if n > 1 || name != "a" {
			s.t.Errorf("%s: %d creates of %s", where, n, name)
		}
	}
	if s.wire-s.slow > 1 {
		s.t.Errorf("%s: %d creates on the wire, %d of them throttled", where, s.wire, s.slow)
	}
}

// leftAlone checks that connections not ours are as they were: in SecMaster, and not in known state.
func (s *netScene) leftAlone(where string, before []emulator.Connection) {
	s.t.Helper()
	theirs := map[string]emulator.Connection{}
	for _, c := range before {
		if s.known[c.Name] != c.ID || c.Name == "z" {
			theirs[c.ID] = c
		}
	}
	for _, c := range s.server.Connections() {
		if was, ok := theirs[c.ID]; ok && was != c {
			s.t.Errorf("%s: %s is somebody else's, and was changed", where, c.Name)
		}
	}
	there := s.server.Connections()
	for name, k := range s.state() {
		i := slices.IndexFunc(there, func(c emulator.Connection) bool { return c.ID == k.ID })
		if i >= 0 && there[i].Name != name || i < 0 && k.ID != s.known[name] {
			s.t.Errorf("%s: %s is recorded with the id %s of something else", where, name, k.ID)
		}
	}
}

func (s *netScene) state() map[string]*diff.Known {
	session := s.session()
	defer session.Close()
	return session.Snapshot().Known
}

// converges ends the fault: one run makes everything as it is wanted, and the next writes nothing, even after every late request.
func (s *netScene) converges(where, want string, first apply.Report) {
	s.t.Helper()
	s.heal()
	r, _, err := s.run()
	if err != nil || r.Err != nil || !r.Recorded {
		s.t.Errorf("%s: the second run: %v %v", where, err, r.Err)
	}
	s.sentOnce(where + ", second run")
	s.asWanted(where, want, first)
	_ = s.glass.sleep(context.Background(), lateEnough)
	r, _, err = s.run()
	if err != nil || r.Err != nil || len(s.wrote) > 0 || outcomes(r) != "unchanged a, unchanged b, unchanged d" {
		s.t.Errorf("%s: the third run: %s, %v %v, wrote %v", where, outcomes(r), err, r.Err, s.wrote)
	}
	s.asWanted(where+", at last", want, first)
}

func (s *netScene) asWanted(where, want string, first apply.Report) {
	s.t.Helper()
	var all []string
	for _, c := range s.server.Connections() {
		if len(c.Name) == 1 {
			all = append(all, c.Name+" "+c.Config)
		}
	}
	wanted := []string{`a {"endpoint":"https://a.example"}`, `b {"endpoint":"https://b2.example"}`, `d {"endpoint":"https://d.example"}`, `z {"endpoint":"https://z.example"}`}
	if want == "double" {
		wanted = slices.Insert(wanted, 0, wanted[0])
		if len(first.Results) == 0 || len(first.Results[0].Duplicates) != 1 {
			s.t.Errorf("%s: the duplicate is not named: %+v", where, first.Results)
		}
	}
	if !slices.Equal(all, wanted) {
		s.t.Errorf("%s: there are %v", where, all)
	}
	session := s.session()
	defer session.Close()
	snap, there := session.Snapshot(), s.there()
	for _, name := range []string{"a", "b", "d"} {
		if id := snap.Of(name).ID; id != there[name] && want != "double" {
			s.t.Errorf("%s: %s is known as %s and is %s", where, name, id, there[name])
		}
	}
	if len(snap.Known) != 3 || len(snap.Intents) != 0 {
		s.t.Errorf("%s: known %v, intents %v", where, sortedKeys(snap.Known), fmt.Sprint(snap.Intents))
	}
}

// there are the ids of what is in the workspace, by name.
func (s *netScene) there() map[string]string {
	out := map[string]string{}
	for _, c := range s.server.Connections() {
		out[c.Name] = c.ID
	}
	return out
}
