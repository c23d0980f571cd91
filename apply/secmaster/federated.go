package secmaster

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"connsync/lazy"
)

const (
	stsSource    = "STS"
	iamSource    = "IAM"
	agencySource = "the agency"

	usualSession = time.Hour // what an agency allows unless its owner set more
	beyond       = 5 * time.Minute
)

var (
	validURN     = lazy.New(`^iam::[A-Za-z0-9_-]{1,64}:(oidcProvider|agency):[A-Za-z0-9_.+=,@/-]{1,128}$`)
	validName    = lazy.New(`^[A-Za-z0-9_.@ -]{1,128}$`)
	validSession = lazy.New(`^[A-Za-z0-9_+=,.@-]{2,128}$`)
)

// federated tells whether an identity provider's token is to be used.
func (f *finder) federated() bool {
	return f.Env("CONNSYNC_OIDC_PROVIDER") != "" || f.Env("CONNSYNC_OIDC_AGENCY") != "" || f.idp() != ""
}

// idp is the name of the provider in IAM.
func (f *finder) idp() string {
	if id := f.Env("HUAWEICLOUD_SDK_IDP_ID"); id != "" {
		return id
	}
	return f.Env("HW_ASSUME_ROLE_IDP_ID")
}

// bySTS has an ID token exchanged for keys of an agency: one request, unsigned (docs/credentials.md).
func (f *finder) bySTS(ctx context.Context) (Credentials, error) {
	provider, agency := f.Env("CONNSYNC_OIDC_PROVIDER"), f.Env("CONNSYNC_OIDC_AGENCY")
	switch {
	case provider == "" && agency == "":
		return Credentials{}, nil
	case !urn(provider, "oidcProvider"):
		return Credentials{}, &CredentialsError{"CONNSYNC_OIDC_PROVIDER", "must be a URN such as iam::ACCOUNT:oidcProvider:NAME"}
	case !urn(agency, "agency"):
		return Credentials{}, &CredentialsError{"CONNSYNC_OIDC_AGENCY", "must be a URN such as iam::ACCOUNT:agency:NAME"}
	}
	session, err := f.session()
	if err != nil {
		return Credentials{}, err
	}
	token, err := f.idToken(ctx)
	if err != nil {
		return Credentials{}, err
	}
	body := map[string]any{
		"provider_urn": provider, "agency_urn": agency, "agency_session_name": session,
		"id_token": text(token), "duration_seconds": f.seconds(12 * time.Hour),
	}
	if f.Actions != nil {
		policy, _ := json.Marshal(policy5(f.Actions))
		body["policy"] = string(policy)
	}
	a, err := f.post(ctx, f.sts+"/v5/agencies/assume-with-oidc", body, nil)
	if err != nil || a.status != http.StatusOK {
		return Credentials{}, refusedKeys(stsSource, a, err)
	}
	return readKeys[stsAnswer](stsSource, a.body)
}

// urn tells whether a text is the name of something of a kind.
func urn(text, kind string) bool {
	m := validURN.FindStringSubmatch(text)
	return m != nil && m[1] == kind
}

// session is the name under which what this run does stands in the cloud's audit log.
func (f *finder) session() (string, error) {
	name := f.Env("CONNSYNC_OIDC_SESSION")
	if name == "" {
		return "connsync", nil
	}
	if !validSession.MatchString(name) {
		return "", &CredentialsError{"CONNSYNC_OIDC_SESSION", "must be 2 to 128 letters, digits or signs of _+=,.@-"}
	}
	return name, nil
}

// seconds is how long keys are asked for: an hour, allowed by every agency, or what the run may take.
func (f *finder) seconds(most time.Duration) int {
	return int(min(max(usualSession, f.Covers+beyond), most) / time.Second)
}

// stsAnswer is what STS answers.
type stsAnswer struct {
	Credentials struct {
		Access     string `json:"access_key_id"`
		Secret     string `json:"secret_access_key"`
		Token      string `json:"security_token"`
		Expiration string `json:"expiration"`
	} `json:"credentials"`
}

func (a stsAnswer) keys() keys {
	c := a.Credentials
	return keys{c.Access, c.Secret, c.Token, c.Expiration}
}

// byIAM has an ID token exchanged for a token of IAM, and this token for keys, as the SDK and Terraform do.
func (f *finder) byIAM(ctx context.Context) (Credentials, error) {
	idp := f.idp()
	if idp == "" {
		return Credentials{}, nil
	}
	if !validName.MatchString(idp) {
		return Credentials{}, &CredentialsError{"the environment", "the name of the identity provider holds a character that no name has"}
	}
	token, err := f.idToken(ctx)
	if err != nil {
		return Credentials{}, err
	}
	body := object{"auth": object{"id_token": object{"id": text(token)}}}
	a, err := f.post(ctx, f.iam+"/v3.0/OS-AUTH/id-token/tokens", body, func(r *http.Request, _ []byte) { r.Header.Set("X-Idp-Id", idp) })
	if err != nil || a.status != http.StatusCreated {
		return Credentials{}, refusedKeys(iamSource, a, err)
	}
	subject, err := checkedToken(iamSource, a.header.Get("X-Subject-Token"))
	if err != nil {
		return Credentials{}, &CredentialsError{iamSource, "its answer cannot be understood"}
	}
	identity := object{"methods": []string{"token"}, "token": object{"id": text(subject), "duration_seconds": f.seconds(24 * time.Hour)}}
	return f.iamTemporary(ctx, iamSource, identity, nil)
}

type object = map[string]any

// iamTemporary asks IAM for temporary keys of an identity.
func (f *finder) iamTemporary(ctx context.Context, source string, identity object, prepare func(*http.Request, []byte)) (Credentials, error) {
	if f.Actions != nil {
		identity["policy"] = policy3(f.Actions)
	}
	a, err := f.post(ctx, f.iam+"/v3.0/OS-CREDENTIAL/securitytokens", object{"auth": object{"identity": identity}}, prepare)
	if err != nil || a.status != http.StatusCreated {
		return Credentials{}, refusedKeys(source, a, err)
	}
	return readKeys[iamAnswer](source, a.body)
}

// assumed gives the keys of the agency of HW_ASSUME_ROLE_AGENCY_NAME, in the account of HW_ASSUME_ROLE_DOMAIN_NAME or _ID, and without one
// what it is given.
func (f *finder) assumed(ctx context.Context, c Credentials) (Credentials, error) {
	agency, domain, id := f.Env("HW_ASSUME_ROLE_AGENCY_NAME"), f.Env("HW_ASSUME_ROLE_DOMAIN_NAME"), f.Env("HW_ASSUME_ROLE_DOMAIN_ID")
	if agency == "" {
		return c, nil
	}
	role := object{"agency_name": agency}
	switch {
	case !validName.MatchString(agency) || !validName.MatchString(domain+id):
		return Credentials{}, &CredentialsError{"HW_ASSUME_ROLE_AGENCY_NAME", "needs HW_ASSUME_ROLE_DOMAIN_NAME or HW_ASSUME_ROLE_DOMAIN_ID, and all are names"}
	case id != "":
		role["domain_id"] = id
	default:
		role["domain_name"] = domain
	}
	seconds, err := f.agencySeconds()
	if err != nil {
		return Credentials{}, err
	}
	role["duration_seconds"] = seconds
	got, err := f.iamTemporary(ctx, agencySource, object{"methods": []string{"assume_role"}, "assume_role": role}, func(r *http.Request, body []byte) {
		authorize(r, c, body, f.Now())
	})
	got.ProjectID = c.ProjectID
	return got, err
}

func (f *finder) agencySeconds() (int, error) {
	text := strings.TrimSpace(f.Env("HW_ASSUME_ROLE_DURATION"))
	if text == "" {
		return f.seconds(24 * time.Hour), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 900 || n > 86400 {
		return 0, &CredentialsError{"HW_ASSUME_ROLE_DURATION", "must be 900 to 86400 seconds"}
	}
	return n, nil
}
