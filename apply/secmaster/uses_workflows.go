package secmaster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"connsync/secrets"
)

const (
	workflowPage  = 100 // the most that is documented
	workflowsOnce = 4   // versions read at a time: each may be large
	maxVersion    = 4 << 20
	maxVersions   = 64 << 20 // of all versions together
	maxWorkflow   = 64       // characters of a name
)

// wireWorkflow is a workflow in a list.
type wireWorkflow struct {
	ID      lenient `json:"id"`
	Name    lenient `json:"name"`
	Enabled flag    `json:"enabled"`
	Version lenient `json:"version_id"` // the active one
}

func (w wireWorkflow) workflow() Workflow {
	return Workflow{ID: printable(string(w.ID), maxID), Name: printable(string(w.Name), maxWorkflow), Enabled: w.Enabled.is()}
}

// rank is its place: the enabled are looked at first.
func (w wireWorkflow) rank() int {
	if w.Enabled.is() {
		return 0
	}
	return 1
}

// workflows searches the active version of every workflow: first of those that are enabled.
func (s *usesSearch) workflows(ctx context.Context) {
	l := lister[wireWorkflow]{
		r: s.r, op: "list workflows", parts: []string{"workflows"}, names: []string{"data"},
		id: func(w wireWorkflow) string { return string(w.ID) }, size: workflowPage, ration: s.ration,
	}
	all, err := l.all(ctx)
	if err != nil {
		s.gaps(false, map[error]int{gapOf(ctx, err): 0})
		return
	}
	slices.SortStableFunc(all, func(a, b wireWorkflow) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	missed := map[error]int{}
	for i, v := range s.versions(ctx, all) {
		for _, id := range v.named {
			s.found.Workflows[id] = append(s.found.Workflows[id], all[i].workflow())
		}
		if v.err == nil {
			s.found.SearchedWorkflows++
		} else {
			missed[v.err]++
		}
	}
	s.gaps(false, missed)
}

// searched is what a version was found to name, and why it could not be searched, or not all of it.
type searched struct {
	named []string // connections
	err   error    // one of those that a Gap has; nil where all of it was searched
}

// versions searches the active versions, some at a time. Where one is denied, the others are not asked for.
func (s *usesSearch) versions(ctx context.Context, all []wireWorkflow) []searched {
	out := make([]searched, len(all))
	budget := &allotment{}
	budget.left.Store(maxVersions)
	stop, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var g errgroup.Group
	g.SetLimit(workflowsOnce)
	for i, w := range all {
		out[i].err = ErrUnclear // unless it is searched
		g.Go(secrets.Contained(func() error {
			if why := context.Cause(stop); why == ErrDenied || why == ErrAbsent {
				out[i].err = why
				return nil
			}
			out[i] = s.version(ctx, string(w.Version), budget)
			if out[i].err == ErrDenied || out[i].err == ErrAbsent {
				cancel(out[i].err) // the first is the cause
			}
			return nil
		}))
	}
	_ = g.Wait() // a panic leaves its version unsearched
	return out
}

// version searches one version. A workflow without one runs nothing.
func (s *usesSearch) version(ctx context.Context, id string, budget *allotment) searched {
	if id == "" {
		return searched{}
	}
	if !pathSafe.MatchString(id) {
		return searched{err: ErrUnreadable}
	}
	if named, ok := s.r.versions.recall(id); ok {
		return searched{named: named}
	}
	a, _, err := s.r.do(ctx, call{op: "show workflow version", method: http.MethodGet, url: s.base + "/workflows/versions/" + id, most: maxVersion, budget: budget, ration: s.ration})
	if why := gapOf(ctx, err); why == ErrAbsent && !errors.Is(err, ErrWorkspace) { // this one alone is gone
		return searched{err: ErrUnclear}
	} else if err != nil {
		return searched{err: why}
	}
	out, fixed := s.search(a.body, id)
	if fixed && out.err == nil {
		s.r.versions.remember(id, out.named)
	}
	return out
}

// wireWorkflowVersion is a version of a workflow. Which member of its texts names a connection is not documented.
type wireWorkflowVersion struct {
	ID     lenient         `json:"id"`
	Status lenient         `json:"status"`
	Flow   json.RawMessage `json:"taskflow"`
	Config json.RawMessage `json:"taskconfig"`
}

// search finds the connections that a version names, and tells whether it changes no more.
func (s *usesSearch) search(body []byte, id string) (out searched, fixed bool) {
	var b struct {
		Data *wireWorkflowVersion `json:"data"`
	}
	if refuses(saidIn(body).code) || json.Unmarshal(body, &b) != nil || b.Data == nil || b.Data.ID != "" && string(b.Data.ID) != id {
		return searched{err: ErrUnreadable}, false
	}
	flow, read := taskflow(b.Data.Flow)
	config := unquoted(b.Data.Config)
	if len(flow) == 0 && len(config) == 0 {
		read = false
	}
	out.named = slices.Collect(maps.Keys(s.ids.in(slices.Concat(flow, []byte("\n"), config))))
	if !read {
		out.err = ErrUnreadable
	}
	return out, fixedStatus[string(b.Data.Status)]
}

// fixedStatus are the states in which a version changes no more (docs/api.md).
var fixedStatus = map[string]bool{"publishing": true, "publish_failed": true, "not_activated": true, "activated": true, "rejected": true}

// versionMemory is which connections each version of a workflow names, for one run, by the version's id: no content of it. A connection
// that is made later has an id that no version of before can hold.
type versionMemory struct {
	mu    sync.Mutex
	named map[string][]string
}

func (m *versionMemory) recall(version string) ([]string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	named, ok := m.named[version]
	return named, ok
}

func (m *versionMemory) remember(version string, named []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.named == nil {
		m.named = map[string][]string{}
	}
	m.named[version] = named
}
