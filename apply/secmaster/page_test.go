package secmaster

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"connsync/apply/scan"
	"connsync/secrets"
)

// comparePlain reads a list in one pass, and by package json: both see the same.
func comparePlain(t *testing.T, body []byte) {
	t.Helper()
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return
	}
	for name, array := range members {
		got, plain := plainly(string(array))
		if !plain {
			continue
		}
		var wire []wireConnection
		if err := json.Unmarshal(array, &wire); err != nil || len(wire) != len(got) {
			t.Fatalf("%s: read as %d connections, by package json as %d: %v", name, len(got), len(wire), err)
		}
		for i, w := range wire {
			if want := w.connection(); !sameConnection(got[i], want) {
				t.Errorf("%s: connection %d is %+v, not %+v", array, i, got[i], want)
			}
		}
	}
}

// plainly reads an array in one pass; false where it is not plain.
func plainly(array string) ([]Connection, bool) {
	text := scan.Of(array)
	out := plainConnections(&text)
	return out, text.Whole()
}

// Of an answer with a list in one pass, everything is as in one of which package json reads the list: the last member of a name counts, and the first name with
// an array.
func TestAPlainAnswerIsReadAsAnyOther(t *testing.T) {
	list := `[{"id":"1","name":"a"},{"id":"2"}]`
	for _, body := range []string{
		`{"total":2,"data":` + list + `}`, ` {"data":` + list + `,"total":"2"} `, `{"data":[],"assets":` + list + `,"total":9}`, `{"assets":[],"data":` + list + `}`,
		`{"data":` + list + `,"data":5}`, `{"data":5,"data":` + list + `}`, `{"data":` + list + `,"data":[]}`, `{"data":{"a":1},"asset":` + list + `}`, `{"data":null,"total":0}`,
		`{"code":"SecMaster.1","data":` + list + `}`, `{"other":` + list + `}`, `{"data":[{"ID":"1"}]}`, `{"data":[5]}`, `{"data":` + list + `,}`, `{"data":` + list, `[]`, `{"data":[{"id":"\u0031"}],"total":1}`,
	} {
		names := []string{"assets", "asset", "data"}
		got, wrong := readPage([]byte(body), connectionsOf, names...)
		want, said := readPage([]byte(body), decoder[Connection]{text: decodedConnections}, names...)
		if wrong != said || got.total != want.total || !slices.EqualFunc(got.items, want.items, sameConnection) {
			t.Errorf("%s: %+v, %q, not %+v, %q", body, got, wrong, want, said)
		}
	}
}

func sameConnection(a, b Connection) bool {
	shown, other := a.Config.Expose(), b.Config.Expose()
	a.Config, b.Config = secrets.Value{}, secrets.Value{} // they compare with nothing
	return shown == other && reflect.DeepEqual(a, b)
}

func TestAPlainListIsReadInOnePass(t *testing.T) {
	plain := `[{"id":"1","project_id":"p","workspace_id":"w","name":"a b","description":"ä","component_id":"c","component_name":"n","component_version_id":"v","type":"t","status":"FAILED",` +
		`"config":"{\"a\":\"b\"}","enabled":false,"create_time":5,"update_time":"u","creator_name":null,"modifier_name":"m","defense_type":"d","can_be_deleted":"1","more":{"x":[1]}},` +
		`{"id":2,"config":{"a":1}},{"id":"3","config":""},{"id":"3","config":null,"name":"x","name":"y"}, {"id":"\u0034"}]`
	if _, ok := plainly(plain); !ok {
		t.Error("what programs write is not read in one pass")
	}
	for _, array := range []string{plain, `[]`, `[{"ID":"1"}]`, `[{"more":1,"Name":"a"}]`, "[{\"id\":\"\xff\"}]", `[null]`, `[{"id":1]`, `[{"\u0069d":"1"}]`, `[{"enabled":true,"enabled":"x"}]`} {
		comparePlain(t, []byte(`{"data":`+array+`}`))
	}
	for _, array := range []string{`[{"ID":"1"}]`, `[null]`, `[{"ıd":"1"}]`, `[1]`, `[{"id":"1"},]`, `[`, `{}`} {
		if got, ok := plainly(array); ok {
			t.Errorf("%s is for package json, and was read as %v", array, got)
		}
	}
}

// Every member that package json knows is known by name, too.
func TestEveryMemberOfAConnectionIsSet(t *testing.T) {
	wire := reflect.TypeFor[wireConnection]()
	for i := range wire.NumField() {
		name := wire.Field(i).Tag.Get("json")
		var one, other wireConnection
		if !one.set(name, `"true"`) || json.Unmarshal([]byte(`{"`+name+`":"true"}`), &other) != nil || !reflect.DeepEqual(one, other) {
			t.Errorf("%s: %+v, by package json %+v", name, one, other)
		}
	}
}

// A list with something in it that is no connection is refused as a whole, and not taken for a shorter one.
func TestAListWithSomethingElseInItCannotBeRead(t *testing.T) {
	for _, array := range []string{`[5]`, `[{"id":"1"},5]`, `[{"id":"1"},[]]`, `["a"]`} {
		p, wrong := readPage([]byte(`{"total":1,"assets":`+array+`}`), connectionsOf, "assets")
		if wrong != "its list cannot be read" || len(p.items) > 0 {
			t.Errorf("%s: %d connections, %q", array, len(p.items), wrong)
		}
	}
}
