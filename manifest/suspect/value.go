package suspect

import (
	"encoding/base64"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"connsync/lazy"
)

// A shape is a text that is a secret wherever it stands. Its gates are cheap: one of them is in every text of the pattern.
type shape struct {
	what    string
	gates   []string
	pattern *lazy.Pattern
}

// hole is a part of a text. It stands for something else, and is filled in by others. A percent sign alone is none: keys in URLs are written with it.
const hole = `\$\{|\$\(|\{\{|<|%[A-Z_]{3,}%|%\(|%[sdv]\b|\*\*\*|xxx`

// accessKey is the shape of the public half of an AWS key pair. Its key says whether it is expected.
const accessKey = "the shape of an access key"

var shapes = []shape{
	{accessKey, []string{"AKIA", "ASIA"}, lazy.New(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`)},
	{"a private key", []string{"PRIVATE KEY", "Static key", "AGE-SECRET-KEY-", "PuTTY-User-Key-File"}, lazy.New(`-----BEGIN ([A-Z0-9 ]*PRIVATE KEY|OpenVPN Static key)|AGE-SECRET-KEY-(PQ-)?1|PuTTY-User-Key-File-\d:[\s\S]*Private-Lines`)},
	{"a password in a URL", []string{"@"}, lazy.New(`(?i)[a-z][a-z0-9+.-]*://[^/\s:@?#]*:[^/\s@]+@`)},
	{"a token in a URL", []string{"?", "&", "#"}, lazy.New(`(?i)[?&#]([\w.-]*(token|api_?key|secret|signature|password|passwd|access_?key)|key|sig|pwd|sas|auth)=[^&\s#]{6,}`)},
	{"a webhook with its token", []string{"hooks", "webhook", "/hook/", "/integration", "/bot", "/trigger/"}, lazy.New(`(?i)://(hooks\.slack\.com/(services|workflows|triggers)/\w+/|(\w+\.)?discord(app)?\.com/api/webhooks/\d+/[\w-]+|[\w.-]*\.?webhook\.office\.com/webhookb?2?/|outlook\.office(365)?\.com/webhook/|` +
		`open\.(feishu\.cn|larksuite\.com)/open-apis/bot/v\d/hook/|hooks\.zapier\.com/hooks/catch/|events\.(eu\.)?pagerduty\.com/integration/|api\.telegram\.org/bot\d+:|maker\.ifttt\.com/trigger/.*/with/key/|` +
		`alert\.victorops\.com/integrations/.*/alert/|[\w.-]+/hooks/[a-z0-9]{20,})`)},
	{"a connection string with a password", []string{"="}, lazy.New(`(?i)(^|[;?&\s,{(])(password|passwd|pwd|pass|passphrase|shared_?access_?key|account_?key|access_?key|secret_?key|secret_?access_?key|client_?secret|auth_?token|api_?key|sslpassword|private_?key)\s*=\s*("[^"]+"|'[^']+'|[^;&\s,"'=<>$][^;&\s,"']{2,})`)},
	{"a connection string with a password", []string{"jdbc:oracle", "JDBC:ORACLE"}, lazy.New(`(?i)jdbc:oracle:\w+:[^/@\s:]+/[^@\s/]+@`)},
	{"a connection string with a password", []string{"@"}, lazy.New(`^\w+/[^@\s/]+@(//[\w.-]+|[\w.-]+:\d+/\w|\(DESCRIPTION)`)},
	{"a password in an address", []string{"@"}, lazy.New(`^[A-Za-z0-9._-]+:[^\s:@/]{2,}@((tcp|udp|unix)\()?[A-Za-z0-9._\[(-]+`)},
	{"a password on a command line", []string{"-u ", "--user ", "--password"}, lazy.New(`(^|\s)(-u|--user)\s+[^\s:]+:[^\s]+|--password[ =][^\s-]\S*`)},
	{"an authorization header", []string{" "}, authScheme},
	{"a header with a token", []string{"oken", "uth", "ecret", "ookie", "key", "Key", "TOKEN", "AUTH", "SECRET", "COOKIE", "KEY"}, headerLine},
	{"the shape of a token", []string{"eyJ"}, lazy.New(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`)},
	{"a password's hash", []string{"$", "{"}, lazy.New(`^(\$(1|2[abxy]?|5|6|y|apr1|argon2(id?|d)|pbkdf2[a-z0-9-]*)\$[^\s{(]{3,}|\{(S?SHA\d*|S?MD5|CRYPT)\}\S{4,})`)},
	{"the shape of a token", []string{"SEC"}, lazy.New(`\bSEC[0-9a-f]{64}\b`)},
	{"the shape of a token", []string{"1//0"}, lazy.New(`^1//0[A-Za-z0-9_-]+$`)},
	{"the shape of a token", []string{":AA"}, lazy.New(`\b\d{8,10}:AA[A-Za-z0-9_-]{30,}`)},
	{"the shape of a token", []string{
		"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "glsa_", "xox", "xapp-", "sk-", "sk_live_", "rk_live_", "sk_test_", "SG.", "AIza", "ya29.", "hvs.", "hvb.", "dop_v1_",
		"npm_", "pypi-AgE", "NRAK-", "dckr_pat_", "shpat_", "shpss_", "PMAK-", "lin_api_", "ATATT3", "ATCTT3", "dp.pt.", "rubygems_", "sntrys_", "sntryu_", "xkeysib-", "key-", "SECRET-", "pat-", "pul-", "dapi", "FlyV1", "sq0csp-", "whsec_", "tfp_", "glc_",
	}, lazy.New(`(^|[^A-Za-z0-9_])(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl(pat|dt|rt)-[A-Za-z0-9_-]{16,}|gl(sa|c)_[A-Za-z0-9_=]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|(sk|rk)_(live|test)_[A-Za-z0-9]{16,}|` +
		`SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|hv[sb]\.[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{40,}|npm_[A-Za-z0-9]{30,}|pypi-AgE[A-Za-z0-9_-]{20,}|NRAK-[A-Z0-9]{20,}|dckr_pat_[A-Za-z0-9_-]{20,}|` +
		`shp(at|ss)_[a-fA-F0-9]{24,}|PMAK-[a-f0-9]{20,}|lin_api_[A-Za-z0-9]{30,}|AT[AC]TT3[A-Za-z0-9_=-]{20,}|dp\.pt\.[A-Za-z0-9]{30,}|rubygems_[a-f0-9]{40,}|sntry[su]_[A-Za-z0-9_+/=]{30,}|xkeysib-[a-f0-9]{40,}|key-[0-9a-f]{32}\b|pul-[a-f0-9]{30,}|dapi[a-f0-9]{32}|` +
		`sq0csp-[A-Za-z0-9_-]{30,}|whsec_[A-Za-z0-9+/=]{24,}|tfp_[A-Za-z0-9_-]{30,})`)},
}

var (
	authScheme  = lazy.New(`(?i)^(bearer|basic|token|apikey|ssws|splunk|geniekey|negotiate|aws4-hmac-sha256|zoho-oauthtoken|bot)\s+([A-Za-z0-9+/=._~:-]{8,}|[A-Za-z+/._~:-]*[0-9=][A-Za-z0-9+/=._~:-]{2,})$`)
	headerLine  = lazy.New(`(?im)(^|["'\s,;{])((proxy-)?authorization|(set-)?cookie|x-[a-z-]*(token|key|auth|secret)[a-z-]*|api-?key|private-token|ocp-apim-subscription-key)["']?\s*:\s*["']?[^\s"'<${]{4,}`)
	filePath    = lazy.New(`^(~|\.{1,2}|[A-Za-z]:)?([/\\][A-Za-z0-9._ -]+){2,}$|^[A-Za-z0-9_.-]+\.(pem|key|crt|cer|p12|pfx|jks|json|txt|env|keytab)$`)
	notUsers    = lazy.New(`^(mailto|sips?|xmpp|acct|tel|urn|im|news|ldap|user|group|role|serviceAccount|domain):`)
	placeholder = lazy.New(`\$\{[^}]+\}|\{\{.+?\}\}|\$\([A-Za-z_][^)]*\)|^ref\+[a-z0-9]+://|^op://|^(vault|awssm|gcpsm|azkv)://|^%[A-Z_]+%$`)
	algorithm   = lazy.New(`(?i)^((hmac|pbkdf2|salted)[-_]?)?(s?sha|md|rsa|aes|3?des|sm|rc|bcrypt|scrypt|argon|base|ntlm|crypt|blowfish|plain|plaintext|cleartext|none)[-_/0-9]*(id?|gcm|cbc|ecb|ctr|hmac|crypt)?$`)
	resource    = lazy.New(`^(arn:|urn:|projects/|ocid1\.)`)
	holes       = lazy.New(hole)
)

// Shape says what secret a text is or holds by its own form; "" for none.
func Shape(text string) string {
	if len(text) < 5 {
		return ""
	}
	for _, s := range shapes {
		for _, gate := range s.gates {
			if !strings.Contains(text, gate) {
				continue
			}
			if found := s.pattern.Regexp().FindString(text); found != "" && !holes.MatchString(found) && !notUsers.MatchString(found) {
				return s.what
			}
			break
		}
	}
	switch {
	case encodedKey(text):
		return "a private key"
	case strings.Contains(text, "://") && randomSegment(text):
		return "a token in a URL"
	}
	return ""
}

// randomSegment tells whether a part of an address's path is random characters, of more than hexadecimal digits.
func randomSegment(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	rest, _, _ = strings.Cut(rest, "?")
	for i, part := range strings.Split(rest, "/") {
		if i > 0 && random(part) && !longHex.MatchString(part) {
			return true
		}
	}
	return false
}

// stores are what addresses of values in stores of secrets begin with.
var stores = strings.Fields("ref+ op:// vault:// awssm:// gcpsm:// azkv://")

// isPlaceholder tells whether a text has a part for something else to fill in.
func isPlaceholder(text string) bool {
	if !strings.ContainsAny(text, "${%") && !slices.ContainsFunc(stores, func(s string) bool { return strings.HasPrefix(text, s) }) {
		return false
	}
	return placeholder.MatchString(text)
}

// encodedPEM is how base64 of a text in PEM begins.
const encodedPEM = "LS0tLS1CRUdJTi"

// encodedKey tells a private key in base64, as Kubernetes has it.
func encodedKey(text string) bool {
	if !strings.HasPrefix(text, encodedPEM) {
		return false
	}
	head, _ := base64.RawStdEncoding.DecodeString(text[:min(len(text), 60)/4*4])
	return strings.Contains(string(head), "PRIVATE")
}

// encodedPair tells user:password in base64.
func encodedPair(text string) bool {
	plain, err := base64.StdEncoding.DecodeString(text)
	return err == nil && utf8.Valid(plain) && strings.Contains(string(plain), ":")
}

var (
	longHex    = lazy.New(`^[0-9A-Fa-f]{40,}$`)
	base64Like = lazy.New(`^[A-Za-z0-9+/_-]{20,}={0,2}$`)
	uuidLike   = lazy.New(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

// Random tells whether a text is one long run of characters no person would choose.
func Random(text string) bool { return random(text) }

// random looks for much entropy, and a change between upper case, lower case and digits at nearly every step, as words never have.
func random(text string) bool {
	if len(text) < 20 || strings.ContainsAny(text, " :.@") || strings.HasPrefix(text, "/") || strings.HasPrefix(text, encodedPEM) || uuidLike.MatchString(text) {
		return false
	}
	if longHex.MatchString(text) {
		return true
	}
	return base64Like.MatchString(text) && entropy(text) >= 3.5 && classChanges(text) >= 0.45
}

// entropy is Shannon's, in bits per byte.
func entropy(s string) float64 {
	var counts [256]float64
	for i := 0; i < len(s); i++ {
		counts[s[i]]++
	}
	sum := 0.0
	for _, c := range counts {
		if c > 0 {
			p := c / float64(len(s))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

// classChanges is the share of neighbours of different classes: upper case, lower case, digit, other.
func classChanges(s string) float64 {
	class := func(c byte) int {
		switch {
		case c >= 'a' && c <= 'z':
			return 0
		case c >= 'A' && c <= 'Z':
			return 1
		case c >= '0' && c <= '9':
			return 2
		}
		return 3
	}
	changes := 0
	for i := 1; i < len(s); i++ {
		if class(s[i]) != class(s[i-1]) {
			changes++
		}
	}
	return float64(changes) / float64(len(s)-1)
}

var commentedSecret = lazy.New(`(?i)(\b(password|passwd|pwd|passphrase|secret|token|api[_-]?key|private[_-]?key|mima|miyao)|密码|密钥|秘钥|私钥|口令|令牌)["']?\s*[:=：]\s*["']?([^\s"'<>$({\[]{4,})["']?\s*$`)

// Comment tells whether a comment holds something like `password: value`.
func Comment(comment string) bool {
	for line := range strings.SplitSeq(comment, "\n") {
		if commentedSecret.MatchString(line) || Shape(strings.TrimLeft(line, "# ")) != "" {
			return true
		}
	}
	return false
}
