package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

const (
	oneWorkspace = "11111111-0000-4000-8000-000000000001"
	twoWorkspace = "22222222-0000-4000-8000-000000000002"
)

func pathIn(workspace string) string {
	return "/v1/" + emulator.DefaultProject + "/workspaces/" + workspace + "/soc/assetcredentials"
}

// namesIn are the names and workspaces in a workspace's list, but for what came with it.
func namesIn(t *testing.T, s *emulator.Server, workspace string) string {
	t.Helper()
	status, text := ask(t, s, http.MethodGet, pathIn(workspace)+"?limit=200", "", nil)
	var body struct {
		Assets []struct {
			Name        string
			WorkspaceID string `json:"workspace_id"`
			Creator     string `json:"creator_name"`
		}
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v %s", status, err, text)
	}
	var out []string
	builtIn := 0
	for _, c := range body.Assets {
		if c.WorkspaceID != workspace {
			t.Errorf("%s shows a connection of %s", workspace, c.WorkspaceID)
		}
		if c.Creator == "system" {
			builtIn++
			continue
		}
		out = append(out, c.Name)
	}
	if builtIn != 3 {
		t.Errorf("%d connections came with %s", builtIn, workspace)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// Each workspace has connections of its own, one data file keeps all of them, and what is asked for in another one is not there.
func TestSeveralWorkspacesAreServed(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.json")
	s := fresh(t, emulator.Options{Data: data, Workspaces: []string{oneWorkspace, twoWorkspace, oneWorkspace}})
	component, version := s.Plugin("EdrVendor", "2.1")
	body := `{"name":"NAME","component_id":"` + component + `","component_version_id":"` + version + `","config":"{}"}`
	for workspace, name := range map[string]string{oneWorkspace: "first", twoWorkspace: "second"} {
		if status, text := ask(t, s, http.MethodPost, pathIn(workspace), strings.Replace(body, "NAME", name, 1), nil); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
	}
	id := ""
	for _, c := range s.Connections() {
		if c.Name == "first" {
			id = c.ID
		}
	}
	for _, s := range []*emulator.Server{s, fresh(t, emulator.Options{Data: data})} {
		if one, two := namesIn(t, s, oneWorkspace), namesIn(t, s, twoWorkspace); one != "first" || two != "second" {
			t.Errorf("%q and %q", one, two)
		}
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			send := map[string]string{http.MethodPut: strings.Replace(body, "NAME", "third", 1)}[method]
			if status, text := ask(t, s, method, pathIn(twoWorkspace)+"/"+id, send, nil); status != http.StatusBadRequest || !strings.Contains(text, "20041002") {
				t.Errorf("%s in the other workspace: %d %s", method, status, text)
			}
		}
		if status, _ := ask(t, s, http.MethodGet, listPath, "", nil); status != http.StatusForbidden {
			t.Errorf("a workspace that is not served: %d", status)
		}
		_, all := ask(t, s, http.MethodGet, "/v1/"+emulator.DefaultProject+"/workspaces?offset=0&limit=10", "", nil)
		_, shown := ask(t, s, http.MethodGet, "/v1/"+emulator.DefaultProject+"/workspaces/"+twoWorkspace, "", nil)
		if !strings.Contains(all, oneWorkspace) || !strings.Contains(all, twoWorkspace) || !strings.Contains(shown, twoWorkspace) || strings.Contains(shown, oneWorkspace) {
			t.Errorf("the project shows %s, the workspace %s", all, shown)
		}
	}
	if more := fresh(t, emulator.Options{Data: data, Workspaces: []string{oneWorkspace, emulator.DefaultWorkspace}}); namesIn(t, more, emulator.DefaultWorkspace) != "" || namesIn(t, more, oneWorkspace) != "first" {
		t.Error("a workspace that is served anew has connections, or the other one lost its own")
	}
	if again := fresh(t, emulator.Options{Data: data}); namesIn(t, again, twoWorkspace) != "second" {
		t.Error("what was not served for a time is lost")
	}
}

// A quota and a taken name are of one workspace.
func TestWorkspacesDoNotShareTheirLimits(t *testing.T) {
	s := fresh(t, emulator.Options{Workspaces: []string{oneWorkspace, twoWorkspace}})
	for _, sw := range []string{"quota=1", "duplicates=refuse"} {
		if err := s.Set(sw); err != nil {
			t.Fatal(err)
		}
	}
	component, version := s.Plugin("EdrVendor", "2.1")
	body := `{"name":"same","component_id":"` + component + `","component_version_id":"` + version + `","config":"{}"}`
	for i, c := range []struct {
		workspace string
		status    int
	}{{oneWorkspace, http.StatusOK}, {twoWorkspace, http.StatusOK}, {oneWorkspace, http.StatusBadRequest}} {
		if status, text := ask(t, s, http.MethodPost, pathIn(c.workspace), body, nil); status != c.status {
			t.Errorf("%d: %d %s", i, status, text)
		}
	}
}

// A seed file alone says all of a workspace: which there are, their plugins, and their connections.
func TestASeedSaysWhereItsConnectionsAre(t *testing.T) {
	if _, err := emulator.ReadSeed([]byte(`{"workspaces":["a/b"]}`)); err == nil || !strings.Contains(err.Error(), "no id") {
		t.Errorf("a workspace that cannot stand in a path: %v", err)
	}
	seed, err := emulator.ReadSeed([]byte(`{"workspaces":["` + oneWorkspace + `","` + twoWorkspace + `"],"plugins":[{"name":"Own","versions":["1"]}],
		"connections":[{"name":"a","plugin":"Own","version":"1"},{"name":"b","plugin":"Own","version":"1","workspace":"` + twoWorkspace + `","config":{"k":1}}]}`))
	if err != nil || len(seed.Workspaces) != 2 || seed.Plugins[0].Type != "custom" || seed.Connections[0].Workspace != "" || seed.Connections[1].Workspace != twoWorkspace {
		t.Fatalf("%v %+v", err, seed)
	}
	if _, err := emulator.ReadSeed([]byte(`{"connections":[{"name":"b","plugin":"EdrVendor","version":"2.1","workspace":"` + twoWorkspace + `"}]}`)); err == nil || !strings.Contains(err.Error(), "connection 1 of the seed file is in a workspace") {
		t.Errorf("a workspace that is not there: %v", err)
	}
}

// The console changes what there is, beside the API: it is no request, and no switch or fault stands in its way.
func TestTheConsoleIsPlayed(t *testing.T) {
	s := fresh(t, emulator.Options{Workspaces: []string{oneWorkspace, twoWorkspace}})
	for _, sw := range []string{"writes=stale", "rate=1/1h"} {
		if err := s.Set(sw); err != nil {
			t.Fatal(err)
		}
	}
	s.Fail(emulator.Fault{Kind: emulator.FaultStatus, Status: 500})
	s.Deny("secmaster:connection:update")
	component, version := s.Plugin("EdrVendor", "2.1")
	edr := s.Put(emulator.Connection{Name: "edr", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://a.example","n":12345678901234567890,"auth":{"user":"u"}}`, CanBeDeleted: true})
	s.Put(emulator.Connection{Name: "both", ComponentID: component, ComponentVersionID: version})
	both := s.Put(emulator.Connection{Workspace: twoWorkspace, Name: "both", ComponentID: component, ComponentVersionID: version})
	h := httptest.NewServer(s)
	defer h.Close()
	text := func(s string) json.RawMessage { out, _ := json.Marshal(s); return out }
	empty := ""
	for _, c := range []struct {
		does    string
		edit    emulator.Edit
		outcome string // or the error
		config  string
	}{
		{"a value", emulator.Edit{Connection: "edr", Set: map[string]json.RawMessage{"endpoint": text("https://b.example")}}, "changed edr", `{"auth":{"user":"u"},"endpoint":"https://b.example","n":12345678901234567890}`},
		{"in a mapping, and a new one", emulator.Edit{Connection: edr, Set: map[string]json.RawMessage{"auth.user": text("v"), "more.deep.x": json.RawMessage("true")}, Unset: []string{"n"}}, "changed edr", `{"auth":{"user":"v"},"endpoint":"https://b.example","more":{"deep":{"x":true}}}`},
		{"below a text", emulator.Edit{Connection: "edr", Set: map[string]json.RawMessage{"endpoint.x": text("v")}}, "endpoint of endpoint.x is no mapping", ""},
		{"a setting that is not there", emulator.Edit{Connection: "edr", Unset: []string{"none"}}, "the connection has no setting none", ""},
		{"a name and no description", emulator.Edit{Connection: "edr", Rename: "edr_old", Description: &empty}, "changed edr_old", `{"auth":{"user":"v"},"endpoint":"https://b.example","more":{"deep":{"x":true}}}`},
		{"a name that went", emulator.Edit{Connection: "edr", Rename: "x"}, "no connection is called edr", ""},
		{"one of two", emulator.Edit{Connection: "both", Rename: "x"}, "2 connections are called both", ""},
		{"one of two, by its workspace", emulator.Edit{Connection: "both", Workspace: twoWorkspace, Set: map[string]json.RawMessage{"k": json.RawMessage("1")}}, "changed both", `{"k":1}`},
		{"a new one", emulator.Edit{Do: emulator.EditCreate, Connection: "new", Workspace: twoWorkspace, Plugin: "EdrVendor", Version: "2.1", Set: map[string]json.RawMessage{"k": text("v")}}, "created new", `{"k":"v"}`},
		{"a new one of no plugin", emulator.Edit{Do: emulator.EditCreate, Connection: "new", Plugin: "EdrVendor", Version: "9"}, "no such plugin", ""},
		{"a new one elsewhere", emulator.Edit{Do: emulator.EditCreate, Connection: "new", Workspace: "w", Plugin: "EdrVendor", Version: "2.1"}, "no such workspace is served", ""},
		{"a new one that is wrong", emulator.Edit{Do: emulator.EditCreate, Connection: "new2", Plugin: "EdrVendor", Version: "2.1", Unset: []string{"k"}}, "the connection has no setting k", ""},
		{"an end", emulator.Edit{Do: emulator.EditDelete, Connection: both}, "deleted both", ""},
	} {
		if c.edit.Do == "" {
			c.edit.Do = emulator.EditChange
		}
		before := s.Connections()
		done, err := emulator.Ask(context.Background(), h.URL, c.edit)
		var refused emulator.EditError
		if errors.As(err, &refused) {
			if !strings.Contains(refused.Error(), c.outcome) || len(before) != len(s.Connections()) {
				t.Errorf("%s: %v", c.does, err)
			}
			continue
		}
		if err != nil || done.Outcome+" "+done.Name != c.outcome {
			t.Errorf("%s: %+v, %v", c.does, done, err)
			continue
		}
		i := slices.IndexFunc(s.Connections(), func(o emulator.Connection) bool { return o.ID == done.ID })
		if done.Outcome == "deleted" != (i < 0) {
			t.Errorf("%s: still there: %v", c.does, i >= 0)
		} else if i >= 0 && (s.Connections()[i].Config != c.config || s.Connections()[i].Workspace != done.Workspace) {
			t.Errorf("%s: %+v", c.does, s.Connections()[i])
		} else if i >= 0 && done.Outcome == "changed" && (s.Connections()[i].Modifier != "ops" || s.Connections()[i].UpdateTime <= before[0].CreateTime) {
			t.Errorf("%s: no trace of it: %+v", c.does, s.Connections()[i])
		}
	}
	if _, err := s.ByHand(emulator.Edit{Do: emulator.EditChange, Connection: edr, Set: map[string]json.RawMessage{"k": json.RawMessage("{")}}); err == nil || err.Error() != "a value is not JSON" {
		t.Errorf("a value that is no JSON: %v", err)
	}
	if s.Count("") != 0 {
		t.Errorf("counted: %+v", s.Requests())
	}
}

// No one edits without the key, and what is no edit is refused. What answers otherwise is no emulator.
func TestWhoMayPlayTheConsole(t *testing.T) {
	s := fresh(t, emulator.Options{})
	for what, c := range map[string]struct {
		method, body string
		spoil        func(*http.Request)
		status       int
	}{
		"no signature":  {http.MethodPost, `{"do":"delete","connection":"EdrVendor_default"}`, func(r *http.Request) { r.Header.Del("Authorization") }, http.StatusUnauthorized},
		"not JSON":      {http.MethodPost, `x`, nil, http.StatusBadRequest},
		"more than one": {http.MethodPost, `{"do":"delete","all":true}`, nil, http.StatusBadRequest},
		"a read":        {http.MethodGet, ``, nil, http.StatusBadRequest},
	} {
		before, _ := ask(t, s, http.MethodGet, listPath, "", nil)
		if status, text := ask(t, s, c.method, "/emulator/edit", c.body, c.spoil); status != c.status || before != http.StatusOK {
			t.Errorf("%s: %d %s", what, status, text)
		}
	}
	if n := len(listOf(t, func() string { _, text := ask(t, s, http.MethodGet, listPath, "", nil); return text }())); n != 3 {
		t.Errorf("%d connections are left", n)
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("x") || r.Method != http.MethodPost {
			t.Errorf("asked: %s %s", r.Method, r.URL)
		}
		http.Redirect(w, r, "http://127.0.0.1:1/?x", http.StatusTemporaryRedirect)
	}))
	defer other.Close()
	for _, url := range []string{other.URL, "http://127.0.0.1:1", "http://[::1"} {
		if _, err := emulator.Ask(context.Background(), url, emulator.Edit{Do: emulator.EditDelete, Connection: "x"}); !errors.Is(err, emulator.ErrNoEmulator) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := emulator.Ask(context.Background(), other.URL, emulator.Edit{Set: map[string]json.RawMessage{"k": json.RawMessage("{")}}); err == nil || errors.Is(err, emulator.ErrNoEmulator) {
		t.Errorf("a value that is no JSON: %v", err)
	}
}

// A data file of one workspace, as it was written before there were several, is that of the first one served.
func TestADataFileOfOneWorkspaceIsRead(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(data, []byte(`{"plugins":[{"name":"Own","type":"custom","versions":[{"number":"1"}]}],"connections":[{"id":"x","name":"old"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := fresh(t, emulator.Options{Data: data})
	if all := s.Connections(); len(all) != 1 || all[0].Workspace != emulator.DefaultWorkspace || !slices.Equal(s.Workspaces(), []string{emulator.DefaultWorkspace}) {
		t.Errorf("%+v in %v", all, s.Workspaces())
	}
}
