package diff_test

import (
	"strings"
	"testing"

	"connsync/diff"
	"connsync/secrets"
)

// Where a connection leads is told by the key or by the value.
func TestADestinationIsKnownByItsKeyOrItsValue(t *testing.T) {
	for _, c := range []struct {
		path     secrets.Path
		old, new any
		leads    bool
	}{
		{"plugin", "A 1", "A 2", true},
		{"config.endpoint", "a", "b", true},
		{"config.kafkaAddr", "a", "b", true},
		{"config.proxy_url", "a", "b", true},
		{"config.port", nil, 443, true},
		{"config.upstream.hosts[0]", "a", "b", true},
		{"config.target", "x", "https://evil.example/path", true},
		{"config.target", "https://old.example", "x", true},
		{"config.target", "x", "10.0.0.1", true},
		{"config.target", "x", "[2001:db8::1]:443", true},
		{"config.target", "x", "2001:db8::1", true},
		{"config.target", "x", "broker-1:9093,broker-2:9093", true},
		{"config.target", "x", "edr.example", true},
		{"config.target", "x", "ldap://dc", true},
		{"config.target", "x", "evil.example.com/path", true},
		{"config.target", "x", "evil.com:443/path", true},
		{"config.target", "x", "10.0.0.1/x", true},
		{"config.target", "x", "jdbc:postgresql://db.evil.com/x", true},
		{"config.target", "x", "//evil.com/x", true},
		{"config.target", "x", "Server=evil.com;Database=x", true},
		{"config.target", "x", "tcp:evil.com:443", true},
		{"config.target", "x", "\thttps://evil.com", true},
		{"config.target", "x", "<https://evil.com>", true},
		{"config.target", "x", strings.Repeat("a", 3000), true},
		{"config.SMTPHost", "a", "b", true},
		{"config.APIURL", "a", "b", true},
		{"config.URLBase", "a", "b", true},
		{"config.apiurl", "a", "b", true},
		{"config.webhook", "a", "b", true},
		{"config.dsn", "a", "b", true},
		{"config.mode", "fast", "slow", false},
		{"config.version", "2.1", "2.2", false},
		{"config.ratio", "1.5", "1.50", false},
		{"config.user", "svc", "svc@example.com", false},
		{"config.auth.loginName", "a@example.com", "b@example.com", false},
		{"config.sftp_target", "backup@good.example", "backup@evil.example", true},
		{"config.sftp_target", nil, "backup@evil", true},
		{"config.target", "x", "git@evil.example:path", true},
		{"config.target", "x", "evil\u3002example", true},
		{"config.target", "x", "evil\uff0eexample", true},
		{"config.enabled", true, false, false},
		{"description", "x", "see https://wiki.example", false},
		{"name", "edr.example", "b", false},
	} {
		f := diff.Field{Path: c.path, Old: c.old, New: c.new}
		if f.Destination() != c.leads {
			t.Errorf("%s %v -> %v: destination %v", c.path, c.old, c.new, !c.leads)
		}
	}
}
