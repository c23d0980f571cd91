package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

// exceptions are the values of switches under which something fails as it should; under every other value of
// every switch the whole suite passes.
var exceptions = map[string]func(*testing.T, *emulator.Server, *secmaster.Client){
	"list=none": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		if _, err := c.List(context.Background()); !errors.Is(err, secmaster.ErrIncomplete) {
			t.Errorf("list: %v", err)
		}
	},
	"offset=ignored": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		fill(s, 250)
		if _, err := c.List(context.Background()); !errors.Is(err, secmaster.ErrIncomplete) {
			t.Errorf("list: %v", err)
		}
	},
	"duplicates=refuse": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		b := bodyOf(s, "a", `{"endpoint":"https://a"}`)
		_, _, first := c.Create(context.Background(), b)
		_, _, second := c.Create(context.Background(), b)
		if first != nil || second == nil || len(s.Connections()) != 1 {
			t.Errorf("first %v, second %v", first, second)
		}
	},
	"quota=3": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		fill(s, 3)
		if _, _, err := c.Create(context.Background(), bodyOf(s, "a", `{"x":"y"}`)); err == nil || errors.Is(err, secmaster.ErrUnclear) {
			t.Errorf("over the quota: %v", err)
		}
	},
	"users=denied": func(t *testing.T, s *emulator.Server, c *secmaster.Client) { unsearched(t, s, c, secmaster.ErrDenied) },
	"users=absent": func(t *testing.T, s *emulator.Server, c *secmaster.Client) { unsearched(t, s, c, secmaster.ErrAbsent) },
	"users=broken": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		unsearched(t, s, c, secmaster.ErrUnreadable)
	},
	"workflows=3": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		fill(s, 2)
		id := s.Connections()[1].ID
		if ws := c.Uses(context.Background(), []string{id}).Workflows[id]; len(ws) != 3 || ws[0].Name != "playbook 1" || !ws[1].Enabled || ws[2].Enabled {
			t.Errorf("%+v", ws)
		}
	},
	"policies=2": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		fill(s, 2)
		id := s.Connections()[1].ID
		if u := c.Uses(context.Background(), []string{id}); u.Policies[id] != 2 || u.SearchedPolicies != 2 {
			t.Errorf("%+v", u)
		}
	},
	"writes=stale": func(t *testing.T, s *emulator.Server, c *secmaster.Client) { swallowed(t, s, c, false) },
	"writes=echo":  func(t *testing.T, s *emulator.Server, c *secmaster.Client) { swallowed(t, s, c, true) },
	"names=printable": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		for _, name := range []string{"test-name", "a name with blanks", "a/b [c]", "名前"} {
			created, _, err := c.Create(context.Background(), bodyOf(s, name, `{"x":"y"}`))
			if err != nil || created.Name != name {
				t.Errorf("create %s: %v", name, err)
			}
			if _, _, err := c.Update(context.Background(), created.ID, bodyOf(s, name, `{"x":"z"}`)); err != nil {
				t.Errorf("update %s: %v", name, err)
			}
		}
		if all := listed(t, c); len(all) != 4 || all["test-name"].ID == "" {
			t.Errorf("list: %v", all)
		}
		for _, there := range s.Connections() {
			s.Remove(there.ID)
		}
		if _, _, err := c.Create(context.Background(), bodyOf(s, "a\tb", `{"x":"y"}`)); err == nil {
			t.Error("a tab is taken")
		}
		suite(t, s, c, nil)
	},
	"names=console": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		component, version := s.Plugin("EdrVendor", "2.1")
		long := strings.Repeat("ö", 100)
		id := s.Put(emulator.Connection{Name: "threatbook authentication token", Description: long, ComponentID: component, ComponentVersionID: version, CanBeDeleted: true})
		b := bodyOf(s, "threatbook authentication token", `{"redisHost":"r"}`)
		b.Description = long
		if _, _, err := c.Update(context.Background(), id, b); err != nil {
			t.Errorf("what it has already: %v", err)
		}
		b.Description += "ö"
		_, _, longer := c.Update(context.Background(), id, b)
		_, _, other := c.Update(context.Background(), id, bodyOf(s, "threatbook token", `{"redisHost":"r"}`))
		_, _, created := c.Create(context.Background(), bodyOf(s, "test-name", `{"x":"y"}`))
		if longer == nil || other == nil || created == nil {
			t.Errorf("a longer description %v, another name %v, a new one %v", longer, other, created)
		}
		if _, err := c.Delete(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		suite(t, s, c, nil)
	},
	"lag=1": func(t *testing.T, s *emulator.Server, c *secmaster.Client) {
		if _, _, err := c.Create(context.Background(), bodyOf(s, "a", `{"x":"y"}`)); err != nil {
			t.Fatal(err)
		}
		if n := len(listed(t, c)); n != 0 {
			t.Errorf("the first list shows %d", n)
		}
		if n := len(listed(t, c)); n != 1 {
			t.Errorf("the second list shows %d", n)
		}
	},
}

// visible are checks that a switch does something on the wire beside what the suite needs.
var visible = map[string]func(*secmaster.Connection) bool{
	"config=masked":       func(c *secmaster.Connection) bool { return shown(c) == `{"endpoint":"https://a","password":"******"}` },
	"config=masked-all":   func(c *secmaster.Connection) bool { return shown(c) == `{"endpoint":"******","password":"******"}` },
	"config=omitted":      func(c *secmaster.Connection) bool { return c.Config.IsZero() },
	"config=empty":        func(c *secmaster.Connection) bool { return c.Config.IsZero() },
	"config=null":         func(c *secmaster.Connection) bool { return c.Config.IsZero() },
	"config=broken":       func(c *secmaster.Connection) bool { return shown(c) == `{"endpoint": ` },
	"config=reserialised": func(c *secmaster.Connection) bool { return strings.Contains(shown(c), "\n  \"endpoint\"") },
	"candelete=absent":    func(c *secmaster.Connection) bool { return c.CanBeDeleted == nil },
	"status=lower":        func(c *secmaster.Connection) bool { return c.Status == "success" },
	"status=mixed":        func(c *secmaster.Connection) bool { return c.Status == "Success" },
	"status=absent":       func(c *secmaster.Connection) bool { return c.Status == "" },
	"updatetime=absent":   func(c *secmaster.Connection) bool { return c.UpdateTime == "" },
	"timeformat=millis":   func(c *secmaster.Connection) bool { return strings.HasSuffix(c.UpdateTime, ".000Z+0800") },
	"timeformat=rfc3339": func(c *secmaster.Connection) bool {
		return len(c.UpdateTime) == 20 && strings.HasSuffix(c.UpdateTime, "Z")
	},
	"timeformat=offset": func(c *secmaster.Connection) bool {
		return strings.HasSuffix(c.UpdateTime, "+0800") && !strings.Contains(c.UpdateTime, "Z")
	},
	"timeformat=bare": func(c *secmaster.Connection) bool { return len(c.UpdateTime) == 19 && c.UpdateTime[10] == ' ' },
	"timeformat=epoch": func(c *secmaster.Connection) bool {
		return len(c.UpdateTime) == 13 && !strings.ContainsAny(c.UpdateTime, "-:")
	},
	"timeformat=opaque": func(c *secmaster.Connection) bool { return strings.HasPrefix(c.UpdateTime, "t") },
}

func shown(c *secmaster.Connection) string { s, _ := c.Config.Expose().(string); return s }

func TestTheClientWorksUnderEverySwitch(t *testing.T) {
	tried := map[string]bool{}
	for _, d := range emulator.SwitchDocs() {
		for _, v := range d.Values {
			name := d.Name + "=" + v
			tried[name] = true
			t.Run(name, func(t *testing.T) {
				s, c := pair(t, name)
				if except, ok := exceptions[name]; ok {
					except(t, s, c)
					return
				}
				suite(t, s, c, visible[name])
			})
		}
	}
	for name := range exceptions {
		if !tried[name] {
			t.Errorf("%s is an exception to nothing", name)
		}
	}
	for name := range visible {
		if !tried[name] {
			t.Errorf("%s is no switch", name)
		}
	}
}

func pair(t *testing.T, switches ...string) (*emulator.Server, *secmaster.Client) {
	t.Helper()
	s, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, sw := range switches {
		if err := s.Set(sw); err != nil {
			t.Fatal(err)
		}
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	c, err := secmaster.NewClient(secmaster.Options{
		Endpoint: h.URL, Region: emulator.DefaultRegion, WorkspaceID: emulator.DefaultWorkspace,
		Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
		Sleep:       func(ctx context.Context, d time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return s, c
}

func fill(s *emulator.Server, n int) {
	component, version := s.Plugin("KafkaBus", "1.0")
	for i := range n {
		s.Put(emulator.Connection{Name: fmt.Sprintf("filler_%03d", i), ComponentID: component, ComponentVersionID: version, CanBeDeleted: true})
	}
}

func bodyOf(s *emulator.Server, name, config string) secmaster.Body {
	component, version := s.Plugin("EdrVendor", "2.1")
	return secmaster.Body{Name: name, Description: "d", ComponentID: component, ComponentVersionID: version, Config: secrets.Hide(config)}
}

// listed are the connections that did not come with the workspace.
func listed(t *testing.T, c *secmaster.Client) map[string]secmaster.Connection {
	t.Helper()
	all, err := c.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]secmaster.Connection{}
	for _, conn := range all {
		if conn.CreatorName != "system" {
			out[conn.Name] = conn
		}
	}
	return out
}

// suite is what the client does for a living: it creates, lists over several pages, shows, updates and deletes.
func suite(t *testing.T, s *emulator.Server, c *secmaster.Client, asShown func(*secmaster.Connection) bool) {
	ctx := context.Background()
	const config = `{"endpoint":"https://a","password":"p"}`
	created, sent, err := c.Create(ctx, bodyOf(s, "edr", config))
	if err != nil || created.ID == "" || !sent.Left || len(sent.RequestIDs) != 1 {
		t.Fatalf("create: %+v %+v %v", created, sent, err)
	}
	one, err := c.Show(ctx, created.ID)
	if err != nil || one.Name != "edr" || one.Description != "d" || !strings.EqualFold(one.Status, "SUCCESS") && one.Status != "" || one.Failed() {
		t.Errorf("show: %+v %v", one, err)
	}
	if asShown != nil && !asShown(&one) {
		t.Errorf("the switch shows nothing: %q", shown(&one))
	}
	fill(s, 230)
	all := listed(t, c)
	if len(all) != 231 || all["edr"].ID != created.ID {
		t.Errorf("list: %d connections", len(all))
	}
	failing(t, s, c, all["edr"])
	b := bodyOf(s, "edr_2", `{"endpoint":"https://b"}`)
	b.Description = ""
	if _, _, err := c.Update(ctx, created.ID, b); err != nil {
		t.Errorf("update: %v", err)
	}
	for _, have := range s.Connections() {
		if have.ID == created.ID && (have.Name != "edr_2" || have.Description != "" || have.Config != `{"endpoint":"https://b"}`) {
			t.Errorf("after the update: %+v", have)
		}
	}
	if _, err := c.Delete(ctx, created.ID); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := c.Show(ctx, created.ID); !errors.Is(err, secmaster.ErrNotFound) {
		t.Errorf("show of what is gone: %v", err)
	}
	used(t, s, c)
	plugins, err := c.Components(ctx)
	if err != nil || len(plugins) != 4 || len(plugins[0].Versions) != 2 || plugins[0].Versions[0].Version != "2.1" {
		t.Errorf("components: %+v %v", plugins, err)
	}
}

// used: who uses a connection is found, on whichever page of the workflows.
func used(t *testing.T, s *emulator.Server, c *secmaster.Client) {
	t.Helper()
	id := s.Connections()[0].ID
	for n := range 12 {
		s.PutWorkflow(emulator.Workflow{Name: fmt.Sprint("other ", n)})
	}
	s.PutWorkflow(emulator.Workflow{Name: "block", Enabled: true, Connections: []string{id}})
	s.PutPolicy(emulator.EmergencyPolicy{Connections: []string{id}})
	u := c.Uses(context.Background(), []string{id})
	if ws := u.Workflows[id]; len(ws) != 1 || ws[0].Name != "block" || !ws[0].Enabled || u.Policies[id] != 1 || u.SearchedWorkflows != 13 || len(u.Gaps) != 0 {
		t.Errorf("uses: %+v", u)
	}
}

// unsearched: what is not shown is a gap, and all else works.
func unsearched(t *testing.T, s *emulator.Server, c *secmaster.Client, why error) {
	t.Helper()
	s.PutWorkflow(emulator.Workflow{Name: "block", Connections: []string{"id"}})
	u := c.Uses(context.Background(), []string{"id"})
	if len(u.Gaps) != 2 || u.Gaps[0].Why != why || u.Gaps[1].Why != why || len(u.Workflows)+u.SearchedWorkflows+u.SearchedPolicies != 0 {
		t.Errorf("uses: %+v", u)
	}
	if _, err := c.List(context.Background()); err != nil {
		t.Error(err)
	}
}

// swallowed: no answer to a write proves it. What the server shows is the truth: a caller has to go by it.
func swallowed(t *testing.T, s *emulator.Server, c *secmaster.Client, echoes bool) {
	t.Helper()
	ctx := context.Background()
	component, version := s.Plugin("EdrVendor", "2.1")
	id := s.Put(emulator.Connection{Name: "edr", ComponentID: component, ComponentVersionID: version, Config: `{"endpoint":"https://a"}`, CanBeDeleted: true})
	created, _, err := c.Create(ctx, bodyOf(s, "fw", `{"endpoint":"https://f"}`))
	if echoes != (err == nil) || !echoes && !errors.Is(err, secmaster.ErrUnclear) {
		t.Errorf("create: %v", err)
	}
	if _, err := c.Show(ctx, created.ID); !errors.Is(err, secmaster.ErrNotFound) {
		t.Errorf("what was never created: %v", err)
	}
	answered, _, err := c.Update(ctx, id, bodyOf(s, "edr", `{"endpoint":"https://b"}`))
	if err != nil || strings.Contains(shown(&answered), "https://b") != echoes {
		t.Errorf("update: %s, %v", shown(&answered), err)
	}
	if _, err := c.Delete(ctx, id); err != nil {
		t.Errorf("delete: %v", err)
	}
	if all := listed(t, c); len(all) != 1 {
		t.Errorf("list: %v", all)
	}
	if there := listed(t, c)["edr"]; shown(&there) != `{"endpoint":"https://a"}` {
		t.Errorf("it is shown as %s", shown(&there))
	}
}

// failing: a status is understood in every case, unless none is shown.
func failing(t *testing.T, s *emulator.Server, c *secmaster.Client, edr secmaster.Connection) {
	t.Helper()
	s.Edit(edr.ID, func(c *emulator.Connection) { c.Status, c.Disabled = "FAILED", true })
	one, err := c.Show(context.Background(), edr.ID)
	if err != nil || one.Failed() != (edr.Status != "") || one.Enabled == nil || *one.Enabled {
		t.Errorf("failed and disabled: %+v %v", one, err)
	}
}

// A success may hold nothing but its code, in whatever form that comes.
func TestAWriteThatIsAnsweredWithACodeAloneIsDone(t *testing.T) {
	for _, d := range emulator.SwitchDocs() {
		if d.Name != "code" {
			continue
		}
		for _, v := range d.Values {
			s, c := pair(t, "code="+v)
			ctx := context.Background()
			created, _, err := c.Create(ctx, bodyOf(s, "edr", `{"endpoint":"https://a"}`))
			if err != nil {
				t.Errorf("code=%s: create: %v", v, err)
			}
			s.Fail(emulator.Fault{Route: emulator.RouteUpdate, Kind: emulator.FaultNoAsset})
			if _, _, err := c.Update(ctx, created.ID, bodyOf(s, "edr", `{"endpoint":"https://b"}`)); err != nil || s.Connections()[0].Config != `{"endpoint":"https://b"}` {
				t.Errorf("code=%s: update: %v, %+v", v, err, s.Connections())
			}
			if _, err := c.Delete(ctx, created.ID); err != nil || len(s.Connections()) != 0 {
				t.Errorf("code=%s: delete: %v, %+v", v, err, s.Connections())
			}
		}
	}
}

func TestASchemaIsReadInEveryForm(t *testing.T) {
	for sw, n := range map[string]int{"schema=string": 3, "schema=array": 3, "schema=null": 0} {
		_, c := pair(t, sw)
		plugins, err := c.Components(context.Background())
		if err != nil || len(plugins[0].Versions[0].Settings) != n {
			t.Errorf("%s: %+v %v", sw, plugins, err)
		}
	}
}

func TestAnotherWorkspaceIsRefused(t *testing.T) {
	for _, sw := range []string{"workspace=403", "workspace=400"} {
		s, _ := pair(t, sw)
		h := httptest.NewServer(s)
		t.Cleanup(h.Close)
		c, err := secmaster.NewClient(secmaster.Options{
			Endpoint: h.URL, Region: emulator.DefaultRegion, ProjectID: emulator.DefaultProject, WorkspaceID: "other",
			Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		if _, err := c.List(context.Background()); !errors.Is(err, secmaster.ErrWorkspace) {
			t.Errorf("%s: %v", sw, err)
		}
	}
}
