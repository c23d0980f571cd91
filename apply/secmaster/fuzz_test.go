package secmaster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"connsync/secrets"
)

// FuzzList: a list is empty only where the answer says so, and shows of a config nothing at all.
func FuzzList(f *testing.F) {
	for _, seed := range []string{
		`{"total":0}`, `{"total":1,"assets":[{"id":"1","name":"a","config":"{\"password\":\"p\"}","enabled":"true"}]}`, `{"total":"2","asset":[{"id":1},{"id":null}]}`,
		`{"data":[null,{"id":"x","config":{"a":1}}]}`, `{"total":1}`, `{"assets":{}}`, `[]`, `null`, ``, `{"total":-1,"assets":[]}`, `{"total":1e999,"data":[]}`, `{"Assets":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, wrong := readPage(body, connectionsOf, "assets", "asset", "data")
		if wrong == "" && len(p.items) == 0 && !saysEmpty(body) {
			t.Errorf("taken for an empty list: %q", body)
		}
		if p.total < -1 || wrong != "" && wrong != strings.TrimSpace(wrong) {
			t.Errorf("%+v %q", p, wrong)
		}
		for _, c := range p.items {
			hides(t, c)
		}
		comparePlain(t, body)
	})
}

func TestALongPageWithAnErrorCodeIsNoList(t *testing.T) {
	const page = `{"code":"SecMaster.20039999","total":1,"assets":[{"id":"1","name":"a","description":"%s"}]}`
	if p, wrong := readPage(fmt.Appendf(nil, page, strings.Repeat("x", 2*largestError)), connectionsOf, "assets"); wrong != "the answer holds an error code" || len(p.items) > 0 {
		t.Errorf("%d items, %q", len(p.items), wrong)
	}
}

func TestSuccessIsToldByZeros(t *testing.T) {
	for code, refused := range map[string]bool{
		"": false, "0": false, "00000000": false, "SecMaster.00000000": false, "CSB.00000000": false, "csb.v2.0000": false, "STS5.00000000": false, "-0": false, "0.0": false,
		"success": false, "Success.": false, "SecMaster.": false, "true": false, "null": false, "error": false, "STS5.AccessDenied": false,
		"1": true, "17": true, "1.0": true, "0.1": true, "00000001": true, "SecMaster.20041002": true, "SecMaster.00041003": true, "csb.00180001": true, "common.00000500": true,
		"CSB.20040001": true, "APIGW.0301": true, "APIGW.0000": false, "IAM.0011": true, "IAM.0000": false, "STS5.1001": true, "STS5.0": false, "csb.00000000": false, "common.0": false,
		"SecMaster.0000000A1": true, "E500": true, "a.b.1": true, "200": true, "1.success": true, "\u0661": true,
	} {
		if refuses(code) != refused {
			t.Errorf("%q is a refusal: %t", code, !refused)
		}
	}
}

// saysEmpty is what an answer must say, at least, to be an empty list.
func saysEmpty(body []byte) bool {
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		return false
	}
	for _, name := range []string{"assets", "asset", "data"} {
		var list []any
		if json.Unmarshal(all[name], &list) == nil && list != nil && len(list) == 0 {
			return true
		}
	}
	total := strings.Trim(string(all["total"]), `"`)
	return total == "0" || total == "-0"
}

// hides checks that a shown config is not to be seen in its connection.
func hides(t *testing.T, c Connection) {
	t.Helper()
	config := c.Config
	c.Config = secrets.Value{}
	without := fmt.Sprintf("%v %+v %#v", c, c, c)
	c.Config = config
	if with := fmt.Sprintf("%v %+v %#v", c, c, c); len(with) > len(without)+200 {
		t.Errorf("the config is printed: %s", with)
	}
	if s, ok := config.Expose().(string); ok && s == "" {
		t.Error("an empty config is shown as one")
	}
}

// FuzzAnswer: the answer to a write or a show is one connection with an id, or none.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"asset":{"id":"1","can_be_deleted":false}}`, `{"asset":{"id":{}}}`, `{"asset":null}`, `{"asset":[]}`, `{}`, `{"asset":{"id":7,"config":[1]},"asset":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, ok := one(body)
		if ok != (c.ID != "") {
			t.Errorf("%v with id %q", ok, c.ID)
		}
		hides(t, c)
		var w struct {
			Data *wireComponent `json:"data"`
		}
		if json.Unmarshal(body, &w) == nil && w.Data != nil {
			_ = w.Data.component()
		}
		p, _ := readPage(body, decoder[wireComponent]{}, "data")
		for _, w := range p.items {
			_ = w.component()
		}
	})
}

// own tells whether a message is one of ours, whatever was sent.
func own(message string, status int) bool {
	for _, words := range codeWords {
		if message == words {
			return true
		}
	}
	return message == strings.ToLower(http.StatusText(status)) || message == errBrokeOff.Error() ||
		message == plainStatus(answer{status: 307}) || strings.HasPrefix(message, "a page instead of an answer")
}

// FuzzErrorBody: whatever a server says to a request with a secret, it is told in our own words; and to another one, it is short and printable.
func FuzzErrorBody(f *testing.F) {
	for _, seed := range []struct {
		status int
		kind   string
		body   string
		secret string
	}{
		{400, "application/json", `{"code":"SecMaster.20041002","message":"Invalid parameter"}`, "canary-password"},
		{400, "", `{"error_code":"x","error_msg":"weak: canary-password","request_id":"r"}`, "canary-password"},
		{400, "", `{"code":"canary-password","message":"x"}`, "canary-password"},
		{400, "", `{"message":"x","request_id":"canary-password"}`, "canary-password"},
		{400, "", `{"message":"weak: p\u00e4ss w\u00f6rd%20"}`, "päss wörd "},
		{400, "", `{"message":"weak: abc\u200bdefgh"}`, "abc?defgh"},
		{502, "text/html", `<html>canary-password</html>`, "canary-password"},
		{200, "", `{"code":"SecMaster.1000","message":"` + strings.Repeat("x", 300) + `"}`, "abc"},
		{307, "", ``, "canary"}, {401, "", `{"error":{"code":401,"message":"\u001b[31m\u202e"}}`, ""},
	} {
		f.Add(seed.status, seed.kind, []byte(seed.body), seed.secret)
	}
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte, secret string) {
		echo, _ := json.Marshal(map[string]string{"code": secret, "message": secret, "request_id": secret})
		for _, body := range [][]byte{body, echo} {
			r := &Reader{}
			a := answer{status: status, header: http.Header{"Content-Type": {kind}}, body: body}
			e := r.failure(call{op: "create connection", method: http.MethodPost, secret: true}, a, true, nil)
			if e != nil && (!own(e.Message, status) || e.Code != "" && !usualCode.MatchString(e.Code) || e.RequestID != "" && !usualID.MatchString(e.RequestID)) {
				t.Errorf("not in our words: %q %q %q", e.Code, e.Message, e.RequestID)
			}
			if e = r.failure(call{op: "list connections", method: http.MethodGet}, a, true, nil); e == nil {
				continue
			}
			for text, most := range map[string]int{e.Message: maxMessage + 1, e.Code: maxCode + 1, e.RequestID: maxID + 1} {
				if utf8.RuneCountInString(text) > most || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
					t.Errorf("not fit to print: %q", text)
				}
			}
		}
	})
}

// holdsPart tells whether a text holds six bytes of a secret in a row, or all of a shorter one.
func holdsPart(text, secret string) bool {
	if len(secret) < 3 {
		return false
	}
	n := min(6, len(secret))
	for i := 0; i+n <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+n]) {
			return true
		}
	}
	return false
}

// FuzzRetryAfter: however long a server asks to wait, the wait is neither negative nor without end.
func FuzzRetryAfter(f *testing.F) {
	for _, header := range []string{"3", "-1", "1000000000", "99999999999999999", "9223372036854775807", "9223372037", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "1e3", "", "x"} {
		f.Add(header, []byte(`{"error_msg":"limit:5,time:1 minute"}`), 1)
	}
	f.Add("", []byte("time: 9999 hour"), 7)
	f.Fuzz(func(t *testing.T, header string, body []byte, try int) {
		a := answer{header: http.Header{"Retry-After": {header}}, body: body}
		try = 1 + try&63
		if d := asked(time.Now(), try, a); d < 0 || d > longestNap {
			t.Errorf("waits %v", d)
		}
		if d := pause(time.Now(), try, a); d < 0 || d > time.Minute {
			t.Errorf("pauses %v", d)
		}
	})
}

// FuzzCredentialsFile: half a key pair or a key with a control character is never used.
func FuzzCredentialsFile(f *testing.F) {
	for _, seed := range []string{"[basic]\nak = a\nsk = s\n", "[basic]\nak=a\n", "[basic]\nak=a\nsk=b=c\n[global]\nak=x\n", "ak=a\nsk=b\n", "[basic\nak=a\nsk=b", "[basic]\n;x\nak=a\x00\nsk=b\n", "[basic]\r\nak = a\r\nsk = s\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := finder{FindOptions: FindOptions{Env: func(string) string { return "" }, Home: "/home", ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}}
		c, err := in.file(context.Background())
		sk, _ := c.SecretKey.Expose().(string)
		if (c.AccessKey == "") != (sk == "") || err != nil && c.AccessKey != "" {
			t.Errorf("half a pair: %v", err)
		}
		if strings.ContainsFunc(c.AccessKey+sk, unprintable) {
			t.Errorf("unprintable: %q", c.AccessKey)
		}
		if err != nil && holdsPart(err.Error(), section(text, "basic")["sk"]) && !strings.Contains("/home/.huaweicloud/credentials: ak without sk: sk without ak or holds a character that no key has", section(text, "basic")["sk"]) {
			t.Errorf("%v", err)
		}
	})
}
