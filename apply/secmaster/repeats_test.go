package secmaster

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestASecretIsRecognisedInEverySpelling(t *testing.T) {
	const secret = `kQ7<xP2"mW9&zR4\tY8%bN3~vC6^dF5|`
	for _, spelled := range spellings(secret) {
		if !repeats("bad: "+spelled+" !", secret) {
			t.Errorf("not recognised: %q", spelled)
		}
	}
	for i := 0; i+given <= len(secret); i++ {
		for _, spelled := range spellings(secret[i : i+given]) {
			if !repeats("bad:"+spelled+".", secret) {
				t.Errorf("a part is not recognised: %q", spelled)
			}
		}
	}
	for before := range 4 {
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			if text := e.EncodeToString([]byte(strings.Repeat("x", before) + secret[4:20] + "y")); !repeats(text, secret) {
				t.Errorf("not recognised: %q", text)
			}
		}
	}
	for _, d := range digests(secret) {
		if !repeats("x"+d+"x", secret) {
			t.Errorf("a digest is not recognised: %s", d)
		}
	}
	id := hex.EncodeToString([]byte(secret[3:19]))
	id = strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
	if !repeats(id, secret) || !repeats("0000-"+digests(secret)[0], secret) {
		t.Errorf("not recognised in a request id: %s", id)
	}
}

func TestAMessageThatRepeatsNoSecretIsShown(t *testing.T) {
	for _, secret := range []string{`kQ7<xP2"mW9&zR4\tY8%bN3~vC6^dF5|`, "hunter2", "a", "918273645019283746", "EMULATORACCESSKEY"} {
		for _, message := range []string{
			"", "The name is taken", "Incorrect IAM authentication information", "0b2e9f2e-7c57-4d0f-9a51-0f6f0f6c7b10",
			"The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute",
			"verify aksk signature fail, canonicalRequest:GET|/v1/0123456789abcdef0123456789abcdef/workspaces/11111111-2222-4333-8444-555555555555/soc/assetcredentials/|limit=200&offset=0|host:x",
		} {
			if repeats(message, secret) {
				t.Errorf("%q is taken for a repetition of %q", message, secret)
			}
		}
	}
	if !repeats("pin 1234 is too short", "1234") || repeats("the name is too short", "na") {
		t.Error("short secrets")
	}
}
