package diff_test

import (
	"strings"
	"testing"

	"connsync/diff"
	"connsync/secrets"
)

// measure counts the findings on settings with a destination, and on others.
type measure struct{ lead, missed, others, wrong int }

func (m *measure) judge(t *testing.T, key string, old, now any, leads bool) {
	f := diff.Field{Path: secrets.Path("config." + key), Old: old, New: now}
	got := f.Destination()
	if leads {
		m.lead++
	} else {
		m.others++
	}
	switch {
	case leads && !got:
		m.missed++
		t.Logf("%s: %v -> %v: missed", key, old, now)
	case !leads && got:
		m.wrong++
		t.Logf("%s: %v -> %v: taken for a destination", key, old, now)
	}
}

// What leads somewhere is measured on the keys and values of many products.
func TestDestinationsAreMeasured(t *testing.T) {
	var m measure
	for k := range strings.FieldsSeq("url url2 uri base_url baseUri endpointUrl api_base apiBase server servers serverAddress hostname hostIp ip ip_address ipaddr addr bind_address port ports domain fqdn gateway relay_host smarthost mx " +
		"bootstrap_servers brokers broker_list nodes contact_points zookeeper_quorum zk_connect nameserver dns_servers console_url mgmt_ip controller collector sink forward_to callback callbackUrl redirect_uri token_url tokenEndpoint auth_url issuer authority jwks_uri discovery wsdl " +
		"subdomain origin upstream remote peer peers target_host jump_host jumphost bastion proxy_host http_proxy httpsProxy no_proxy socks5 scheme protocol ssl tls use_ssl useSSL verify verify_cert verifyCertificate insecure skip_verify skipTlsVerify trust_all trustServerCertificate " +
		"allow_self_signed check_hostname sslmode ssl_mode starttls ca ca_file caPath cacert root_cert rootCA truststore truststore_path pinned_cert server_fingerprint host_key known_hosts strict_host_key_checking strictHostKeyChecking sni server_name webhook hook dsn connection_string conn_str connectionString jdbc odbc " +
		"dburl dbhost smtpserver mailserver ldapUri kafkaBrokers rest_url soap_url sftpHost to_addr send_to smtp_relay log_server syslog_server es_hosts elasticsearch_hosts mongo_uri redis_host bucket_endpoint custom_domain reject_unauthorized rejectUnauthorized NODE_TLS_REJECT_UNAUTHORIZED disable_ssl_validation ignore_cert_errors no_verify tls_ca_certificate ca-bundle certificate_authority certificateAuthorityData " +
		"地址 主机 服务器地址 端口 域名 代理 网关 dizhi zhuji fuwuqi duankou") {
		m.judge(t, k, "a", "b", true)
	}
	for k := range strings.FieldsSeq("timeout retries interval user username user_filter limit page_size mode version language locale timezone format log_level severity threshold tag tags category queue_size batch_size poll_interval enabled debug comment description notes title " +
		"report support_level important transport_mode export_format portable zip skip script curl_options case cache scan_depth ghost_mode hostility report_name sample strip catalog call_limit category_id canary capacity escape island shipping description_format verify_schema verify_signature_algorithm node_count host_count max_hosts url_encode ip_version port_scan_threshold server_timezone domain_admins_only " +
		"tlsh_threshold ssdeep addressee_gender proxyless hooked sinkhole_enabled curly hourly yearly purl_type relays_count stip reporter email_format tolerance total toggle topic priority assignee index table schema collection field filter query scope audience grant_type charset encoding compression color") {
		m.judge(t, k, "a", "b", false)
	}
	for _, v := range []string{"https://e.example", "HTTP://e.example", "ftp://e", "e.example", "e.example.", "E.EXAMPLE:8443", "e.example/path", "10.1.2.3", "10.1.2.3:80", "[::1]", "[fe80::1%25eth0]:22", "fe80::1", "2130706433.example", "user@e.example", "git@e.example:a/b", "ssh://git@e", "svc:pw@e", "e\u3002example", "e\uff61example", "e\uff0eexample", "例子.中国", "xn--fsq.xn--fiqs8s",
		"e:$PORT", "$HOST:443", "${HOST}:1", "e:%PORT%", "{{ host }}:443", "\\\\e\\share", "//e/share", "e.example,f.example", "e1:9092,e2:9092", "e.example;f.example", "e.example f.example", "tcp://e:1", "unix:///run/x.sock", "sb://e.servicebus.windows.net", "jdbc:mysql://e/db", "Data Source=e;Initial Catalog=x", "host=e port=5432", "ldap://e/dc=x", "mailto:a@e.example", "sip:a@e", "localhost", "localhost:80", "0x7f000001:80", "e.example?x=y", "e.example#a", "https:\\\\e.example", "h\tttps://e", "\u200be.example", "e.local", "e.internal:8080", "e-1.corp", "(DESCRIPTION=(ADDRESS=(HOST=e)(PORT=1521)))", "s3://bucket/key", "amqp://e", "data.example.co.uk", "e:443", "e:443/path", "http:e.example", "例子.com", "e\u200b.\u2060example", "e.\u00adexample", "ｅ．ｅｘａｍｐｌｅ", "Server=evil", "https:evil"} {
		m.judge(t, "thing", "x", v, true)
	}
	for _, v := range []string{"fast", "2.1", "v1.2.3", "1.2", "50%", "10:30", "2026-01-01", "2026-01-01T10:00:00Z", "en-US", "DOM\\svc", "*/5 * * * *", "index=main", "(uid={0})", "cn=svc,dc=x", "application/json", "SHA-256", "a,b,c", "1,2,3", "^foo.*$", "see the docs", "high;low", "true", "Mo-Fr", "UTC+8", "30s", "x y: z", "costs 5", "a/b", "0.75", "1e3", "key: value", "TLS_AES_256_GCM_SHA384", "yyyy-MM-dd HH:mm:ss", "%Y-%m-%d", "a|b", "00:1b:63:84:45:e6", "1.2.3-beta", "24h", "Europe/Berlin", "通知内容。请处理", "index=main host=web", "// a note", "c:\\temp\\x", "HTTP: yes"} {
		m.judge(t, "thing", "x", v, false)
	}
	t.Logf("%d destinations of which %d are missed, %d other settings of which %d are taken for one", m.lead, m.missed, m.others, m.wrong)
	if m.lead < 200 || m.others < 100 || m.missed > 0 || m.wrong > 1 {
		t.Error("the net is too wide or too narrow")
	}
}
