package secmaster

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"connsync/secrets"
)

// Where an ID token may be, in this order: in the variables of the vendor's tools, in those of connsync, and at GitHub.
var (
	idTokenVariables = []string{"HW_ASSUME_ROLE_ID_TOKEN", "CONNSYNC_ID_TOKEN"}
	idTokenFiles     = []string{"HUAWEICLOUD_SDK_ID_TOKEN_FILE", "HW_ASSUME_ROLE_ID_TOKEN_FILE", "CONNSYNC_ID_TOKEN_FILE"}
)

const (
	gitHubURL   = "ACTIONS_ID_TOKEN_REQUEST_URL"
	gitHubToken = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
)

// idToken is an identity provider's token: it vouches for this run.
func (f *finder) idToken(ctx context.Context) (secrets.Value, error) {
	for _, name := range idTokenVariables {
		if text := strings.TrimSpace(f.Env(name)); text != "" {
			return checkedToken(name, text)
		}
	}
	for _, name := range idTokenFiles {
		path := f.Env(name)
		if path == "" || f.ReadFile == nil {
			continue
		}
		text, err := f.ReadFile(path)
		if err != nil {
			return secrets.Value{}, &CredentialsError{name, "the file that it names cannot be read"}
		}
		return checkedToken(name, strings.TrimSpace(string(text)))
	}
	if f.Env(gitHubURL) != "" && f.Env(gitHubToken) != "" {
		return f.gitHub(ctx)
	}
	return secrets.Value{}, &CredentialsError{"the environment", "no ID token: it is looked for in CONNSYNC_ID_TOKEN, CONNSYNC_ID_TOKEN_FILE, and, in a job that has the permission id-token: write, at GitHub"}
}

// checkedToken is a text usable as a token.
func checkedToken(source, text string) (secrets.Value, error) {
	if len(text) < 4 || len(text) > 20000 || strings.ContainsFunc(text, unprintable) {
		return secrets.Value{}, &CredentialsError{source, "what it holds is no ID token"}
	}
	return secrets.Hide(text), nil
}

// gitHub asks GitHub for a token of this job, for the audience of CONNSYNC_ID_TOKEN_AUDIENCE, or else for GitHub's choice.
func (f *finder) gitHub(ctx context.Context) (secrets.Value, error) {
	u, err := url.Parse(f.Env(gitHubURL))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && IsLoopback(u.Hostname())) {
		return secrets.Value{}, &CredentialsError{gitHubURL, "must be an https URL; http is for loopback addresses only"}
	}
	if audience := f.Env("CONNSYNC_ID_TOKEN_AUDIENCE"); audience != "" {
		query := u.Query()
		query.Set("audience", audience)
		u.RawQuery = query.Encode()
	}
	bearer, err := checkedToken(gitHubToken, f.Env(gitHubToken))
	if err != nil {
		return secrets.Value{}, err
	}
	a, err := f.send(ctx, http.MethodGet, u.String(), nil, func(r *http.Request, _ []byte) { r.Header.Set("Authorization", "bearer "+text(bearer)) })
	if err != nil || a.status != http.StatusOK {
		return secrets.Value{}, refusedKeys("GitHub's ID tokens", a, err)
	}
	var b struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(a.body, &b) != nil {
		b.Value = ""
	}
	return checkedToken("GitHub's ID tokens", b.Value)
}
