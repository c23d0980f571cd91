package gitfs

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// key is one way to be let in by an https server: what Git itself knows, or a token of ours.
type key struct {
	name   string // where it is from
	header string // "" for Git's own way
	user   string // for Git's own way: whom to ask its helpers for
	asks   bool   // for Git's own way: a person may be asked
}

// settings are what makes Git use a key. A header of ours takes the place of all stored headers: a server with two refuses both. It
// stands at the full address, where nothing stored is more special.
func (k key) settings(address string) settings {
	if k.header == "" {
		u, err := url.Parse(address)
		if err != nil || k.user == "" {
			return nil
		}
		return settings{{"credential." + u.Scheme + "://" + u.Host + ".username", k.user}}
	}
	at := "http." + address + ".extraHeader"
	return settings{{at, ""}, {at, k.header}, {"credential.helper", ""}}
}

// keysFor are the keys for an address, the first to be tried first: a token given to connsync, what stands in the remote's own
// address, what Git knows, and a job's token for its own server. Where the address is not https there is nothing but Git's own way.
func keysFor(address string, env func(string) string) []key {
	u, err := url.Parse(address)
	if err != nil || !isHTTP(address) {
		return []key{{name: "git"}}
	}
	own := key{name: "git", user: u.User.Username()}
	var keys, jobs []key
	for _, t := range tokens {
		text := ""
		if env != nil {
			text = env(t.token)
		}
		switch {
		case text == "" || t.server != "" && !sameServer(u, env(t.server)):
		case t.server == "":
			keys = append(keys, basic(t.token, t.user, text))
		default:
			jobs = append(jobs, basic(t.token, t.user, text))
		}
	}
	if password, ok := u.User.Password(); ok {
		keys = append(keys, basic("the remote's address", u.User.Username(), password))
	}
	return append(append(keys, own), jobs...)
}

// asking lets a person be asked, after everything that needs no person.
func asking(keys []key) []key {
	if len(keys) == 1 {
		return []key{{name: keys[0].name, user: keys[0].user, asks: true}}
	}
	for _, k := range keys {
		if k.header == "" {
			k.asks = true
			keys = append(keys, k)
		}
	}
	return keys
}

func basic(name, user, password string) key {
	return key{name: name, header: "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
}

func isHTTP(address string) bool {
	return strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://")
}

// sameOrigin tells whether two addresses have one scheme, host and port.
func sameOrigin(a, b string) bool {
	first, ok := parseAddress(a)
	second, also := parseAddress(b)
	return ok && also && first.scheme == second.scheme && first.host == second.host && first.port == second.port
}

// plain is an address without a user and a password, since they would stand in the arguments of a program.
func plain(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil || !isHTTP(address) {
		return address
	}
	u.User = nil
	return u.String()
}

// forwarded are the user's settings for reaching a remote. The addresses are rewritten already, and everything else is for the
// user's own repository.
func (s settings) forwarded(remote, address string) settings {
	var out settings
	for _, e := range s {
		switch {
		case strings.HasPrefix(e.key, "http."), strings.HasPrefix(e.key, "credential."):
			out = append(out, e)
		case e.key == "core.sshcommand", e.key == "core.askpass", e.key == "core.gitproxy", e.key == "ssh.variant", e.key == "safe.directory", e.key == "protocol.version":
			out = append(out, e)
		case e.key == "remote."+remote+".proxy" && isHTTP(address):
			out = append(out, setting{"http." + address + ".proxy", e.value})
		case e.key == "remote."+remote+".proxyauthmethod" && isHTTP(address):
			out = append(out, setting{"http." + address + ".proxyAuthMethod", e.value})
		}
	}
	return out
}
