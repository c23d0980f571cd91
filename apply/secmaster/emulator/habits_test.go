package emulator_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// A limit per user leaves others alone; one per address is shared by all who come from it.
func TestARateCountsByCallerOrByAddress(t *testing.T) {
	for scope, others := range map[string]int{"user": http.StatusOK, "ip": http.StatusTooManyRequests} {
		s := fresh(t, emulator.Options{Token: "a-token"})
		for _, sw := range []string{"rate=2/1h", "ratescope=" + scope} {
			if err := s.Set(sw); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
			status, text := ask(t, s, http.MethodGet, listPath, "", nil)
			if status != want || want == http.StatusTooManyRequests && !strings.Contains(text, "policy "+scope+" over ratelimit,limit:2,time:60 minute") {
				t.Errorf("%s, request %d: %d %s", scope, i+1, status, text)
			}
		}
		status, _ := ask(t, s, http.MethodGet, listPath, "", func(r *http.Request) {
			r.Header.Del("Authorization")
			r.Header.Set("X-Auth-Token", "a-token")
		})
		if status != others {
			t.Errorf("%s: another caller: %d", scope, status)
		}
	}
}

// What the vendor's provider reads of the first connection of a list is there in every built-in one.
func TestABuiltInConnectionHasEveryMember(t *testing.T) {
	s := fresh(t, emulator.Options{})
	_, text := ask(t, s, http.MethodGet, listPath, "", nil)
	for _, c := range listOf(t, text) {
		for _, member := range []string{
			"id", "project_id", "workspace_id", "name", "component_id", "component_name", "component_version_id", "type", "status", "config", "description", "create_time", "creator_id",
			"creator_name", "update_time",
		} {
			if v, ok := c[member].(string); !ok || v == "" {
				t.Errorf("%v has no %s", c["name"], member)
			}
		}
		if c["enabled"] != true {
			t.Errorf("%v is not enabled", c["name"])
		}
	}
}

// listOf are the connections of a list as they are on the wire.
func listOf(t *testing.T, text string) []map[string]any {
	t.Helper()
	var body struct{ Assets []map[string]any }
	if err := json.Unmarshal([]byte(text), &body); err != nil || len(body.Assets) < 3 {
		t.Fatalf("%v %s", err, text)
	}
	return body.Assets
}

// A data file keeps the plugins of a seed too, so that it alone serves the same workspace again. One of an older version is a list of connections.
func TestADataFileKeepsPlugins(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.json")
	seed, err := emulator.ReadSeed([]byte(`{"plugins":[{"name":"Own","type":"system","versions":[{"number":"7","settings":[{"key":"endpoint","type":"input","required":true}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	first := fresh(t, emulator.Options{Data: data, Plugins: seed.Plugins})
	component, version := first.Plugin("Own", "7")
	first.Put(emulator.Connection{Name: "a", ComponentID: component, ComponentVersionID: version})
	again := fresh(t, emulator.Options{Data: data})
	if c, v := again.Plugin("Own", "7"); c != component || v != version || len(again.Connections()) != 1 {
		t.Errorf("%s, %s, %+v", c, v, again.Connections())
	}
	if c, _ := again.Plugin("EdrVendor", "2.1"); c != "" {
		t.Error("the default plugins are there too")
	}
	if err := os.WriteFile(data, []byte(`[{"id":"x","name":"old"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	old := fresh(t, emulator.Options{Data: data})
	if c, _ := old.Plugin("EdrVendor", "2.1"); c == "" || len(old.Connections()) != 1 {
		t.Errorf("an older file: %q, %+v", c, old.Connections())
	}
}
