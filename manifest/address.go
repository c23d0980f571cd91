package manifest

import (
	"crypto/sha256"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"

	"connsync/lazy"
	"connsync/manifest/strict"
)

// A target in a cloud of one's own (Huawei Cloud Stack) has addresses, and perhaps an authority, not derivable from its region. The
// file names them; whether a command goes there is decided outside of the repository (docs/private-clouds.md).

var (
	ownRegion = lazy.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	validHost = lazy.New(`^(?i)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
)

// maxAuthorities is how long the certificates of a target may be together, in bytes.
const maxAuthorities = 64 << 10

// address reads the base URL of a service.
func (d *document) address(n *strict.Node, field string) string {
	s, ok := d.str(n, field)
	if !ok {
		return ""
	}
	u, err := url.Parse(s)
	bare := err == nil && u.Scheme == "https" && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && (u.Path == "" || u.Path == "/")
	if !bare || !validHost.MatchString(u.Hostname()) {
		d.Wrong(n, "%s is not an address", field).Hint("https, a host, and a port where it is not 443, as in  " + field + ": https://secmaster.region-1.cloud.example")
		return ""
	}
	return "https://" + strings.ToLower(u.Host)
}

// authorities reads certificates in PEM.
func (d *document) authorities(n *strict.Node) string {
	s, ok := d.str(n, "ca")
	switch {
	case !ok:
		return ""
	case len(s) > maxAuthorities:
		d.Wrong(n, "ca is longer than %d KiB", maxAuthorities>>10)
		return ""
	}
	if wrong := checkAuthorities(s); wrong != "" {
		d.Wrong(n, "ca: %s", wrong).Hint("the certificates of the authority in PEM, as in  ca: |  and -----BEGIN CERTIFICATE----- below it")
		return ""
	}
	return s
}

// checkAuthorities tells what is wrong with a text of certificates, and quotes none of it. Whether they are good certificates is told where
// they are used.
func checkAuthorities(text string) string {
	n := 0
	for rest := []byte(text); ; n++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return fmt.Sprintf("block %d is not a certificate", n+1)
		}
		var whole asn1.RawValue
		if left, err := asn1.Unmarshal(block.Bytes, &whole); err != nil || len(left) > 0 {
			return fmt.Sprintf("certificate %d cannot be read", n+1)
		}
	}
	if n == 0 {
		return "no certificate in it"
	}
	return ""
}

// Authority names the certificates of a target by their hash; "" is none.
func (t Target) Authority() string {
	if t.CA == "" {
		return ""
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(t.CA)))[:23]
}

// place is what no two targets of a project share, and what seals bind.
func (t Target) place() [3]string {
	region := t.Region
	if t.Endpoint != "" {
		region += " " + t.Endpoint
	}
	return [3]string{region, t.ProjectID, t.WorkspaceID}
}

// checkAddress refuses what only has a meaning beside an endpoint, and an endpoint where connsync could not look up the project.
func (d *document) checkAddress(e strict.Entry, t Target) {
	region := strict.Child(e.Value, "region")
	own := strict.Child(e.Value, "endpoint") != nil
	switch {
	case region == nil || t.Region == "":
	case own && !ownRegion.MatchString(t.Region), !own && !validRegion.MatchString(t.Region):
		d.Wrong(region, "not a region").Hint("a region is like cn-north-4; the address of a cloud of your own stands in  endpoint")
	}
	for _, field := range []string{"iam_endpoint", "ca"} {
		if at := strict.Child(e.Value, field); at != nil && !own {
			d.Wrong(at, "%s without endpoint", field).Hint("both are for a cloud of your own:  endpoint: https://secmaster.region-1.cloud.example")
		}
	}
	if own && t.ProjectID == "" && t.IAMEndpoint == "" {
		d.WrongName(e.Key, "target %s has an endpoint, and neither project_id nor iam_endpoint", t.Name).Hint("the project is looked up in the IAM of that cloud, or named here:  project_id: …")
	}
}
