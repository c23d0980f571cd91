package secmaster

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"connsync/apply/scan"
	"connsync/secrets"
)

// What is kept of a page does not keep the page: its texts are no parts of it, and those that many connections have are there once.
func TestWhatIsKeptOfAPageIsNoPartOfIt(t *testing.T) {
	item := func(i int) string {
		return fmt.Sprintf(`{"id":"id-%[1]d","project_id":"p1","workspace_id":"w1","name":"name %[1]d","description":"text %[1]d","component_id":"c1","component_name":"Edr","component_version_id":"v1",`+
			`"type":"t1","status":"SUCCESS","config":"{%[2]s}","enabled":true,"create_time":"then","update_time":"now %[1]d","creator_name":"eva","modifier_name":"adam","defense_type":"d1","can_be_deleted":false}`, i, `\"a\":\"`+strings.Repeat("x", i)+`\"`)
	}
	page := "[" + item(1) + "," + strings.ReplaceAll(item(2), `\"`, "") + "]"
	text := scan.Of(page)
	got := plainConnections(&text)
	want, err := decodedConnections(page)
	shown := func(all []Connection) (out []any) {
		for _, c := range all {
			config := c.Config.Expose()
			c.Config = secrets.Value{}
			out = append(out, c, config)
		}
		return out
	}
	if err != nil || !text.Whole() || !reflect.DeepEqual(shown(got), shown(want)) {
		t.Fatalf("%+v, want %+v: %v", shown(got), shown(want), err)
	}
	from := uintptr(unsafe.Pointer(unsafe.StringData(page)))
	part := func(text string) bool {
		at := uintptr(unsafe.Pointer(unsafe.StringData(text)))
		return text != "" && at >= from && at < from+uintptr(len(page))
	}
	texts := 0
	for i := range got {
		config, _ := got[i].Config.Expose().(string)
		all := map[string]string{"Config": config}
		for v, n := reflect.ValueOf(got[i]), 0; n < v.NumField(); n++ {
			if v.Field(n).Kind() == reflect.String {
				all[v.Type().Field(n).Name] = v.Field(n).String()
			}
		}
		for name, text := range all {
			if texts++; text == "" || part(text) {
				t.Errorf("%s of %d: %q is a part of the page: %t", name, i, text, part(text))
			}
		}
	}
	if texts != 2*16 {
		t.Errorf("%d texts", texts)
	}
	if a, b := got[0].ComponentName, got[1].ComponentName; unsafe.StringData(a) != unsafe.StringData(b) {
		t.Error("the name of a plugin is there twice")
	}
}
