package diff

import (
	"slices"

	"connsync/lazy"
)

// trusted are the words beside verify of keys that say whom to trust: verify_ssl, tls_verify.
var trusted = lazy.Words("ssl tls cert certs certificate certificates peer bundle file chain")

// authorities are the words beside ca: ca_cert, ca-bundle, caPath.
var authorities = lazy.Words("ssl tls cert certs certificate certificates peer bundle file chain path dir data pem crt root store")

// excuses are words that do without a check of certificates, beside a word for them.
var excuses = lazy.Words("verify verification validate validation ignore disable skip accept trust")

// switched may stand behind ssl and tls, where a key says whether a connection is encrypted at all.
var switched = lazy.Words("mode enabled enable disabled required on ssl tls")

// bare may stand beside verify, where a key says no more than that.
var bare = lazy.Words("verify skip no dont disable enable always")

// pairs are words that name a destination, or whom to trust, together.
var pairs = [][2]string{
	{"reject", "unauthorized"}, {"self", "signed"}, {"trust", "all"}, {"trust", "any"}, {"root", "cert"}, {"root", "certs"}, {"root", "certificate"}, {"certificate", "authority"},
	{"pinned", "cert"}, {"pinned", "certificate"}, {"trust", "store"}, {"start", "tls"}, {"connection", "string"}, {"conn", "string"}, {"conn", "str"}, {"contact", "points"},
	{"forward", "to"}, {"send", "to"}, {"post", "to"}, {"push", "to"}, {"connect", "to"},
}

// namedByTwo tells whether two neighbours among the words name a destination.
func namedByTwo(words []string) bool {
	for i := 1; i < len(words); i++ {
		if slices.Contains(pairs, [2]string{words[i-1], words[i]}) {
			return true
		}
	}
	return false
}

// trusts tells whether the words of a key say whom to trust, or whether a connection is encrypted.
func trusts(words []string) bool {
	last := words[len(words)-1]
	secured := max(slices.Index(words, "ssl"), slices.Index(words, "tls"))
	switch {
	case slices.Contains(words, "verify") && trusted.HasAny(words), last == "ca", slices.Contains(words, "ca") && authorities.HasAny(words):
		return true
	case excuses.HasAny(words) && certificates.HasAny(words):
		return true
	case slices.Contains(words, "verify") && all(words, bare):
		return true
	}
	return secured >= 0 && all(words[secured:], switched)
}

// certificates are the words for what excuses leave unchecked.
var certificates = lazy.Words("ssl tls cert certs certificate certificates hostname")

func all(words []string, of *lazy.Set) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !of.Has(w) })
}
