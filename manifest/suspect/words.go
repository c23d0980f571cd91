package suspect

import (
	"strings"

	"connsync/lazy"
)

// joins makes the list of words written apart.
func joins(pairs ...string) map[string]string {
	out := make(map[string]string)
	for _, p := range pairs {
		apart, word, _ := strings.Cut(p, ":")
		out[apart] = word
	}
	return out
}

var (
	// stems name a secret at the end of a word, or in front of one of the tails.
	stems = strings.Fields("password passwd passphrase passcode secret token credential apikey privatekey secretkey accesskey authkey sharedkey signingkey pwd pswd passwrd pword mima miyao lingpai kouling siyao authtok accesstok 密码 密钥 秘钥 私钥 口令 令牌 授权码 凭据 凭证 密碼 金鑰")
	tails = lazy.Words("key value text data string plain current new old b64 值 内容 明文")
	// secretWords name a secret as a whole word only.
	secretWords = lazy.Words("pwd sk pin sas pw psk pat passkey skey akey bearer jwt cookie authpass masterauth kubeconfig passwort kennwort senha motdepasse contrasena shouquanma passhash pwhash nthash ntlmhash lmhash sessionid jsessionid phpsessid sessid pepper")
	// pwUsers are words in front of a pw glued to them.
	pwUsers = lazy.Words("user usr admin adm root bind ldap ad db sql mysql pg redis mongo ora sys smtp mail imap pop http web ftp sftp ssh vpn proxy login svc service mgmt zip key cert")
	// lastWords name one as the last word only.
	lastWords = lazy.Words("pass tok assertion")
	// wholeKeys name one where they are all of a key.
	wholeKeys = lazy.Words("sec sharedaccesskey")
	// passWords end in pass, and name no secret.
	passWords = lazy.Words("compass bypass surpass trespass overpass underpass encompass lowpass highpass bandpass multipass")

	// joined are words written apart.
	joined = joins("pass word:password", "pass wd:passwd", "pass phrase:passphrase", "pass key:passkey", "pass hash:passhash", "p wd:pwd", "mi ma:mima", "mi yao:miyao",
		"key word:keyword", "key words:keywords", "api keyword:keyword", "key store:keystore", "key tab:keytab", "user name:username", "user info:userinfo", "user pwd:userpwd",
		"cert pin:fingerprint", "certificate pin:fingerprint", "pin sha:fingerprint", "key pin:fingerprint", "ssl pin:fingerprint", "tls pin:fingerprint", "spki pin:fingerprint", "public pin:fingerprint",
		"totp seed:passcode", "otp seed:passcode", "hotp seed:passcode", "mfa seed:passcode", "nkey seed:passcode", "key seed:passcode", "keystore seed:passcode", "wallet seed:passcode", "master seed:passcode",
		"pass code:passcode", "app code:passcode", "auth code:passcode", "authorization code:passcode", "access code:passcode", "activation code:passcode", "license code:passcode", "licence code:passcode",
		"registration code:passcode", "enrollment code:passcode", "pairing code:passcode", "unlock code:passcode", "backup code:passcode", "backup codes:passcode", "recovery code:passcode", "recovery codes:passcode",
		"code verifier:passcode", "scep challenge:passcode", "security answer:passcode", "security answers:passcode", "private pem:privatekey", "private der:privatekey", "shouquan ma:shouquanma", "tacacs shared:passcode", "radius shared:passcode", "client state:passcode", "nt hash:passhash", "lm hash:passhash", "ntlm hash:passhash", "snmp community:passcode", "trap community:passcode", "ro community:passcode", "rw community:passcode", "read community:passcode", "write community:passcode", "community string:passcode", "community strings:passcode",
		"approle secret:approlesecret", "role secret:approlesecret", "approlesecret id:passcode", "session id:sessionid", "sess id:sessionid", "session ticket:session",
		"pull secrets:refs", "pull secret:refs", "finger print:fingerprint", "thumb print:thumbprint", "time out:timeout", "file name:filename", "host name:hostname")

	// aboutWords say what a key tells about a secret, behind its word.
	aboutWords = lazy.Words("type url urls uri endpoint name names id ids policy policies path paths file files filename dir directory folder ttl expiry expires expire expiration expired " +
		"exp length len size enabled enable required method methods header headers format algorithm alg mode ref refs reference kind count counter timeout interval " +
		"host hostname port server field fields column attribute attributes attr class scope scopes issuer audience aud hint version seconds minutes hours days lifetime age " +
		"rotation rotate location alias min max minimum maximum last prefix suffix placement param parameter params position cache budget limit limits rate quota " +
		"strategy store provider manager source env variable var template pattern regex rule rules complexity strength history reuse change changed updated created at " +
		"time date timestamp status enforcement lockout attempts retry retries index label title description owner user username login email account realm domain tenant " +
		"region group role usage encoding charset separator delimiter selector validity grant flow style action service in location vault engine backend mount " +
		"checks check validation required generation request response exchange introspection revocation minlength maxlength claim claims threshold characters chars digits " +
		"duration identity identities question reset authentication auth authorization purpose reason message warning support supported sync window period delay days scheme protocol schema subject serial usage prompt input output attributename samesite secure httponly mapping per list managed dialog box " +
		"level ip ips cidr cidrs network networks whitelist allowlist blacklist denylist bits category classification table object jar encryption " +
		"长度 类型 策略 名称 有效期 过期时间 路径 文件 地址 算法 方式 次数 编号 提示 changdu leixing celue mingcheng lujing youxiaoqi")
	// qualifiers stand behind a secret's word, and leave it one: password_prod, token_slack.
	qualifiers = lazy.Words("key keys value values text data string plain plaintext current new old raw primary secondary prod production dev development test testing staging stage admin root user clear encoded b base base64 json " +
		"main backup slack github gitlab jira aws azure gcp google telegram discord splunk elastic misp thehive virustotal okta db database ldap smtp imap mysql postgres redis mongo kafka vault internal external " +
		"read write ro rw public private global shared master slave local remote a c d one two three first second third confirm confirmation repeat again hash hashed sha md bcrypt crypt encrypted")
	// verbs stand in front, and ask how many or whether.
	verbs = lazy.Words("max min num number count total use uses using has is skip show hide ignore without ask allow allows supports expire expires remember stop")
	// genericWords are names of a value in a mapping, without a meaning of their own.
	genericWords = lazy.Words("value values data text string plain plaintext current previous primary secondary new old raw content default clear first second next a b key")
	// memberWords are settings beside a secret.
	memberWords = lazy.Words("host address addr base endpoint enabled enable tls ssl verify insecure domain client project org organization site team region zone environment")

	// freeKeys are the words in front of key that make a name of something, or something public.
	freeKeys = lazy.Words("project org organization organisation partition sort issue public host ioc primary foreign unique composite cache group index map mapping object record row " +
		"column field message event binding dedup dedupe deduplication incident alert ticket case search lookup config setting property attr attribute registry reg hash range shard " +
		"idempotency correlation translation label json yaml xml dict bucket blob file filter query tag metric dimension parent child external natural business entity asset observable " +
		"artifact indicator context custom source dest destination target sender receiver space workspace repo repository board epic component site name sorting grouping aggregation " +
		"time timestamp date value result output input item lang language ordering order document doc data cell rule severity status type category id hot short alias playbook approval ruleset compliance purge clustering retry arn kms transit state persistence trigger annotation view page step stage flow workflow job task run report dashboard panel chart series template theme locale zone country " +
		"currency unit feature flag option param parameter argument header path url group role team member owner policy priority level rank score ip port vlan subnet network interface mac product model version build " +
		"release branch change request response body payload topic queue stream tab enter escape arrow up down left right menu shift control alt major minor base natural surrogate ordinal channel taint embedding limit quota throttle " +
		"candidate persist persistence link bounce switch instrumentation msisdn phone mobile email mail number oid macro authorized allowed trusted known address symbol variable var env attachment folder table pivot aggregate error exception count counter lock mutex leader color icon " +
		"buffer chunk pattern rate ratio sample window frame slot offset bin section process thread module class method schema city zip asn tld match merge diff sum total tenant company department division team " +
		"plugin template playbook shelf sheet legend axis symbol tree leaf branch edge vertex sequence revision sku sitemap wildcard")
	// secretKeys are those that make a secret.
	secretKeys = lazy.Words("login ta ca demisto xsoar soar api app application access secret private priv auth authentication authorization signing sign signature encryption encrypt encoding decryption crypto cipher shared " +
		"preshared presharedkey psk master account client license hmac session routing unseal storage service integration ingest ingestion ssh rsa dsa ecdsa pgp gpg aes des tls ssl pem " +
		"deploy deployment write read webhook bot admin root user symm symmetric tacacs radius snmp wpa wep wifi ldap db database redis jwt jwe jwk token cookie csrf otp totp mfa seed " +
		"pan genie otx misp shodan rest subscription recovery backup activation registration enrollment join server security keystore personal global device machine feed cluster node " +
		"virustotal vt abuseipdb urlscan greynoise apikey dd datadog newrelic fcm push wrapping kek dek ek bitlocker luks hec consumer functions function x intel threat reporting sas tde " +
		"zia zpa customer developer dev partner vendor merchant trial nessus qualys splunk elastic kibana jira sumo grafana sentry okta management mgmt admission trust pairing " +
		"obfuscate obfuscation agent collector forwarder log logging notification relay proxy gateway controller console portal manager replication peer tunnel wireguard wg kerberos krb install bootstrap provisioning onboarding " +
		"crowdstrike sentinel fortinet meraki umbrella duo mysql postgres mongo opensearch influx influxdb nats mqtt openai anthropic azure aws gcp google github gitlab slack telegram discord twilio sendgrid mailgun stripe algolia " +
		"cloudflare hibp securitytrails censys spamhaus alienvault thehive cortex wazuh zabbix rapid insightvm snyk sonar vulners ipinfo maxmind ipstack hunter phishtank hybrid triage joe any anyrun " +
		"sftp ftp smtp imap vpn ike ipsec bgp ospf md ntp tsig rndc update transfer dnssec " +
		"sic seal captcha cert certificate secondary sm blowfish chacha ecc ec curve hive sophos trend trendmicro apex checkpoint fortigate forti paloalto panorama cisco ise fmc qradar logrhythm arcsight exabeam netskope " +
		"proofpoint mimecast barracuda cybereason sentinelone tanium carbonblack wildfire xdr prisma zendesk freshdesk servicenow snow pagerduty pd opsgenie victorops teams feishu lark wecom dingtalk sms aliyun tencent " +
		"huawei baidu threatbook qax qianxin nsfocus sangfor venustech dbappsecurity hillstone chaitin anomali threatconnect passivetotal riskiq binaryedge zoomeye fofa quake netlas onyphe urlvoid ipqs abusech urlhaus " +
		"malwarebazaar bazaar threatfox pulsedive intezer vmray opswat metadefender polyswarm nvd shadowserver digitalocean linode bitbucket jenkins snowflake pushover " +
		"enc dec sec licence insert linking unlock invite invitation voucher iothub eventhub servicebus cosmos admin upload wallet appliance sensor broker hub bridge daemon robot device " +
		"gravityzone bitdefender kaspersky kata symantec sep trellix mcafee epo esm sangfor topsec antiy rising huorong threatq eclecticiq intel471 flashpoint cybersixgill domaintools farsight dnsdb spur ipqualityscore " +
		"ipgeolocation ipapi criminalip leakix hackertarget urlquery koodous yeti opencti opensearch graylog logz loggly sumologic papertrail cribl dynatrace appdynamics honeycomb lightstep rollbar bugsnag " +
		"statuspage uptime pingdom newrelic instana prtg nagios icinga centreon librenms solarwinds manageengine freshservice asana trello airtable linear clickup hubspot salesforce intercom mandrill " +
		"postmark sparkpost sendinblue brevo mailjet mailchimp vonage nexmo plivo infobip messagebird clicksend luosimao yunpian bark serverchan pushplus pushdeer ntfy gotify whatsapp viber webex zoom " +
		"zulip mattermost rocketchat ragic n8n tines swimlane torq phantom resilient dfir velociraptor osquery fleet kolide jamf intune kandji mosyle lansweeper axonius armis claroty nozomi dragos forescout clearpass " +
		"aruba juniper mist ubiquiti unifi mikrotik sonicwall watchguard stormshield zyxel draytek imperva incapsula akamai fastly citrix barracuda radware darktrace vectra extrahop corelight wiz lacework orca sysdig " +
		"aqua twistlock checkov semgrep veracode checkmarx fortify blackduck whitesource bridgecrew gitguardian bitwarden lastpass keeper onepassword hashicorp beyondtrust thycotic delinea centrify onelogin auth0 " +
		"jumpcloud keycloak securid yubico yubi mapbox bing deepl openrouter mistral deepseek zhipu qwen dashscope moonshot minimax groq cohere huggingface replicate pinecone weaviate qdrant")
	// keyTails stand behind key, and say how it is written, or which of several it is.
	keyTails = lazy.Words("v value values data text string plain plaintext encoded raw b base json pem der hex content contents material bytes current new old prod production dev development test testing staging stage backup main default")
	// contentWords stand behind the word file, where a setting holds what is in it.
	contentWords = lazy.Words("content contents data text body")
	// publicWords are of keys known to others.
	publicWords = lazy.Words("public pub host authorized known trusted id ids")
	// holders are mappings of settings. Their names say nothing of what is in them.
	holders = lazy.Words("config configuration settings options params parameters data body spec connection")
	// containerWords are of files with a private key.
	containerWords = lazy.Words("pfx pkcs keystore keytab")
	// sessionWords stand before a sid from a login.
	sessionWords = lazy.Words("session cookie login auth connect")
	// cryptWords stand behind a secret's word, before the name of an algorithm or a secret made by it.
	cryptWords = lazy.Words("crypt encrypt encrypted encryption hash hashed")
	// keyStems end a word in front of key, glued to others.
	keyStems = strings.Fields("api secret private access auth crypt sign shared master hmac ssh aes")

	// headerWords hold whole headers.
	headerWords = lazy.Words("userinfo basic auth authorization authentication headers basicauth authn")
	// harmless are headers without a secret.
	harmless = lazy.Words("accept accept-encoding accept-language accept-charset content-type content-encoding user-agent host connection cache-control origin referer x-requested-with x-request-id")
	schemes  = lazy.Words("basic bearer digest ntlm kerberos negotiate oauth oauth2 oidc saml none apikey api_key token ldap radius local plain login certificate cert mtls jwt password pki scram " +
		"scram-sha-256 scram-sha-512 cram-md5 gssapi anonymous simple sasl sspi hmac ssh key session cookie internal external sso client_credentials")
	// doubtfulWords may name a secret.
	doubtfulWords = lazy.Words("sid sign license licence keytab community seed salt pepper refresh nonce signature otp passes hmac recovery wallet mnemonic cred creds")

	// randomWords are of digests, and of what is public.
	randomWords = lazy.Words("thumbprint fingerprint sha md hash checksum digest uuid guid serial commit etag revision public cert certificate certificates ca bundle chain integrity hashes crc " +
		"image blob spki pubkey x5t kid jti arn dn issuer cursor")
	identifiers = lazy.Words("id sid uid cid oid ikey")

	// mixed is of mappings with secrets and what belongs to them; all of a mapping with secrets alone.
	inside = map[string]int{"credential": mixed, "cred": mixed, "auth": loose, "authentication": loose, "authorization": loose}

	switches = lazy.Words("true false yes no on off enabled disabled required optional")
)

const (
	mixed = 1 + iota // most of what is in it is secret
	loose            // some of it
)
