package emulator

import (
	"encoding/json"
	"net/http"
	"time"

	"connsync/lazy"
)

var sessionName = lazy.New(`^[\w+=,.@-]{2,128}$`)

// assumption is a request for keys of an agency.
type assumption struct {
	ProviderURN string   `json:"provider_urn"`
	AgencyURN   string   `json:"agency_urn"`
	Session     string   `json:"agency_session_name"`
	IDToken     string   `json:"id_token"`
	Duration    int      `json:"duration_seconds"`
	Policy      *string  `json:"policy"`
	PolicyIDs   []string `json:"policy_ids"`
}

// refuses gives what is wrong with a request, before its token and its policy are read.
func (i *Identity) refuses(b assumption) error {
	switch {
	case b.ProviderURN != i.Provider:
		return &refusal{http.StatusNotFound, "STS5.0004", "no such provider"}
	case b.AgencyURN != i.Agency:
		return &refusal{http.StatusForbidden, "STS5.0003", "the agency does not trust it"}
	case !sessionName.MatchString(b.Session):
		return misshapen("agency_session_name")
	case len(b.IDToken) < 4 || len(b.IDToken) > 20000:
		return misshapen("id_token")
	case b.Duration < 900 || b.Duration > 43200:
		return misshapen("duration_seconds")
	case len(b.PolicyIDs) > 10:
		return misshapen("policy_ids")
	}
	return nil
}

func misshapen(what string) error {
	return &refusal{http.StatusBadRequest, "STS5.0001", what + " is not as it should be"}
}

// assumeWithOIDC is STS's one call: an ID token for keys of an agency.
func (i *Identity) assumeWithOIDC(a *asking) (int, object, error) {
	b := assumption{Duration: 3600}
	if err := a.read("STS5.0001", &b); err != nil {
		return 0, nil, err
	}
	if err := i.refuses(b); err != nil {
		return 0, nil, err
	}
	actions, err := i.sessionPolicy(b.Policy)
	if err != nil {
		return 0, nil, misshapen("policy")
	}
	claims, err := i.take(b.IDToken, "STS5.0002")
	if err != nil {
		return 0, nil, err
	}
	access, k := i.give(time.Duration(b.Duration)*time.Second, b.Policy != nil, actions)
	return http.StatusOK, object{
		"source_identity": "", "audience": claims.Audience, "provider": i.Provider, "subject_from_id_token": claims.Subject,
		"assumed_agency": object{"urn": "sts::0a1b2c3d4e5f:assumed-agency:connsync/" + b.Session, "id": "id:" + b.Session},
		"credentials": object{
			"access_key_id": access, "secret_access_key": k.secret, "security_token": k.token,
			"expiration": k.expires.UTC().Format("2006-01-02T15:04:05.000Z"),
		},
	}, nil
}

// sessionPolicy gives the actions of a policy that narrows a session.
func (i *Identity) sessionPolicy(text *string) ([]string, error) {
	if text == nil {
		return nil, nil
	}
	var p servicePolicy
	if len(*text) > 2048 {
		return nil, problem("too long")
	}
	if err := json.Unmarshal([]byte(*text), &p); err != nil {
		return nil, err
	}
	return p.actions("5.0")
}

// servicePolicy is an IAM policy, of which only allowed actions are understood.
type servicePolicy struct {
	Version   string
	Statement []struct {
		Effect   string
		Action   []string
		Resource []string
	}
}

func (p servicePolicy) actions(version string) ([]string, error) {
	var out []string
	for _, s := range p.Statement {
		if s.Effect != "Allow" || len(s.Action) == 0 {
			return nil, problem("a statement")
		}
		out = append(out, s.Action...)
	}
	if p.Version != version || len(out) == 0 {
		return nil, problem("a version and a statement")
	}
	return out, nil
}
