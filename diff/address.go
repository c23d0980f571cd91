package diff

import (
	"net/netip"
	"strings"
	"unicode"

	"connsync/lazy"
)

var (
	hostPort = lazy.New(`^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*):[0-9]{1,5}$`)
	// A last label of other letters is an existing domain: a sentence may end in the same dot.
	hostName = lazy.New(`^([\pL\pN_]([\pL\pN_-]*[\pL\pN])?\.)+([A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]|中国|中國|公司|网络|網絡|网址|商城|香港|台湾|台灣|政务|рф|бел|укр|한국|भारत)\.?$`)
	clock    = lazy.New(`^([01]?[0-9]|2[0-3]):[0-5][0-9]$`)
	// variable is a host with a port, where something fills in one of them.
	variable = lazy.New(`[A-Za-z0-9\]]:(\$[{A-Za-z_]|\{\{|%[A-Z_]{2,}%)|(^|[^A-Za-z0-9])(\$[A-Za-z_]+|\$\{[^}]+\}|\{\{[^}]+\}\}|%[A-Z_]{2,}%):[0-9]{1,5}(/|$)`)
	// scp is a user, a host and a path, as scp and Git have them; and user, password and host.
	scp = lazy.New(`^[A-Za-z0-9._%+-]+(@[A-Za-z0-9.-]+:|:[^\s@]+@[A-Za-z0-9])`)
	// share is a computer and a place on it, as Windows has them, and an address without its scheme.
	share = lazy.New(`^\s*(\\\\|//)[A-Za-z0-9._-]+[\\/]`)
	// schemed is an address. Some readers take it without its slashes.
	schemed = lazy.New(`(?i)^\s*(https?|wss?|ftps?|ldaps?|tcp|udp):\S`)
	// keyed is a connection string.
	keyed = lazy.New(`(?i)(^|[;\s(])(data source|server|address|addr|host|hostaddr)\s*=\s*([^;\s)]+\s*(;|\)|\s(port|dbname|user)\s*=)|[^;\s)]+$)`)
	query = lazy.New(`(?i)\b(index|sourcetype|eventtype)\s*=`) // of a log; it names hosts too
)

// longest is more than any address; what is longer could hold one anywhere.
const longest = 2000

// mailbox is the name of an account, as many services have it, or a user and a host, as ssh has it: only the key tells the one from the other.
var mailbox = lazy.New(`^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+$`)

func mailed(v any) bool {
	text, ok := v.(string)
	return ok && mailbox.MatchString(text)
}

// address tells whether a value is, or holds, a URL, a host name with a dot, a host and port, a share, a connection string, or an IP address.
func address(v any) bool {
	text, ok := v.(string)
	if !ok || mailbox.MatchString(text) {
		return false
	}
	if len(text) > longest {
		return true
	}
	text = strings.Map(plainLetter, text)
	switch {
	case text == "localhost", strings.Contains(text, "://"), scp.MatchString(text), variable.MatchString(text), share.MatchString(text), schemed.MatchString(text), keyed.MatchString(text) && !query.MatchString(text):
		return true
	}
	for _, part := range strings.FieldsFunc(text, outsideOfAddresses) {
		if _, err := netip.ParseAddr(strings.Trim(part, "[]")); err == nil || hostPort.MatchString(part) && !clock.MatchString(part) || hostName.MatchString(part) {
			return true
		}
	}
	return false
}

// plainLetter is what is read for a letter by what looks names up: one of the four dots for a full stop (RFC 3490, section 3.1), a plain letter for a
// wide one, and nothing for what cannot be seen.
func plainLetter(r rune) rune {
	switch {
	case r == '\u3002' || r == '\uff61':
		return '.'
	case r >= '\uff01' && r <= '\uff5e':
		return r - 0xfee0
	case r == '\u00ad' || unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

func outsideOfAddresses(r rune) bool {
	return !(unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._:[]-", r))
}
