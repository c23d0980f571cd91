package emulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Identity is an emulated IAM and STS, with what makes ID tokens for a job of CI and keys for a pod beside them. It gives temporary keys of
// one Server, and passes all other requests on to it. It takes an ID token once, for its audience, from its provider, before it expires.
type Identity struct {
	Server                 *Server
	Provider, Agency       string // URNs
	IDP                    string // the provider's name in IAM
	Issuer, Audience       string // of the accepted ID tokens
	AgencyName, DomainName string // of the agency that keys may assume
	JobToken, PodToken     string // that the makers of ID tokens and of a pod's keys ask for

	mu       sync.Mutex
	spent    map[string]bool      // ID tokens, by their id
	subjects map[string]time.Time // tokens of IAM, and when they expire
	asked    []Asked
	down     int // so many next requests are answered 503
	serial   int
}

// Asked is a request for keys: what of it does not differ from run to run.
type Asked struct {
	Method, Path, Provider string
	Body                   map[string]any
	Status                 int
}

// The names in an Identity of NewIdentity.
const (
	DefaultProvider   = "iam::0a1b2c3d4e5f:oidcProvider:ci"
	DefaultAgency     = "iam::0a1b2c3d4e5f:agency:connsync"
	DefaultIDP        = "ci"
	DefaultIssuer     = "https://ci.example"
	DefaultAudience   = "https://cloud.example"
	DefaultAgencyName = "connsync"
	DefaultDomainName = "prod-account"
)

// NewIdentity gives keys of a server.
func NewIdentity(s *Server) *Identity {
	return &Identity{
		Server: s, Provider: DefaultProvider, Agency: DefaultAgency, IDP: DefaultIDP, Issuer: DefaultIssuer, Audience: DefaultAudience,
		AgencyName: DefaultAgencyName, DomainName: DefaultDomainName, JobToken: "job-token", PodToken: "pod-token",
		spent: map[string]bool{}, subjects: map[string]time.Time{},
	}
}

// Asked are the requests for keys so far.
func (i *Identity) Asked() []Asked {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.asked)
}

// FailNext has the next requests for keys answered 503.
func (i *Identity) FailNext(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = n
}

// refusal is an answer without keys.
type refusal struct {
	status  int
	code    string
	message string
}

func (r *refusal) Error() string { return r.message }

// ServeHTTP answers one request.
func (i *Identity) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve := map[string]func(*asking) (int, object, error){
		"POST /v5/agencies/assume-with-oidc":      i.assumeWithOIDC,
		"POST /v3.0/OS-AUTH/id-token/tokens":      i.unscopedToken,
		"POST /v3.0/OS-CREDENTIAL/securitytokens": i.securityToken,
		"GET /job/id-token":                       i.jobToken,
		"POST /pod/credentials":                   i.podKeys,
	}[r.Method+" "+r.URL.Path]
	if serve == nil {
		i.Server.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	a := &asking{r: r, w: w, body: body}
	status, answer, err := i.answer(a, serve)
	if refused, ok := err.(*refusal); ok {
		status, answer = refused.status, object{"error_code": refused.code, "error_msg": refused.message}
		if status == http.StatusForbidden {
			answer["encoded_authorization_message"] = "b3BhcXVl"
		}
	}
	i.note(a, status)
	text, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("X-Request-Id", newID())
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func (i *Identity) answer(a *asking, serve func(*asking) (int, object, error)) (int, object, error) {
	i.mu.Lock()
	down := i.down > 0
	if down {
		i.down--
	}
	i.mu.Unlock()
	if down {
		return 0, nil, &refusal{http.StatusServiceUnavailable, "STS5.0005", "busy"}
	}
	return serve(a)
}

// note keeps a request, with its secrets left out.
func (i *Identity) note(a *asking, status int) {
	var body map[string]any
	_ = json.Unmarshal(a.body, &body)
	noted := Asked{Method: a.r.Method, Path: a.r.URL.Path, Provider: a.r.Header.Get("X-Idp-Id"), Body: withoutTokens(body), Status: status}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked = append(i.asked, noted)
}

func withoutTokens(m map[string]any) map[string]any {
	for k, v := range m {
		if inner, ok := v.(map[string]any); ok {
			withoutTokens(inner)
		} else if k == "id_token" || k == "id" {
			m[k] = "***"
		}
	}
	return m
}

// asking is one request for keys.
type asking struct {
	r    *http.Request
	w    http.ResponseWriter
	body []byte
}

// read decodes the body; it may have no other members.
func (a *asking) read(code string, into any) error {
	d := json.NewDecoder(strings.NewReader(string(a.body)))
	d.DisallowUnknownFields()
	if kind := a.r.Header.Get("Content-Type"); kind != "" && !strings.HasPrefix(kind, "application/json") || d.Decode(into) != nil {
		return &refusal{http.StatusBadRequest, code, "the body is not as it should be"}
	}
	return nil
}

// give makes keys that the server takes.
func (i *Identity) give(lasts time.Duration, narrowed bool, actions []string) (access string, k key) {
	i.mu.Lock()
	i.serial++
	access = fmt.Sprintf("TEMPORARY%06d", i.serial)
	i.mu.Unlock()
	k = key{secret: newID(), token: newID(), expires: i.Server.clock().Add(lasts), narrowed: narrowed, actions: actions}
	i.Server.issue(access, k)
	return access, k
}
