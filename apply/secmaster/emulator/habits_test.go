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

// Workflows and policies of a seed use connections by name, and a data file keeps them. Requests for them are as strict as the documents.
func TestWorkflowsAreSeededAndKept(t *testing.T) {
	seed, err := emulator.ReadSeed([]byte(`{"connections":[{"name":"siem","plugin":"EdrVendor","version":"2.1","config":{}}],
		"workflows":[{"name":"Block an IP","enabled":true,"connections":["siem"],"note":"n"}],"policies":[{"target":"192.0.2.1","connections":["siem"]}]}`))
	if err != nil || len(seed.Workflows) != 1 || len(seed.Policies) != 1 {
		t.Fatalf("%v %+v", err, seed)
	}
	data := filepath.Join(t.TempDir(), "data.json")
	first := fresh(t, emulator.Options{Data: data})
	id := first.Put(seed.Connections[0])
	first.PutWorkflow(seed.Workflows[0])
	first.PutPolicy(seed.Policies[0])
	s := fresh(t, emulator.Options{Data: data})
	soc := strings.TrimSuffix(listPath, "/assetcredentials")
	_, list := ask(t, s, http.MethodGet, soc+"/workflows?offset=0&limit=100", "", nil)
	var b struct {
		Data []struct {
			Name    string
			Version string `json:"version_id"`
		}
	}
	if err := json.Unmarshal([]byte(list), &b); err != nil || len(b.Data) != 1 || b.Data[0].Name != "Block an IP" {
		t.Fatalf("%v %s", err, list)
	}
	if _, text := ask(t, s, http.MethodGet, soc+"/workflows/versions/"+b.Data[0].Version, "", nil); !strings.Contains(text, `"status":"activated"`) || strings.Contains(text, id) {
		t.Errorf("a taskflow is not packed: %s", text)
	}
	version := func(r *http.Request) { r.Header.Set("X-Secmaster-Version", "25.5.0") }
	if _, text := ask(t, s, http.MethodPost, soc+"/policys/search", `{"offset":0}`, version); !strings.Contains(text, `"defense_connection_id":"`+id+`"`) {
		t.Errorf("policies: %s", text)
	}
	for path, status := range map[string]int{"/workflows?limit=101": 400, "/workflows?limit=0": 400, "/workflows?offset=10001": 400, "/workflows": 200, "/workflows/versions/none": 400} {
		if got, text := ask(t, s, http.MethodGet, soc+path, "", nil); got != status {
			t.Errorf("%s: %d %s", path, got, text)
		}
	}
	if got, _ := ask(t, s, http.MethodPost, soc+"/policys/search", `{"offset":0}`, nil); got != 400 {
		t.Errorf("policies without a version of the service: %d", got)
	}
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
