package diff

import (
	"net/netip"
	"slices"
	"strings"

	"connsync/lazy"
	"connsync/manifest"
	"connsync/secrets"
)

// destinations are the words of keys that say where a connection leads.
var destinations = map[string]bool{
	"endpoint": true, "endpoints": true, "url": true, "urls": true, "uri": true, "host": true, "hosts": true, "hostname": true,
	"address": true, "addresses": true, "addr": true, "addrs": true, "server": true, "servers": true, "broker": true, "brokers": true,
	"domain": true, "proxy": true, "port": true, "ip": true, "gateway": true, "webhook": true, "webhooks": true, "dsn": true, "jdbc": true, "bootstrap": true, "base": true, "site": true,
	"scheme": true, "protocol": true, "insecure": true, "cacert": true, "cafile": true, "cabundle": true, "truststore": true, "sni": true,
}

// whereabouts are words of keys that may say whose, or which part of a place, a connection leads to. Where nothing proves who changed them, they are of high risk.
var whereabouts = map[string]bool{
	"tenant": true, "tenants": true, "realm": true, "realms": true, "cluster": true, "clusters": true, "account": true, "accounts": true, "region": true, "regions": true,
	"path": true, "paths": true, "instance": true, "instances": true,
}

// trusted are the words beside verify, or ca, of keys that say whom to trust: verify_ssl, tls_verify, ca_cert.
var trusted = map[string]bool{
	"ssl": true, "tls": true, "cert": true, "certs": true, "certificate": true, "certificates": true, "peer": true, "bundle": true, "file": true, "chain": true,
}

// risks are the destinations that Git changes while a secret stays: it would be sent to the new place.
func risks(c Change) []Risk {
	stays := false
	for _, s := range c.Secrets {
		stays = stays || s.Word == Same || s.Word == Unverified || s.Word == Reencrypted // of which nobody can tell
	}
	if !stays {
		return nil
	}
	var out []Risk
	for _, f := range c.Fields {
		if has(f.Causes, Git) && (f.Destination() || c.Want.Seal == nil && f.whereabouts()) {
			out = append(out, Risk{Kind: RiskDestination, Path: f.Path})
		}
	}
	return out
}

// Destination tells whether a field says where the connection leads: the plugin, or a setting that by its key or by its
// value, before or after, is an address.
func (f Field) Destination() bool {
	if f.Path == pathPlugin || leads(f.Path) {
		return true
	}
	if !strings.HasPrefix(string(f.Path), "config") {
		return false
	}
	return address(f.Old) || address(f.New) || (mailed(f.Old) || mailed(f.New)) && !account(f.Path)
}

// leads tells whether a setting's own key, or one above it, names a destination.
func leads(p secrets.Path) bool {
	if !strings.HasPrefix(string(p), "config") {
		return false
	}
	words := manifest.KeyWords(strings.TrimPrefix(string(p), "config"))
	for _, word := range words {
		if destinations[word] || joined.MatchString(word) || glued.MatchString(word) {
			return true
		}
	}
	return among(words, trusted) && (slices.Contains(words, "verify") || slices.Contains(words, "ca"))
}

func among(words []string, some map[string]bool) bool {
	return slices.ContainsFunc(words, func(w string) bool { return some[w] })
}

// whereabouts tells whether a setting's key may say whose place a connection leads to.
func (f Field) whereabouts() bool {
	return strings.HasPrefix(string(f.Path), "config") && among(manifest.KeyWords(strings.TrimPrefix(string(f.Path), "config")), whereabouts)
}

// joined are keys that run their words together: apiurl, baseurl, smtphost.
var joined = lazy.New(`(url|uri|host|hostname|addr|address|endpoint|server|domain)s?$`)

// glued are keys that run verify and its word together: verifyssl, sslverify.
var glued = lazy.New(`^(verify(ssl|tls|cert|peer)|(ssl|tls|cert|peer)verify)$`)

// variable is a host with a port that something fills in.
var variable = lazy.New(`[A-Za-z0-9\]]:(\$[{A-Za-z_]|\{\{)`)

var (
	hostPort = lazy.New(`^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*):[0-9]{1,5}$`)
	hostName = lazy.New(`^([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]\.?$`)
)

// longest is more than any address; what is longer could hold one anywhere.
const longest = 2000

// mailbox is the name of an account, as many services have it, or a user and a host, as ssh has it: only the key tells which.
var mailbox = lazy.New(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$`)

// scp is a user, a host and a path, as scp and Git have them.
var scp = lazy.New(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+:`)

func mailed(v any) bool {
	text, ok := v.(string)
	return ok && mailbox.MatchString(text)
}

// accounts are the words of keys that say who asks, and not whom.
var accounts = map[string]bool{
	"user": true, "users": true, "username": true, "login": true, "account": true, "email": true, "mail": true, "sender": true, "from": true,
	"principal": true, "subject": true, "owner": true, "contact": true, "upn": true,
}

func account(p secrets.Path) bool {
	for _, word := range manifest.KeyWords(strings.TrimPrefix(string(p), "config")) {
		if accounts[word] {
			return true
		}
	}
	return false
}

// address tells whether a value is, or holds, a URL, a host name with a dot, a host and port, or an IP address.
func address(v any) bool {
	text, ok := v.(string)
	switch {
	case !ok || mailbox.MatchString(text):
		return false
	case len(text) > longest || strings.Contains(text, "://") || scp.MatchString(text) || variable.MatchString(text):
		return true
	}
	for _, part := range strings.FieldsFunc(dots.Replace(text), outsideOfAddresses) {
		part = strings.TrimPrefix(part, "tcp:")
		if _, err := netip.ParseAddr(strings.Trim(part, "[]")); err == nil || hostPort.MatchString(part) || hostName.MatchString(part) {
			return true
		}
	}
	return false
}

// dots are read as a full stop by what looks names up (RFC 3490, section 3.1).
var dots = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".")

func outsideOfAddresses(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._:[]-", r))
}
