package diff

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"

	"connsync/secrets"
)

// destinations are the words of keys that say where a connection leads.
var destinations = map[string]bool{
	"endpoint": true, "endpoints": true, "url": true, "urls": true, "uri": true, "host": true, "hosts": true, "hostname": true,
	"address": true, "addresses": true, "addr": true, "addrs": true, "server": true, "servers": true, "broker": true, "brokers": true,
	"domain": true, "proxy": true, "port": true, "ip": true, "gateway": true, "bootstrap": true, "base": true, "site": true,
}

// risks are the destinations that Git changes while a secret stays: it would be sent to the new place.
func risks(c Change) []Risk {
	stays := false
	for _, s := range c.Secrets {
		stays = stays || s.Word == Same || s.Word == Unverified
	}
	if !stays {
		return nil
	}
	var out []Risk
	for _, f := range c.Fields {
		if has(f.Causes, Git) && f.Destination() {
			out = append(out, Risk{Kind: RiskDestination, Path: f.Path})
		}
	}
	return out
}

// Destination tells whether a field says where the connection leads: the plugin, or a setting that by its key or by its
// value, before or after, is an address.
func (f Field) Destination() bool {
	return f.Path == pathPlugin || leads(f.Path) || strings.HasPrefix(string(f.Path), "config") && (address(f.Old) || address(f.New))
}

// leads tells whether a setting's own key, or one above it, names a destination.
func leads(p secrets.Path) bool {
	if !strings.HasPrefix(string(p), "config") {
		return false
	}
	for _, word := range keyWords(strings.TrimPrefix(string(p), "config")) {
		if destinations[word] {
			return true
		}
	}
	return false
}

// keyWords splits kafkaAddr, proxy_url and proxy-url into words in lower case.
func keyWords(path string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = nil
		}
	}
	lower := false
	for _, r := range path {
		if !unicode.IsLetter(r) {
			flush()
			lower = false
			continue
		}
		if unicode.IsUpper(r) && lower {
			flush()
		}
		lower = unicode.IsLower(r)
		word = append(word, r)
	}
	flush()
	return words
}

var (
	hostPort = regexp.MustCompile(`^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*):[0-9]{1,5}$`)
	hostName = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]\.?$`)
	scheme   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)
)

// address tells whether a value is a URL, a host name with a dot, a host and port, an IP address, or a list of such in one text.
func address(v any) bool {
	text, ok := v.(string)
	if !ok || len(text) > 2000 {
		return false
	}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		if _, err := netip.ParseAddr(part); err == nil || scheme.MatchString(part) || hostPort.MatchString(part) || hostName.MatchString(part) {
			return true
		}
	}
	return false
}
