package secmaster

import (
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"
)

const (
	vectorPath = "/v1/0123456789abcdef0123456789abcdef/workspaces/11111111-2222-4333-8444-555555555555/soc/assetcredentials"
	vectorHost = "https://secmaster.cn-north-4.myhuaweicloud.com"
)

// The official vectors are of the vendor's signing guide; the others were computed by an independent signer
// that reproduces those.
func TestSignatureVectors(t *testing.T) {
	ours := map[string]string{"X-Project-Id": "0123456789abcdef0123456789abcdef", "X-Sdk-Date": "20260102T030405Z"}
	with := func(more ...string) map[string]string {
		out := map[string]string{}
		maps.Copy(out, ours)
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	official := map[string]string{"X-Sdk-Date": "20060102T150405Z"}
	for _, v := range []struct {
		name, secret, method, url string
		header                    map[string]string
		signed, body, want        string
	}{
		{"official: a get", "SecretKey", "GET", "https://h/path?limit=1", official, "x-sdk-date", "",
			"5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624"},
		{"official: a post", "SecretKey", "POST", "https://h/path?key=value", official, "x-sdk-date", "{\"Name\":\"test\",\"Id\":1}\n",
			"cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59"},
		{"a list by name", "EXAMPLESK", "GET", vectorHost + vectorPath + "?offset=0&limit=200&name=edr_prod", ours, "host;x-project-id;x-sdk-date", "",
			"92fbc46176d4a4f1c4ca8552485aa4f126992378b67cfd2c2bf403557fbd276c"},
		{"a query to escape", "EXAMPLESK", "GET", vectorHost + vectorPath + "?offset=0&limit=200&component_name=Huawei%20Cloud%2FIAM%20(v1)", ours, "host;x-project-id;x-sdk-date", "",
			"6abdca90d5dd204581f170e946458eb8a8b6f428e4f2f10ce29febd48e7e6b1a"},
		{"a create", "EXAMPLESK", "POST", vectorHost + vectorPath, with("Content-Type", "application/json;charset=UTF-8"), "content-type;host;x-project-id;x-sdk-date",
			`{"name":"edr_prod","component_id":"ad93ecc6-0000-4000-8000-000000000001","component_version_id":"33fd1b37-0000-4000-8000-000000000002","config":"{\"connection_type\":\"other\"}"}`,
			"f49b7811caf05de9adedcba2f78bbeec326b4b11dd32218582f35a4a39d19676"},
		{"a delete with a temporary key", "EXAMPLESK", "DELETE", vectorHost + vectorPath + "/22222222-2222-4333-8444-555555555555", with("X-Security-Token", "tok/en+=="),
			"host;x-project-id;x-sdk-date;x-security-token", "", "7dfc5162a9368b666cdf1802eff54b54186ad4c6223c35486080e5aa5bfe7918"},
	} {
		t.Run(v.name, func(t *testing.T) {
			r, err := http.NewRequest(v.method, v.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			for k, value := range v.header {
				r.Header.Set(k, value)
			}
			got := Signature(v.secret, r.Header.Get("X-Sdk-Date"), Canonical(r, strings.Split(v.signed, ";"), []byte(v.body)))
			if got != v.want {
				t.Errorf("signature %s, want %s", got, v.want)
			}
		})
	}
}

func TestCanonicalQueryIsTheOfficialSample(t *testing.T) {
	r, err := http.NewRequest("GET", "https://h/p?multi=2&test=%E4%B8%80%20(%26%3D%3F!%23%25.*)&path=%2Ftmp%2F123&multi=1&limit=1&enable=true&multi=3", nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29"
	if got := canonicalQuery(r.URL); got != want {
		t.Errorf("got %s", got)
	}
}

// The vendor's own SDK signs a request of ours, and we sign it over the same headers.
func TestOurSignatureIsTheSDKs(t *testing.T) {
	for _, c := range []struct{ method, path, query, body string }{
		{"GET", vectorPath, "", ""},
		{"GET", vectorPath, "名 a/b+c~*", ""},
		{"POST", vectorPath, "", `{"name":"<&>","config":"{}"}`},
		{"PUT", vectorPath + "/a b", "x", `{}`},
	} {
		b := request.NewHttpRequestBuilder().WithEndpoint(vectorHost).WithPath(c.path).WithMethod(c.method).AddHeaderParam("X-Sdk-Date", "20260102T030405Z").AddHeaderParam("X-Project-Id", "p")
		if c.query != "" {
			b = b.AddQueryParam("name", reflect.ValueOf(c.query))
		}
		if c.body != "" {
			b = b.WithBody("body", c.body)
		}
		theirs, err := signer.Sign(b.Build(), "AK", "SK")
		if err != nil {
			t.Fatal(err)
		}
		_, signed, found := strings.Cut(theirs["Authorization"], "SignedHeaders=")
		signed, signature, found2 := strings.Cut(signed, ", Signature=")
		if !found || !found2 {
			t.Fatalf("the SDK's header has another form: %s", theirs["Authorization"])
		}
		u := vectorHost + canonicalOnWire(c.path)
		if c.query != "" {
			u += "?name=" + escape(c.query)
		}
		r, err := http.NewRequest(c.method, u, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range theirs {
			r.Header.Set(k, v)
		}
		r.Header.Set("X-Project-Id", "p")
		if got := Signature("SK", "20260102T030405Z", Canonical(r, strings.Split(signed, ";"), []byte(c.body))); got != signature {
			t.Errorf("%s %s: %s, the SDK's is %s", c.method, c.path, got, signature)
		}
	}
}

func canonicalOnWire(path string) string { return strings.ReplaceAll(path, " ", "%20") }

func TestASignedRequestNamesWhatItSigned(t *testing.T) {
	r, err := http.NewRequest("POST", vectorHost+vectorPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", "rewritten by proxies")
	r.Header.Set("X-Security-Token", "tok")
	sign(r, "AK", "SK", []byte("{}"), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	got := r.Header.Get("Authorization")
	if !strings.HasPrefix(got, "SDK-HMAC-SHA256 Access=AK, SignedHeaders=content-type;host;x-sdk-date;x-security-token, Signature=") {
		t.Errorf("Authorization: %s", got)
	}
}
