package secmaster_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connsync/apply/secmaster"
	"connsync/secrets"
)

// Go's transport sends a request again on its own if it is named by a key, or if its body can be read once more.
func TestARequestHasNothingThatHasItSentAgain(t *testing.T) {
	var seen []*http.Request
	s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen = append(seen, r) }))
	_, _, _ = s.Create(context.Background(), body(emulated(t), "a"))
	_, _ = s.List(context.Background())
	if len(seen) == 0 {
		t.Fatal("nothing was sent")
	}
	for _, r := range seen {
		for name := range r.Header {
			if strings.Contains(strings.ToLower(name), "idempotency") {
				t.Errorf("%s has %s", r.Method, name)
			}
		}
	}
}

func TestOnlyHTTP1OverATrustedConnection(t *testing.T) {
	var protocols []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols = append(protocols, r.Proto)
		_, _ = w.Write([]byte(`{"assets":[]}`))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for _, trusted := range []*x509.CertPool{x509.NewCertPool(), roots} {
		c, err := secmaster.NewClient(secmaster.Options{
			Endpoint: server.URL, Region: "cn-north-4", ProjectID: "p", WorkspaceID: "w", RootCAs: trusted,
			Credentials: secmaster.Credentials{AccessKey: "a", SecretKey: secrets.Hide("s")}, Sleep: (&clock{}).sleep,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.List(context.Background())
		c.Close()
		if (err == nil) != (trusted == roots) {
			t.Errorf("%v", err)
		}
	}
	if len(protocols) != 1 || protocols[0] != "HTTP/1.1" {
		t.Errorf("%v", protocols)
	}
}

// A redirect that is followed takes the keys, and a create, to wherever it points.
func TestARedirectIsNeverFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for op, ask := range calls {
			s := beside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+r.URL.Path, status)
			}))
			if err := ask(context.Background(), s); err == nil || !strings.Contains(err.Error(), "a redirect, which is not followed") {
				t.Errorf("%s after %d: %v", op, status, err)
			}
		}
	}
}
