package apply

import (
	"reflect"
	"testing"

	"connsync/manifest"
	"connsync/secrets"
)

// A config of scalars is seen as any other one.
func TestAFlatConfigIsSeenAsAnyOther(t *testing.T) {
	for text, scalars := range map[string]bool{
		`{"user":"u","endpoint":"https:\/\/a.example","port":443,"on":true,"none":null,"mask":"***","e":"","user":"v"}`: true, `{ "a b" : 1.50e2 }`: true, `{"ä":"\u00e9"}`: false,
		`{}`: false, `{"a":{}}`: false, `{"a":[1]}`: false, `null`: false, `[]`: false, ``: false, `{"a":1} `: false, `{"a":1}{}`: false, `{"a":01}`: false, "{\"a\":\"\xff\"}": false,
	} {
		got, ok := flat(text)
		if ok != scalars {
			t.Errorf("%s is flat: %t", text, ok)
		}
		m := object(secrets.Hide(text))
		if !ok || m == nil {
			if ok {
				t.Errorf("%s is no config at all, and was seen as %v", text, got)
			}
			continue
		}
		leaves := manifest.Settings("config", m)
		if len(leaves) != len(got) {
			t.Fatalf("%s: %d settings, not %d", text, len(got), len(leaves))
		}
		for i, l := range leaves {
			want, is := seen(l.Value), got[i]
			if is.Path != l.Path || is.Is.Masked != want.Masked || is.Is.Digest != want.Digest || !reflect.DeepEqual(is.Is.Value.Expose(), want.Value.Expose()) {
				t.Errorf("%s: %s is seen as %s", text, l.Path, is.Path)
			}
		}
	}
}
