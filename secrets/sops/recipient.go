package sops

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/getsops/sops/v3/age"

	"connsync/lazy"
)

// UserKeys is the file in which SOPS finds age identities without a variable; "" where the system names no folder for it.
func UserKeys() string { return userKeys() }

// ErrNoIdentity says that a text holds no age identity with a recognizable recipient.
var ErrNoIdentity = errors.New("no age identity whose public key can be told")

// AgeRecipients are the public recipients of the identities in a text, once each.
func AgeRecipients(text string) ([]string, error) {
	var out []string
	for _, item := range items(text, true) {
		recipient, plugin, wrong := identity(item)
		switch {
		case wrong != "":
			return nil, ErrNoIdentity
		case !plugin && !slices.Contains(out, recipient):
			out = append(out, recipient)
		}
	}
	if len(out) == 0 {
		return nil, ErrNoIdentity
	}
	return out, nil
}

// The forms of recipients other than age keys.
var (
	fingerprint = lazy.New(`^[0-9A-Fa-f]{40}$`)
	awsKey      = lazy.New(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:(key|alias)/[A-Za-z0-9/_-]+$`)
	googleKey   = lazy.New(`^projects/[a-z0-9:.-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]+/cryptoKeys/[A-Za-z0-9_-]+$`)
	huaweiKey   = lazy.New(`^[a-z]{2}-[a-z]+-[0-9]{1,3}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	azureKey    = lazy.New(`^/keys/[A-Za-z0-9-]+(/[0-9a-f]{32})?$`)
	vaultKey    = lazy.New(`^/v1/[A-Za-z0-9_/.-]+/keys/[A-Za-z0-9_-]+$`)
)

// KindOf is the type of key for writing a text into a rule: age, also for an SSH public key, pgp, hckms, kms, gcp_kms, azure_kv or hc_vault;
// "" where it is none of them.
func KindOf(recipient string) string {
	switch u, err := url.Parse(recipient); {
	case strings.ContainsAny(recipient, "\n\r,") || recipient == "":
		return ""
	case isSSH(recipient) || strings.HasPrefix(recipient, "age1"):
		if _, err := age.MasterKeyFromRecipient(recipient); err == nil {
			return "age"
		}
	case fingerprint.MatchString(recipient):
		return "pgp"
	case awsKey.MatchString(recipient):
		return "kms"
	case googleKey.MatchString(recipient):
		return "gcp_kms"
	case huaweiKey.MatchString(recipient):
		return "hckms"
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "":
	case azureKey.MatchString(u.Path):
		return "azure_kv"
	case vaultKey.MatchString(u.Path):
		return "hc_vault"
	}
	return ""
}
