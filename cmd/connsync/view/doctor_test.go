package view

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/doctor"
)

// Every word that a doctor can see is said, and none that it cannot.
func TestEveryHabitHasWords(t *testing.T) {
	questions := 0
	for _, q := range doctor.Questions() {
		questions++
		if len(habits[q.Name]) != len(q.Words) {
			t.Errorf("%s: %d words, and %d are said", q.Name, len(q.Words), len(habits[q.Name]))
		}
		said := map[string]bool{}
		for _, w := range q.Words {
			text := habits[q.Name][w][0]
			if text == "" || said[text] {
				t.Errorf("%s: %s has no words of its own: %q", q.Name, w, text)
			}
			said[text] = true
		}
	}
	if len(habits) != questions {
		t.Errorf("%d questions, and %d have words", questions, len(habits))
	}
}

func TestWhatDriftADiffSees(t *testing.T) {
	for _, c := range []struct {
		config, time         []string
		settings, secrets    Verdict
		ofSettings, ofSecret string
	}{
		{[]string{"clear"}, []string{"present"}, Fine, Fine, "a diff sees it", "a sync compares them"},
		{[]string{"no-secret-here"}, []string{"present"}, Fine, NotLooked, "a diff sees it", "stays open"},
		{[]string{"masked"}, []string{"present"}, Fine, Doubtful, "a diff sees it", "in its update time, and not what changed"},
		{[]string{"masked"}, []string{"absent"}, Fine, Doubtful, "a diff sees it", "no change of them is seen"},
		{[]string{"masked-all"}, []string{"present"}, Doubtful, Doubtful, "in its update time", "in its update time"},
		{[]string{"omitted"}, []string{"absent"}, Doubtful, Doubtful, "no change of them is seen", "no change of them is seen"},
		{[]string{"clear", "empty"}, []string{"present"}, Doubtful, Doubtful, "in some connections", "update time"},
		{[]string{"broken"}, []string{"present", "absent"}, Doubtful, Doubtful, "where there is one", "where there is one"},
		{nil, nil, NotLooked, NotLooked, "no connection was shown", "no connection was shown"},
	} {
		seen := doctor.Seen{}
		if c.config != nil {
			seen["config"], seen["updatetime"] = c.config, c.time
		}
		got := Drift(seen)
		if len(got) != 2 || got[0].Verdict != c.settings || got[1].Verdict != c.secrets || !strings.Contains(got[0].Text, c.ofSettings) || !strings.Contains(got[1].Text, c.ofSecret) {
			t.Errorf("%v %v: %+v", c.config, c.time, got)
		}
	}
}

// The clock, the workspace and calls not made.
func TestTheChecksOfAWorkspace(t *testing.T) {
	denied := &secmaster.Error{Op: "list connections", Status: 401, Message: "m", Class: secmaster.ErrDenied}
	list := func(err error) doctor.Call {
		return doctor.Call{Name: doctor.CallList, Asked: true, Err: err, Raw: secmaster.Answer{Status: 401}}
	}
	for name, c := range map[string]struct {
		report  doctor.Report
		check   string
		verdict Verdict
		text    string
	}{
		"no date":               {doctor.Report{}, "clock", NotLooked, "no answer has a date"},
		"together":              {doctor.Report{Clock: doctor.Clock{Known: true, Ahead: 2 * time.Second}}, "clock", Fine, "agree"},
		"a minute ahead":        {doctor.Report{Clock: doctor.Clock{Known: true, Ahead: time.Minute}}, "clock", Doubtful, "60 seconds ahead of the server's"},
		"behind, and refused":   {doctor.Report{Clock: doctor.Clock{Known: true, Ahead: -20 * time.Minute}, Calls: []doctor.Call{list(denied)}}, "clock", Broken, "20 minutes behind the server's"},
		"behind, and permitted": {doctor.Report{Clock: doctor.Clock{Known: true, Ahead: -20 * time.Minute}}, "clock", Doubtful, "20 minutes behind the server's"},
		"a view":                {doctor.Report{Calls: []doctor.Call{list(nil)}, Listed: true, Workspaces: []string{"x"}}, "workspace", Doubtful, "not among the workspaces"},
		"another":               {doctor.Report{Calls: []doctor.Call{list(denied)}, Listed: true, Workspaces: []string{"x"}}, "workspace", Broken, "the project does not show w"},
		"no permission":         {doctor.Report{Calls: []doctor.Call{list(denied)}, Listed: true, Workspaces: []string{"w"}}, "workspace", Doubtful, "cannot be listed"},
		"nothing known":         {doctor.Report{Calls: []doctor.Call{list(denied)}}, "workspace", NotLooked, "because of the failure below"},
		"no time":               {doctor.Report{Calls: []doctor.Call{list(nil), {Name: doctor.CallShow, Cause: doctor.Time}}}, "see one connection", NotLooked, "the time was up"},
		"no connection":         {doctor.Report{Calls: []doctor.Call{list(nil), {Name: doctor.CallShow, Cause: doctor.Nothing}}}, "see one connection", NotLooked, "shows no connection"},
		"not whole":             {doctor.Report{Calls: []doctor.Call{list(nil)}, Whole: denied}, "whole list", Broken, "explained"},
	} {
		var failed []error
		checks := CallsOf{Report: &c.report, Workspace: "w", Explain: func(error) (string, []string) { return "list connections: explained", nil }, Failed: func(err error) { failed = append(failed, err) }}.Checks()
		at := slices.IndexFunc(checks, func(x Check) bool { return x.Name == c.check })
		if at < 0 || checks[at].Verdict != c.verdict || !strings.Contains(checks[at].Text, c.text) {
			t.Errorf("%s: %+v", name, checks)
		}
		wrong := c.report.Call(doctor.CallList).Err != nil || c.report.Whole != nil
		if wrong != (len(failed) > 0) || wrong && !errors.Is(failed[0], secmaster.ErrDenied) {
			t.Errorf("%s: what failed: %v", name, failed)
		}
	}
	hints := CallsOf{Report: &doctor.Report{Listed: true, Workspaces: strings.Split("a b c d e f g", " ")}}.others()
	if hints[0] != "the project shows a, b, c, d, e …" {
		t.Errorf("%v", hints)
	}
}

func TestHowFarAServerIsReached(t *testing.T) {
	now := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	tried, verdicts := doctor.Step{Tried: true}, func(cs []Check) (out []string) {
		for _, c := range cs {
			out = append(out, string(c.Verdict))
		}
		return out
	}
	for name, c := range map[string]struct {
		reach doctor.Reach
		want  string
	}{
		"all well":              {doctor.Reach{Host: "h", Name: tried, Connect: tried, TLS: tried, Until: now.AddDate(0, 1, 0)}, "ok ok ok"},
		"expires soon":          {doctor.Reach{Host: "h", Name: tried, Connect: tried, TLS: tried, Until: now.AddDate(0, 0, 2)}, "ok ok warning"},
		"no name":               {doctor.Reach{Host: "h", Name: doctor.Step{Tried: true, Wrong: doctor.NoName}}, "failed not looked at not looked at"},
		"an untrusted one":      {doctor.Reach{Host: "h", Name: tried, Connect: tried, TLS: doctor.Step{Tried: true, Wrong: doctor.Untrusted}}, "ok ok failed"},
		"a proxy":               {doctor.Reach{Host: "h", Proxied: true, Proxy: "p:3128", Name: tried, Connect: tried}, "ok not looked at"},
		"a dead proxy":          {doctor.Reach{Host: "h", Proxied: true, Proxy: "p:3128", Connect: doctor.Step{Tried: true, Wrong: doctor.NobodyThere}}, "failed not looked at"},
		"a proxy without name":  {doctor.Reach{Host: "h", Proxied: true, Proxy: "p:3128", Name: doctor.Step{Tried: true, Wrong: doctor.NoName}}, "failed not looked at"},
		"plain, and an address": {doctor.Reach{Host: "::1", Number: true, Plain: true, Connect: tried}, "not looked at ok not looked at"},
	} {
		if got := strings.Join(verdicts(Reached(c.reach, now)), " "); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
