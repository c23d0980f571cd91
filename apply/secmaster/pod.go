package secmaster

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The variables that a cluster sets for a pod with an identity.
const (
	podURI  = "HC_CONTAINER_CREDENTIALS_FULL_URI"
	podFile = "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

// pod asks the agent of its machine for the temporary keys of this pod.
func (f *finder) pod(ctx context.Context) (Credentials, error) {
	const source = "the pod's identity"
	uri, path := f.Env(podURI), f.Env(podFile)
	switch {
	case uri == "" && path == "":
		return Credentials{}, nil
	case uri == "" || path == "":
		return Credentials{}, &CredentialsError{source, "both " + podURI + " and " + podFile + " are needed"}
	case !closeBy(uri):
		return Credentials{}, &CredentialsError{podURI, "must be an https URL; http is for loopback and link-local addresses only"}
	}
	var read []byte
	if f.ReadFile != nil {
		read, _ = f.ReadFile(path)
	}
	token, err := checkedToken(podFile, strings.TrimSpace(string(read)))
	if err != nil {
		return Credentials{}, &CredentialsError{podFile, "the file that it names cannot be read, or holds no token"}
	}
	near := *f
	if near.HTTPClient == nil {
		near.client = direct(10 * time.Second)
	}
	defer near.close()
	a, err := near.post(ctx, uri, object{}, func(r *http.Request, _ []byte) { r.Header.Set("Authorization", text(token)) })
	if err != nil || a.status != http.StatusOK {
		return Credentials{}, refusedKeys(source, a, err)
	}
	return readKeys[podAnswer](source, a.body)
}

// podAnswer is what the agent of a pod's machine answers.
type podAnswer struct {
	Credentials struct {
		Access     string `json:"accessKeyId"`
		Secret     string `json:"secretAccessKey"`
		Token      string `json:"securityToken"`
		Expiration string `json:"expiration"`
	} `json:"credentials"`
}

func (a podAnswer) keys() keys {
	c := a.Credentials
	return keys{c.Access, c.Secret, c.Token, c.Expiration}
}

// closeBy tells whether a token may be sent to an address: over TLS, or without leaving this machine and its link.
func closeBy(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (IsLoopback(u.Hostname()) || ip != nil && ip.IsLinkLocalUnicast())
}
