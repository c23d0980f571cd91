package secmaster

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	algorithm  = "SDK-HMAC-SHA256"
	dateHeader = "X-Sdk-Date"
	dateLayout = "20060102T150405Z"
)

// Canonical is the canonical request that SDK-HMAC-SHA256 signs (docs/api.md, "Signature"), over exactly the named
// headers, which are in lower case and in order.
func Canonical(r *http.Request, signed []string, body []byte) string {
	var headers strings.Builder
	for _, name := range signed {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	sum := sha256.Sum256(body)
	return strings.Join([]string{
		r.Method, canonicalPath(r.URL), canonicalQuery(r.URL), headers.String(), strings.Join(signed, ";"), hex.EncodeToString(sum[:]),
	}, "\n")
}

// Signature signs a canonical request with a secret key, at an X-Sdk-Date: 64 hex digits.
func Signature(secret, date, canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(algorithm + "\n" + date + "\n" + hex.EncodeToString(sum[:])))
	return hex.EncodeToString(mac.Sum(nil))
}

// sign adds what AK/SK authentication needs. Headers that proxies rewrite are not signed.
func sign(r *http.Request, accessKey, secretKey string, body []byte, now time.Time) {
	r.Header.Set(dateHeader, now.UTC().Format(dateLayout))
	signed := []string{"host", "x-sdk-date"}
	for _, h := range []string{"content-type", "x-project-id", "x-security-token"} {
		if r.Header.Get(h) != "" {
			signed = append(signed, h)
		}
	}
	slices.Sort(signed)
	signature := Signature(secretKey, r.Header.Get(dateHeader), Canonical(r, signed, body))
	r.Header.Set("Authorization", algorithm+" Access="+accessKey+", SignedHeaders="+strings.Join(signed, ";")+", Signature="+signature)
}

func headerValue(r *http.Request, name string) string {
	if name == "host" {
		if r.Host != "" {
			return r.Host
		}
		return r.URL.Host
	}
	values := r.Header.Values(name)
	for i, v := range values {
		values[i] = strings.TrimSpace(v)
	}
	return strings.Join(values, ",")
}

// canonicalPath escapes each segment and ends with a slash, which the wire does not have.
func canonicalPath(u *url.URL) string {
	parts := strings.Split(u.EscapedPath(), "/")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts[i] = escape(plain)
		}
	}
	path := strings.Join(parts, "/")
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path
}

func canonicalQuery(u *url.URL) string {
	var pairs []string
	for k, vs := range u.Query() {
		for _, v := range vs {
			pairs = append(pairs, escape(k)+"\x00"+escape(v))
		}
	}
	slices.Sort(pairs)
	for i, p := range pairs {
		pairs[i] = strings.Replace(p, "\x00", "=", 1)
	}
	return strings.Join(pairs, "&")
}

// escape percent-encodes everything but the unreserved characters of RFC 3986.
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
