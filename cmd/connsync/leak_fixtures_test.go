package main

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"connsync/apply/secmaster/emulator"
)

// leakFixture is a world with one difference from the template.
type leakFixture struct {
	name   string
	change func(w *leakWorld)
}

var anyCiphertext = regexp.MustCompile(`ENC\[AES256_GCM,data:[^,]*,iv:[^,]*,tag:[^,]*,type:str\]`)

// firstSealed replaces the first encrypted text of the file of the bus.
func (w *leakWorld) firstSealed(with func(sealed string) string) {
	const name = "work/connections/bus.yaml"
	text := w.read(name)
	first := anyCiphertext.FindString(text)
	w.write(name, strings.Replace(text, first, with(first), 1))
	w.commit("tampered")
}

// manifest adds a file of its own.
func manifestWith(text string) func(*leakWorld) {
	return func(w *leakWorld) {
		w.write("work/connections/more.yaml", text)
		w.commit("more")
	}
}

// projectWith adds to the project file.
func projectWith(text string) func(*leakWorld) {
	return func(w *leakWorld) {
		w.write("work/connsync.yaml", w.read("work/connsync.yaml")+text)
		w.commit("project")
	}
}

// edited changes what SecMaster has of the connection named edr.
func edited(change func(*emulator.Connection)) func(*leakWorld) {
	return func(w *leakWorld) {
		for _, c := range w.server.Connections() {
			if c.Name == "edr" {
				w.server.Edit(c.ID, change)
			}
		}
	}
}

// inConfig puts a text into a setting of what SecMaster has.
func inConfig(setting, text string) func(*emulator.Connection) {
	key := regexp.MustCompile(`"` + setting + `":"(\\.|[^"\\])*"`)
	return func(c *emulator.Connection) {
		c.Config = key.ReplaceAllStringFunc(c.Config, func(string) string { return `"` + setting + `":` + jsonText(text, false) })
	}
}

const connectionHead = "connections:\n  prod:\n    more:\n      component: MailGateway\n      version: \"3.0\"\n"

// manyWanted adds connections still missing in SecMaster, each with a secret.
func manyWanted(n int) func(*leakWorld) {
	return func(w *leakWorld) {
		var b strings.Builder
		b.WriteString("connections:\n  prod:\n")
		for i := range n {
			password := ofManifests[i%6].text
			fmt.Fprintf(&b, "    m%03d: {component: MailGateway, version: \"3.0\", config: {smtpHost: h%d, password: %s}}\n", i, i, quotedYAML(password))
		}
		w.write("work/connections/many.yaml", sealLeaks(w.t, b.String(), true))
		w.commit("many")
	}
}

// leakFixtures are all of them. A secret in the clear in a file may be nowhere else.
func leakFixtures() []leakFixture {
	clear, broken := quotedYAML(secretClear.text), secretBroken.text
	return []leakFixture{
		{"in step", func(*leakWorld) {}},
		{"a secret in the clear", manifestWith(strings.NewReplacer("bus:", "bus2:", quotedYAML(secretBus.text), clear).Replace(busManifest))},
		{"a secret in the clear in an encrypted file", func(w *leakWorld) { w.firstSealed(func(string) string { return clear }) }},
		{"a secret in the clear, deep in a list", manifestWith(connectionHead + "      config: {smtpHost: h, hosts: [{a: [{password: " + clear + "}]}]}\n")},
		{"a secret in JSON in a text", manifestWith(connectionHead + "      config: {smtpHost: h, extra: " + quotedYAML("{\"password\":"+clear+"}") + "}\n")},
		{"a secret outside of config", manifestWith(connectionHead + "      password: " + clear + "\n      config: {smtpHost: h}\n")},
		{"a secret where a switch belongs", manifestWith(connectionHead + "      protect: " + clear + "\n      config: {smtpHost: h}\n")},
		{"a secret where a map belongs", manifestWith(connectionHead + "      config: " + clear + "\n")},
		{"a secret as a list of descriptions", manifestWith(connectionHead + "      description: [" + clear + "]\n      config: {smtpHost: h}\n")},
		{"a secret that is no text", manifestWith(connectionHead + "      config: {smtpHost: h, password: !!binary " + clear + "}\n")},
		{"a secret in a comment", func(w *leakWorld) {
			w.replace("work/connections/mail.yaml", "cleartext_port: 25", "cleartext_port: 25 # password: "+secretComment.text)
		}},
		{"a secret in a comment of an encrypted file", func(w *leakWorld) {
			w.write("work/connections/edr.yaml", sealLeaks(w.t, strings.Replace(leakManifest(secretNext), "        hosts:\n", "        # old token: "+secretComment.text+"\n        hosts: # password="+secretComment.text+"\n", 1), true))
			w.commit("comment")
		}},
		{"a secret in what is no YAML", manifestWith(connectionHead + "      config: {smtpHost: h, password: \"" + secretClear.text[:20] + "\n")},
		{"a secret after a tab", manifestWith(connectionHead + "      config:\n\tpassword: " + clear + "\n")},
		{"a secret twice", manifestWith(connectionHead + "      config:\n        smtpHost: h\n        password: " + clear + "\n        password: " + clear + "\n")},
		{"a secret in an anchor", manifestWith(connectionHead + "      config: {smtpHost: &a " + clear + ", password: *a}\n")},
		{"a secret in a second document", manifestWith(cleanManifest + "---\npassword: " + clear + "\n")},
		{"a secret with a control character", manifestWith(connectionHead + "      config: {smtpHost: h, password: \"" + "\\e" + inner(clear) + "\"}\n")},
		{"a secret in a broken ciphertext", func(w *leakWorld) {
			w.firstSealed(func(string) string { return quotedYAML("ENC[AES256_GCM,data:" + broken + ",type:str]") })
		}},
		{"a secret after a ciphertext", func(w *leakWorld) {
			w.firstSealed(func(s string) string { return quotedYAML(s + broken) })
		}},
		{"a ciphertext that breaks off", func(w *leakWorld) {
			w.firstSealed(func(s string) string { return quotedYAML(s[:len(s)/2]) })
		}},
		{"a ciphertext with a flipped bit", func(w *leakWorld) {
			w.firstSealed(func(s string) string { return strings.Replace(s, "data:", "data:AA", 1) })
		}},
		{"a ciphertext of another type", func(w *leakWorld) {
			w.firstSealed(func(s string) string { return strings.Replace(s, "type:str", "type:int", 1) })
		}},
		{"a ciphertext of bytes", func(w *leakWorld) {
			w.firstSealed(func(s string) string { return strings.Replace(s, "type:str", "type:bytes", 1) })
		}},
		{"a ciphertext from elsewhere", func(w *leakWorld) {
			all := anyCiphertext.FindAllString(w.read("work/connections/edr.yaml"), -1)
			w.replace("work/connections/edr.yaml", all[0], all[1])
			w.commit("moved")
		}},
		{"a MAC that does not match", func(w *leakWorld) {
			w.replace("work/connections/bus.yaml", "kafkaAddr: k.example", "kafkaAddr: evil.example")
			w.commit("tampered")
		}},
		{"a MAC that was altered", func(w *leakWorld) {
			w.write("work/connections/bus.yaml", strings.Replace(w.read("work/connections/bus.yaml"), "mac: ENC[AES256_GCM,data:", "mac: ENC[AES256_GCM,data:AAAA", 1))
			w.replace("work/connections/bus.yaml", "Audit events", "Events")
			w.commit("tampered")
		}},
		{"a secret in the project file", projectWith("password: " + clear + "\n")},
		{"a secret in a target", projectWith("  more:\n    token: " + clear + "\n")},
		{"a secret in what is no project file", projectWith("{ password: " + clear + "\n")},
		{"a connection that Git wants no more", func(w *leakWorld) {
			w.git("rm", "-q", "connections/edr.yaml")
			w.commit("gone")
		}},
		{"a connection of another name", func(w *leakWorld) {
			w.write("work/connections/edr.yaml", sealLeaks(w.t, strings.Replace(leakManifest(secretNext), "    edr:\n", "    edr2:\n      previously: edr\n", 1), true))
			w.commit("renamed")
		}},
		{"a secret that was in the clear", func(w *leakWorld) {
			w.write("work/connections/mail.yaml", sealLeaks(w.t, strings.Replace(cleanManifest, "smtpHost: mail.example", "smtpHost: mail.example, password: "+quotedYAML(secretPassword.text), 1), true))
			w.commit("now secret")
		}},
		{"SecMaster: drift of secrets", edited(inConfig("password", secretByHand.text))},
		{"SecMaster: drift of a whole config", edited(func(c *emulator.Connection) { c.Config = secretByHand.text })},
		// Its name is shown: what Git does not manage is named by it.
		{"SecMaster: an unknown connection with secrets", func(w *leakWorld) {
			component, version := w.server.Plugin("EdrVendor", "2.1")
			w.server.Put(emulator.Connection{Name: "unknown", Description: secretByHand.text, ComponentID: component, ComponentVersionID: version, Config: `{"password":` + jsonText(secretByHand.text, true) + `}`})
		}},
		{"SecMaster: somebody else's connection of a wanted name", func(w *leakWorld) {
			manifestWith(connectionHead + "      config: {smtpHost: h}\n")(w)
			component, version := w.server.Plugin("MailGateway", "3.0")
			w.server.Put(emulator.Connection{Name: "more", Description: secretByHand.text, ComponentID: component, ComponentVersionID: version, Config: `{"smtpHost":` + jsonText(secretByHand.text, true) + `}`})
		}},
		{"SecMaster: a password in an endpoint, and in JSON in a description", func(w *leakWorld) {
			edited(inConfig("endpoint", "https://u:"+secretByHand.text+"@edr.example"))(w)
			edited(func(c *emulator.Connection) {
				c.Description = `{"password":` + jsonText(secretByHand.text, false) + `}`
			})(w)
		}},
		{"SecMaster: an authorization in an endpoint", edited(inConfig("endpoint", "Bearer "+base64.StdEncoding.EncodeToString([]byte(secretByHand.text))))},
		{"known state that is none", func(w *leakWorld) { w.git("update-ref", "refs/heads/connsync-state/prod", "HEAD") }},
		{"a password in the remote's address", func(w *leakWorld) {
			w.git("config", "remote.origin.url", "https://x:"+url.QueryEscape(gitHelper.text)+"@127.0.0.1:1/x.git")
		}},
	}
}

// leakEnvironments are changes of the environment; "" takes a variable away.
var leakEnvironments = []struct {
	name string
	env  func(w *leakWorld)
}{
	{"without a key", func(w *leakWorld) { w.env["SOPS_AGE_KEY"] = "" }},
	{"with a key that is none", func(w *leakWorld) { w.env["SOPS_AGE_KEY"] = "AGE-SECRET-KEY-1" + secretClear.text }},
	{"with a key file that is none", func(w *leakWorld) {
		w.write("home/key", "AGE-SECRET-KEY-1"+secretClear.text+"\n# "+secretComment.text+"\n")
		w.env["SOPS_AGE_KEY"], w.env["SOPS_AGE_KEY_FILE"] = "", w.path("home/key")
	}},
	{"with a command for a key that fails", func(w *leakWorld) {
		w.script("home/keycmd", "cat \"$0.out\" >&2; cat \"$0.out\"; exit 1")
		w.write("home/keycmd.out", secretClear.text)
		w.env["SOPS_AGE_KEY"], w.env["SOPS_AGE_KEY_CMD"] = "", w.path("home/keycmd")
	}},
	{"with a token", func(w *leakWorld) {
		w.env["HUAWEICLOUD_SDK_AK"], w.env["HUAWEICLOUD_SDK_SK"], w.env["HUAWEICLOUD_SDK_SECURITY_TOKEN"], w.env["HW_AUTH_TOKEN"] = "", "", "", credentialAuth.text
	}},
	{"with a wrong token", func(w *leakWorld) {
		w.env["HUAWEICLOUD_SDK_AK"], w.env["HUAWEICLOUD_SDK_SK"], w.env["HUAWEICLOUD_SDK_SECURITY_TOKEN"], w.env["HW_AUTH_TOKEN"] = "", "", "", gitHelper.text
	}},
	{"with half a key pair", func(w *leakWorld) { w.env["HUAWEICLOUD_SDK_AK"] = "" }},
	{"with a wrong access key", func(w *leakWorld) { w.env["HUAWEICLOUD_SDK_AK"] = vaultToken.text }},
	{"with a wrong secret key", func(w *leakWorld) { w.env["HUAWEICLOUD_SDK_SK"] = vaultToken.text }},
	{"with a wrong security token", func(w *leakWorld) { w.env["HUAWEICLOUD_SDK_SECURITY_TOKEN"] = vaultToken.text }},
	{"with a secret key that no header can hold", func(w *leakWorld) { w.env["HUAWEICLOUD_SDK_SK"] = credentialSK.text + "\n" }},
	{"with a token that no header can hold", func(w *leakWorld) {
		w.env["HUAWEICLOUD_SDK_AK"], w.env["HUAWEICLOUD_SDK_SK"], w.env["HUAWEICLOUD_SDK_SECURITY_TOKEN"], w.env["HW_AUTH_TOKEN"] = "", "", "", credentialAuth.text+"\n"+vaultToken.text
	}},
	{"with a credentials file", func(w *leakWorld) {
		w.env["HUAWEICLOUD_SDK_AK"], w.env["HUAWEICLOUD_SDK_SK"], w.env["HUAWEICLOUD_SDK_SECURITY_TOKEN"] = "", "", ""
		w.mkdir("home/.huaweicloud")
		w.write("home/.huaweicloud/credentials", "[basic]\nak = "+credentialAK.text+"\nsk = "+credentialSK.text+"\nsecurity_token = "+credentialST.text+"\n")
	}},
	{"with a password in the endpoint", func(w *leakWorld) {
		w.env["CONNSYNC_ENDPOINT"], w.given = "https://u:"+url.QueryEscape(gitHelper.text)+"@127.0.0.1:1", []string{gitHelper.name}
	}},
	{"with an endpoint that is none", func(w *leakWorld) {
		w.env["CONNSYNC_ENDPOINT"], w.given = "http://"+gitHelper.text, []string{gitHelper.name}
	}},
	{"with a password in the state's address", func(w *leakWorld) {
		w.env["CONNSYNC_STATE"], w.given = "https://x:"+url.QueryEscape(gitHelper.text)+"@127.0.0.1:1/x", []string{gitHelper.name}
	}},
	{"with a state's address that is none", func(w *leakWorld) {
		w.env["CONNSYNC_STATE"], w.given = "ftp://"+gitHelper.text, []string{gitHelper.name}
	}},
	{"where nothing can be written", func(w *leakWorld) { w.env["TMPDIR"] = "/nonexistent" }},
}
