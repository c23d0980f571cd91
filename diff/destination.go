package diff

import (
	"strings"

	"connsync/lazy"
	"connsync/manifest"
	"connsync/secrets"
)

// destinations are the words of keys for where a connection leads, or by what way.
var destinations = lazy.Words("endpoint endpoints url urls uri uris host hosts hostname address addresses addr addrs server servers broker brokers domain domains fqdn proxy socks port ports ip ips gateway webhook webhooks hook hooks " +
	"dsn jdbc odbc bootstrap base site mx nodes zookeeper zk controller collector sink relay callback callbacks redirect issuer authority discovery wsdl jwks origin upstream upstreams remote peer peers bastion jump " +
	"nameserver nameservers scheme protocol insecure cacert cafile capath cabundle truststore sni sslmode usessl usetls starttls dizhi zhuji fuwuqi duankou yuming wangguan daili wangzhi")

// chinese are parts of Chinese keys for where a connection leads, and counted are ends of keys for its count or its time.
var (
	chinese = lazy.New(`地址|主机|服务器|端口|域名|代理|网关|网址`)
	counted = lazy.New(`(数量|版本|超时|次数)$`)
)

// quantities are last words of keys for the count, the time or the spelling of a destination: host_count, url_encode.
var quantities = lazy.Words("count counts version versions timeout timeouts threshold encode encoding encoded timezone limit retries retry interval size")

// whereabouts are words of keys for the owner, or the part, of a destination. Where nothing proves who changed them, they are of high risk.
var whereabouts = lazy.Words("tenant tenants realm realms cluster clusters account accounts region regions path paths instance instances")

// risks are the destinations changed by Git while a secret stays: a sync would send the secret to the new place.
func risks(c Change) []Risk {
	stays := false
	for _, s := range c.Secrets {
		stays = stays || s.Word == Same || s.Word == Unverified || s.Word == Reencrypted // for the last, no one can tell
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

// Destination tells whether a field says where the connection leads: the plugin, or a setting. By its key or by its
// value, before or after, such a setting is an address.
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
func leads(p secrets.Path) bool { return leading(string(p)) }

// leading remembers: the settings of most connections are the same few.
var leading = lazy.Remembered(func(path string) bool {
	if !strings.HasPrefix(path, "config") {
		return false
	}
	words := manifest.KeyWords(strings.TrimPrefix(path, "config"))
	if len(words) == 0 || quantities.Has(words[len(words)-1]) || counted.MatchString(words[len(words)-1]) || words[0] == "max" || words[0] == "min" {
		return false
	}
	for _, word := range words {
		word = strings.TrimRight(word, "0123456789") // url2, socks5
		if destinations.Has(word) || joined.MatchString(word) && !unjoined.Has(word) || glued.MatchString(word) || chinese.MatchString(word) {
			return true
		}
	}
	return trusts(words) || namedByTwo(words)
})

// whereabouts tells whether a setting's key may say whose place a connection leads to.
func (f Field) whereabouts() bool {
	return strings.HasPrefix(string(f.Path), "config") && whereabouts.HasAny(manifest.KeyWords(strings.TrimPrefix(string(f.Path), "config")))
}

// joined are keys with their words run together: apiurl, baseurl, smtphost; and unjoined are words that only look so.
var (
	joined   = lazy.New(`(url|uri|host|hostname|addr|address|endpoint|server|domain)s?$|^(smtp|imap|ldap|https?|ssh|s?ftp|db|sql|redis|api|web|tcp|udp|ssl|tls|proxy|remote|listen|mgmt)port$`)
	unjoined = lazy.Words("curl purl ghost")
)

// glued are keys with verify and its word run together: verifyssl, sslverify.
var glued = lazy.New(`^(verify(ssl|tls|cert|peer)|(ssl|tls|cert|peer)verify)$`)

// accounts are the words of keys for who asks, and not whom.
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
