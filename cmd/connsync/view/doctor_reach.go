package view

import (
	"cmp"
	"time"

	"connsync/apply/secmaster/doctor"
)

// Reached says how far a server was reached.
func Reached(r doctor.Reach, now time.Time) []Check {
	if r.Proxied {
		return []Check{proxied(r), {Name: "network", Verdict: NotLooked, Text: "a proxy of the environment (HTTPS_PROXY) resolves the name and connects"}}
	}
	name := Check{Name: "name", Verdict: NotLooked, Text: r.Host + " is an address already"}
	if !r.Number {
		name = step(r.Name, "name", r.Host, "resolved", "check the name server, region in connsync.yaml, --endpoint and CONNSYNC_ENDPOINT")
	}
	connect := step(r.Connect, "connection", r.Host, "answers", "check the network, a firewall, HTTPS_PROXY and the endpoint")
	secure := step(r.TLS, "TLS", r.Host, "its certificate is trusted", "check this machine's clock, its certificates, and whether something in between opens connections (a proxy)")
	switch left := r.Until.Sub(now); {
	case r.Plain:
		secure = Check{Name: "TLS", Verdict: NotLooked, Text: "plain http, to this machine"}
	case !r.Until.IsZero() && left < 7*day:
		secure.Verdict, secure.Text = Doubtful, secure.Text+", and expires in "+Count(int(left/day), "day")
	}
	return []Check{name, connect, secure}
}

// proxied says whether the proxy is there. Its address may hold a password: only host and port are shown.
func proxied(r doctor.Reach) Check {
	wrong := cmp.Or(r.Name.Wrong, r.Connect.Wrong)
	if wrong == "" {
		return Check{Name: "proxy", Verdict: Fine, Text: r.Proxy + ": answers"}
	}
	return Check{Name: "proxy", Verdict: Broken, Text: "the proxy of HTTPS_PROXY, " + cmp.Or(r.Proxy, "as it stands there") + ": " + wrong,
		Hints: []string{"correct HTTPS_PROXY, or name " + r.Host + " in NO_PROXY, if no proxy is needed"}}
}

// step is a step as a check.
func step(s doctor.Step, name, host, good, hint string) Check {
	switch {
	case !s.Tried:
		return Check{Name: name, Verdict: NotLooked, Text: "because of the failure above"}
	case s.Wrong != "":
		return Check{Name: name, Verdict: Broken, Text: host + ": " + s.Wrong, Hints: []string{hint}}
	}
	return Check{Name: name, Verdict: Fine, Text: host + ": " + good}
}
