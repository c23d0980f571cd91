package main

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"

	"connsync/manifest"
)

// address is where the services of a target's cloud are.
type address struct {
	secmaster, iam string // "" for the region's own
	private        bool   // the project file says where: Huawei Cloud's own IAM and STS are asked nothing
	roots          *x509.CertPool
}

// domainError is of a project file with an address in a domain that is not allowed.
type domainError struct{ target, host string }

func (e *domainError) Error() string {
	return e.target + ": connsync.yaml names the address " + e.host + ", in a domain that is not allowed"
}

// caError is of certificates connsync cannot use.
type caError struct{ where, reason string }

func (e *caError) Error() string { return e.where + ": " + e.reason }

const noCertificate = "no certificate in it"

// address says where a target's services are: where a flag or the environment says, then where the project file says, in a domain that is
// allowed outside of the repository, and else where the region is. A pull request alone must not move requests, since they carry secrets.
func (g *globals) address(w world, t manifest.Target) (address, error) {
	iam := w.env("HUAWEICLOUD_SDK_IAM_ENDPOINT")
	roots, err := w.keys.trusted(g.CAFile)
	if err != nil || g.Endpoint != "" || t.Endpoint == "" {
		return address{g.Endpoint, iam, t.Endpoint != "", roots}, err
	}
	for _, base := range []string{t.Endpoint, t.IAMEndpoint} {
		if u, err := url.Parse(base); base != "" && (err != nil || !allowedDomain(u.Hostname(), g.Domain)) {
			return address{}, &domainError{t.Name, u.Host}
		}
	}
	if roots == nil && t.CA != "" {
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM([]byte(t.CA)) {
			return address{}, &caError{t.Name + ": ca in connsync.yaml", noCertificate}
		}
	}
	return address{t.Endpoint, cmp.Or(iam, t.IAMEndpoint), true, roots}, nil
}

// allowedDomain tells whether a host is one of the domains, or below one.
func allowedDomain(host string, domains []string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, d := range domains {
		d = strings.ToLower(strings.Trim(strings.TrimPrefix(strings.TrimSpace(d), "*."), "."))
		if d != "" && (host == d || net.ParseIP(host) == nil && strings.HasSuffix(host, "."+d)) {
			return true
		}
	}
	return false
}

// maxCAFile is how long a file of certificates may be: the bundle of a system has 200 kB.
const maxCAFile = 4 << 20

// trusted are those who may sign certificates: whom the system trusts, and the ones of --ca-file. nil is the system's alone.
func (k *keyring) trusted(file string) (*x509.CertPool, error) {
	switch {
	case file == "":
		return nil, nil
	case k == nil:
		return readTrusted(file)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.roots == nil {
		k.roots = sync.OnceValues(func() (*x509.CertPool, error) { return readTrusted(file) })
	}
	return k.roots()
}

func readTrusted(file string) (*x509.CertPool, error) {
	text, err := readWithin(file, maxCAFile)
	switch {
	case errors.Is(err, syscall.EFBIG):
		return nil, &caError{"--ca-file", fmt.Sprintf("longer than %d MiB", maxCAFile>>20)}
	case err != nil:
		return nil, &caError{"--ca-file", "the file cannot be read"}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, &caError{"--ca-file", noCertificate}
	}
	return pool, nil
}

// parentDomain is what a host stands in: the host itself where it has no more than two parts, or is an IP address.
func parentDomain(host string) string {
	name, _, _ := strings.Cut(host, ":")
	_, parent, ok := strings.Cut(name, ".")
	if !ok || !strings.Contains(parent, ".") || net.ParseIP(name) != nil {
		return name
	}
	return parent
}
