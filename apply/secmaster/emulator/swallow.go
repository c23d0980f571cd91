package emulator

import (
	"maps"
	"net/http"
)

// stale answers a write as something does that swallows it: a success, with the connection of an update as it was. A read is served.
func (x *exchange) stale() {
	switch x.r.Method {
	case http.MethodGet:
		x.route.serve(x)
	case http.MethodPut:
		x.show()
	default:
		x.succeed(object{})
	}
}

// echo answers a request as if it had been executed: on a copy of all there is.
func (x *exchange) echo() {
	inner := *x
	inner.s = x.s.scratch()
	x.route.serve(&inner)
}

// scratch is a server of its own with the same connections; it keeps nothing.
func (s *Server) scratch() *Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &Server{options: s.options, lastTime: s.lastTime, workflows: s.workflows, policies: s.policies}
	out.options.Data, out.options.Switches.values = "", maps.Clone(s.options.Switches.values)
	for _, c := range s.connections {
		own := *c
		out.connections = append(out.connections, &own)
	}
	return out
}
