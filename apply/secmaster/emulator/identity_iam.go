package emulator

import (
	"net/http"
	"time"
)

// unscopedToken is the first of IAM's two calls: an ID token for a token of IAM.
func (i *Identity) unscopedToken(a *asking) (int, object, error) {
	var b struct {
		Auth struct {
			IDToken struct {
				ID string `json:"id"`
			} `json:"id_token"`
		} `json:"auth"`
	}
	if err := a.read("IAM.0011", &b); err != nil {
		return 0, nil, err
	}
	if a.r.Header.Get("X-Idp-Id") != i.IDP {
		return 0, nil, &refusal{http.StatusNotFound, "IAM.0004", "no such provider"}
	}
	if _, err := i.take(b.Auth.IDToken.ID, "IAM.0001"); err != nil {
		return 0, nil, err
	}
	token, expires := "subject-"+newID(), i.Server.clock().Add(24*time.Hour)
	i.mu.Lock()
	i.subjects[token] = expires
	i.mu.Unlock()
	a.w.Header().Set("X-Subject-Token", token)
	return http.StatusCreated, object{"token": object{"expires_at": expires.UTC().Format("2006-01-02T15:04:05.000000Z"), "methods": []string{"mapped"}}}, nil
}

// iamIdentity is who asks for keys, and what they may do.
type iamIdentity struct {
	Methods []string       `json:"methods"`
	Policy  *servicePolicy `json:"policy"`
	Token   *struct {
		ID       string `json:"id"`
		Duration int    `json:"duration_seconds"`
	} `json:"token"`
	Role *struct {
		Agency     string `json:"agency_name"`
		DomainName string `json:"domain_name"`
		DomainID   string `json:"domain_id"`
		Duration   int    `json:"duration_seconds"`
	} `json:"assume_role"`
}

// securityToken is the second: keys for a token of IAM, or, to who signs, for an agency.
func (i *Identity) securityToken(a *asking) (int, object, error) {
	var b struct {
		Auth struct {
			Identity iamIdentity `json:"identity"`
		} `json:"auth"`
	}
	if err := a.read("IAM.0011", &b); err != nil {
		return 0, nil, err
	}
	id := &b.Auth.Identity
	duration, err := i.vouched(a, id)
	if err != nil {
		return 0, nil, err
	}
	if duration < 900 || duration > 86400 {
		return 0, nil, &refusal{http.StatusBadRequest, "IAM.0011", "duration_seconds"}
	}
	var actions []string
	if id.Policy != nil {
		if actions, err = id.Policy.actions("1.1"); err != nil {
			return 0, nil, &refusal{http.StatusBadRequest, "IAM.0011", "policy"}
		}
	}
	access, k := i.give(time.Duration(duration)*time.Second, id.Policy != nil, actions)
	return http.StatusCreated, object{"credential": object{
		"access": access, "secret": k.secret, "securitytoken": k.token, "expires_at": k.expires.UTC().Format("2006-01-02T15:04:05.000000Z"),
	}}, nil
}

// vouched checks an identity's token or signature, and gives for how many seconds it wants keys.
func (i *Identity) vouched(a *asking, id *iamIdentity) (seconds int, err error) {
	denied := &refusal{http.StatusUnauthorized, "IAM.0002", "not allowed"}
	switch {
	case len(id.Methods) == 1 && id.Methods[0] == "token" && id.Token != nil && id.Role == nil:
		i.mu.Lock()
		expires := i.subjects[id.Token.ID]
		i.mu.Unlock()
		if !i.Server.clock().Before(expires) {
			return 0, denied
		}
		return id.Token.Duration, nil
	case len(id.Methods) == 1 && id.Methods[0] == "assume_role" && id.Role != nil && id.Token == nil:
		x := &exchange{s: i.Server, r: a.r, body: a.body}
		if x.denied() != "" {
			return 0, denied
		}
		if id.Role.Agency != i.AgencyName || id.Role.DomainName != i.DomainName {
			return 0, &refusal{http.StatusForbidden, "IAM.0006", "the agency does not trust it"}
		}
		return id.Role.Duration, nil
	}
	return 0, &refusal{http.StatusBadRequest, "IAM.0011", "the body is not as it should be"}
}
