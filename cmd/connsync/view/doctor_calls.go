package view

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"connsync/apply/secmaster/doctor"
)

// CallsOf says what came of the calls of a workspace.
type CallsOf struct {
	Report    *doctor.Report
	Workspace string                         // its id
	ByName    bool                           // a manifest names its plugin, so plugins have to be listed
	Explain   func(error) (string, []string) // puts an error into words
	Decoded   map[string][]string            // what STS says of refusals, by call
	Failed    func(error)                    // hears of each error that keeps a sync from working
}

// Checks are those of the workspace, and of each call.
func (o CallsOf) Checks() []Check {
	list := o.Report.Call(doctor.CallList)
	out := []Check{o.clock(), o.workspace(list), o.call(list, "list connections", true)}
	if list.Asked && list.Err == nil {
		out = append(out, o.whole())
	}
	return append(out,
		o.call(o.Report.Call(doctor.CallShow), "see one connection", true),
		o.call(o.Report.Call(doctor.CallPlugins), "list plugins", o.ByName),
		o.call(o.Report.Call(doctor.CallWorkspaces), "list workspaces", false),
		Check{Name: "create, update, delete", Verdict: NotLooked, Text: "only a write shows whether it is permitted", Hints: []string{"see the permissions that a sync needs:  connsync iam --for sync"}},
	)
}

// The differences of two clocks: that an answer is underway and its date is cut to seconds is no difference, and from the second on signatures
// are refused.
const (
	noticed = 30 * time.Second
	refused = 15*time.Minute - 10*time.Second
)

func (o CallsOf) clock() Check {
	off := o.Report.Clock.Ahead
	way := "ahead of"
	if off < 0 {
		way = "behind"
	}
	says := fmt.Sprintf("this machine's clock is %s %s the server's", span(off.Abs()), way)
	switch {
	case !o.Report.Clock.Known:
		return Check{Name: "clock", Verdict: NotLooked, Text: "no answer has a date"}
	case off.Abs() >= refused && o.Report.Call(doctor.CallList).Err != nil:
		return Check{Name: "clock", Verdict: Broken, Text: says + ": signatures are refused from 15 minutes on", Hints: []string{"set this machine's clock"}}
	case off.Abs() >= noticed:
		return Check{Name: "clock", Verdict: Doubtful, Text: says + "; signatures are refused from 15 minutes on", Hints: []string{"set this machine's clock"}}
	}
	return Check{Name: "clock", Verdict: Fine, Text: "this machine's clock and the server's agree"}
}

// span is a time in words.
func span(d time.Duration) string {
	if d < 2*time.Minute {
		return Count(int(d/time.Second), "second")
	}
	return Count(int(d.Round(time.Minute)/time.Minute), "minute")
}

// workspace says whether the workspace is there, by the list of its connections and by the project's list.
func (o CallsOf) workspace(list doctor.Call) Check {
	c := Check{Name: "workspace", Verdict: Fine, Text: o.Workspace + " is accessible"}
	listed := slices.Contains(o.Report.Workspaces, o.Workspace)
	switch {
	case list.Err == nil && list.Asked:
		if o.Report.Listed && !listed {
			return Check{Name: "workspace", Verdict: Doubtful, Text: o.Workspace + " is accessible, and not among the workspaces that the project shows", Hints: []string{"if it is a view of other workspaces, use one that has connections of its own"}}
		}
		return c
	case o.Report.Listed && !listed:
		return Check{Name: "workspace", Verdict: Broken, Text: "the project does not show " + o.Workspace, Hints: o.others()}
	case listed:
		return Check{Name: "workspace", Verdict: Doubtful, Text: "the project shows " + o.Workspace + ", and its connections cannot be listed"}
	}
	return Check{Name: "workspace", Verdict: NotLooked, Text: "because of the failure below"}
}

// others are the existing workspaces.
func (o CallsOf) others() []string {
	const most = 5
	ids := o.Report.Workspaces
	if len(ids) == 0 {
		return []string{"the project shows no workspace: check region and project_id in connsync.yaml"}
	}
	more := ""
	if len(ids) > most {
		ids, more = ids[:most], " …"
	}
	return []string{"the project shows " + strings.Join(ids, ", ") + more}
}

// call says what came of a call. One that a sync can do without is only a warning.
func (o CallsOf) call(c doctor.Call, name string, needed bool) Check {
	switch {
	case !c.Asked:
		return Check{Name: name, Verdict: NotLooked, Text: notAsked(c.Cause)}
	case c.Err == nil:
		return Check{Name: name, Verdict: Fine, Text: "permitted"}
	}
	out := Check{Name: name, Verdict: Broken}
	out.Text, out.Hints = o.Explain(c.Err)
	out.Text = strings.TrimPrefix(out.Text, c.Name+": ")
	if clock := o.Report.Clock; c.Raw.Status == http.StatusUnauthorized && clock.Known && clock.Ahead.Abs() < noticed {
		out.Hints = []string{"the clocks agree, so it is the key: it is wrong or revoked, or a temporary one lacks its security token"}
	}
	if d := o.Decoded[c.Name]; len(d) > 0 {
		out.Text += "; by STS, what is missing is " + strings.Join(d, ", ")
	}
	if !needed {
		out.Verdict, out.Hints = Doubtful, []string{"a sync works without it"}
		return out
	}
	o.Failed(c.Err)
	return out
}

func notAsked(cause string) string {
	switch cause {
	case doctor.Nothing:
		return "the workspace shows no connection"
	case doctor.Time:
		return "the time was up"
	}
	return "because of the failure above"
}

// whole says whether the list can be read from its beginning to its end.
func (o CallsOf) whole() Check {
	if o.Report.Whole == nil {
		return Check{Name: "whole list", Verdict: Fine, Text: "the list is complete"}
	}
	o.Failed(o.Report.Whole)
	text, hints := o.Explain(o.Report.Whole)
	return Check{Name: "whole list", Verdict: Broken, Text: strings.TrimPrefix(text, doctor.CallList+": "), Hints: hints}
}

// Caller is whom credentials belong to, as far as it is shown.
func Caller(kind, name, account string) string {
	if kind == "" {
		kind = "a caller"
	}
	text := strings.TrimSpace(kind + " " + name)
	if account != "" {
		text += ", of account " + account
	}
	return text + " (by STS)"
}
