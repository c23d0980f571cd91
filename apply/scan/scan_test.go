package scan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzScan: what is read is what package json reads.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"a":"b"}`, ` {"a" : [1, -0.5e+3, true, false, null, "x\"\\\/\n\r\t\b\f\u00e9"] , "b":{"c":{}} } `, `"ä"`, "\"\xff\"", `"a\`, `"a\x"`, `"\u12"`, `01`, `1.`, `-`, `.5`, `1e`, `1e+`,
		`[1,]`, `{"a":1,}`, `{"a"}`, `{a:1}`, `[1 2]`, `tru`, `nul`, "\"\n\"", `{"a":1}{`, `"`, ``, `[`, `{"a":`, "\"\x7f\"", "{\"a\u2028\":1}", `{"a":1,"a":2}`, `{"\u0061":1}`, strings.Repeat("[", 200) + strings.Repeat("]", 200),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		whole := Of(text)
		whole.Space()
		raw := whole.Value()
		whole.Space()
		if !whole.Whole() {
			return
		}
		if !json.Valid([]byte(text)) || raw != strings.Trim(text, " \t\r\n") {
			t.Fatalf("%q is taken, as %q", text, raw)
		}
		var s string
		if got, ok := Unquoted(raw); ok && (json.Unmarshal([]byte(raw), &s) != nil || got != s) {
			t.Errorf("%q is %q, not %q", raw, got, s)
		}
		compareMembers(t, raw)
		var any any
		d := json.NewDecoder(strings.NewReader(raw))
		d.UseNumber()
		if v, ok := Scalar(raw); ok && (d.Decode(&any) != nil || v != any) {
			t.Errorf("%q is %#v, not %#v", raw, v, any)
		}
	})
}

// compareMembers reads the members of an object, and the strings among them.
func compareMembers(t *testing.T, raw string) {
	var want map[string]json.RawMessage
	if json.Unmarshal([]byte(raw), &want) != nil || want == nil {
		return
	}
	got, members := map[string]string{}, Of(raw)
	members.Object(func(name string) { got[name] = members.Value() })
	if !members.Whole() {
		return
	}
	for name, v := range want {
		if !bytes.Equal(v, []byte(got[name])) {
			t.Errorf("%q: %s is %q", raw, name, got[name])
		}
		text := Of(got[name])
		var s string
		if bare := text.Bare(); text.Whole() && (json.Unmarshal(v, &s) != nil || s != bare) {
			t.Errorf("%s is %q, not %q", v, bare, s)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%q has %d members, not %d", raw, len(got), len(want))
	}
}

func TestWhatProgramsWriteIsPlain(t *testing.T) {
	for _, text := range []string{`{"total":2,"assets":[{"id":"1","name":"ä b","config":"{\"a\":\"b\"}","enabled":true,"n":-1.5e3,"none":null},{}]}`, ` [ ] `, "{\n\t\"a\": 0\r\n}"} {
		whole := Of(text)
		whole.Space()
		whole.Value()
		if whole.Space(); !whole.Whole() {
			t.Errorf("not plain: %s", text)
		}
	}
	for raw, want := range map[string]string{`"a"`: "a", `"{\"a\":\"\\\\\"}"`: `{"a":"\\"}`, `"\/\n\r\t"`: "/\n\r\t", `""`: ""} {
		if got, ok := Unquoted(raw); !ok || got != want {
			t.Errorf("%s is %q, %t", raw, got, ok)
		}
	}
	for _, raw := range []string{`"\u00e9"`, `"\b"`, "\"\xff\"", `1`, `null`, ``} {
		if got, ok := Unquoted(raw); ok {
			t.Errorf("%s is %q", raw, got)
		}
	}
}

// Of all bytes, a string has as they are those that RFC 8259 allows in it, and ends at a quote.
func TestWhichBytesAreInAString(t *testing.T) {
	for c := range 256 {
		text := Of(`"a` + string([]byte{byte(c)}) + `b"`)
		text.Value()
		if want := c >= ' ' && c != '"'; text.Whole() != want { // a backslash makes an escape of what follows
			t.Errorf("%q in a string: plain is %v", byte(c), text.Whole())
		}
		other := Of(`"a` + string([]byte{'\\', byte(c)}) + `"`)
		other.Value()
		if want := bytes.IndexByte([]byte(`"\/bfnrt`), byte(c)) >= 0; other.Whole() != want {
			t.Errorf("%q behind a backslash: plain is %v", byte(c), other.Whole())
		}
	}
}

// What fails, stays failed, and reads nothing more.
func TestWhatFailsReadsNothingMore(t *testing.T) {
	text := Of(`{"a":x,"b":1}`)
	names := ""
	text.Object(func(name string) { names += name; text.Value() })
	if names != "a" || !text.Failed() || text.Whole() || text.May(`,`) || text.Value() != "" || text.Bare() != "" {
		t.Errorf("read on after a fault: %q", names)
	}
	text = Of("1")
	if text.Fail(); text.Value() != "" {
		t.Error("read after Fail")
	}
}

func TestValuesInEachOtherHaveABound(t *testing.T) {
	for deep, plain := range map[int]bool{mostDeep: true, mostDeep + 1: false, 1_000_000: false} {
		text := Of(strings.Repeat("[", deep) + strings.Repeat("]", deep))
		if text.Value(); text.Whole() != plain {
			t.Errorf("%d values in each other are plain: %t", deep, !plain)
		}
	}
}
