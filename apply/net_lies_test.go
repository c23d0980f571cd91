package apply_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"connsync/apply"
	"connsync/apply/secmaster/emulator"
)

// lyingMembers are those of the answer to a write: of the connection in it, and, behind a slash, of the answer itself.
var lyingMembers = strings.Fields(`id project_id workspace_id name component_id component_name component_version_id type status config description enabled create_time
	update_time creator_id creator_name modifier_id modifier_name defense_type can_be_deleted /code /message /asset /field_of_next_year`)

// lies are what a member can be instead: nothing, another text, a number, another kind of value, and the id of something else.
var lies = []struct {
	name string
	lie  any
}{
	{"null", nil}, {"an id", "11111111-aaaa-4bbb-8ccc-222222222222"}, {"an error", "SecMaster.20041002"}, {"a text", "lie"}, {"a number", 7}, {"an object", map[string]any{"id": "lie"}}, {"zeros", "00000000"},
}

// liar changes one member of the answer about each connection: of the nth, the nth.
func liar(lie any) func([]byte) []byte {
	return func(body []byte) []byte {
		var answer map[string]any
		if json.Unmarshal(body, &answer) != nil {
			return body
		}
		asset, _ := answer["asset"].(map[string]any)
		name, _ := asset["name"].(string)
		var n int
		if _, err := fmt.Sscanf(name, "c%d", &n); err != nil {
			return body
		}
		if member := lyingMembers[n]; member[0] == '/' {
			answer[member[1:]] = lie
		} else {
			asset[member] = lie
		}
		text, _ := json.Marshal(answer)
		return text
	}
}

// TestNetLies has the answer to every write lie about one member at a time, whether the write was executed or swallowed, while lists tell the truth:
// no report calls something done that was not, nothing is created twice, and what was executed is at rest with the next run.
func TestNetLies(t *testing.T) {
	var names []string
	for n := range lyingMembers {
		names = append(names, fmt.Sprintf("c%02d", n))
	}
	believed, scenes := 0, 0
	for i, l := range lies {
		for j, habit := range []string{"executed", "echo", "stale"} {
			for _, update := range []bool{false, true} {
				where := fmt.Sprintf("%s, %s, update %v", l.name, habit, update)
				if !*netLong && i != j && i != j+3 { // each habit with two lies
					continue
				}
				scenes++
				s := staged(t, names...)
				if update {
					s.sync()
					s.moves("2.example")
				}
				if err := s.server.Set("writes=" + habit); err != nil {
					t.Fatal(err)
				}
				s.server.ResetRequests()
				s.altered(liar(l.lie))
				r := s.sync()
				believed += s.honest(where, r)
				if n := s.server.Count(emulator.RouteCreate); update && n != 0 || n > len(names) {
					t.Errorf("%s: %d creates of %d", where, n, len(names))
				}
				if err := s.server.Set("writes=executed"); err != nil {
					t.Fatal(err)
				}
				s.handler = s.server
				s.honest(where+", again", s.sync())
				if last := outcomes(s.sync()); strings.Count(last, "unchanged") != len(names) || len(s.server.Connections()) != len(names) {
					t.Errorf("%s: at last %s, and there are %d", where, last, len(s.server.Connections()))
				}
			}
		}
	}
	if believed < scenes*len(names)/4 {
		t.Errorf("only %d writes were done in %d scenes", believed, scenes)
	}
}

// moves gives every connection another endpoint.
func (s *scene) moves(domain string) {
	text := strings.ReplaceAll(string(s.files["connections/a.yaml"].Data), ".example", domain)
	s.files["connections/a.yaml"] = &fstest.MapFile{Data: []byte(text)}
}

// honest checks that everything reported as done is there, and gives how many were.
func (s *scene) honest(where string, r apply.Report) int {
	s.t.Helper()
	n := 0
	for _, res := range r.Results {
		if res.Outcome != apply.Created && res.Outcome != apply.Updated {
			continue
		}
		n++
		wish := string(s.files["connections/a.yaml"].Data)
		done := slices.ContainsFunc(s.server.Connections(), func(c emulator.Connection) bool {
			endpoint := strings.TrimSuffix(strings.TrimPrefix(c.Config, `{"endpoint":"`), `"}`)
			return c.Name == res.Name && strings.Contains(wish, "endpoint: "+endpoint+"\n")
		})
		if !done {
			s.t.Errorf("%s: %s is said to be %s", where, res.Name, res.Outcome)
		}
	}
	return n
}
