package manifest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"connsync/manifest"
)

// catalog holds six plugins as products have them.
const catalog = `plugins:
  - name: Edr
    id: c-edr
    targets: [prod]
    versions:
      - version: "2.1"
        id: v-edr-21
        settings:
          - {key: endpoint, type: input, required: true, description: "The console's address, with https://"}
          - {key: user, type: input, required: true}
          - {key: password, type: password, required: true, description: Of the service account}
          - {key: verify_ssl, type: boolean, default: "true"}
      - version: "2.0"
        settings: [{key: endpoint, type: input, required: true}, {key: password, type: password}]
  - name: Kafka
    id: c-kafka
    targets: [prod, test]
    versions:
      - version: "1.0"
        settings:
          - {key: kafkaAddr, type: input, required: true}
          - {key: port, type: number, required: true}
          - {key: mechanism, type: select, choices: [PLAIN, SCRAM-SHA-256], required: true}
          - {key: keyStorePassword, type: password}
          - {key: batch, type: integer, default: "100"}
  - name: ThreatBook
    id: c-tb
    targets: [prod]
    versions:
      - version: "1"
        one_of: [[freeApiKey, payApiKey]]
        settings:
          - {key: freeApiKey, type: password}
          - {key: payApiKey, type: password}
          - {key: redisHost, type: input, required: true}
          - {key: redisPort, type: number}
  - name: Mail
    id: c-mail
    targets: [prod]
    versions:
      - version: "3.0"
        settings:
          - {key: smtp, type: object, required: true, settings: [{key: host, type: input, required: true}, {key: port, type: number}, {key: password, type: password, required: true}]}
          - {key: recipients, type: array}
          - {key: tls, type: switch, required: true, default: "true"}
  - name: Cloud
    id: c-cloud
    targets: [prod]
    versions:
      - version: "5"
        settings:
          - {key: region, type: input, required: true}
          - {key: accessKey, type: input, required: true}
          - {key: secretKey, type: password, required: true}
          - {key: agency, type: input, read_only: true, default: secmaster}
          - {key: owner, type: input, read_only: true}
  - name: Odd
    id: c-odd
    targets: [prod]
    versions:
      - version: "1"
        settings: [{key: any, type: custom-widget}, {key: mode, choices: ["1", "2"]}]
      - version: "0"
`

// use is a connection of a plugin, by name and version, with a config on one line: S, I, F and B stand for encrypted texts, numbers and booleans.
func use(plugin, config string) string {
	name, version, _ := strings.Cut(plugin, " ")
	for short, kind := range map[string]string{"S": "str", "I": "int", "F": "float", "B": "bool"} {
		config = strings.ReplaceAll(config, " "+short+",", ` "`+strings.Replace(enc, "type:str", "type:"+kind, 1)+`",`)
		config = strings.ReplaceAll(config, " "+short+"}", ` "`+strings.Replace(enc, "type:str", "type:"+kind, 1)+`"}`)
	}
	return fmt.Sprintf("connections:\n  prod:\n    c:\n      component: %s\n      version: %q\n      config: %s\n", name, version, config)
}

var encrypted = regexp.MustCompile(`(\w+): "ENC`)

// said are the mistakes and warnings of one connection without their places.
func said(t *testing.T, plugin, config string) string {
	t.Helper()
	p, err := manifest.LoadProject(files(), manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	text := use(plugin, config)
	if keys := encrypted.FindAllStringSubmatch(text, -1); keys != nil {
		selector := "^("
		for _, k := range keys {
			selector += k[1] + "|"
		}
		text += strings.Replace(sops, "^(password|deep)$", selector+"x)$", 1)
	}
	_, ms, err := manifest.Survey(files("connections/a.yaml", text, manifest.PluginsFile, catalog), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		text := m.Message
		if m.Warning {
			text = "warning: " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func TestAConfigThatItsPluginWouldNotTake(t *testing.T) {
	edr := func(more string) string { return "{endpoint: https://e.example, user: u, password: S" + more + "}" }
	for _, x := range []struct{ plugin, config, want string }{
		// Names.
		{"Edrr 2.1", edr(""), "target prod has no plugin Edrr (connsync.plugins.yaml)"},
		{"edr 2.1", edr(""), "target prod has no plugin edr (connsync.plugins.yaml)"},
		{"Edr 2.2", edr(""), "plugin Edr has no version 2.2 (connsync.plugins.yaml)"},
		{"Edr 3", edr(""), "plugin Edr has no version 3 (connsync.plugins.yaml)"},
		{"Kafka 1", "{}", "plugin Kafka has no version 1 (connsync.plugins.yaml)"},
		// Keys.
		{"Edr 2.1", edr(", endpont: x"), "Edr 2.1 has no setting endpont"},
		{"Edr 2.1", edr(", Endpoint2: x"), "Edr 2.1 has no setting Endpoint2"},
		{"Edr 2.0", edr(""), "Edr 2.0 has no setting user"},
		{"Edr 2.1", edr(`, "a.b": x`), `Edr 2.1 has no setting ["a.b"]`},
		{"Kafka 1.0", "{kafkaAddr: k, port: 1, mechanism: PLAIN, connectiontype: x}", "Kafka 1.0 has no setting connectiontype"},
		{"ThreatBook 1", "{freeApiKey: S, redisHost: h, redis_port: 1}", "ThreatBook 1 has no setting redis_port"},
		{"Mail 3.0", "{smtp: {host: h, password: S, prt: 25}, tls: true}", "Mail 3.0 has no setting smtp.prt"},
		{"Mail 3.0", "{smtp: {host: h, password: S, connection_type: other}, tls: true}", "Mail 3.0 has no setting smtp.connection_type"},
		{"Cloud 5", "{region: r, accessKey: S, secretKey: S, secret_key: S}", "Cloud 5 has no setting secret_key"},
		{"Odd 1", "{anything: 1}", "Odd 1 has no setting anything"},
		// What is required.
		{"Edr 2.1", "{user: u, password: S}", "config.endpoint is missing: Edr 2.1 requires it"},
		{"Edr 2.1", "{endpoint: https://e.example, password: S}", "config.user is missing: Edr 2.1 requires it"},
		{"Edr 2.1", "{endpoint: https://e.example, user: u}", "config.password is missing: Edr 2.1 requires it"},
		{"Edr 2.1", "{password: S}", "config.endpoint is missing: Edr 2.1 requires it; config.user is missing: Edr 2.1 requires it"},
		{"Edr 2.1", `{endpoint: "", user: u, password: S}`, "config.endpoint is empty: Edr 2.1 requires it"},
		{"Edr 2.1", `{endpoint: https://e.example, user: u, password: ""}`, "config.password is empty: Edr 2.1 requires it"},
		{"Edr 2.1", "{}", "config.endpoint is missing: Edr 2.1 requires it; config.user is missing: Edr 2.1 requires it; config.password is missing: Edr 2.1 requires it"},
		{"Edr 2.1", "{Endpoint: https://e.example, user: u, password: S}", "config.endpoint is missing: Edr 2.1 requires it; Edr 2.1 has no setting Endpoint"},
		{"Kafka 1.0", "{kafkaAddr: k, mechanism: PLAIN}", "config.port is missing: Kafka 1.0 requires it"},
		{"Kafka 1.0", "{kafkaAddr: k, port: 1}", "config.mechanism is missing: Kafka 1.0 requires it"},
		{"Mail 3.0", "{tls: true}", "config.smtp is missing: Mail 3.0 requires it"},
		{"Mail 3.0", "{smtp: {port: 25, password: S}, tls: true}", "config.smtp.host is missing: Mail 3.0 requires it"},
		{"Mail 3.0", "{smtp: {host: h}, tls: true}", "config.smtp.password is missing: Mail 3.0 requires it"},
		{"Mail 3.0", "{smtp: {}, tls: true}", "config.smtp.host is missing: Mail 3.0 requires it; config.smtp.password is missing: Mail 3.0 requires it"},
		{"Mail 3.0", "{smtp: {host: h, password: S}}", "warning: config.tls is missing: Mail 3.0 requires it"},
		{"Cloud 5", "{region: r, accessKey: S}", "config.secretKey is missing: Cloud 5 requires it"},
		{"ThreatBook 1", "{redisHost: h}", "ThreatBook 1 needs one of freeApiKey, payApiKey"},
		{"ThreatBook 1", `{redisHost: h, freeApiKey: ""}`, "ThreatBook 1 needs one of freeApiKey, payApiKey"},
		{"ThreatBook 1", "{payApiKey: S}", "config.redisHost is missing: ThreatBook 1 requires it"},
		// Types in the clear.
		{"Edr 2.1", "{endpoint: 443, user: u, password: S}", "config.endpoint must be text (Edr 2.1)"},
		{"Edr 2.1", "{endpoint: true, user: u, password: S}", "config.endpoint must be text (Edr 2.1)"},
		{"Edr 2.1", "{endpoint: [a], user: u, password: S}", "config.endpoint must be text (Edr 2.1)"},
		{"Edr 2.1", "{endpoint: {host: a}, user: u, password: S}", "config.endpoint must not be a mapping (Edr 2.1)"},
		{"Edr 2.1", edr(", verify_ssl: perhaps"), "config.verify_ssl must be true or false (Edr 2.1)"},
		{"Edr 2.1", edr(", verify_ssl: 1"), "config.verify_ssl must be true or false (Edr 2.1)"},
		{"Kafka 1.0", "{kafkaAddr: k, port: high, mechanism: PLAIN}", "config.port must be a number (Kafka 1.0)"},
		{"Kafka 1.0", "{kafkaAddr: k, port: true, mechanism: PLAIN}", "config.port must be a number (Kafka 1.0)"},
		{"Kafka 1.0", "{kafkaAddr: k, port: [1], mechanism: PLAIN}", "config.port must be a number (Kafka 1.0)"},
		{"Kafka 1.0", `{kafkaAddr: k, port: "", mechanism: PLAIN}`, "config.port is empty: Kafka 1.0 requires it"},
		{"Kafka 1.0", "{kafkaAddr: k, port: 1, mechanism: PLAIN, batch: many}", "config.batch must be a number (Kafka 1.0)"},
		{"ThreatBook 1", "{freeApiKey: S, redisHost: 7}", "config.redisHost must be text (ThreatBook 1)"},
		{"Mail 3.0", "{smtp: mail.example, tls: true}", "config.smtp must be a mapping (Mail 3.0)"},
		{"Mail 3.0", "{smtp: {host: h, password: S, port: x}, tls: true}", "config.smtp.port must be a number (Mail 3.0)"},
		{"Mail 3.0", "{smtp: {host: h, password: S}, tls: maybe}", "config.tls must be true or false (Mail 3.0)"},
		{"Mail 3.0", "{smtp: {host: h, password: S}, tls: true, recipients: 5}", "config.recipients must be a list (Mail 3.0)"},
		{"Mail 3.0", "{smtp: {host: h, password: S}, tls: true, recipients: {a: b}}", "config.recipients must not be a mapping (Mail 3.0)"},
		// Choices.
		{"Kafka 1.0", "{kafkaAddr: k, port: 1, mechanism: plain}", "config.mechanism must be one of PLAIN, SCRAM-SHA-256 (Kafka 1.0)"},
		{"Kafka 1.0", "{kafkaAddr: k, port: 1, mechanism: 5}", "config.mechanism must be one of PLAIN, SCRAM-SHA-256 (Kafka 1.0)"},
		{"Odd 1", "{mode: 3}", "config.mode must be one of 1, 2 (Odd 1)"},
		// Encrypted values, of which the type is readable.
		{"Edr 2.1", "{endpoint: https://e.example, user: I, password: S}", "config.user must be text, and was encrypted as a number (Edr 2.1)"},
		{"Kafka 1.0", "{kafkaAddr: k, port: B, mechanism: PLAIN}", "config.port must be a number, and was encrypted as a boolean (Kafka 1.0)"},
		{"Edr 2.1", edr(", verify_ssl: I"), "config.verify_ssl must be true or false, and was encrypted as a number (Edr 2.1)"},
		{"Kafka 1.0", "{kafkaAddr: k, port: 1, mechanism: PLAIN, keyStorePassword: I}", "warning: config.keyStorePassword was encrypted as a whole number: if it was meant as text, sops may have changed it; config.keyStorePassword must be text, and was encrypted as a number (Kafka 1.0)"},
		// Read-only settings.
		{"Cloud 5", "{region: r, accessKey: S, secretKey: S, owner: me}", "config.owner is read-only in Cloud 5"},
		{"Cloud 5", "{region: r, accessKey: S, secretKey: S, agency: other}", "config.agency is read-only in Cloud 5"},
		// A password in the clear, also where its name tells nothing, or an exception excuses it.
		{"Mail 3.0", "{smtp: {host: h, password: [a]}, tls: true}", "config.smtp.password is a password of Mail 3.0, and stands in the clear; config.smtp.password[0] looks like a secret in the clear (by its key)"},
	} {
		if got := said(t, x.plugin, x.config); got != x.want {
			t.Errorf("%s %s\n got %s\nwant %s", x.plugin, x.config, got, x.want)
		}
	}
}

func TestAConfigThatItsPluginTakes(t *testing.T) {
	edr := func(more string) string { return "{endpoint: https://e.example, user: u, password: S" + more + "}" }
	kafka := func(more string) string { return "{kafkaAddr: k, mechanism: PLAIN" + more + "}" }
	mail := func(more string) string { return "{smtp: {host: h, password: S}, tls: true" + more + "}" }
	cloud := func(more string) string { return "{region: r, accessKey: S, secretKey: S" + more + "}" }
	for plugin, configs := range map[string][]string{
		"Edr 2.1": {edr(""), edr(", verify_ssl: true"), edr(", verify_ssl: false"), edr(`, verify_ssl: "true"`), edr(`, verify_ssl: "False"`), edr(", verify_ssl: B"), edr(", verify_ssl: S"),
			edr(", connection_type: other"), edr(`, connection_type: ""`), edr(`, verify_ssl: ""`), "{endpoint: S, user: S, password: S}", "{password: S, user: u, endpoint: https://e.example}"},
		"Edr 2.0": {"{endpoint: https://e.example}", "{endpoint: https://e.example, password: S}", `{endpoint: https://e.example, password: ""}`, "{endpoint: S}"},
		"Kafka 1.0": {kafka(", port: 9092"), kafka(`, port: "9092"`), kafka(`, port: " 9092 "`), kafka(", port: I"), kafka(", port: F"), kafka(", port: S"), kafka(", port: 1, batch: 5"), kafka(", port: 1, batch: 1.5"),
			kafka(`, port: 1, batch: ""`), kafka(", port: 1, keyStorePassword: S"), kafka(`, port: 1, keyStorePassword: ""`), "{kafkaAddr: k, port: 1, mechanism: SCRAM-SHA-256}", "{kafkaAddr: k, port: 1, mechanism: S}"},
		"ThreatBook 1": {"{freeApiKey: S, redisHost: h}", "{payApiKey: S, redisHost: h}", "{freeApiKey: S, payApiKey: S, redisHost: h}", `{freeApiKey: S, redisHost: h, redisPort: ""}`, "{freeApiKey: S, redisHost: h, redisPort: 6379}",
			`{payApiKey: S, freeApiKey: "", redisHost: h}`},
		"Mail 3.0": {mail(""), mail(", recipients: []"), mail(", recipients: [a, b]"), mail(`, recipients: "a,b"`), mail(", connection_type: other"), "{smtp: {host: h, password: S, port: 25}, tls: false}", "{smtp: {host: h, password: S, port: I}, tls: B}",
			`{smtp: {host: h, password: S, port: ""}, tls: "true"}`},
		"Cloud 5": {cloud(""), cloud(", agency: secmaster"), cloud(", connection_type: AK & SK"), "{region: S, accessKey: S, secretKey: S}"},
		"Odd 1":   {"{}", "{any: 1}", "{any: true}", "{any: text}", "{any: {deep: 1}}", "{any: [1]}", "{any: I}", `{mode: "1"}`, "{mode: 2}", "{mode: I}", `{mode: ""}`},
		"Odd 0":   {"{}", "{whatever: 1}", "{endpoint: x, nested: {a: b}}"},
	} {
		for _, config := range configs {
			if got := said(t, plugin, config); got != "" {
				t.Errorf("%s %s\n got %s", plugin, config, got)
			}
		}
	}
}

// By ids a plugin is the same one; a target whose plugins were not saved is not judged.
func TestACatalogIsForItsTargets(t *testing.T) {
	p, _ := manifest.LoadProject(files(), manifest.ProjectFile)
	byID := func(target, component, version, config string) string {
		return "connections:\n  " + target + ":\n    c:\n      component_id: " + component + "\n      component_version_id: " + version + "\n      config: " + config + "\n"
	}
	for _, x := range []struct{ text, want string }{
		{byID("prod", "c-edr", "v-edr-21", "{}"), "connections/a.yaml:6:15: config.endpoint is missing: Edr 2.1 requires it"},
		{byID("prod", "c-none", "v", "{}"), "connections/a.yaml:4:21: target prod has no plugin with the id c-none (connsync.plugins.yaml)"},
		{byID("prod", "c-edr", "v-none", "{}"), "connections/a.yaml:5:29: plugin Edr has no version with the id v-none (connsync.plugins.yaml)"},
		{byID("test", "c-edr", "v-edr-21", "{}"), "connections/a.yaml:4:21: target test has no plugin with the id c-edr (connsync.plugins.yaml)"},
		{use("Edr 2.1", "\n        endpoint: https://e.example\n        user: u\n        passwort: x"), "connections/a.yaml:9:19: Edr 2.1 has no setting passwort"},
	} {
		_, ms, err := manifest.Survey(files("connections/a.yaml", x.text, manifest.PluginsFile, catalog), p, nil)
		if err != nil || len(ms) == 0 || !strings.Contains(ms.Error(), x.want) {
			t.Errorf("%s\nwant %s\n got %v %v", x.text, x.want, ms, err)
		}
	}
	unsaved := strings.ReplaceAll(catalog, "targets: [prod, test]", "targets: [prod]")
	if _, ms, err := manifest.Survey(files("connections/a.yaml", byID("test", "c-x", "v-x", "{a: 1}"), manifest.PluginsFile, unsaved), p, nil); err != nil || len(ms) > 0 {
		t.Errorf("%v %v", ms, err)
	}
}

// What the schema says of a setting is the hint, and the nearest name.
func TestTheHintIsWhatTheSchemaSays(t *testing.T) {
	p, _ := manifest.LoadProject(files(), manifest.ProjectFile)
	hints := func(text string) string {
		_, ms, err := manifest.Survey(files("connections/a.yaml", text, manifest.PluginsFile, catalog), p, nil)
		if err != nil || len(ms) == 0 {
			t.Fatal(err)
		}
		return strings.Join(ms[0].Hints, " | ")
	}
	for _, x := range []struct{ text, want string }{
		{use("Edr 2.1", "{user: u}"), "endpoint: The console's address, with https://"},
		{use("Edr 2.9", "{}"), "the nearest is 2.1; all: 2.1, 2.0 | if the workspace has it by now:  connsync plugins --save"},
		{use("Kafke 1.0", "{}"), "did you mean Kafka | if the workspace has it by now:  connsync plugins --save"},
		{use("Kafka 1.0", "{kafkaAddr: k, port: 1, mechanism: PLAIN, kafkaAdr: x}"), "did you mean kafkaAddr"},
		{use("Odd 1", "{zzzzzzz: x}"), "known: any, mode"},
	} {
		if got := hints(x.text); got != x.want {
			t.Errorf("got  %s\nwant %s", got, x.want)
		}
	}
}

// An unreadable catalog is a mistake at its place, and checks nothing.
func TestABrokenCatalog(t *testing.T) {
	p, _ := manifest.LoadProject(files(), manifest.ProjectFile)
	for _, x := range []struct{ text, want string }{
		{"plugins: x\n", "connsync.plugins.yaml:1:10: plugins must be a list"},
		{"plugin: []\n", "connsync.plugins.yaml:1:1: unknown field plugin"},
		{"plugins: [{name: 5}]\n", "connsync.plugins.yaml:1:18: name must be text of at most 1024 bytes"},
		{"plugins: [{name: a, versions: [{version: \"1\", settings: [{key: a, required: maybe}]}]}]\n", "connsync.plugins.yaml:1:77: required must be true or false"},
		{"plugins: [a]\n", "connsync.plugins.yaml:1:11: a plugin must be a mapping"},
		{"", "connsync.plugins.yaml:1:1: the file is empty"},
	} {
		_, ms, err := manifest.Survey(files("connections/a.yaml", use("Nope 1", "{}"), manifest.PluginsFile, x.text), p, nil)
		if err != nil || ms.Error() != x.want {
			t.Errorf("%q\n got %v %v\nwant %s", x.text, ms, err, x.want)
		}
	}
}
