package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Claims are what an ID token says.
type Claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
}

// Claims are those of a good token, to be changed.
func (i *Identity) Claims() Claims {
	return Claims{i.Issuer, i.Audience, "repo:org/repo", i.Server.clock().Add(10 * time.Minute).Unix(), newID()}
}

// Token makes an ID token, as a CI system would.
func (i *Identity) Token(c Claims) string {
	head, err := json.Marshal(object{"alg": "HS256", "typ": "JWT"})
	if err != nil {
		panic(err)
	}
	body, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + i.signature(text)
}

// signature stands in for that of the provider's key.
func (i *Identity) signature(text string) string {
	h := hmac.New(sha256.New, []byte("emulated "+i.Provider))
	h.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// take checks an ID token, and takes it only once.
func (i *Identity) take(token, code string) (Claims, error) {
	refuse := func(why string) (Claims, error) { return Claims{}, &refusal{http.StatusForbidden, code, why} }
	text, signature, _ := cutLast(token, ".")
	_, body, _ := strings.Cut(text, ".")
	var c Claims
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(raw, &c) != nil || !hmac.Equal([]byte(signature), []byte(i.signature(text))) {
		return refuse("the token's signature is wrong")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case c.Issuer != i.Issuer:
		return refuse("another issuer")
	case c.Audience != i.Audience:
		return refuse("another audience")
	case !i.Server.clock().Before(time.Unix(c.Expires, 0)):
		return refuse("the token has expired")
	case i.spent[c.ID]:
		return refuse("the token was used before")
	}
	i.spent[c.ID] = true
	return c, nil
}

func cutLast(text, sep string) (before, after string, found bool) {
	at := strings.LastIndex(text, sep)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+1:], true
}

// jobToken makes an ID token for a job, as GitHub does.
func (i *Identity) jobToken(a *asking) (int, object, error) {
	if a.r.Header.Get("Authorization") != "bearer "+i.JobToken {
		return 0, nil, &refusal{http.StatusUnauthorized, "", "not this job"}
	}
	c := i.Claims()
	c.Audience = a.r.URL.Query().Get("audience")
	return http.StatusOK, object{"value": i.Token(c)}, nil
}

// podKeys gives keys to a pod.
func (i *Identity) podKeys(a *asking) (int, object, error) {
	if a.r.Header.Get("Authorization") != i.PodToken || strings.TrimSpace(string(a.body)) != "{}" {
		return 0, nil, &refusal{http.StatusUnauthorized, "PAP5.0001", "not this pod"}
	}
	access, k := i.give(time.Hour, false, nil)
	return http.StatusOK, object{"credentials": object{
		"accessKeyId": access, "secretAccessKey": k.secret, "securityToken": k.token, "expiration": k.expires.UTC().Format("2006-01-02T15:04:05Z"),
	}}, nil
}
