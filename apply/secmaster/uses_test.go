package secmaster_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
)

// users are who uses a connection, in short, and what was not looked at.
func users(u secmaster.Usage, id string) string {
	var out []string
	for _, w := range u.Workflows[id] {
		name := w.Name
		if !w.Enabled {
			name += " (off)"
		}
		out = append(out, name)
	}
	if n := u.Policies[id]; n > 0 {
		out = append(out, fmt.Sprint(n, " policies"))
	}
	return strings.Join(out, ", ")
}

func gaps(u secmaster.Usage) string {
	var out []string
	for _, g := range u.Gaps {
		of := "workflows"
		if g.Policies {
			of = "policies"
		}
		out = append(out, fmt.Sprintf("%s %d %v", of, g.N, g.Why))
	}
	return strings.Join(out, ", ")
}

func TestUsersOfAConnectionAreFoundWhereverTheyNameIt(t *testing.T) {
	e := emulated(t)
	a, b, none := e.Put(emulator.Connection{Name: "a"}), e.Put(emulator.Connection{Name: "b"}), e.Put(emulator.Connection{Name: "none"})
	for _, w := range []emulator.Workflow{
		{Name: "off", Connections: []string{a, b}}, {Name: "Block an IP", Enabled: true, Connections: []string{a}}, {Name: "a first", Enabled: true, Config: true, Connections: []string{"b", a, a}},
		{Name: "a draft", Enabled: true, Connections: []string{b}, Status: "pending_approval"},
	} {
		e.PutWorkflow(w)
	}
	e.PutPolicy(emulator.EmergencyPolicy{Target: "192.0.2.1", Connections: []string{b, b}})
	e.PutPolicy(emulator.EmergencyPolicy{Target: "192.0.2.1", Connections: []string{b}})
	s := beside(t, e)
	u := s.Uses(context.Background(), []string{a, b, none})
	for id, want := range map[string]string{a: "Block an IP, a first, off (off)", b: "a draft, a first, off (off), 2 policies", none: ""} {
		if got := users(u, id); got != want {
			t.Errorf("used by %s, want %s", got, want)
		}
	}
	if u.SearchedWorkflows != 4 || u.SearchedPolicies != 2 || len(u.Gaps) != 0 {
		t.Errorf("%+v", u)
	}
	// A version that changes no more is not read again by the same reader; a list is.
	e.ResetRequests()
	if again := s.Uses(context.Background(), []string{a}); users(again, a) != users(u, a) || e.Count(emulator.RouteVersion) != 1 || e.Count(emulator.RouteWorkflows) != 1 || e.Count(emulator.RoutePolicies) != 1 {
		t.Errorf("%s by %+v", users(again, a), e.Requests())
	}
}

// Whatever it takes, no more than 200 requests are sent, failed ones counted. The enabled workflows come first.
func TestNoMoreIsAskedThanMayBe(t *testing.T) {
	e := emulated(t)
	id := e.Put(emulator.Connection{Name: "a"})
	for n := range 230 {
		e.PutWorkflow(emulator.Workflow{Name: fmt.Sprintf("w%03d", n), Enabled: n == 229, Connections: []string{id}})
	}
	s := beside(t, e)
	u := s.Uses(context.Background(), []string{id})
	if got := users(u, id); !strings.HasPrefix(got, "w229, w000 (off), w001 (off), ") || gaps(u) != "workflows 34 enough was asked for" || e.Count("") != 200 || u.SearchedWorkflows != 196 {
		t.Errorf("%d requests; %s; %d searched; %s", e.Count(""), gaps(u), u.SearchedWorkflows, got)
	}
	e.ResetRequests()
	e.Fail(emulator.Fault{Route: emulator.RouteVersion, Kind: emulator.FaultStatus, Status: 503, Times: 1000})
	u = beside(t, e).Uses(context.Background(), []string{id})
	if n := e.Count(""); n != 200 || u.SearchedWorkflows != 0 || !strings.Contains(gaps(u), "outcome unknown") || !strings.Contains(gaps(u), "enough was asked for") {
		t.Errorf("%d requests to a server that fails: %s", n, gaps(u))
	}
}

// What may not be asked, or is not there, is a gap and no failure, and is not asked for again and again.
func TestWhatCannotBeLookedAtIsAGap(t *testing.T) {
	for _, c := range []struct {
		name, habit string
		deny        []string
		fault       emulator.Fault
		want, gaps  string
		most        int // requests
	}{
		{"all is well", "users=shown", nil, emulator.Fault{}, "w0, w1, w2, w3, w4, w5, w6, w7, 1 policies", "", 10},
		{"refused by the service", "users=denied", nil, emulator.Fault{}, "", "policies 0 denied, workflows 0 denied", 2},
		{"no such calls", "users=absent", nil, emulator.Fault{}, "", "policies 0 SecMaster has no such call, workflows 0 SecMaster has no such call", 2},
		{"texts that cannot be read", "users=broken", nil, emulator.Fault{}, "", "policies 0 the answer cannot be read, workflows 8 the answer cannot be read", 10},
		{"no permission for the list", "", []string{"secmaster:workflow:list"}, emulator.Fault{}, "1 policies", "workflows 0 denied", 2},
		{"no permission for a workflow", "", []string{"secmaster:workflow:get"}, emulator.Fault{}, "1 policies", "workflows 8 denied", 6},
		{"no permission for policies", "", []string{"secmaster:policy:list"}, emulator.Fault{}, "w0, w1, w2, w3, w4, w5, w6, w7", "policies 0 denied", 10},
		{"one is gone", "", nil, emulator.Fault{Route: emulator.RouteVersion, Kind: emulator.FaultStatus, Status: 404}, "7", "workflows 1 outcome unknown", 10},
		{"all are pages", "", nil, emulator.Fault{Route: emulator.RouteVersion, Kind: emulator.FaultPage, Times: 99}, "0", "workflows 8 the answer cannot be read", 34},
		{"the list fails", "", nil, emulator.Fault{Route: emulator.RouteWorkflows, Kind: emulator.FaultStatus, Status: 500, Times: 9}, "1 policies", "workflows 0 outcome unknown", 5},
		{"the list counts more than it has", "", nil, emulator.Fault{Route: emulator.RouteWorkflows, Kind: emulator.FaultMore, Times: 99}, "1 policies", "workflows 0 the answer cannot be read", 12},
		{"policies count more than they are", "", nil, emulator.Fault{Route: emulator.RoutePolicies, Kind: emulator.FaultMore, Times: 99}, "w0, w1, w2, w3, w4, w5, w6, w7, 1 policies", "policies 1 the answer cannot be read", 11},
		{"an error in a 200", "", nil, emulator.Fault{Route: emulator.RoutePolicies, Kind: emulator.FaultOKError}, "w0, w1, w2, w3, w4, w5, w6, w7", "policies 0 the answer cannot be read", 10},
	} {
		e := emulated(t)
		if c.habit != "" {
			_ = e.Set(c.habit)
		}
		id := e.Put(emulator.Connection{Name: "a"})
		for n := range 8 {
			e.PutWorkflow(emulator.Workflow{Name: fmt.Sprint("w", n), Enabled: true, Connections: []string{id}})
		}
		e.PutPolicy(emulator.EmergencyPolicy{Connections: []string{id}})
		e.Deny(c.deny...)
		if c.fault.Kind != "" {
			e.Fail(c.fault)
		}
		u := beside(t, e).Uses(context.Background(), []string{id})
		got := users(u, id)
		if c.fault.Route == emulator.RouteVersion { // which one it hits is left open
			got = fmt.Sprint(len(u.Workflows[id]))
		}
		if got != c.want || gaps(u) != c.gaps || e.Count("") > c.most {
			t.Errorf("%s: used by %q, gaps %q, %d requests", c.name, got, gaps(u), e.Count(""))
		}
	}
}

// A server that wants to be asked forever, to fill the memory or to bring a text onto the terminal gets none of it.
func TestAHostileServerOfWorkflowsIsBounded(t *testing.T) {
	const id = "5d1c2b3a-0000-4000-8000-000000000000"
	flow := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	version := `{"data":{"id":%q,"status":"activated","taskflow":"` + flow(`{"asset":"`+id+`"}`) + `"}}`
	list := `{"total":1,"data":[{"id":"w","name":%s,"enabled":"TRUE","version_id":%q}]}`
	for _, c := range []struct {
		name          string
		list, version string // %d, %q: the offset; the version's id
		policies      string
		want, gaps    string
	}{
		{"as it should be", fmt.Sprintf(list, `"w"`, "v"), version, "", "w", ""},
		{"a name of escapes", fmt.Sprintf(list, `"\u001b[31mred\u001b[0m\n::error::x\u202e"`, "v"), version, "", "?[31mred?[0m?::error::x?", ""},
		{"a long name", fmt.Sprintf(list, `"`+strings.Repeat("n", 10_000)+`"`, "v"), version, "", strings.Repeat("n", 64) + "…", ""},
		{"a name that is no text", fmt.Sprintf(list, `{"a":1}`, "v"), version, "", "", ""},
		{"a version that is a path", fmt.Sprintf(list, `"w"`, "../../x"), version, "", "", "workflows 1 the answer cannot be read"},
		{"no version", fmt.Sprintf(list, `"w"`, ""), version, "", "", ""},
		{"another version", fmt.Sprintf(list, `"w"`, "v"), strings.Replace(version, "%q", `"x"`, 1), "", "", "workflows 1 the answer cannot be read"},
		{"no data", fmt.Sprintf(list, `"w"`, "v"), `{"code":"0","id":"` + id + `"}`, "", "", "workflows 1 the answer cannot be read"},
		{"neither text", fmt.Sprintf(list, `"w"`, "v"), `{"data":{"id":"v"}}`, "", "", "workflows 1 the answer cannot be read"},
		{"an error code beside it", fmt.Sprintf(list, `"w"`, "v"), `{"code":"SecMaster.20039999","data":{"taskflow":"` + flow(`"`+id+`"`) + `"}}`, "", "", "workflows 1 the answer cannot be read"},
		{"an error code beside much of it", fmt.Sprintf(list, `"w"`, "v"), `{"code":"SecMaster.20039999","data":{"taskflow":"` + flow(`"`+id+strings.Repeat(" ", 40_000)+`"`) + `"}}`, "", "", "workflows 1 the answer cannot be read"},
		{"deep", fmt.Sprintf(list, `"w"`, "v"), `{"data":{"taskflow":"` + flow(strings.Repeat("[", 100_000)) + `","taskconfig":"` + id + `"}}`, "", "w", "workflows 1 the answer cannot be read"},
		{"deep, and not in a text", fmt.Sprintf(list, `"w"`, "v"), `{"data":{"taskflow":` + strings.Repeat("[", 100_000) + `}}`, "", "", "workflows 1 the answer cannot be read"},
		{"larger than any", fmt.Sprintf(list, `"w"`, "v"), `{"data":{"taskconfig":"` + id + strings.Repeat(" ", 5<<20) + `"}}`, "", "", "workflows 1 the answer cannot be read"},
		{"a list that never ends", `{"data":[{"id":"w%[1]d"},{"id":"x%[1]d"}]}`, version, "", "", "workflows 0 enough was asked for"},
		{"a list that says it never ends", `{"total":9000000,"data":[{"id":"w%[1]d"},{"id":"x%[1]d"}]}`, version, "", "", "workflows 0 enough was asked for"},
		{"policies that never end", fmt.Sprintf(list, `"w"`, "v"), version, `{"data":[{"n":%d}]}`, "w", "policies 0 enough was asked for"},
		{"policies that are always the same", fmt.Sprintf(list, `"w"`, "v"), version, `{"data":[{"n":1}]}`, "w", ""},
	} {
		var requests atomic.Int64
		s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := requests.Add(1)
			format := func(text string, with any) {
				if strings.Contains(text, "%") {
					text = fmt.Sprintf(text, with)
				}
				fmt.Fprint(w, text)
			}
			switch path := r.URL.Path; {
			case strings.HasSuffix(path, "/policys/search") && c.policies == "":
				fmt.Fprint(w, `{"total":0,"data":[]}`)
			case strings.HasSuffix(path, "/policys/search"):
				format(c.policies, n)
			case strings.HasSuffix(path, "/workflows"):
				format(c.list, n)
			default:
				format(c.version, path[strings.LastIndexByte(path, '/')+1:])
			}
		}))
		u := s.Uses(context.Background(), []string{id})
		if got := users(u, id); got != c.want || gaps(u) != c.gaps || requests.Load() > 200 {
			t.Errorf("%s: used by %q, gaps %q, %d requests", c.name, got, gaps(u), requests.Load())
		}
		if strings.Contains(s.log.String(), id) {
			t.Errorf("%s: the log holds what a workflow holds", c.name)
		}
	}
}

func TestASearchThatIsInterruptedEnds(t *testing.T) {
	e := emulated(t)
	id := e.Put(emulator.Connection{Name: "a"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if u := beside(t, e).Uses(ctx, []string{id}); gaps(u) != "policies 0 outcome unknown, workflows 0 outcome unknown" || e.Count("") != 0 {
		t.Errorf("%s after %d requests", gaps(u), e.Count(""))
	}
	lost := beside(t, answers(404, "{}"), func(o *secmaster.Options) { o.ProjectID = "" })
	if u := lost.Uses(context.Background(), []string{id}); gaps(u) != "policies 0 SecMaster has no such call, workflows 0 SecMaster has no such call" {
		t.Errorf("without a project: %s", gaps(u))
	}
	ended := func(o *secmaster.Options) { // as if a minute were over at once
		after := o.After
		o.After = func(d time.Duration, f func()) func() bool {
			if d == time.Minute {
				f()
			}
			if after == nil {
				return time.AfterFunc(d, f).Stop
			}
			return after(d, f)
		}
	}
	if u := beside(t, e, ended).Uses(context.Background(), []string{id}); gaps(u) != "policies 0 enough was asked for, workflows 0 enough was asked for" {
		t.Errorf("%s", gaps(u))
	}
}
