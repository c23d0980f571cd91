package main

import (
	"fmt"
	"slices"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/doctor"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
)

// target looks at one target's workspace, and at the way to it.
func (x *checkup) target(t wanted) {
	e := view.Examined{Name: t.Name, Region: t.Region, Workspace: t.WorkspaceID}
	options, err := x.g.client(x.ctx, x.w, t.Target, need{job: secmaster.JobDiff})
	if err != nil {
		e.Checks = append(e.Checks, x.failed("credentials", err), notLooked("network, project, workspace, calls", "because of the failure above"))
		x.found.Targets = append(x.found.Targets, e)
		return
	}
	e.Checks = append(e.Checks, x.credentials(options.Credentials))
	if x.network(options, &e) {
		e.Checks = append(e.Checks, x.caller(t, options.Credentials))
		x.workspace(t, options, &e)
	}
	x.found.Targets = append(x.found.Targets, e)
}

// credentials says where they are from, and never what they are.
func (x *checkup) credentials(c secmaster.Credentials) view.Check {
	kind := "a key pair"
	switch {
	case !c.Token.IsZero():
		kind = "a token"
	case !c.SecurityToken.IsZero():
		kind = "a temporary key pair"
	}
	text := kind + " from " + c.Source
	if !c.Expires.IsZero() {
		text += fmt.Sprintf(", good for %s", view.Count(int(max(time.Until(c.Expires), 0)/time.Minute), "minute"))
	}
	return fine("credentials", text)
}

// network tells whether SecMaster is reached.
func (x *checkup) network(o secmaster.Options, e *view.Examined) bool {
	address, err := o.Address()
	if err != nil {
		e.Checks = append(e.Checks, x.failed("endpoint", err))
		return false
	}
	r := doctor.Network{Proxy: o.Proxy, RootCAs: o.RootCAs}.Reach(x.ctx, address)
	e.Checks = append(e.Checks, view.Reached(r, time.Now())...)
	if !r.Reached() {
		x.code = heavier(x.code, exitFailed)
		e.Checks = append(e.Checks, notLooked("project, workspace, calls", "because of the failure above"))
	}
	return r.Reached()
}

// caller says whose the credentials are.
func (x *checkup) caller(t wanted, c secmaster.Credentials) view.Check {
	var who secmaster.Caller
	find, err := x.g.find(x.w, t.Target, need{})
	if err == nil {
		who, err = secmaster.WhoIs(x.ctx, find, c)
	}
	if err != nil {
		text, _ := explain(err)
		return notLooked("caller", "whose they are is not told; "+text)
	}
	return fine("caller", view.Caller(who.Kind, who.Name, who.Account))
}

// workspace makes the calls, and says what came of them.
func (x *checkup) workspace(t wanted, o secmaster.Options, e *view.Examined) {
	r, err := doctor.Examine(x.ctx, o)
	if err != nil {
		e.Checks = append(e.Checks, x.failed("project", err), notLooked("workspace, calls", "because of the failure above"))
		return
	}
	x.report = r
	from := "its id is in connsync.yaml"
	switch {
	case t.ProjectID == "" && o.ProjectID != "":
		from = "its id is with the credentials"
	case t.ProjectID == "":
		from = "IAM shows one for the region"
	}
	e.Checks = append(e.Checks, fine("project", from))
	says := view.CallsOf{Report: r, Workspace: t.WorkspaceID, ByName: byName(t.want), Explain: explain, Decoded: x.decoded(t, o.Credentials, r), Failed: x.weigh}
	e.Checks = append(e.Checks, says.Checks()...)
	if r.Answered() {
		e.Checks = append(e.Checks, view.Drift(r.Seen)...)
		e.Habits, e.Unasked = view.Habits(r.Seen), doctor.Unasked()
	}
}

// byName tells whether a connection names its plugin. Then plugins have to be listed.
func byName(want []manifest.Connection) bool {
	return slices.ContainsFunc(want, func(c manifest.Connection) bool { return c.ComponentID == "" })
}

// decoded is what STS says of the refusals, where it may be asked.
func (x *checkup) decoded(t wanted, c secmaster.Credentials, r *doctor.Report) map[string][]string {
	out := map[string][]string{}
	for _, call := range r.Calls {
		encoded := call.Raw.EncodedMessage()
		if !call.Asked || encoded == "" {
			continue
		}
		find, err := x.g.find(x.w, t.Target, need{})
		if err != nil {
			continue
		}
		if names, err := secmaster.Decode(x.ctx, find, c, encoded); err == nil {
			out[call.Name] = names
		}
	}
	return out
}
