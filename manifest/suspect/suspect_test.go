package suspect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"connsync/manifest/suspect"
)

// A name gives its meaning to everything below it, unless the name below says: it is about the secret, or beside it.
func TestAMappingGivesItsNameToWhatIsInIt(t *testing.T) {
	for path, want := range map[string]suspect.Verdict{
		"password.value":            suspect.Secret,
		"password.current.text":     suspect.Secret,
		"password.foo":              suspect.Secret,
		"password":                  suspect.Secret, // an item of a list
		"secrets.edr":               suspect.Secret,
		"tokens.slack":              suspect.Secret,
		"api_keys.prod":             suspect.Secret,
		"api_keys.header":           suspect.Innocent,
		"keys.encryption":           suspect.Secret, // the encryption key
		"keys.partition":            suspect.Innocent,
		"hmac.key":                  suspect.Secret,
		"sort.key":                  suspect.Innocent,
		"settings.key":              suspect.Secret, // a holder of settings says nothing
		"credentials.value":         suspect.Secret,
		"credentials.password":      suspect.Secret,
		"credentials.aws":           suspect.Doubtful,
		"credentials.username":      suspect.Innocent,
		"credentials.region":        suspect.Innocent,
		"auth.type":                 suspect.Innocent,
		"auth.mode":                 suspect.Innocent,
		"auth.password":             suspect.Secret,
		"token.url":                 suspect.Innocent,
		"token.audience":            suspect.Innocent,
		"token.expiresIn":           suspect.Innocent,
		"password.min_length":       suspect.Innocent,
		"password_policy.value":     suspect.Innocent,
		"token_endpoint.value":      suspect.Innocent,
		"smtp.pass":                 suspect.Secret,
		"edr.apiKey.header":         suspect.Innocent,
		"secret.ref.name":           suspect.Innocent,
		"a.b.clientSecret.c.d.data": suspect.Secret,
	} {
		if got := suspect.Setting(strings.Split(path, "."), "hunter2x"); got.Verdict != want {
			t.Errorf("%s: %v (%s), want %v", path, got.Verdict, got.Why, want)
		}
	}
}

// The word for a secret is found in every spelling, and not in words only like it.
func TestTheWordIsFoundInEverySpelling(t *testing.T) {
	for key := range strings.FieldsSeq("password Password PASSWORD pass_word pass-word passWord password1 password_2 dbpassword db_password dbPassword rootPwd PWD userpass smtpPass requirepass pass1 " +
		"clientSecret clientSecret1 client-secret corpsecret mysecretkey secrets token auth_token authtoken x-auth-token accessToken2 tokens apikey apiKey2 api.key API_KEY hmackey aesKey sshkey " +
		"private_key privatekey key_secret app.secret pat sk userPin pin sas_token bindpw smtppw dbpwd sms_pswd authtok appcode activation_code apiV3Key apiv3key functions_key 密钥prod client_key_data api_key_v1 api_key_encoded sessionId ntlm_hash " +
		"snmp_community trapCommunity communityString approle_secret_id key_file_content 密码 数据库密码 密钥 访问令牌 私钥 denglumima siyao lingpai Authorization-Token passphrase key_passphrase passcode psk presharedKey secretAccessKey unseal_key routing_key") {
		if got := suspect.Setting([]string{key}, "hunter2x"); got.Verdict != suspect.Secret {
			t.Errorf("%s: %v", key, got)
		}
	}
	for key := range strings.FieldsSeq("secretary tokenizer tokenization passwordless compass bypass passthrough passenger monkey turkey keyboard keyword keynote keyspace spin opinion pinned pinging " +
		"task_id risk ask mask disk basket sass upwards sapwood password_policy passwordPolicy password-min-length token_url tokenUrl token_ttl secret_name secretRef secretPath api_key_id apiKeyHeader max_tokens num_secrets " +
		"partition_key sort_key primaryKey public_key project_key host_key org_key ioc_key issueKey use_token is_password show_password " +
		"密码长度 密码_长度 密钥ID 密钥_路径 公钥 用户名 mima_changdu public_key_data projects_key sort_key_v2 key_file stop_tokens secret_level account_sid session_mode status_code template_code key_vault_secret_name") {
		if got := suspect.Setting([]string{key}, "hunter2x"); got.Verdict != suspect.Innocent {
			t.Errorf("%s: %v", key, got)
		}
	}
	for key := range strings.FieldsSeq("foo_key blue-key sid session_sid sign license keytab community seed") {
		if got := suspect.Setting([]string{key}, "hunter2x"); got.Verdict != suspect.Doubtful || !got.Hide() {
			t.Errorf("%s: %v", key, got)
		}
	}
}

// Some values are secrets under every key, and some are none under the key of one.
func TestWhatAValueSays(t *testing.T) {
	const long = "aB3xK9qT7mZ2wR5yL8pN4cV6hJ1dF0sG3eU7iO2k"
	for _, text := range []string{
		"https://u:hunter22@host/", "postgres://u:pw@h/db", "amqps://:pw@h", "jdbc:mysql://h/db?user=u&password=hunter22", "jdbc:oracle:thin:scott/tiger@h:1:x", "Server=h;Uid=u;Pwd=hunter22;", "svc:hunter22@tcp(db:3306)/x",
		"Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=abc=", "https://x.blob/y?sv=1&sig=abcdefgh", "https://h/?access_token=abcdefgh", "Bearer abcdefgh", "Basic dTpwYXNz", "X-Auth-Token: hunter22", "Cookie: sid=hunter22",
		"https://hooks.slack.com/services/T0/B0/abc", "https://discord.com/api/webhooks/1/abc", "https://api.telegram.org/bot123456:AAabc/x", "https://h/x/" + long, "eyJhbGciOiJI.eyJzdWIiOiIx.x", "-----BEGIN EC PRIVATE KEY-----",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ==", "ghp_" + long, "glpat-" + long[:20], "xoxb-123456789012", "SG." + long[:20] + "." + long[:20], "AIza" + long[:35], "sk_live_" + long[:20], "AKIA" + strings.Repeat("Q7", 8),
		`{"a": [{"password": "hunter22"}]}`, `["ghp_` + long + `"]`, long, strings.Repeat("a1b2c3d4", 6), "curl -u admin:hunter22 https://h", "1//0abcdef",
		"https://u:p%40ss%2Fw@h/", "https://x.blob/y?sv=1&sig=ab%2Fcd%3D", "scott/tiger@//ora:1521/ORCL", "scott/tiger@ora:1521/ORCL", "$6$salt$abcdef", "$2y$10$abcdefgh", "{SSHA}abcdefgh", "SEC" + strings.Repeat("0a1b", 16),
	} {
		if got := suspect.Setting([]string{"note"}, text); got.Verdict != suspect.Secret || got.Why == "" {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{
		"https://host:8443/a?x=y", "https://user@host/", "git@host:a/b.git", "mailto:a:bc@host", "https://h/?page=2", "https://h/tenants/7c0d5b0e-41c8-4c0b-9d0e-0b6b7d1f2a10", "password", "Accept: text/html", "a=b;c=d", `{"a": 1}`,
		"7c0d5b0e-41c8-4c0b-9d0e-0b6b7d1f2a10", "/var/lib/x/certificates/ca.pem", "The quick brown fox", "-----BEGIN CERTIFICATE-----", "ssh-ed25519 AAAA", "10:20:30@noon", "https://h/a%20b%2Fc?q=%E4%BD%A0", "library/redis@sha256:0a1b", "actions/checkout@v4", "{SSHA}", "$6$",
	} {
		if got := suspect.Setting([]string{"note"}, text); got.Verdict != suspect.Innocent {
			t.Errorf("%s: %v", text, got)
		}
	}
	for key, value := range map[string]any{"password": true, "token": "", "secret": "false", "certificate_thumbprint": strings.Repeat("AB12", 10), "commit_sha": strings.Repeat("ab12", 10), "aws_access_key_id": "AKIA" + strings.Repeat("Q7", 8), "installation_id": long, "max_tokens": json.Number("4096"), "authn": "basic", "key": json.Number("5"), "tls_key": "/etc/tls.key",
		"community": "65000:100", "password_hash": "sha256", "password_encrypt": "rsa", "session": "30m", "kubeconfig": "/root/.kube/config", "auth": "https://idp.example/login", "token_auth": "OAuth2", "hmac": "SHA-256", "partition_key": "src_ip", "public_key": "MIIBIjAN=="} {
		if got := suspect.Setting([]string{key}, value); got.Verdict != suspect.Innocent {
			t.Errorf("%s: %v", key, got)
		}
	}
	for key, value := range map[string]string{"partition_key": "pR1mary==", "foo_key": "8f3kd9s02mfl4kq7", "product_key": "AB12C-3DE4F-G5H6J", "session": "Kx92hB1m", "client_pfx": "MIIKpAIBAzCC", "token_auth": "Kq2vX8n4", "userinfo": "svc:hunter22", "password_hash": "8f3kd9"} {
		if got := suspect.Setting([]string{key}, value); got.Verdict != suspect.Secret {
			t.Errorf("%s: %s: %v", key, value, got)
		}
	}
	if got := suspect.Setting([]string{"pin"}, json.Number("1234")); got.Verdict != suspect.Secret {
		t.Errorf("a pin: %v", got)
	}
}

// A placeholder for a secret is sent as it stands, since nothing fills it in. It is no secret, and is shown.
func TestAPlaceholderIsSentAsItStands(t *testing.T) {
	for _, text := range []string{"${DB_PASSWORD}", "{{ password }}", "ref+vault://kv/edr#/password", "op://vault/item", "$(cat x)", "https://u:${PW}@h/", "Pwd={{ .pw }};"} {
		for _, key := range []string{"password", "note"} {
			if got := suspect.Setting([]string{key}, text); got.Verdict != suspect.Doubtful || !got.Placeholder || got.Hide() {
				t.Errorf("%s: %s: %v", key, text, got)
			}
		}
	}
}

// A comment may hold what the setting below it holds encrypted.
func TestACommentMayHoldASecret(t *testing.T) {
	for _, text := range []string{"# password: hunter22", "# old: x\n# api_key = 'abcdef'", "# 密码：hunter22", "# 数据库密码: hunter22", "# mima=hunter22", "# https://u:p%40ss@host/", "# Authorization: Bearer abcdefgh1"} {
		if !suspect.Comment(text) {
			t.Errorf("%s: not found", text)
		}
	}
	for _, text := range []string{"# the password is in the vault", "# password: ${PW}", "# password: set it with sops edit", "# 密码在保险箱里", "# 密码长度：12", "# minimal: 12345"} {
		if suspect.Comment(text) {
			t.Errorf("%s: found", text)
		}
	}
}

// A setting in JSON may have any key.
func TestJSONInATextIsJudgedByItsKeys(t *testing.T) {
	for text, want := range map[string]suspect.Verdict{`{"密码": "hunter2x"}`: suspect.Secret, `{"a": [{"数据库密码": "hunter2x"}]}`: suspect.Secret, `{"用户名": "hunter2x"}`: suspect.Innocent, `{"keys": {"encryption": "hunter2x"}}`: suspect.Secret} {
		if got := suspect.Setting([]string{"note"}, text); got.Verdict != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func BenchmarkSetting(b *testing.B) {
	for b.Loop() {
		suspect.Setting([]string{"edr", "endpoint"}, "https://edr.example:8443/api/v1?x=y")
		suspect.Setting([]string{"edr", "description"}, "the connection of the firewall at the edge")
		suspect.Setting([]string{"edr", "retry_interval_seconds"}, json.Number("30"))
	}
}
