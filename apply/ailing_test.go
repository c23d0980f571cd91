package apply_test

import (
	"fmt"
	"testing"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
)

// kinds are the warnings of the only change of a plan, and of what a sync made of it.
func kinds(r apply.Report) string {
	var out []string
	for _, w := range r.Plan.Changes[0].Warnings {
		out = append(out, "planned "+string(w.Kind))
	}
	for _, w := range r.Results[0].Warnings {
		out = append(out, "shown "+string(w.Kind))
	}
	return fmt.Sprint(out)
}

// A plan names a connection shown by SecMaster as failed, or as not enabled, as it was; after a write the report names it as it is then.
func TestAConnectionThatMayNotWorkIsSaid(t *testing.T) {
	for _, c := range []struct {
		habit, status string
		disabled      bool
		want          string
	}{
		{"status=upper", "SUCCESS", false, ""},
		{"status=upper", "FAILED", false, "failed"},
		{"status=lower", "FAILED", false, "failed"},
		{"status=mixed", "FAILED", true, "failed disabled"},
		{"status=absent", "FAILED", true, "disabled"},
		{"status=lower", "SUCCESS", true, "disabled"},
		{"status=upper", "PENDING", false, ""},
		{"status=upper", "NOT FAILED", false, ""},
		{"status=upper", "", false, ""},
	} {
		s := staged(t, "a")
		if err := s.server.Set(c.habit); err != nil {
			t.Fatal(err)
		}
		if r := s.sync(); kinds(r) != "[]" {
			t.Errorf("%+v: of one that works: %s", c, kinds(r))
		}
		s.server.Edit(s.server.Connections()[0].ID, func(there *emulator.Connection) { there.Status, there.Disabled = c.status, c.disabled })
		said := func(prefix string) (out []string) {
			for _, kind := range []string{"failed", "disabled"} {
				if (c.want == kind) || c.want == "failed disabled" {
					out = append(out, prefix+kind)
				}
			}
			return out
		}
		r := s.sync() // every setting is shown, so the touch changes nothing
		if s.expect(r, "unchanged a", 1, 1); kinds(r) != fmt.Sprint(said("planned ")) {
			t.Errorf("%+v: left alone: %s", c, kinds(r))
		}
		s.rewrite = true
		r = s.sync()
		if s.expect(r, "updated a", 1, 1); kinds(r) != fmt.Sprint(append(said("planned "), said("shown ")...)) {
			t.Errorf("%+v: written: %s", c, kinds(r))
		}
	}
}

// What a write leaves behind counts, whatever was there before; and what Git does not want is left alone without a word.
func TestOnlyWhatIsWantedAndThereIsSaidToBeAiling(t *testing.T) {
	s := staged(t, "a")
	s.expect(s.sync(), "created a", 1, 1)
	s.server.Edit(s.server.Connections()[0].ID, func(there *emulator.Connection) { there.Status = "FAILED" })
	s.wants()
	r := s.sync()
	if s.expect(r, "orphaned a", 1, 1); kinds(r) != "[]" {
		t.Errorf("orphaned: %s", kinds(r))
	}
	s.server.Remove(s.server.Connections()[0].ID)
	s.wants("a")
	r = s.sync()
	if s.expect(r, "created a", 2, 1); kinds(r) != "[]" {
		t.Errorf("created anew: %s", kinds(r))
	}
}
