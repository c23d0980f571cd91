package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// list serves one page.
func (x *exchange) list() {
	s := x.s
	s.mu.Lock()
	var shown []*Connection
	q := x.r.URL.Query()
	first := q.Get("offset") == "" || q.Get("offset") == "0"
	wanted := filters(q)
	for _, c := range s.connections {
		if c.Workspace != x.workspace {
			continue
		}
		if c.unseen > 0 {
			if first {
				c.unseen--
			}
			continue
		}
		if s.matches(c, wanted) {
			shown = append(shown, c)
		}
	}
	s.order(shown)
	from, to := x.bounds(len(shown))
	items := make([]object, 0, to-from)
	for _, c := range shown[from:to] {
		items = append(items, s.asset(c))
	}
	s.mu.Unlock()
	body := object{"total": len(shown)}
	if member := s.value("list"); member != "none" {
		body[member] = items
	}
	x.succeed(body)
}

// order sorts what a list shows by the switch "order". The caller holds the lock.
func (s *Server) order(shown []*Connection) {
	switch s.options.Switches.value("order") {
	case "newest":
		slices.Reverse(shown)
	case "updated":
		slices.SortStableFunc(shown, func(a, b *Connection) int { return strings.Compare(b.UpdateTime, a.UpdateTime) })
	case "stale":
		slices.SortStableFunc(shown, func(a, b *Connection) int { return strings.Compare(a.UpdateTime, b.UpdateTime) })
	}
}

// filters are the texts asked of a list, by parameter.
func filters(q url.Values) map[string]string {
	out := map[string]string{}
	for _, parameter := range []string{"name", "component_name", "creator_name", "modifier_name", "description"} {
		if v := q.Get(parameter); v != "" {
			out[parameter] = v
		}
	}
	return out
}

// matches applies the filters of a list. The caller holds the lock.
func (s *Server) matches(c *Connection, wanted map[string]string) bool {
	if len(wanted) == 0 {
		return true
	}
	p, _ := s.pluginOf(c.ComponentID, c.ComponentVersionID)
	shown := map[string]string{
		"name": c.Name, "component_name": p.Name, "creator_name": c.Creator, "modifier_name": c.Modifier, "description": c.Description,
	}
	exact := s.options.Switches.value("filter") == "exact"
	for parameter, text := range wanted {
		if shown[parameter] != text && (exact || !strings.Contains(shown[parameter], text)) {
			return false
		}
	}
	return true
}

// bounds are the items of a page, by the switches "offset" and "maxlimit". The caller holds the lock.
func (x *exchange) bounds(n int) (from, to int) {
	q := x.r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	return x.part(offset, limit, n)
}

// part are the items of a page asked for in whatever way. The caller holds the lock.
func (x *exchange) part(offset, limit, n int) (from, to int) {
	if limit < 1 {
		limit = 10
	}
	most, _ := strconv.Atoi(x.s.options.Switches.value("maxlimit"))
	limit = min(limit, most)
	switch x.s.options.Switches.value("offset") {
	case "page":
		offset *= limit
	case "ignored":
		offset = 0
	}
	from = min(max(offset, 0), n)
	return from, min(from+limit, n)
}

// connection is the one for a request, in its workspace; nil for none. The caller holds the lock.
func (x *exchange) connection() *Connection {
	c := x.s.byID(x.id)
	if c == nil || c.Workspace != x.workspace {
		return nil
	}
	return c
}

func (x *exchange) show() {
	x.s.mu.Lock()
	c := x.connection()
	var a object
	if c != nil {
		a = x.s.asset(c)
	}
	x.s.mu.Unlock()
	if c == nil {
		x.notFound()
		return
	}
	x.succeed(object{"asset": a})
}

func (x *exchange) create() {
	b, ok := x.read()
	if !ok {
		return
	}
	s := x.s
	s.mu.Lock()
	c := &Connection{Workspace: x.workspace, ID: s.options.NewID(), Status: "SUCCESS", CreateTime: s.tick(), Creator: x.caller(), CanBeDeleted: true}
	c.unseen, _ = strconv.Atoi(s.options.Switches.value("lag"))
	c.UpdateTime = c.CreateTime
	b.onto(c)
	reason := s.refuses(c)
	var a object
	if reason == "" {
		s.add(c)
		s.save()
		a = s.asset(c)
	}
	s.mu.Unlock()
	if reason != "" {
		x.fail(http.StatusBadRequest, "SecMaster.20040000", reason)
		return
	}
	x.succeed(object{"asset": a})
}

// refuses tells why one more connection is not taken. The caller holds the lock.
func (s *Server) refuses(c *Connection) string {
	alone := s.options.Switches.value("duplicates") == "refuse"
	quota, _ := strconv.Atoi(s.options.Switches.value("quota"))
	if !alone && quota == 0 {
		return ""
	}
	own := 0
	for _, other := range s.connections {
		if other.Workspace != c.Workspace {
			continue
		}
		if other.Name == c.Name && other.ID != c.ID && alone {
			return "The name exists already"
		}
		if !other.BuiltIn {
			own++
		}
	}
	if quota > 0 && own >= quota {
		return "The quota is used up"
	}
	return ""
}

// caller is who a request comes from: the modifier it leaves behind.
func (x *exchange) caller() string {
	if x.r.Header.Get("X-Auth-Token") != "" {
		return "token_user"
	}
	return "api_user"
}

func (x *exchange) update() {
	b, ok := x.read()
	if !ok {
		return
	}
	s := x.s
	s.mu.Lock()
	c := x.connection()
	var a object
	if c != nil {
		s.update(c, b, x.caller())
		a = s.asset(c)
	}
	s.mu.Unlock()
	if c == nil {
		x.notFound()
		return
	}
	x.succeed(object{"asset": a})
}

// update replaces a connection. The caller holds the lock.
func (s *Server) update(c *Connection, b body, by string) {
	before := *c
	b.onto(c)
	if *c != before || s.options.Switches.value("equalput") == "moves" {
		c.UpdateTime, c.Modifier = s.tick(), by
	}
	s.save()
}

func (x *exchange) remove() {
	s := x.s
	s.mu.Lock()
	c := x.connection()
	inUse := c != nil && !c.CanBeDeleted
	if c != nil && !inUse {
		s.delete(x.id)
	}
	s.mu.Unlock()
	switch {
	case c == nil:
		x.notFound()
	case inUse:
		x.fail(http.StatusBadRequest, "SecMaster.20040000", "The connection is used by a workflow")
	default:
		x.succeed(object{})
	}
}
