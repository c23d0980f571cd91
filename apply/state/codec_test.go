package state

import "testing"

// A line holds one value and nothing else, wherever it stands among others.
func TestALineOfKnownStateHasOneValue(t *testing.T) {
	const header, one, three = `{"schema":2,"target":"prod","place":{}}` + "\n", `{"name":"a","id":"1"}` + "\n", `{"name":"c","id":"3"}` + "\n"
	for line, problem := range map[string]string{
		`{"name":"b","id":"2"}`:                       "",
		`{"name":"b","id":"2","later":[1]}`:           "", // a member of a later version
		`{"name":"b","id":"2"} {}`:                    "a line of it cannot be read",
		`{"name":"b","id":"2"}{"name":"bb","id":"4"}`: "a line of it cannot be read",
		`{"name":"b","id":"2"},`:                      "a line of it cannot be read",
		`{"name":"b","id":`:                           "a line of it cannot be read",
		``:                                            "a line of it cannot be read",
		`{"name":"b","id":"2","clear":{"name":["w"]}} x`: "a line of it cannot be read",
	} {
		s, newer, got := decode("prod", texts{known: header + one + line + "\n" + three, intents: `{"schema":2}` + "\n"})
		if got != problem || newer != 0 {
			t.Errorf("%q: %q", line, got)
		}
		if problem == "" && (len(s.Known) != 3 || s.Of("b").ID != "2" || s.Of("c").ID != "3") {
			t.Errorf("%q: %v", line, s.Known)
		}
	}
}
