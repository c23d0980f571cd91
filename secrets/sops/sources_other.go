package sops

import "strings"

// whyNot says why a key that is no age key did not open a file. The library's text is looked at for words of its programs and services, and
// none of it is shown.
func whyNot(kind, text string) string {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(strings.ToLower(text), w) {
				return true
			}
		}
		return false
	}
	if kind == "pgp" {
		switch {
		case has("executable file not found"):
			return "gpg is not installed"
		case has("no secret key", "secret key not available"):
			return "gpg has no secret key for it"
		case has("bad passphrase"):
			return "the passphrase is wrong"
		case has("pinentry", "inappropriate ioctl", "cancel", "no tty", "timeout"):
			return "gpg could not ask for the passphrase: start gpg-agent, and set GPG_TTY"
		case has("expired"):
			return "the key has expired"
		}
		return "gpg did not decrypt it"
	}
	switch {
	case has("no such host", "connection refused", "timeout", "deadline", "unreachable", "dial tcp", "tls"):
		return "the key service cannot be reached"
	case has("forbidden", "denied", "unauthorized", "403", "401", "not authorized"):
		return "the credentials may not decrypt with it"
	case has("notfound", "not found", "404", "does not exist"):
		return "the key service has no such key"
	case has("disabled", "pending deletion"):
		return "the key is disabled"
	case has("credential", "token", "ak/sk", "access key"):
		return "no credentials for the key service"
	}
	return "the key service did not decrypt it"
}
