package apply_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"connsync/apply/secmaster/emulator"
)

// adopting is a scene where Git takes over a connection of a name by its id.
func adopting(t *testing.T, name string) (*scene, string) {
	t.Helper()
	s := staged(t)
	component, version := s.server.Plugin("EdrVendor", "2.1")
	id := s.server.Put(emulator.Connection{Name: name, ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://other.example"}`})
	s.adopts(name, id, "")
	return s, id
}

func (s *scene) adopts(name, id, more string) {
	text := fmt.Sprintf("connections:\n  prod:\n    %q:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {endpoint: \"https://a.example\"}\n      adopt: %s\n%s", name, id, more)
	s.files["connections/a.yaml"] = &fstest.MapFile{Data: []byte(text)}
}

// A line adopt is carried out once, and said to be spent then and never again. It keeps nothing from being created anew.
func TestALineAdoptIsSpentOnceItIsCarriedOut(t *testing.T) {
	for name, said := range map[string]string{"edr": "[shown adopt-spent]", "threatbook authentication token": "[]", "test-name": "[]"} {
		s, id := adopting(t, name)
		if err := s.server.Set("names=printable"); err != nil {
			t.Fatal(err)
		}
		r := s.sync()
		if s.expect(r, "adopted "+name, 0, 1); kinds(r) != said {
			t.Errorf("%s: %s, want %s", name, kinds(r), said)
		}
		r = s.sync()
		if s.expect(r, "unchanged "+name, 0, 1); kinds(r) != "[]" {
			t.Errorf("%s, once more: %s", name, kinds(r))
		}
		for deleted := 1; deleted <= 2; deleted++ {
			s.server.Remove(s.server.Connections()[0].ID)
			r = s.sync()
			if s.expect(r, "created "+name, deleted, 1); strings.Contains(kinds(r), "spent") {
				t.Errorf("%s, created anew: %s", name, kinds(r))
			}
			s.expect(s.sync(), "unchanged "+name, deleted, 1)
		}
		if now := s.server.Connections()[0].ID; now == id || s.known().Of(name).ID != now {
			t.Errorf("%s: bound to %s, and it is %s", name, s.known().Of(name).ID, now)
		}
		s.rewrite = true
		s.expect(s.sync(), "updated "+name, 2, 1)
		s.rewrite = false
		s.expect(s.sync(), "unchanged "+name, 2, 1)
		// It was carried out for this id only.
		s.adopts(name, "6b2162c0-4d4f-4483-bd84-15732290451b", "")
		s.expect(s.sync(), "conflict "+name, 2, 1)
	}
}

// Under a new name it is as spent as under the former one, and an answer lost on the way changes nothing of it.
func TestALineAdoptStaysSpentThroughARenameAndALostAnswer(t *testing.T) {
	s, id := adopting(t, "edr")
	s.expect(s.sync(), "adopted edr", 0, 1)
	s.server.Remove(id)
	s.server.Fail(emulator.Fault{Route: emulator.RouteCreate, Kind: emulator.FaultReset, After: true})
	s.expect(s.sync(), "created edr", 1, 1)
	s.adopts("edr_main", id, "      previously: edr\n")
	s.expect(s.sync(), "updated edr_main", 1, 1)
	s.expect(s.sync(), "unchanged edr_main", 1, 1)
	s.server.Remove(s.server.Connections()[0].ID)
	s.expect(s.sync(), "created edr_main", 2, 1)
}

// A spent line was taken out, and a revert brings it back: it is as spent as before, whatever was written, deleted and made
// anew in between.
func TestALineAdoptThatComesBackIsStillSpent(t *testing.T) {
	for _, deleted := range []bool{false, true} {
		s, id := adopting(t, "edr")
		s.expect(s.sync(), "adopted edr", 0, 1)
		with := s.files["connections/a.yaml"].Data
		without := strings.Replace(string(with), "      adopt: "+id+"\n", "      description: later\n", 1)
		s.files["connections/a.yaml"] = &fstest.MapFile{Data: []byte(without)}
		s.expect(s.sync(), "updated edr", 0, 1)
		creates := 0
		if deleted {
			s.server.Remove(id)
			creates++
			s.expect(s.sync(), "created edr", creates, 1)
		}
		s.files["connections/a.yaml"] = &fstest.MapFile{Data: with}
		s.expect(s.sync(), "updated edr", creates, 1)
		s.expect(s.sync(), "unchanged edr", creates, 1)
		s.server.Remove(s.server.Connections()[0].ID)
		s.expect(s.sync(), "created edr", creates+1, 1)
		s.expect(s.sync(), "unchanged edr", creates+1, 1)
	}
}

// What was never carried out is no leave to create: the id may be mistyped.
func TestALineAdoptOfNothingIsAConflict(t *testing.T) {
	s, id := adopting(t, "edr")
	s.server.Remove(id)
	s.expect(s.sync(), "conflict edr", 0, 0)
}
