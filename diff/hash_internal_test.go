package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
)

// A hash that a preview gave holds for a sync of another version: it is that of the plans as one value in JSON, however it is made.
func TestAHashIsThatOfOneValueInJSON(t *testing.T) {
	type target struct {
		Target  string
		Place   Place
		Changes []digested
	}
	write := func(name string) Change {
		return Change{Action: Create, Name: name, Write: true, Plugin: Plugin{Component: "Edr<Vendor>", VersionID: "2"}, Fields: []Field{{Path: "config.endpoint", New: "https://a.example/?b&c"}},
			Secrets: []SecretChange{{Path: "config.password", Word: "set", Fingerprint: "f"}}}
	}
	conflict := Change{Action: Conflict, Name: "c", Conflict: &ConflictDetail{}}
	for _, c := range []struct {
		plans []Plan
		want  []target
	}{
		{nil, []target{}},
		{[]Plan{{Target: "prod"}}, []target{{Target: "prod", Changes: []digested{}}}},
		{[]Plan{
			{Target: "test", Place: Place{Region: "r", WorkspaceID: "w"}, Changes: []Change{write("ü\u2028"), {Action: Unchanged, Name: "b"}, conflict}},
			{Target: "prod", Changes: []Change{{Action: Orphaned, Name: "x"}, write("a")}},
		}, []target{
			{Target: "prod", Changes: []digested{digest(new(write("a")))}},
			{Target: "test", Place: Place{Region: "r", WorkspaceID: "w"}, Changes: []digested{digest(new(write("ü\u2028"))), digest(&conflict)}},
		}},
	} {
		text, err := json.Marshal(c.want)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(append(text, '\n'))
		if got := Hash(c.plans...); got != hex.EncodeToString(sum[:]) {
			t.Errorf("%d plans: %s is not the hash of %s", len(c.plans), got, text)
		}
	}
}
