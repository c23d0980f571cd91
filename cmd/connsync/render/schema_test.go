package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/secrets"
)

// conforms tells whether a document is as the published schema of a diff says.
func conforms(document []byte) error {
	schema, err := jsonschema.NewCompiler().Compile("../../../docs/diff.schema.json")
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

func viewText(t *testing.T, d view.Diff) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := asJSON(&out, d); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEveryKindOfDiffConformsToItsSchema(t *testing.T) {
	for _, offline := range []bool{true, false} {
		if err := conforms(viewText(t, sample(offline))); err != nil {
			t.Errorf("offline %t: %v", offline, err)
		}
		if err := conforms(viewText(t, view.Diff{Offline: offline})); err != nil {
			t.Errorf("empty, offline %t: %v", offline, err)
		}
	}
	// Each word, kind and cause, with hostile texts.
	r := rand.New(rand.NewPCG(1, 9))
	text := func() string { return "a" + hostileText(r) }
	c := diff.Change{Action: diff.Conflict, Name: text(), From: text(), ID: text(), Modifier: text(), Extra: []secrets.Path{secrets.Path(text())},
		Causes:   []diff.Cause{diff.Git, diff.Drift, diff.Touched, diff.Interrupted, diff.Rewrite, diff.Missing},
		Conflict: &diff.ConflictDetail{Kind: diff.ConflictDiffers, IDs: []string{text()}, Fields: []secrets.Path{"config.a"}}}
	c.Users = &diff.Users{Hidden: true, Policies: 2, Workflows: []diff.Workflow{{Name: text(), ID: text(), Enabled: true}}}
	for _, w := range []diff.Word{diff.Set, diff.Changed, diff.Same, diff.Removed, diff.Reencrypted, diff.Unverified, diff.Differs} {
		c.Secrets = append(c.Secrets, diff.SecretChange{Path: secrets.Path(text()), Word: w})
	}
	for _, v := range []any{"", text(), true, false, json.Number("1.5"), map[string]any{}, []any{}} {
		c.Fields = append(c.Fields, diff.Field{Path: secrets.Path(text()), Old: v, New: v}, diff.Field{Path: "name", OldHidden: true, NewHidden: true})
	}
	v := view.Diff{Plans: []diff.Plan{{Target: text(), Changes: []diff.Change{c}, BlindToTouch: true}}}
	for _, a := range view.Actions {
		if a != diff.Conflict {
			v.Plans[0].Changes = append(v.Plans[0].Changes, diff.Change{Action: a, Name: text(), Warnings: []diff.Warning{{Kind: diff.WarnInUse}}})
		}
	}
	if err := conforms(viewText(t, v)); err != nil {
		t.Error(err)
	}
}

// If a schema took everything, it would promise nothing.
func TestABrokenDiffDoesNotConform(t *testing.T) {
	good := string(viewText(t, sample(true)))
	live := string(viewText(t, sample(false)))
	broken := 0
	for _, c := range []struct{ what, in, old, new string }{
		{"a wrong word for a secret", good, `"word": "changed"`, `"word": "altered"`},
		{"no word for a secret", good, `"word": "set"`, `"said": "set"`},
		{"a plaintext beside a secret", good, `"word": "changed"`, `"word": "changed", "value": "hunter2"`},
		{"a length beside a secret", good, `"word": "changed"`, `"word": "changed", "length": 7`},
		{"no action", good, `"action": "create",`, ``},
		{"an unknown action", good, `"action": "create"`, `"action": "destroy"`},
		{"another version", good, `"schema": 1`, `"schema": 2`},
		{"a hash between commits", good, `"schema": 1,`, `"schema": 1, "hash": "` + strings.Repeat("0", 64) + `",`},
		{"no hash of a live diff", live, `"hash": "`, `"hush": "`},
		{"an unknown mode", good, `"mode": "base"`, `"mode": "guess"`},
		{"an unknown cause", good, `"git"`, `"magic"`},
		{"an old value that is hidden", good, `"old": "EDR"`, `"old": "EDR", "old_hidden": true`},
		{"a value that is a mapping", good, `"new": "EDR Europe"`, `"new": {"a": 1}`},
		{"a conflict without its story", live, `"conflict": {`, `"disagreement": {`},
		{"a finding that is not said to be fatal or not", good, `"fatal": true`, `"lethal": true`},
		{"a line that is none", good, `"line": 4`, `"line": 0`},
		{"no place", good, `"place": {`, `"at": {`},
		{"an unknown count", good, `"rename": 1`, `"renames": 1`},
		{"changes that are no list", good, `"changes": [`, `"changes": 7, "others": [`},
	} {
		document := strings.Replace(c.in, c.old, c.new, 1)
		if document == c.in || !json.Valid([]byte(document)) {
			t.Errorf("%s: the document is not what was meant", c.what)
			continue
		}
		if conforms([]byte(document)) == nil {
			t.Errorf("%s conforms", c.what)
		}
		broken++
	}
	added := strings.Replace(good, `"schema": 1,`, `"schema": 1, "added_later": true,`, 1)
	if err := conforms([]byte(added)); err != nil {
		t.Errorf("a member that was added: %v", err)
	}
	t.Logf("%d broken documents were refused", broken)
}

// The formats and words of the schema are those of the product: a new one has to be said here too.
func TestTheSchemaNamesEveryAction(t *testing.T) {
	for _, a := range view.Actions {
		document := fmt.Sprintf(`{"schema":1,"mode":"base","pending":true,"refused":false,"plans":[{"target":"t","place":{"region":"","project_id":"","workspace_id":""},
			"counts":{%q:1},"unmanaged":0,"unverified_secrets":0,"changes":[{"action":%q,"name":"n","plugin":{"component_id":"","component_version_id":""},"write":true,"conflict":{"kind":"k","text":"t"}}]}]}`, a, a)
		if a != diff.Conflict {
			document = strings.Replace(document, `,"conflict":{"kind":"k","text":"t"}`, "", 1)
		}
		if err := conforms([]byte(document)); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}
