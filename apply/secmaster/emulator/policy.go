package emulator

import (
	"net/http"
	"slices"
	"time"
)

// key signs requests: the one of the options, or a temporary one.
type key struct {
	secret, token string
	expires       time.Time // zero for never
	narrowed      bool      // to the actions
	actions       []string
}

// key finds a key by its access key.
func (s *Server) key(access string) (key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if access == s.options.AccessKey {
		return key{secret: s.options.SecretKey, token: s.options.SecurityToken}, true
	}
	k, ok := s.issued[access]
	return k, ok
}

// issue has the server take a temporary key.
func (s *Server) issue(access string, k key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.issued == nil {
		s.issued = map[string]key{}
	}
	s.issued[access] = k
}

// Deny has the server refuse these actions to everybody, as a policy without them does, and allow all others.
func (s *Server) Deny(actions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = slices.Clone(actions)
}

// EnforcedActions are the actions policies decide on.
func EnforcedActions() []string {
	var out []string
	for _, r := range routes() {
		if r.action != "" {
			out = append(out, r.action)
		}
	}
	return out
}

// forbidden answers what no policy allows (docs/api.md, U15).
func (x *exchange) forbidden() bool {
	action := x.route.action
	access, _, _, _ := authorization(x.r.Header.Get("Authorization"))
	k, _ := x.s.key(access)
	x.s.mu.Lock()
	denied := slices.Contains(x.s.denied, action)
	x.s.mu.Unlock()
	if action == "" || !denied && (!k.narrowed || slices.Contains(k.actions, action)) {
		return false
	}
	x.refuse()
	return true
}

// refuse answers that the request's action is not allowed.
func (x *exchange) refuse() {
	x.w.Header().Set("Server", "api-gateway")
	x.reply(http.StatusForbidden, object{
		"error_code": "APIGW.0302", "error_msg": "Policy doesn't allow " + x.route.action + " to be performed.",
		"encoded_authorization_message": encoded(x.route.action),
	})
}
