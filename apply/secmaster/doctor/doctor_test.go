package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"connsync/apply/secmaster"
	"connsync/secrets"
)

// page is an answer to a list with these connections.
func page(total string, items ...string) Call {
	body := `{"total":` + total + `,"assets":[` + strings.Join(items, ",") + `]}`
	return Call{Name: CallList, Asked: true, Raw: secmaster.Answer{Status: 200, Body: []byte(body)}}
}

// What is shown in some connections and not in others is both; and every form of a member has its word.
func TestEachFormHasItsWord(t *testing.T) {
	for _, c := range []struct{ item, question, want string }{
		{`{"config":"{\"a\":\"b\",\"password\":\"x\"}"}`, "config", "clear"},
		{`{"config":"{\"auth\":{\"token\":{\"value\":\"x\"}}}"}`, "config", "clear"},
		{`{"config":"{\"password\":12345}"}`, "config", "clear"},
		{`{"config":"{\"a\":\"b\"}"}`, "config", "no-secret-here"},
		{`{"config":"{}"}`, "config", "no-secret-here"},
		{`{"config":"{\"a\":\"b\",\"l\":[\"**\"]}"}`, "config", "masked"},
		{`{"config":"{\"a\":\"***\",\"n\":7,\"e\":\"\"}"}`, "config", "masked-all"},
		{`{"config":"{ \"password\": \"x\"}"}`, "config", "clear reserialised"},
		{`{"config":{"password":"x"}}`, "config", "clear object"},
		{`{"config":""}`, "config", "empty"}, {`{"config":null}`, "config", "null"}, {`{}`, "config", "omitted"},
		{`{"config":"[]"}`, "config", "broken"}, {`{"config":"{"}`, "config", "broken"}, {`{"config":7}`, "config", "broken"}, {`{"config":"null"}`, "config", "broken"},
		{`{"config":"{\"a\":\"***\"}"},{"config":""},{}`, "config", "masked-all omitted empty"},
		{`{"status":"SUCCESS"},{"status":"failed"},{"status":"Failed"},{"status":"RUNNING"},{}`, "status", "upper lower mixed absent unknown"},
		{`{"update_time":"t"},{"update_time":null}`, "updatetime", "present absent"},
		{`{"can_be_deleted":false}`, "candelete", "present"},
		{`{"create_time":"2026-01-02T03:04:05Z+0800"}`, "timeformat", "zoned"},
		{`{"create_time":"2026-01-02T03:04:05Z+08:00"}`, "timeformat", "zoned"},
		{`{"create_time":"2026-01-02T03:04:05.123Z+0800"}`, "timeformat", "millis"},
		{`{"create_time":"2026-01-02T03:04:05.123Z"}`, "timeformat", "millis"},
		{`{"create_time":"2026-01-02T03:04:05Z"}`, "timeformat", "rfc3339"},
		{`{"create_time":"2026-01-02T03:04:05+08:00"}`, "timeformat", "offset"},
		{`{"create_time":"2026-01-02 03:04:05"}`, "timeformat", "bare"},
		{`{"create_time":1767294245000}`, "timeformat", "epoch"}, {`{"create_time":"1767294245"}`, "timeformat", "epoch"},
		{`{"create_time":"yesterday"},{"update_time":"2026-01-02T03:04:05Z"}`, "timeformat", "rfc3339 opaque"},
		{`{"defense_type":""}`, "defense", "unlisted"}, {`{"defense_type":""},{"defense_type":"CFW"}`, "defense", "listed"},
		{`{"create_time":"2026-01-02T03:04:05Z"},{"create_time":"2026-01-02T03:04:05Z"}`, "times", "shared"},
		{`{"create_time":"2026-01-02T03:04:05Z"},{"create_time":"2026-01-02T03:04:06Z"}`, "times", "own"},
		{`{"create_time":"2026-01-02T03:04:05Z"},{"create_time":"2026-01-02T03:04:06Z"}`, "order", "created"},
		{`{"create_time":"2026-01-02T03:04:06Z"},{"create_time":"2026-01-02T03:04:05Z"}`, "order", "newest"},
		{`{"create_time":"2026-01-02T03:04:05Z"},{"create_time":"2026-01-02T03:04:06+08:00"}`, "order", ""},
		{`{"create_time":"2026-01-02T03:04:05Z"}`, "order", ""},
		{`{"id":"a"},{"id":"b"},{"id":"c"}`, "connections", "several"}, {`{"id":"a"}`, "connections", "one"}, {``, "connections", "none"},
		{`{"config":"` + strings.Repeat("x", mostConfig+1) + `"}`, "config", ""},
	} {
		s := Seen{}
		var items []string
		if c.item != "" {
			items = []string{c.item}
		}
		s.list(page("0", items...))
		if got := strings.Join(s[c.question], " "); got != c.want {
			t.Errorf("%.200s: %s is %q, not %q", c.item, c.question, got, c.want)
		}
	}
	for raw, want := range map[string]string{
		``: "absent", `null`: "null", `""`: "empty", `0`: "number", `"0"`: "text", `"00000000"`: "zeros", `"SecMaster.00000000"`: "prefixed", `"STS5.0"`: "prefixed", `"success"`: "word",
		`"Success."`: "word", `7`: "other", `"SecMaster.20041002"`: "other", `{}`: "other", `true`: "other", `0.0`: "other",
	} {
		if got := codeForm(json.RawMessage(raw)); got != want {
			t.Errorf("a code %s: %s", raw, got)
		}
	}
}

// A list that cannot be understood shows nothing; a list shorter than its count is limited.
func TestWhatAListDoesNotShow(t *testing.T) {
	for _, c := range []struct {
		call Call
		want string
	}{
		{page("3", `{"id":"a"}`), "one"}, {page("3", `{"id":"a"},{"id":"b"}`), "less"}, {page("2", `{"id":"a"},{"id":"b"}`), "as-asked"}, {page("null", `{"id":"a"}`), ""}, {page("5"), ""},
		{Call{Name: CallList, Asked: true, Raw: secmaster.Answer{Status: 200, Body: []byte("<html>")}}, ""},
		{Call{Name: CallList, Asked: true, Err: io.EOF, Raw: secmaster.Answer{Status: 403, Body: []byte(`{"assets":[{}],"total":9}`)}}, ""},
		{Call{Name: CallList}, ""},
	} {
		s := Seen{}
		s.list(c.call)
		if got := strings.Join(s["maxlimit"], " "); got != c.want {
			t.Errorf("%s: %q", c.call.Raw.Body, got)
		}
	}
	for _, c := range []struct {
		first, second []string
		want          string
	}{
		{[]string{"a", "b"}, []string{"b", "c"}, "record"}, {[]string{"a", "b"}, []string{"c"}, "page"}, {[]string{"a", "b"}, nil, "page"}, {[]string{"a", "b"}, []string{"a", "b"}, "ignored"},
		{[]string{"a"}, []string{"b"}, ""}, {[]string{"a", "b"}, []string{"c", "a"}, ""}, {[]string{"a", ""}, []string{"c"}, ""},
	} {
		s := Seen{}
		s.offset(c.first, c.second)
		if got := strings.Join(s["offset"], " "); got != c.want {
			t.Errorf("%v %v: %q", c.first, c.second, got)
		}
	}
}

// A transcript is read back as it was, and nothing else is: no word, name or member from outside of the vocabulary.
func TestOnlyATranscriptIsRead(t *testing.T) {
	r := Report{Seen: Seen{"list": {"assets"}, "nulls": {"empty", "absent"}}, Calls: []Call{{Name: CallList, Asked: true, Raw: secmaster.Answer{Status: 200}, Shape: shapeOf(CallList, secmaster.Answer{
		Status: 200, Header: http.Header{"Content-Type": {"application/json"}, "X-Of-Its-Own": {"x"}, "Content-Length": {"9"}},
		Body: []byte(`{"code":"","total":1,"mine":[],"assets":[{"id":"a","config":null,"mine":3,"description":7},{"id":"b"}]}`),
	})}}}
	text := r.Transcript().Text()
	again, err := ReadTranscript(text)
	if err != nil || !bytes.Equal(again.Text(), text) || !slices.Equal(again.Words()["nulls"], []string{"empty", "absent"}) {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, want := range []string{
		`"headers": [`, `"content-type"`, `{ "name": "config", "types": [ "null" ], "shown": "sometimes" }`, `{ "name": "description", "types": [ "number" ] }`, `{ "name": "?", "types": [ "number" ] }`, `{ "name": "?", "types": [ "array" ] }`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, never := range []string{"own", "mine", "length"} {
		if strings.Contains(strings.ReplaceAll(string(text), `"shown"`, ""), never) {
			t.Errorf("%s in\n%s", never, text)
		}
	}
	for _, c := range [][2]string{
		{`"connsync_transcript": 1`, `"connsync_transcript": 0`}, {`"connsync_transcript": 1,`, `"connsync_transcript": 1, "more": 2,`}, {`"assets"`, `"secret"`}, {`"question": "list"`, `"question": "lost"`},
		{`"content-type"`, `"x-secret"`}, {`"name": "config"`, `"name": "secret"`}, {`[ "null" ]`, `[ "secret" ]`}, {`"sometimes"`, `"secret"`}, {`"status": 200`, `"status": 777`}, {`"code": "empty"`, `"code": "SecMaster.12345678"`},
		{`"code": "empty"`, `"code": "SecMaster.secret?"`}, {`"content": "json"`, `"content": "secret"`}, {`"call": "show connection"`, `"call": "secret"`}, {`{ "question": "rate", "words": [] },`, ``}, {`{`, `[`},
	} {
		other := strings.Replace(string(text), c[0], c[1], 1)
		if other == string(text) {
			t.Errorf("%s is not there", c[0])
		}
		if _, err := ReadTranscript([]byte(other)); !errors.Is(err, ErrNoTranscript) {
			t.Errorf("%s is read: %v", c[1], err)
		}
	}
	if _, err := ReadTranscript(append(text, make([]byte, mostTranscript)...)); !errors.Is(err, ErrNoTranscript) {
		t.Errorf("a huge one: %v", err)
	}
	if _, err := ReadTranscript([]byte(`{"connsync_transcript":2}`)); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer one: %v", err)
	}
	for code, want := range map[string]string{`"code":"SecMaster.20041002"`: "SecMaster.20041002", `"error_code":"SecMaster.98765432"`: "SecMaster.?", `"error":{"code":"IAM.1"}`: "IAM.?", `"code":"mine"`: "?", `"message":"m"`: ""} {
		if got := shapeOf(CallShow, secmaster.Answer{Status: 400, Body: []byte("{" + code + "}")}).Code; got != want {
			t.Errorf("%s: %q", code, got)
		}
	}
	if s := shapeOf(CallShow, secmaster.Answer{Status: 799, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<p>")}); s.Status != 0 || s.Content != "html" || len(s.Members) != 0 {
		t.Errorf("%+v", s)
	}
}

// examine asks a server that answers as a function says.
func examine(t *testing.T, ctx context.Context, serve http.HandlerFunc) (*Report, error) {
	t.Helper()
	h := httptest.NewServer(serve)
	t.Cleanup(h.Close)
	return Examine(ctx, secmaster.Options{
		Endpoint: h.URL, Region: "cn-north-4", ProjectID: "p", WorkspaceID: "w", Credentials: secmaster.Credentials{AccessKey: "a", SecretKey: secrets.Hide("s")},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
}

// What fails stops only what needs it, and nothing is asked in vain.
func TestWhatIsAskedAfterAFailure(t *testing.T) {
	status := func(list, rest int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			code := rest
			if strings.HasSuffix(r.URL.Path, "/w/soc/assetcredentials") {
				code = list
			}
			w.WriteHeader(code)
			fmt.Fprint(w, `{"code":"`, map[int]string{403: "SecMaster.20010001"}[code], `","total":0,"assets":[],"data":[],"workspaces":[]}`)
		}
	}
	asked := func(r *Report) string {
		var out []string
		for _, c := range r.Calls {
			switch {
			case c.Asked:
				out = append(out, "+")
			default:
				out = append(out, c.Cause)
			}
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		list, rest int
		want       string
	}{
		{200, 200, "+ nothing + + + +"},
		{401, 200, "+ list connections list connections list connections list connections list connections"},
		{403, 200, "+ list connections list connections list connections + +"},
		{400, 200, "+ list connections + + + +"},
		{500, 500, "+ list connections + + + +"},
	} {
		r, err := examine(t, context.Background(), status(c.list, c.rest))
		if err != nil || asked(r) != c.want || !r.Answered() || !r.Clock.Known {
			t.Errorf("%d %d: %s, %v", c.list, c.rest, asked(r), err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := examine(t, ctx, func(w http.ResponseWriter, _ *http.Request) { cancel(); panic(http.ErrAbortHandler) })
	if err != nil || asked(r) != "+ time time time time time" || r.Answered() {
		t.Errorf("%s %v", asked(r), err)
	}
	if _, err := Examine(context.Background(), secmaster.Options{Region: "x"}); err == nil {
		t.Error("a region that is none")
	}
}

// An answer without end is given up, and a huge one costs no more than its bound.
func TestAnswersAreBounded(t *testing.T) {
	items := strings.TrimSuffix(strings.Repeat(`{"id":"a"},`, 3000), ",")
	r, err := examine(t, context.Background(), func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(q.URL.Path, "/components") {
			for range 20 {
				_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20))
			}
			return
		}
		fmt.Fprintf(w, `{"total":3000,"assets":[%s]}`, items)
	})
	if err != nil || r.Call(CallPlugins).Err == nil {
		t.Errorf("%v", err)
	}
	if _, items := listed(r.Call(CallList).Raw); len(items) != mostItems {
		t.Errorf("%d items", len(items))
	}
}

// How far a server is reached, and the words for what is wrong.
func TestHowFarAServerIsReached(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	proxy := func(address string) Network {
		return Network{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(address) }}
	}
	for name, c := range map[string]struct {
		ctx     context.Context
		network Network
		address string
		want    [3]string
		reached bool
	}{
		"trusted":     {context.Background(), Network{RootCAs: pool}, secure.URL, [3]string{}, true},
		"untrusted":   {context.Background(), Network{}, secure.URL, [3]string{"", "", Untrusted}, false},
		"plain":       {context.Background(), Network{}, plain.URL, [3]string{}, true},
		"no TLS":      {context.Background(), Network{}, strings.Replace(plain.URL, "http:", "https:", 1), [3]string{"", "", NoTLS}, false},
		"nobody":      {context.Background(), Network{}, "http://127.0.0.1:1", [3]string{"", NobodyThere, ""}, false},
		"no name":     {over, Network{}, "https://secmaster.invalid", [3]string{NoName, "", ""}, false},
		"proxied":     {context.Background(), proxy(strings.Replace(plain.URL, "http://", "http://user:canary@", 1)), "https://secmaster.invalid", [3]string{}, true},
		"dead proxy":  {context.Background(), proxy("http://user:canary@127.0.0.1:1"), secure.URL, [3]string{"", NobodyThere, ""}, false},
		"no port":     {over, proxy("socks5://user:canary@127.0.0.1"), secure.URL, [3]string{"", NoWay, ""}, false},
		"lost proxy":  {over, proxy("https://user:canary@proxy.invalid:3128"), secure.URL, [3]string{NoName, "", ""}, false},
		"no proxy":    {context.Background(), proxy("http://%"), secure.URL, [3]string{"", NoProxy, ""}, false},
		"empty proxy": {context.Background(), proxy("http://:3128"), secure.URL, [3]string{"", NoProxy, ""}, false},
		"no such URL": {context.Background(), Network{}, "://", [3]string{}, true},
	} {
		r := c.network.Reach(c.ctx, c.address)
		if got := [3]string{r.Name.Wrong, r.Connect.Wrong, r.TLS.Wrong}; got != c.want || r.Reached() != c.reached || (name == "trusted") == r.Until.IsZero() {
			t.Errorf("%s: %+v", name, r)
		}
		if strings.Contains(fmt.Sprintf("%+v", r), "canary") || r.Proxied != strings.Contains(name, "prox") && name != "no port" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	late := &net.OpError{Err: context.DeadlineExceeded}
	for want, err := range map[string]error{Expired: x509.CertificateInvalidError{Reason: x509.Expired}, OtherName: x509.HostnameError{Certificate: &x509.Certificate{}}, Untrusted: x509.UnknownAuthorityError{}, NoAnswer: late} {
		if got := tlsWrong(&tls.CertificateVerificationError{Err: err}); got != want {
			t.Errorf("%v: %s", err, got)
		}
	}
	if connectWrong(late) != NoAnswer || connectWrong(io.EOF) != NoWay {
		t.Error("the words for a connection")
	}
}
