// Package doctor asks a workspace, by reads only, what its SecMaster does where the vendor's documents disagree or say nothing, and keeps it as a
// transcript of forms, without any value: docs/doctor.md.
package doctor

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"connsync/apply/secmaster"
)

// The calls, in the order of the requests.
const (
	CallList       = "list connections"
	CallShow       = "show connection"
	CallUnknown    = "show a connection that does not exist"
	CallPlugins    = "list plugins"
	CallWorkspaces = "list workspaces"
	CallElsewhere  = "list connections of a workspace that does not exist"
)

var calls = []string{CallList, CallShow, CallUnknown, CallPlugins, CallWorkspaces, CallElsewhere}

// nobody is an id that no connection and no workspace has.
const nobody = "00000000-0000-4000-8000-000000000000"

// Call is one of the calls, and what came of it.
type Call struct {
	Name  string
	Asked bool
	Err   error            // why its answer does not stand; nil where it does
	Cause string           // why it was not asked: the name of another call, Nothing, or Time
	Shape Shape            // of its answer
	Raw   secmaster.Answer // it may hold secrets
}

// Why a call was not made, where no other call is the cause.
const (
	Nothing = "nothing" // the workspace shows no connection
	Time    = "time"    // the context ended
)

// Report is what was found out.
type Report struct {
	Calls []Call // all of them
	Whole error  // why the list cannot be read as a whole; nil where it can, or was not tried
	Seen  Seen
	Clock Clock

	Workspaces []string // the ids shown by the project
	Listed     bool     // the list of workspaces could be read
}

// Call is one of the calls, by its name.
func (r *Report) Call(name string) Call {
	for _, c := range r.Calls {
		if c.Name == name {
			return c
		}
	}
	return Call{Name: name}
}

// Examine asks one workspace. Its error is one of the options, of the look-up of the project, or of missing credentials.
func Examine(ctx context.Context, o secmaster.Options) (*Report, error) {
	e := &exam{ctx: ctx, seen: Seen{}}
	o.Wrap = e.watch.wrap(o.Wrap, o.Now)
	var err error
	if e.here, err = secmaster.NewReader(o); err != nil {
		return nil, err
	}
	defer e.here.Close()
	if o.ProjectID, err = e.here.ProjectID(ctx); err != nil {
		return &Report{Clock: e.watch.clock()}, err
	}
	o.WorkspaceID = nobody
	if e.elsewhere, err = secmaster.NewReader(o); err != nil {
		return nil, err
	}
	defer e.elsewhere.Close()
	e.run()
	e.watch.tell(e.seen)
	e.report.Seen, e.report.Clock = e.seen, e.watch.clock()
	return &e.report, nil
}

// exam is one examination.
type exam struct {
	ctx             context.Context
	here, elsewhere *secmaster.Reader
	watch           watch
	seen            Seen
	report          Report
	over            string // why nothing more is asked
	shut            string // why nothing more of the workspace is asked
}

// run makes the calls. What fails stops only what needs it.
func (e *exam) run() {
	list := e.ask(CallList, true, func() (secmaster.Answer, error) { return e.page(200, 0, "") })
	items := e.seen.list(list)
	if list.Asked && list.Err == nil && e.over == "" {
		e.paging(items)
		e.filtering(items)
		_, e.report.Whole = e.here.List(e.ctx)
	}
	e.show(items)
	e.seen.unknown(e.ask(CallUnknown, true, func() (secmaster.Answer, error) {
		return e.here.Look(e.ctx, CallShow, nil, "assetcredentials", nobody)
	}))
	e.seen.plugins(e.ask(CallPlugins, true, func() (secmaster.Answer, error) {
		return e.here.Look(e.ctx, CallPlugins, url.Values{"limit": {"200"}, "offset": {"0"}}, "components")
	}))
	workspaces := e.ask(CallWorkspaces, false, func() (secmaster.Answer, error) { return e.here.LookAtWorkspaces(e.ctx) })
	e.report.Workspaces, e.report.Listed = e.seen.workspaces(workspaces)
	e.seen.elsewhere(e.ask(CallElsewhere, false, func() (secmaster.Answer, error) {
		return e.elsewhere.Look(e.ctx, CallList, url.Values{"limit": {"1"}, "offset": {"0"}}, "assetcredentials")
	}))
}

// page asks for one page of the list.
func (e *exam) page(limit, offset int, name string) (secmaster.Answer, error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)}}
	if name != "" {
		q.Set("name", name)
	}
	return e.here.Look(e.ctx, CallList, q, "assetcredentials")
}

// ask makes a call, and notes whether another one makes sense after it.
func (e *exam) ask(name string, inWorkspace bool, look func() (secmaster.Answer, error)) Call {
	c := Call{Name: name}
	switch {
	case e.over != "":
		c.Cause = e.over
	case inWorkspace && e.shut != "":
		c.Cause = e.shut
	default:
		c.Asked = true
		c.Raw, c.Err = look()
		if c.Raw.Status != 0 {
			c.Shape = shapeOf(name, c.Raw)
		}
		e.after(c)
	}
	e.report.Calls = append(e.report.Calls, c)
	return c
}

// after decides what a call's error means for the others. A made-up workspace or connection is expected to be refused.
func (e *exam) after(c Call) {
	switch {
	case c.Err == nil:
	case e.ctx.Err() != nil:
		e.over = Time
	case c.Raw.Status == 0, c.Raw.Status == http.StatusUnauthorized, errors.Is(c.Err, secmaster.ErrThrottled):
		e.over = c.Name
	case c.Name == CallList && errors.Is(c.Err, secmaster.ErrWorkspace):
		e.shut = c.Name
	}
}

// show looks at one connection by its id, as an update does.
func (e *exam) show(items []object) {
	id := ""
	for _, item := range items {
		if id = item.text("id"); id != "" {
			break
		}
	}
	list := e.report.Call(CallList)
	if id == "" && e.over == "" && e.shut == "" {
		cause := Nothing
		if list.Err != nil || !e.seen.Has("list") {
			cause = CallList
		}
		e.report.Calls = append(e.report.Calls, Call{Name: CallShow, Cause: cause})
		return
	}
	e.ask(CallShow, true, func() (secmaster.Answer, error) { return e.here.Look(e.ctx, CallShow, nil, "assetcredentials", id) })
}

// paging finds out what offset counts.
func (e *exam) paging(items []object) {
	if len(items) < 2 {
		return
	}
	first, err := e.page(2, 0, "")
	if err != nil {
		return
	}
	second, err := e.page(2, 1, "")
	if err != nil {
		return
	}
	e.seen.offset(idsOf(first), idsOf(second))
}

// filtering finds out how a list's filter matches: by the name of a connection without its last character.
func (e *exam) filtering(items []object) {
	for _, item := range items {
		name := item.text("name")
		_, last := utf8.DecodeLastRuneInString(name)
		part := strings.TrimSpace(name[:len(name)-last])
		if part == "" || len(name) > 256 {
			continue
		}
		if a, err := e.page(200, 0, part); err == nil {
			e.seen.filter(a, item.text("id"), part)
		}
		return
	}
}

// Answered tells whether there was any answer.
func (r *Report) Answered() bool {
	return slices.ContainsFunc(r.Calls, func(c Call) bool { return c.Raw.Status != 0 })
}
