package gitfs

import (
	"fmt"
	"strings"
)

// SplitError says that a remote is read at one place and written at another: what two machines push there, neither would see.
type SplitError struct {
	Remote      string
	Fetch, Push string // without credentials
	Cause       string // the setting of Git behind the difference
}

func (e *SplitError) Error() string {
	return fmt.Sprintf("it is fetched from %s and pushed to %s (%s)", e.Fetch, e.Push, e.Cause)
}

// addresses are where a remote is fetched from and pushed to, after Git's own rewriting, and the setting behind a
// difference of the two.
func (s settings) addresses(name string) (fetch, push []string, cause string) {
	written := s.all("remote." + name + ".url")
	for _, u := range written {
		fetch = append(fetch, s.rewritten(u, "insteadof"))
	}
	cause = "remote." + name + ".pushurl"
	for _, u := range s.all("remote." + name + ".pushurl") {
		push = append(push, s.rewritten(u, "insteadof"))
	}
	if len(push) > 0 {
		return fetch, push, cause
	}
	cause = "url.….pushInsteadOf"
	for _, u := range written {
		if to := s.rewritten(u, "pushinsteadof"); to != u {
			push = append(push, to)
		}
	}
	if len(push) == 0 {
		push, cause = fetch, "several remote."+name+".url"
	}
	return fetch, push, cause
}

// rewritten is an address with its longest beginning known to a rule replaced, as Git does it: once.
func (s settings) rewritten(address, rule string) string {
	base, longest, found := "", "", false
	for _, e := range s {
		section, key := cutLast(e.key)
		to, ok := strings.CutPrefix(section, "url.")
		if ok && key == rule && strings.HasPrefix(address, e.value) && (!found || len(e.value) > len(longest)) {
			base, longest, found = to, e.value, true
		}
	}
	return base + address[len(longest):]
}

func cutLast(key string) (section, name string) {
	at := strings.LastIndex(key, ".")
	if at < 0 {
		return "", key
	}
	return key[:at], key[at+1:]
}

// address is the one address of a remote for everything. Of several to one repository, it is the one for pushing.
func (r *Repository) address(s settings, name string) (string, error) {
	fetch, push, cause := s.addresses(name)
	if len(fetch) == 0 {
		return "", ErrNoRemote
	}
	for _, to := range push {
		if !samePlace(fetch[0], to, r.base()) {
			return "", &SplitError{name, withoutCredentials(fetch[0]), withoutCredentials(to), cause}
		}
	}
	return push[0], nil
}

// base is the folder where relative addresses start.
func (r *Repository) base() string {
	if r.layout.top != "" {
		return r.layout.top
	}
	return r.layout.gitDir
}

// Host is the host of origin for fetching, in small letters; "" where there is none.
func (r *Repository) Host() string {
	known, err := r.settings()
	if err != nil {
		return ""
	}
	fetch, _, _ := known.addresses("origin")
	if len(fetch) == 0 {
		return ""
	}
	host := fetch[0]
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	host, _, _ = strings.Cut(host, "/")
	if _, rest, ok := strings.Cut(host, "@"); ok {
		host = rest
	}
	host, _, _ = strings.Cut(host, ":")
	return strings.ToLower(host)
}
