package emulator

import (
	"crypto/hmac"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"connsync/apply/secmaster"
)

const skew = 15 * time.Minute

// denied is why a request's identity is not accepted; "" where it is.
func (x *exchange) denied() string {
	o := x.s.options
	if token := x.r.Header.Get("X-Auth-Token"); token != "" {
		if o.Token != "" && token == o.Token {
			return ""
		}
		return "Incorrect IAM authentication information: decrypt token fail"
	}
	return x.badSignature()
}

// badSignature checks a signature over exactly its listed headers, whichever they are: clients differ.
func (x *exchange) badSignature() string {
	const prefix = "Incorrect IAM authentication information: "
	access, signed, signature, ok := authorization(x.r.Header.Get("Authorization"))
	o := x.s.options
	key, known := x.s.key(access)
	date := x.r.Header.Get("X-Sdk-Date")
	at, err := time.Parse("20060102T150405Z", date)
	switch {
	case !ok || len(signed) == 0:
		return prefix + "Get secret key failed, the Authorization header is missing or malformed"
	case !known:
		return prefix + "ak " + access + " not exist"
	case err != nil || !slices.Contains(signed, "x-sdk-date"):
		return prefix + "x-sdk-date is missing, malformed or not signed"
	case !slices.IsSorted(signed):
		return prefix + "SignedHeaders are not in order"
	case at.Sub(o.Clock()).Abs() > skew:
		return prefix + "calc aksk signature fail:signature expired, signature time:" + date + ",server time:" + o.Clock().UTC().Format("20060102T150405Z")
	case key.token != "" && x.r.Header.Get("X-Security-Token") != key.token:
		return prefix + "security token is missing or wrong"
	case !key.expires.IsZero() && !o.Clock().Before(key.expires):
		return prefix + "security token has expired"
	}
	canonical := secmaster.Canonical(x.r, signed, x.body)
	if hmac.Equal([]byte(signature), []byte(secmaster.Signature(key.secret, date, canonical))) {
		return ""
	}
	return prefix + "verify aksk signature fail, canonicalRequest:" + strings.ReplaceAll(withoutToken(canonical), "\n", "|")
}

func withoutToken(canonical string) string {
	lines := strings.Split(canonical, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "x-security-token:") {
			lines[i] = "x-security-token:***"
		}
	}
	return strings.Join(lines, "\n")
}

func authorization(header string) (access string, signed []string, signature string, ok bool) {
	rest, ok := strings.CutPrefix(header, "SDK-HMAC-SHA256 ")
	if !ok {
		return "", nil, "", false
	}
	for part := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "Access":
			access = value
		case "SignedHeaders":
			signed = strings.Split(value, ";")
		case "Signature":
			signature = value
		}
	}
	return access, signed, signature, access != "" && signature != ""
}

// overRate answers 429 where the switch "rate" allows no more requests in the current window.
func (x *exchange) overRate() bool {
	n, per := x.s.rate()
	if n == 0 {
		return false
	}
	x.s.mu.Lock()
	now, scope := x.s.options.Clock(), x.s.options.Switches.value("ratescope")
	if x.s.inWindow == nil || now.Sub(x.s.window) >= per {
		x.s.window, x.s.inWindow = now, map[string]int{}
	}
	by := x.counted(scope)
	x.s.inWindow[by]++
	over := x.s.inWindow[by] > n
	x.s.mu.Unlock()
	if over {
		x.gateway(http.StatusTooManyRequests, "APIGW.0308", throttling(scope, n, per))
	}
	return over
}

// counted is what a request counts for: its caller, or the address it came from.
func (x *exchange) counted(scope string) string {
	if scope == "ip" {
		host, _, _ := net.SplitHostPort(x.r.RemoteAddr)
		return host
	}
	access, _, _, _ := authorization(x.r.Header.Get("Authorization"))
	return access + "\x00" + x.r.Header.Get("X-Auth-Token")
}

func throttling(scope string, n int, per time.Duration) string {
	unit, k := "second", int(per/time.Second)
	if per >= time.Minute {
		unit, k = "minute", int(per/time.Minute)
	}
	text := "The throttling threshold has been reached: policy " + scope + " over ratelimit,limit:" + strconv.Itoa(n)
	if k > 0 {
		text += ",time:" + strconv.Itoa(k) + " " + unit
	}
	return text
}
