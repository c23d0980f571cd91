package emulator_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
)

const listPath = "/v1/" + emulator.DefaultProject + "/workspaces/" + emulator.DefaultWorkspace + "/soc/assetcredentials"

// ask sends a request signed as it should be, unless spoil changes that.
func ask(t *testing.T, s *emulator.Server, method, path, body string, spoil func(*http.Request)) (int, string) {
	t.Helper()
	h := httptest.NewServer(s)
	defer h.Close()
	r := signed(t, h.URL, method, path, body)
	if spoil != nil {
		spoil(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("X-Request-Id") == "" {
		t.Error("no request id")
	}
	return resp.StatusCode, string(text)
}

// signed is a request as it should be.
func signed(t *testing.T, base, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Sdk-Date", time.Now().UTC().Format("20060102T150405Z"))
	signature := secmaster.Signature(emulator.DefaultSecretKey, r.Header.Get("X-Sdk-Date"), secmaster.Canonical(r, []string{"host", "x-sdk-date"}, []byte(body)))
	r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+emulator.DefaultAccessKey+", SignedHeaders=host;x-sdk-date, Signature="+signature)
	return r
}

func fresh(t *testing.T, o emulator.Options) *emulator.Server {
	t.Helper()
	s, err := emulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhoIsLetIn(t *testing.T) {
	header := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	replace := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	for _, c := range []struct {
		name   string
		spoil  func(*http.Request)
		status int
		says   string
	}{
		{"a good signature", nil, 200, `"total"`},
		{"none", func(r *http.Request) { r.Header.Del("Authorization") }, 401, "missing or malformed"},
		{"another key", replace(emulator.DefaultAccessKey, "OTHER"), 401, "ak OTHER not exist"},
		{"another signature", replace("Signature=", "Signature=0"), 401, "canonicalRequest:GET|"},
		{"a date of yesterday", header("X-Sdk-Date", "20200102T030405Z"), 401, "signature expired"},
		{"a date that is not signed", replace("host;x-sdk-date", "host"), 401, "not signed"},
		{"a header that was changed", func(r *http.Request) { r.Host = "other" }, 401, "verify aksk signature fail"},
		{"a query that was changed", func(r *http.Request) { r.URL.RawQuery = "limit=1" }, 401, "verify aksk signature fail"},
		{"a token that is accepted", header("X-Auth-Token", "tok"), 200, `"total"`},
		{"another token", header("X-Auth-Token", "canary-token"), 401, "decrypt token fail"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, text := ask(t, fresh(t, emulator.Options{Token: "tok"}), "GET", listPath, "", c.spoil)
			if status != c.status || !strings.Contains(text, c.says) || strings.Contains(text, "canary") || strings.Contains(text, emulator.DefaultSecretKey) {
				t.Errorf("%d %s", status, text)
			}
			if status == 401 && !strings.Contains(text, `"error_code":"APIGW.0301"`) {
				t.Errorf("not in the gateway's form: %s", text)
			}
		})
	}
}

func TestATemporaryKeyNeedsItsToken(t *testing.T) {
	s := fresh(t, emulator.Options{SecurityToken: "sec"})
	if status, _ := ask(t, s, "GET", listPath, "", nil); status != 401 {
		t.Errorf("without: %d", status)
	}
	if status, _ := ask(t, s, "GET", listPath, "", func(r *http.Request) { r.Header.Set("X-Security-Token", "sec") }); status != 200 {
		t.Errorf("with: %d", status)
	}
}

func TestWhatACreateMustBe(t *testing.T) {
	s := fresh(t, emulator.Options{})
	component, version := s.Plugin("EdrVendor", "2.1")
	_, other := s.Plugin("KafkaBus", "1.0")
	good := map[string]any{"name": "a", "description": "d", "component_id": component, "component_version_id": version, "config": `{"password":"canary"}`}
	for _, c := range []struct {
		name   string
		change func(map[string]any)
		status int
	}{
		{"all there", func(map[string]any) {}, 200},
		{"without a description", func(m map[string]any) { delete(m, "description") }, 200},
		{"without a name", func(m map[string]any) { delete(m, "name") }, 400},
		{"a name with a space", func(m map[string]any) { m["name"] = "a b" }, 400},
		{"a long description", func(m map[string]any) { m["description"] = strings.Repeat("名", 65) }, 400},
		{"a long enough description", func(m map[string]any) { m["description"] = strings.Repeat("名", 64) }, 200},
		{"a description that is null", func(m map[string]any) { m["description"] = nil }, 400},
		{"a config that is an object", func(m map[string]any) { m["config"] = map[string]any{"a": 1} }, 400},
		{"a config that is no object", func(m map[string]any) { m["config"] = `[1]` }, 400},
		{"a mask that is written back", func(m map[string]any) { m["config"] = `{"a":{"b":["x","******"]}}` }, 400},
		{"an unknown plugin", func(m map[string]any) { m["component_id"] = "x" }, 400},
		{"a version of another plugin", func(m map[string]any) { m["component_version_id"] = other }, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := map[string]any{}
			maps.Copy(m, good)
			c.change(m)
			text, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			before := len(s.Connections())
			status, answer := ask(t, s, "POST", listPath, string(text), nil)
			if status != c.status || len(s.Connections())-before != map[bool]int{true: 1}[status == 200] {
				t.Errorf("%d %s", status, answer)
			}
			if status != 200 && strings.Contains(answer, "canary") {
				t.Errorf("a refusal repeats a secret: %s", answer)
			}
		})
	}
	text, _ := json.Marshal(good)
	if status, _ := ask(t, s, "POST", listPath, string(text), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }); status != 415 {
		t.Errorf("plain text: %d", status)
	}
}

func TestUnknownPathsAndBuiltIns(t *testing.T) {
	s := fresh(t, emulator.Options{})
	if status, text := ask(t, s, "GET", "/v1/nothing", "", nil); status != 404 || !strings.Contains(text, "APIGW.0101") {
		t.Errorf("%d %s", status, text)
	}
	_, text := ask(t, s, "GET", listPath, "", nil)
	var list struct {
		Assets []struct {
			ID           string
			CanBeDeleted bool   `json:"can_be_deleted"`
			DefenseType  string `json:"defense_type"`
		}
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Assets) != 3 {
		t.Fatalf("%v: %s", err, text)
	}
	defense := 0
	for _, a := range list.Assets {
		if a.DefenseType != "" {
			defense++
		}
		if status, _ := ask(t, s, "DELETE", listPath+"/"+a.ID, "", nil); status != 400 || a.CanBeDeleted {
			t.Errorf("a built-in connection: %d", status)
		}
	}
	if defense != 1 {
		t.Errorf("%d connections of an emergency policy", defense)
	}
}

func TestTheDataFileKeepsConnections(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.json")
	first := fresh(t, emulator.Options{Data: file})
	id := first.Put(emulator.Connection{Name: "kept", Config: `{"password":"p"}`})
	second := fresh(t, emulator.Options{Data: file})
	if c := second.Connections(); len(c) != 1 || c[0].ID != id || c[0].Config != `{"password":"p"}` {
		t.Errorf("%+v", c)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := emulator.New(emulator.Options{Data: file}); err == nil {
		t.Error("a broken data file is taken")
	}
}

func TestTextsForTheCommandLine(t *testing.T) {
	var s emulator.Switches
	for text, says := range map[string]string{"x=1": "no such switch: there are list", "list=x": "one of assets, asset", "maxlimit=0": "a number from 1", "rate=x": "for example 1000/1m", "latency=-1s": "a time"} {
		if err := s.Set(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{"create connection:reset:after": true, "list connections:503:2": true, "x:reset": false, "create connection": false, "create connection:x": false, "create connection:reset:x": false} {
		if _, err := emulator.ParseFault(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	seed, err := emulator.ReadSeed([]byte(`{"plugins":[{"name":"P","versions":["1"]}],"connections":[{"name":"c","plugin":"P","version":"1","config":{"a":1}}]}`))
	if err != nil || len(seed.Plugins) != 1 || seed.Connections[0].Config != `{"a":1}` || seed.Connections[0].ComponentID == "" {
		t.Errorf("%+v %v", seed, err)
	}
	for _, text := range []string{`[`, `{"plugins":[{}]}`, `{"connections":[{"plugin":"x"}]}`} {
		if _, err := emulator.ReadSeed([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
