package secmaster

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// An id is found wherever it stands by itself, in one pass for all of them, and never as a part of a longer one.
func TestIDsAreFoundInATextByThemselves(t *testing.T) {
	const one, two = "5d1c2b3a-0000-4000-8000-000000000000", "909494e3558e46b6a9eb07a8e18ca62f"
	set := newIDs([]string{one, two, "7", "../x", ""})
	for text, want := range map[string]string{
		`{"asset":"` + one + `"}`:          one,
		one:                                one,
		`\"` + one + `\",` + two:           one + " " + two,
		"conn_" + two + "-old":             two,
		"x" + one:                          "",
		one + "0":                          "",
		strings.ToUpper(one):               "",
		one[:35]:                           "",
		"":                                 "",
		`{"n":7}`:                          "7",
		`{"n":17,"m":70}`:                  "",
		"../x":                             "",
		strings.Repeat(one+" ", 3) + "end": one,
	} {
		if got := strings.Join(slices.Sorted(maps.Keys(set.in([]byte(text)))), " "); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestATaskflowIsReadInEveryForm(t *testing.T) {
	const flow = `{"workflow":{"elements":[{"name":"??>>~~"}]}}`
	std := base64.StdEncoding.EncodeToString([]byte(flow))
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	for _, c := range []struct {
		name, raw, text string
		read            bool
	}{
		{"base64", quoted(std), flow, true},
		{"without padding", quoted(strings.TrimRight(std, "=")), flow, true},
		{"in lines", quoted(std[:20] + "\n" + std[20:]), flow, true},
		{"for addresses", quoted(base64.URLEncoding.EncodeToString([]byte(flow))), flow, true},
		{"XML", quoted(base64.StdEncoding.EncodeToString([]byte("\n<bpmn2:definitions/>"))), "\n<bpmn2:definitions/>", true},
		{"JSON in a text", quoted(flow), flow, true},
		{"JSON as it is", flow, flow, true},
		{"null", "null", "", true},
		{"nothing", "", "", true},
		{"no base64", quoted("%% " + flow), "%% " + flow, false},
		{"base64 of rubbish", quoted(base64.StdEncoding.EncodeToString([]byte("\x00\xff\x01 rubbish"))), base64.StdEncoding.EncodeToString([]byte("\x00\xff\x01 rubbish")), false},
		{"base64 of half a document", quoted(base64.StdEncoding.EncodeToString([]byte(flow[:20]))), base64.StdEncoding.EncodeToString([]byte(flow[:20])), false},
	} {
		if text, read := taskflow(json.RawMessage(c.raw)); string(text) != c.text || read != c.read {
			t.Errorf("%s: %v %s", c.name, read, text)
		}
	}
}
