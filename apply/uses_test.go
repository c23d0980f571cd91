package apply_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
	"connsync/diff"
)

// said are the users of each connection of a plan, where asked for, in short.
func said(p diff.Plan) string {
	var out []string
	for _, c := range p.Changes {
		if c.Users == nil {
			continue
		}
		text := fmt.Sprintf("%s %s:", c.Action, c.Name)
		for _, w := range c.Users.Workflows {
			text += fmt.Sprintf(" %s/%t", w.Name, w.Enabled)
		}
		if c.Users.Policies > 0 {
			text += fmt.Sprint(" policies ", c.Users.Policies)
		}
		if c.Users.Hidden {
			text += " hidden"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// looked is what a search came to, in short.
func looked(p diff.Plan) string {
	if p.Search == nil {
		return "nobody was asked"
	}
	return fmt.Sprint(*p.Search)
}

// asked counts the requests for users.
func (s *scene) asked() int {
	return s.server.Count(emulator.RouteWorkflows) + s.server.Count(emulator.RouteVersion) + s.server.Count(emulator.RoutePolicies)
}

// foreseen is what a sync would do, by a server without earlier requests.
func (s *scene) foreseen() diff.Plan {
	s.t.Helper()
	s.server.ResetRequests()
	p, session, err := s.prepare(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	_ = session.Close()
	return p.Plan
}

// Who uses a connection is asked for what is deleted, and with Uses for all that is touched; once for all of them, and not at all where there is none.
func TestUsersAreAskedForWhereSomethingIsTouched(t *testing.T) {
	s := staged(t, "a", "b", "c", "d")
	s.sync()
	ids := map[string]string{}
	for _, c := range s.server.Connections() {
		ids[c.Name] = c.ID
	}
	s.server.PutWorkflow(emulator.Workflow{Name: "w", Enabled: true, Connections: []string{ids["a"], ids["c"]}})
	s.server.PutWorkflow(emulator.Workflow{Name: "v", Config: true, Connections: []string{ids["c"]}})
	s.server.PutPolicy(emulator.EmergencyPolicy{Connections: []string{ids["d"]}})
	s.server.Edit(ids["d"], func(c *emulator.Connection) { c.CanBeDeleted = false })
	for _, step := range []struct {
		name        string
		wants       []string
		prune, uses bool
		want        string
		looked      string
		asked       int
	}{
		{"nothing changes", []string{"a", "b", "c", "d"}, true, true, "", "nobody was asked", 0},
		{"only a create", []string{"a", "b", "c", "d", "e"}, true, true, "", "nobody was asked", 0},
		{"left in SecMaster, not asked", []string{"a", "b"}, false, false, "", "nobody was asked", 0},
		{"left in SecMaster", []string{"a", "b"}, false, true, "orphaned c: w/true v/false, orphaned d: policies 1", "{2 1 []}", 4},
		{"deleted, or in use", []string{"a", "b"}, true, false, "delete c: w/true v/false, orphaned d: policies 1", "{2 1 []}", 4},
	} {
		s.wants(step.wants...)
		s.prune, s.uses = step.prune, step.uses
		if p := s.foreseen(); said(p) != step.want || looked(p) != step.looked || s.asked() != step.asked {
			t.Errorf("%s: %q, %s, %d requests", step.name, said(p), looked(p), s.asked())
		}
	}
	// An update and a rename are touched, an equal one is not. One that cannot be deleted, with no user found, is in use by something.
	s.wants("a", "b", "c", "d")
	s.prune, s.rewrite = false, true
	s.server.Edit(ids["b"], func(c *emulator.Connection) { c.CanBeDeleted = false })
	for _, denied := range []bool{false, true} {
		if denied {
			s.server.Deny("secmaster:workflow:get", "secmaster:policy:list")
		}
		s.uses = true
		want, search := "update a: w/true, update b: hidden, update c: w/true v/false, update d: policies 1", "{2 1 []}"
		if denied {
			want, search = "update a:, update b: hidden, update c:, update d: hidden", "{0 0 [{emergency-policies denied 0} {workflows denied 2}]}"
		}
		if p := s.foreseen(); said(p) != want || looked(p) != search {
			t.Errorf("denied %v: %q, %s", denied, said(p), looked(p))
		}
		s.uses = false
		if p := s.foreseen(); said(p) != "" || s.asked() != 0 {
			t.Errorf("not asked for: %q", said(p))
		}
	}
}

// Each reason for a gap has its word.
func TestWhyUsersWereNotLookedForIsTold(t *testing.T) {
	s := staged(t, "a")
	s.sync()
	s.rewrite, s.uses = true, true
	for habit, want := range map[string]string{
		"users=absent": "{0 0 [{emergency-policies absent 0} {workflows absent 0}]}",
		"users=broken": "{0 0 [{emergency-policies unreadable 0} {workflows unreadable 1}]}",
		"users=denied": "{0 0 [{emergency-policies denied 0} {workflows denied 0}]}",
	} {
		for _, h := range []string{"workflows=1", habit} {
			if err := s.server.Set(h); err != nil {
				t.Fatal(err)
			}
		}
		if p := s.foreseen(); looked(p) != want || len(p.Changes) != 1 {
			t.Errorf("%s: %s", habit, looked(p))
		}
	}
	_ = s.server.Set("users=shown")
	_ = s.server.Set("workflows=300")
	if p := s.foreseen(); looked(p) != "{195 0 [{workflows limit 105}]}" || s.asked() != 200 {
		t.Errorf("%s after %d requests", looked(p), s.asked())
	}
	_ = s.server.Set("workflows=0")
	s.server.Fail(emulator.Fault{Route: emulator.RoutePolicies, Kind: emulator.FaultStatus, Status: 500})
	if p := s.foreseen(); looked(p) != "{0 0 [{emergency-policies failed 0}]}" {
		t.Errorf("%s", looked(p))
	}
}
