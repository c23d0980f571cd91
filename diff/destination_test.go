package diff_test

import (
	"strings"
	"testing"

	"connsync/diff"
	"connsync/manifest"
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
		{"config.target", "x", "broker:$PORT", true},
		{"config.target", "x", "broker:${PORT}/x", true},
		{"config.target", "x", "broker:{{ port }}", true},
		{"config.target", "x", "costs: $5", false},
		{"config.host_count", 1, 2, false},
		{"config.host_count", 1, "evil.example", true},
		{"config.maxHosts", 1, 2, false},
		{"config.tls", true, false, true},
		{"config.tls.enabled", true, false, true},
		{"config.tls_key", "a", "b", false},
		{"config.ssl_version", "a", "b", false},
		{"config.ignoreFile", "a", "b", false},
		{"config.服务器地址", "a", "b", true},
		{"config.服务器数量", 1, 2, false},
		{"config.scheme", "https", "http", true},
		{"config.verify_ssl", true, false, true},
		{"config.sslVerify", true, false, true},
		{"config.tls.insecureSkipVerify", false, true, true},
		{"config.verifyssl", true, false, true},
		{"config.ca_cert", nil, "-----BEGIN CERTIFICATE-----", true},
		{"config.caBundle", "a", "b", true},
		{"config.proxy", "", "p", true},
		{"config.verify_schema", true, false, false},
		{"config.ca_region", "a", "b", false},
		{"config.certificate_name", "a", "b", false},
		{"config.tenant", "a", "b", false},
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

// What may say whose place a connection leads to is of high risk beside an unchanged secret, unless a seal speaks; and so is a destination beside one
// encrypted anew.
func TestWhatMayLeadElsewhereIsOfHighRisk(t *testing.T) {
	at := sealedAt(monday, "m1")
	for _, key := range []string{"tenant", "tenant_id", "realm", "clusterName", "account", "region", "path", "instance", "auth.tenants"} {
		before := want("a", with("endpoint", "https://a", key, "x", "password", "ENC:1"), at)
		now := want("a", with("endpoint", "https://a", key, "y", "password", "ENC:1"), at)
		for what, c := range map[string]struct {
			now   diff.Want
			risks int
		}{
			"beside a secret": {now, 1},
			"under a seal":    {func() diff.Want { w := now; seals("iv")(&w); return w }(), 0},
		} {
			p := diff.Compute(diff.Input{Want: []diff.Want{c.now}, Have: []diff.Have{have("1", before)}, Known: byName(known("1", before)), Destinations: manifest.Reviewed})
			if len(p.Changes[0].Risks) != c.risks || p.Changes[0].Action != diff.Update {
				t.Errorf("%s %s: %s", key, what, told(p))
			}
		}
	}
	before := want("a", at)
	rotated := want("a", with("endpoint", "https://b", "password", "ENC:2"), at, func(w *diff.Want) { w.File.Sops = &manifest.Sops{KeysDigest: "others", MAC: "m2"} })
	p := diff.Compute(diff.Input{Want: []diff.Want{rotated}, Have: []diff.Have{have("1", before)}, Known: byName(known("1", before)), Destinations: manifest.Reviewed})
	if c := p.Changes[0]; len(c.Risks) != 1 || c.Secrets[0].Word != diff.Reencrypted {
		t.Errorf("a new data key and a new endpoint: %s", told(p))
	}
}
