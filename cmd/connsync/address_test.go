package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/manifest"
)

// A cloud of one's own: SecMaster and IAM at an address of its own, with an authority of its own.
type ownCloud struct {
	url, ca string
	asked   atomic.Int64
	env     map[string]string
}

func newOwnCloud(t *testing.T) *ownCloud {
	t.Helper()
	s, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &ownCloud{env: map[string]string{"HUAWEICLOUD_SDK_AK": emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": emulator.DefaultSecretKey}}
	h := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.asked.Add(1)
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	c.url, c.ca = h.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw}))
	return c
}

// repository has one connection of one target, with more lines for the target.
func (c *ownCloud) repository(t *testing.T, more ...string) string {
	t.Helper()
	dir := lay(t, manifestsOf("connections:\n  prod:\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {}\n"))
	lines := append([]string{"targets:", "  prod:", "    region: region-1", "    project_id: " + emulator.DefaultProject, "    workspace_id: " + emulator.DefaultWorkspace}, more...)
	if err := os.WriteFile(filepath.Join(dir, "connsync.yaml"), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Where the project file puts a target elsewhere, nothing is sent there unless its domain is allowed from outside of the repository, and
// nothing to who cannot show a certificate of whom the file, --ca-file or the machine trusts.
func TestATargetInACloudOfOnesOwn(t *testing.T) {
	t.Parallel()
	c := newOwnCloud(t)
	indented := "      " + strings.ReplaceAll(strings.TrimSpace(c.ca), "\n", "\n      ")
	caFile, notes := filepath.Join(t.TempDir(), "ca.pem"), filepath.Join(t.TempDir(), "notes")
	for name, text := range map[string]string{caFile: c.ca, notes: "no certificate"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	plain, trusting := c.repository(t, "    endpoint: "+c.url), c.repository(t, "    endpoint: "+c.url, "    ca: |", indented)
	for _, row := range []struct {
		what, dir string
		args      []string
		code      int
		says      string
		asks      bool
	}{
		{"not allowed", trusting, nil, exitFailed, "prod: connsync.yaml names the address 127.0.0.1:", false},
		{"another one allowed", trusting, []string{"--domain", "cloud.example"}, exitFailed, "in a domain that is not allowed", false},
		{"allowed, with its authority", trusting, []string{"--domain", "127.0.0.1"}, exitPending, "+ create    edr", true},
		{"allowed, with a file of authorities", plain, []string{"--domain", "127.0.0.1", "--ca-file", caFile}, exitPending, "+ create    edr", true},
		{"allowed, and trusted by nobody", plain, []string{"--domain", "127.0.0.1"}, exitFailed, "certificate", false},
		{"a file without an authority", plain, []string{"--domain", "127.0.0.1", "--ca-file", notes}, exitFailed, "--ca-file: no certificate in it", false},
		{"no file of authorities", plain, []string{"--domain", "127.0.0.1", "--ca-file", notes + "s"}, exitFailed, "--ca-file: the file cannot be read", false},
		{"a flag says where", plain, []string{"--endpoint", c.url, "--ca-file", caFile}, exitPending, "+ create    edr", true},
	} {
		t.Run(row.what, func(t *testing.T) {
			before := c.asked.Load()
			code, out, errs := inProcess(c.env, append([]string{"diff", "--exit-code", "--local-state", "-C", row.dir}, row.args...)...)
			if code != row.code || !strings.Contains(out+errs, row.says) {
				t.Errorf("exit %d: %s%s", code, out, errs)
			}
			if asked := c.asked.Load() > before; asked != row.asks {
				t.Errorf("asked: %v", asked)
			}
		})
	}
}

// The hint names the variable with the domain that makes the command work.
func TestTheHintOfADomainThatIsNotAllowed(t *testing.T) {
	for host, want := range map[string]string{
		"secmaster.region-1.cloud.example": "region-1.cloud.example", "secmaster.region-1.cloud.example:8443": "region-1.cloud.example",
		"cloud.example": "cloud.example", "10.0.0.7:8443": "10.0.0.7", "soc": "soc",
	} {
		_, hints := explain(&domainError{"prod", host})
		if len(hints) != 2 || !strings.HasSuffix(hints[0], "  CONNSYNC_DOMAINS="+want) {
			t.Errorf("%s: %q", host, hints)
		}
		g := globals{Domain: []string{want}}
		if _, err := g.address(world{env: func(string) string { return "" }}, manifest.Target{Name: "prod", Endpoint: "https://" + host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestADomainIsAllowedAsAWhole(t *testing.T) {
	for _, row := range []struct {
		host    string
		domains []string
		allowed bool
	}{
		{"secmaster.cloud.example", []string{"cloud.example"}, true},
		{"SecMaster.Cloud.Example.", []string{"cloud.example."}, true},
		{"cloud.example", []string{"cloud.example"}, true},
		{"secmaster.cloud.example", []string{"other.example", " *.cloud.example"}, true},
		{"secmaster.cloud.example", []string{".cloud.example"}, true},
		{"evilcloud.example", []string{"cloud.example"}, false},
		{"cloud.example.evil.example", []string{"cloud.example"}, false},
		{"secmaster.cloud.example", nil, false},
		{"secmaster.cloud.example", []string{"", ".", "*"}, false},
		{"10.0.0.7", []string{"0.0.7"}, false},
	} {
		if got := allowedDomain(row.host, row.domains); got != row.allowed {
			t.Errorf("%s in %q: %v", row.host, row.domains, got)
		}
	}
}

// The IAM of a target must be in an allowed domain too, and Huawei Cloud's own is never asked about another cloud.
func TestTheIAMOfACloudOfOnesOwn(t *testing.T) {
	target := manifest.Target{Name: "prod", Region: "region-1", Endpoint: "https://secmaster.cloud.example", IAMEndpoint: "https://iam.other.example"}
	none := world{env: func(string) string { return "" }}
	g := globals{Domain: []string{"cloud.example"}}
	if _, err := g.address(none, target); err == nil || !strings.Contains(err.Error(), "iam.other.example") {
		t.Errorf("got %v", err)
	}
	target.IAMEndpoint = "https://iam.cloud.example"
	at, err := g.address(none, target)
	if err != nil || at.iam != target.IAMEndpoint || !at.private {
		t.Errorf("got %+v %v", at, err)
	}
	said := world{env: func(name string) string {
		return map[string]string{"HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.by.environment"}[name]
	}}
	if at, err := g.address(said, target); err != nil || at.iam != "https://iam.by.environment" {
		t.Errorf("got %+v %v", at, err)
	}
	for _, env := range []map[string]string{
		{"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "s", "HW_ASSUME_ROLE_AGENCY_NAME": "a", "HW_ASSUME_ROLE_DOMAIN_NAME": "d"},
		{"CONNSYNC_ID_TOKEN": "a.b.c", "CONNSYNC_OIDC_PROVIDER": "iam::account:oidcProvider:p", "CONNSYNC_OIDC_AGENCY": "iam::account:agency:a"},
		{"HW_ASSUME_ROLE_ID_TOKEN": "a.b.c", "HUAWEICLOUD_SDK_IDP_ID": "idp"},
	} {
		_, err := secmaster.FindCredentials(t.Context(), secmaster.FindOptions{
			Env: func(name string) string { return env[name] }, Region: "region-1", Endpoint: "https://secmaster.cloud.example", Private: true, Metadata: "off",
			HTTPClient: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				t.Errorf("%s was asked", r.URL.Host)
				return nil, http.ErrServerClosed
			})},
		})
		if err == nil || !strings.Contains(err.Error(), "the IAM or STS of this cloud is not known") {
			t.Errorf("%v: got %v", env, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What is known of a target at one address is not known of another.
func TestAnEndpointIsPartOfThePlace(t *testing.T) {
	c, other := newOwnCloud(t), newOwnCloud(t)
	dir := c.repository(t, "    endpoint: "+c.url)
	runGit(t, dir, "init", "-q", "-b", "main")
	runGit(t, dir, "add", "-A")
	runGit(t, dir, "commit", "-q", "-m", "first")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, []byte(c.ca+other.ca), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := []string{"-C", dir, "--domain", "127.0.0.1", "--ca-file", ca}
	if code, out, errs := inProcess(c.env, append([]string{"sync", "--settle", "1ms"}, flags...)...); code != exitDone {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	text, err := os.ReadFile(filepath.Join(dir, "connsync.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "connsync.yaml"), []byte(strings.ReplaceAll(string(text), c.url, other.url)), 0o644); err != nil {
		t.Fatal(err)
	}
	runGit(t, dir, "commit", "-q", "-am", "elsewhere")
	before := other.asked.Load()
	code, out, errs := inProcess(c.env, append([]string{"sync", "--settle", "1ms"}, flags...)...)
	if code != exitRefused || !strings.Contains(errs, "its known state belongs to region-1/") || !strings.Contains(errs, " at "+other.url) {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if other.asked.Load() != before {
		t.Error("the other one was asked")
	}
	code, out, errs = inProcess(nil, "diff", "-C", dir, "--base", "HEAD~1", "--color", "never")
	if !strings.Contains(out, "the endpoint of prod changes from") || !strings.Contains(out, other.url) {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
