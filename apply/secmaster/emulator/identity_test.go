package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/provider"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	sdk "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/secmaster/v1"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/secmaster/v1/model"
	sts "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sts/v1"
	stsmodel "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/sts/v1/model"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
)

// cloud is an emulated IAM, STS and SecMaster, and a run's environment.
type cloud struct {
	*emulator.Identity
	url   string
	env   map[string]string
	files map[string]string
	now   time.Time
	home  *httptest.Server
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{env: map[string]string{}, files: map[string]string{}, now: time.Now()}
	s, err := emulator.New(emulator.Options{Clock: func() time.Time { return c.now }})
	if err != nil {
		t.Fatal(err)
	}
	c.Identity = emulator.NewIdentity(s)
	c.home = httptest.NewServer(c.Identity)
	t.Cleanup(c.home.Close)
	c.url = c.home.URL
	return c
}

func (c *cloud) options() secmaster.FindOptions {
	return secmaster.FindOptions{
		Env: func(k string) string { return c.env[k] }, Home: "/home", Metadata: "off", Endpoint: c.url, Region: emulator.DefaultRegion,
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := c.files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
		Now: func() time.Time { return c.now }, Sleep: func(context.Context, time.Duration) error { return nil },
	}
}

func (c *cloud) find() (secmaster.Credentials, error) {
	return secmaster.FindCredentials(context.Background(), c.options())
}

// reads lists the connections with credentials.
func (c *cloud) reads(t *testing.T, k secmaster.Credentials) error {
	t.Helper()
	r, err := c.reader(k)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = r.List(context.Background())
	return err
}

func (c *cloud) reader(k secmaster.Credentials) (*secmaster.Reader, error) {
	return secmaster.NewReader(secmaster.Options{
		Endpoint: c.url, Region: emulator.DefaultRegion, ProjectID: emulator.DefaultProject, WorkspaceID: emulator.DefaultWorkspace, Credentials: k,
		Now: func() time.Time { return c.now }, Sleep: func(context.Context, time.Duration) error { return nil },
	})
}

// ways are the ways to keys without a long-lived one.
var ways = map[string]func(*cloud){
	"STS, with a token in a variable, as GitLab gives it": func(c *cloud) {
		c.sts()
		c.env["CONNSYNC_ID_TOKEN"] = c.Token(c.Claims())
	},
	"STS, with a token in a file": func(c *cloud) {
		c.sts()
		c.env["CONNSYNC_ID_TOKEN_FILE"], c.files["/token"] = "/token", c.Token(c.Claims())+"\n"
	},
	"STS, with GitHub's token": func(c *cloud) { c.sts(); c.gitHub() },
	"IAM, as the SDK is told": func(c *cloud) {
		c.env["HUAWEICLOUD_SDK_IDP_ID"], c.env["HUAWEICLOUD_SDK_ID_TOKEN_FILE"] = emulator.DefaultIDP, "/token"
		c.files["/token"] = c.Token(c.Claims())
	},
	"IAM, as the SDK's profile tells, which has a pair, too": func(c *cloud) {
		c.files["/home/.huaweicloud/credentials"] = "[basic]\nak = OLD\nsk = canary-old\nidp_id = " + emulator.DefaultIDP + "\nid_token_file = /token\niam_endpoint = " + c.url + "\n"
		c.files["/token"] = c.Token(c.Claims())
	},
	"IAM, as Terraform is told": func(c *cloud) {
		c.env["HW_ASSUME_ROLE_IDP_ID"], c.env["HW_ASSUME_ROLE_ID_TOKEN"] = emulator.DefaultIDP, c.Token(c.Claims())
	},
	"IAM, with GitHub's token": func(c *cloud) { c.env["HUAWEICLOUD_SDK_IDP_ID"] = emulator.DefaultIDP; c.gitHub() },
	"IAM, and then an agency": func(c *cloud) {
		c.env["HW_ASSUME_ROLE_IDP_ID"], c.env["HW_ASSUME_ROLE_ID_TOKEN"] = emulator.DefaultIDP, c.Token(c.Claims())
		c.agency()
	},
	"an agency, by a long-lived key": func(c *cloud) {
		c.env["HW_ACCESS_KEY"], c.env["HW_SECRET_KEY"] = emulator.DefaultAccessKey, emulator.DefaultSecretKey
		c.agency()
	},
	"the identity of a pod": func(c *cloud) {
		c.env["HC_CONTAINER_CREDENTIALS_FULL_URI"], c.env["HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = c.url+"/pod/credentials", "/pod"
		c.files["/pod"] = c.PodToken + "\n"
	},
}

func (c *cloud) sts() {
	c.env["CONNSYNC_OIDC_PROVIDER"], c.env["CONNSYNC_OIDC_AGENCY"] = emulator.DefaultProvider, emulator.DefaultAgency
}

func (c *cloud) gitHub() {
	c.env["ACTIONS_ID_TOKEN_REQUEST_URL"], c.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = c.url+"/job/id-token?api-version=2.0", c.JobToken
	c.env["CONNSYNC_ID_TOKEN_AUDIENCE"] = emulator.DefaultAudience
}

func (c *cloud) agency() {
	c.env["HW_ASSUME_ROLE_AGENCY_NAME"], c.env["HW_ASSUME_ROLE_DOMAIN_NAME"] = emulator.DefaultAgencyName, emulator.DefaultDomainName
}

func TestTemporaryKeysAreHadWithoutALongLivedOne(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			way(c)
			if !secmaster.Configured(c.options()) || len(c.Asked()) > 0 {
				t.Errorf("configured is not told, or somebody was asked for it: %v", c.Asked())
			}
			c.FailNext(1)
			got, err := c.find()
			if strings.Contains(name, "GitHub") && err != nil { // GitHub is asked once
				got, err = c.find()
			}
			if err != nil || !strings.HasPrefix(got.AccessKey, "TEMPORARY") || got.SecurityToken.IsZero() || got.Expires.IsZero() {
				t.Fatalf("%v, %v", got, err)
			}
			if err := c.reads(t, got); err != nil {
				t.Error(err)
			}
			if text := fmt.Sprintf("%v %+v", got, got); strings.Contains(text, fmt.Sprint(got.SecretKey.Expose())) {
				t.Errorf("a secret in %s", text)
			}
			c.now = got.Expires.Add(time.Second)
			got.Renew = nil
			if err := c.reads(t, got); !errors.Is(err, secmaster.ErrDenied) {
				t.Errorf("after they expired: %v", err)
			}
		})
	}
}

// What is wrong with a token is refused by IAM and STS, and said without the token.
func TestAWrongTokenGivesNoKeys(t *testing.T) {
	for _, w := range []struct {
		name     string
		wrong    func(*cloud, *emulator.Claims)
		sts, iam string
	}{
		{"another audience", func(_ *cloud, k *emulator.Claims) { k.Audience = "https://elsewhere.example" }, "STS: it answered Forbidden (STS5.0002)", "IAM: it answered Forbidden (IAM.0001)"},
		{"expired", func(c *cloud, k *emulator.Claims) { k.Expires = c.now.Add(-time.Second).Unix() }, "STS: it answered Forbidden (STS5.0002)", "IAM: it answered Forbidden (IAM.0001)"},
		{"another issuer", func(_ *cloud, k *emulator.Claims) { k.Issuer = "https://evil.example" }, "STS: it answered Forbidden (STS5.0002)", "IAM: it answered Forbidden (IAM.0001)"},
		{"another provider", func(c *cloud, _ *emulator.Claims) {
			c.env["CONNSYNC_OIDC_PROVIDER"], c.env["HUAWEICLOUD_SDK_IDP_ID"] = strings.Replace(emulator.DefaultProvider, ":ci", ":other", 1), "other"
		}, "STS: it answered Not Found (STS5.0004)", "IAM: it answered Not Found (IAM.0004)"},
		{"used before", func(c *cloud, k *emulator.Claims) {
			c.env["CONNSYNC_ID_TOKEN"] = c.Token(*k)
			if _, err := c.find(); err != nil {
				panic(err)
			}
		}, "STS: it answered Forbidden (STS5.0002)", "IAM: it answered Forbidden (IAM.0001)"},
	} {
		for way, want := range map[string]string{"STS": w.sts, "IAM": w.iam} {
			c := newCloud(t)
			if way == "STS" {
				c.sts()
			} else {
				c.env["HUAWEICLOUD_SDK_IDP_ID"] = emulator.DefaultIDP
			}
			claims := c.Claims()
			w.wrong(c, &claims)
			token := c.Token(claims)
			c.env["CONNSYNC_ID_TOKEN"] = token
			if way == "IAM" {
				delete(c.env, "CONNSYNC_OIDC_PROVIDER")
			} else {
				delete(c.env, "HUAWEICLOUD_SDK_IDP_ID")
			}
			got, err := c.find()
			if err == nil || err.Error() != want || got.AccessKey != "" {
				t.Errorf("%s, %s: %v", w.name, way, err)
			}
		}
	}
}

// What the environment says wrong is said before anything is sent, and no part of a token is.
func TestHalfOfAWayIsAnErrorBeforeAnythingIsSent(t *testing.T) {
	both := map[string]string{"CONNSYNC_OIDC_PROVIDER": emulator.DefaultProvider, "CONNSYNC_OIDC_AGENCY": emulator.DefaultAgency, "CONNSYNC_ID_TOKEN": "canary"}
	with := func(pairs ...string) map[string]string {
		out := map[string]string{}
		for k, v := range both {
			out[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i]] = pairs[i+1]
		}
		return out
	}
	for _, w := range []struct {
		env  map[string]string
		says string
	}{
		{with("CONNSYNC_OIDC_AGENCY", ""), "CONNSYNC_OIDC_AGENCY: must be a URN"},
		{with("CONNSYNC_OIDC_PROVIDER", ""), "CONNSYNC_OIDC_PROVIDER: must be a URN"},
		{with("CONNSYNC_OIDC_AGENCY", emulator.DefaultProvider), "CONNSYNC_OIDC_AGENCY: must be a URN"},
		{with("CONNSYNC_OIDC_SESSION", "a b"), "CONNSYNC_OIDC_SESSION: must be 2 to 128"},
		{with("CONNSYNC_ID_TOKEN", ""), "the environment: no ID token"},
		{with("CONNSYNC_ID_TOKEN", "canary\nX-Evil: 1"), "CONNSYNC_ID_TOKEN: what it holds is no ID token"},
		{with("CONNSYNC_ID_TOKEN", strings.Repeat("canary", 4000)), "CONNSYNC_ID_TOKEN: what it holds is no ID token"},
		{with("CONNSYNC_ID_TOKEN", "", "CONNSYNC_ID_TOKEN_FILE", "/canary"), "CONNSYNC_ID_TOKEN_FILE: the file that it names cannot be read"},
		{with("CONNSYNC_ID_TOKEN", "", "ACTIONS_ID_TOKEN_REQUEST_URL", "http://evil.example/canary", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary"), "ACTIONS_ID_TOKEN_REQUEST_URL: must be an https URL"},
		{with("CONNSYNC_ID_TOKEN", "", "ACTIONS_ID_TOKEN_REQUEST_URL", "https://a.example", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "can ary"), "ACTIONS_ID_TOKEN_REQUEST_TOKEN: what it holds is no ID token"},
		{map[string]string{"HW_ASSUME_ROLE_IDP_ID": "a\nb"}, "the environment: the name of the identity provider"},
		{map[string]string{"HW_ASSUME_ROLE_IDP_ID": "ci"}, "the environment: no ID token"},
		{map[string]string{"HC_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.1.1/x"}, "the pod's identity: both"},
		{map[string]string{"HC_CONTAINER_CREDENTIALS_FULL_URI": "http://10.0.0.1/x", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/f"}, "HC_CONTAINER_CREDENTIALS_FULL_URI: must be an https URL"},
		{map[string]string{"HC_CONTAINER_CREDENTIALS_FULL_URI": "http://[::1", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/f"}, "HC_CONTAINER_CREDENTIALS_FULL_URI: must be an https URL"},
		{map[string]string{"HC_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.1.1/x", "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/none"}, "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE: the file that it names cannot be read"},
		{map[string]string{"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "canary", "HW_ASSUME_ROLE_AGENCY_NAME": "x"}, "HW_ASSUME_ROLE_AGENCY_NAME: needs HW_ASSUME_ROLE_DOMAIN_NAME"},
		{map[string]string{"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "canary", "HW_ASSUME_ROLE_AGENCY_NAME": "x", "HW_ASSUME_ROLE_DOMAIN_ID": "d", "HW_ASSUME_ROLE_DURATION": "60"}, "HW_ASSUME_ROLE_DURATION: must be 900 to 86400"},
		{with("HUAWEICLOUD_SDK_STS_ENDPOINT", "http://sts.example"), "STS endpoint: must be https"},
		{with("HUAWEICLOUD_SDK_STS_ENDPOINT", "sts.example/path"), "STS endpoint: more than"},
		{with("HUAWEICLOUD_SDK_IAM_ENDPOINT", "https://u:canary@iam.example"), "IAM endpoint: more than"},
		{map[string]string{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "[basic]\nidp_id = ci\n"}, "/profile: idp_id without id_token_file"},
		{map[string]string{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "[basic]\nid_token_file = /canary\n"}, "/profile: id_token_file without idp_id"},
		{map[string]string{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "[basic]\nidp_id = ci\nid_token_file = /canary\n"}, "/profile: id_token_file: the file that it names cannot be read"},
		{map[string]string{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": "[basic]\nidp_id = ci\nid_token_file = /f\niam_endpoint = http://iam.example/canary\n"}, "/profile: iam_endpoint: "},
	} {
		c := newCloud(t)
		c.env = w.env
		if text := w.env["HUAWEICLOUD_SDK_CREDENTIALS_FILE"]; text != "" {
			c.files["/profile"], c.env["HUAWEICLOUD_SDK_CREDENTIALS_FILE"] = text, "/profile"
		}
		got, err := c.find()
		if err == nil || !strings.HasPrefix(err.Error(), w.says) || strings.Contains(err.Error(), "canary") || got.AccessKey != "" {
			t.Errorf("%s: %v", w.says, err)
		}
		if len(c.Asked()) > 0 {
			t.Errorf("%s: %v was asked", w.says, c.Asked())
		}
	}
	c := newCloud(t)
	o := c.options()
	o.Region = "evil.example/"
	if _, err := secmaster.FindCredentials(context.Background(), o); err == nil || err.Error() != "region: not a region" || !secmaster.Configured(o) {
		t.Errorf("a region that leads elsewhere: %v", err)
	}
}

// What a source answers is not believed as it is, and not repeated: what was asked with is a secret.
func TestAnAnswerWithoutKeysIsNotRepeated(t *testing.T) {
	for says, answer := range map[string]http.HandlerFunc{
		"its answer cannot be understood":  func(w http.ResponseWriter, r *http.Request) { good(w, r, "<canary>") },
		"its answer cannot be understood ": func(w http.ResponseWriter, r *http.Request) { good(w, r, "{}") },
		"its answer cannot be understood  ": func(w http.ResponseWriter, r *http.Request) {
			good(w, r, `{"credentials":{"access_key_id":"a","secret_access_key":"b","accessKeyId":"a","secretAccessKey":"b","expiration":"canary"},"credential":{"access":"a","secret":"b","expires_at":"canary"}}`)
		},
		"it answered Bad Request": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error_code":"canary","error_msg":"canary"}`)
		},
		"it answered Bad Request (IAM.0011)": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error_code":"IAM.0011","error_msg":"canary"}`)
		},
		"it answered Service Unavailable": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"it answered Temporary Redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/canary", http.StatusTemporaryRedirect)
		},
		"it answered with an unknown status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(799) },
		"no answer":                          func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no answer ": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			fmt.Fprint(w, "canary")
			panic(http.ErrAbortHandler)
		},
	} {
		h := httptest.NewUnstartedServer(answer)
		h.Config.ErrorLog = log.New(io.Discard, "", 0)
		h.Start()
		for name, way := range ways {
			c := newCloud(t)
			c.url = h.URL
			way(c)
			got, err := c.find()
			if err == nil || !strings.HasSuffix(err.Error(), ": "+strings.TrimSpace(says)) && !strings.HasSuffix(err.Error(), "GitHub's ID tokens: what it holds is no ID token") || strings.Contains(err.Error(), "canary") || got.AccessKey != "" {
				t.Errorf("%s, %s: %v", says, name, err)
			}
		}
		h.Close()
	}
}

// good answers with the status of success, and, where it is IAM's first call, with a token.
func good(w http.ResponseWriter, r *http.Request, text string) {
	if strings.HasPrefix(r.URL.Path, "/v3.0/") {
		if strings.Contains(r.URL.Path, "id-token") {
			w.Header().Set("X-Subject-Token", "canary")
		}
		w.WriteHeader(http.StatusCreated)
	}
	fmt.Fprint(w, text)
}

// Keys are renewed while the old ones still serve, and a failure to is no failure of what they are for.
func TestKeysAreRenewedBeforeTheyExpire(t *testing.T) {
	c := newCloud(t)
	c.sts()
	c.gitHub()
	first, err := c.find()
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.reader(first)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	list := func(asked int) {
		t.Helper()
		if _, err := r.List(context.Background()); err != nil {
			t.Error(err)
		}
		if n := len(c.Asked()); n != asked {
			t.Errorf("%d requests for keys, want %d", n, asked)
		}
	}
	start := c.now
	list(2)
	c.now = start.Add(39 * time.Minute)
	list(2)
	c.now = start.Add(41 * time.Minute)
	c.FailNext(1)
	list(3) // GitHub fails, the old keys serve
	c.now = start.Add(41*time.Minute + 30*time.Second)
	list(3) // and is not asked at once again
	c.now = start.Add(43 * time.Minute)
	list(5)
	c.now = start.Add(70 * time.Minute)
	list(5)
}

// What is asked for lasts an hour, allowed by every agency, or as long as the run may take, and never longer than the cloud gives.
func TestKeysLastAsLongAsTheRunMayTake(t *testing.T) {
	for covers, want := range map[time.Duration]float64{0: 3600, 15 * time.Minute: 3600, 2 * time.Hour: 7500, 24 * time.Hour: 43200} {
		c := newCloud(t)
		ways["STS, with a token in a variable, as GitLab gives it"](c)
		o := c.options()
		o.Covers = covers
		if _, err := secmaster.FindCredentials(context.Background(), o); err != nil {
			t.Fatal(err)
		}
		if got := c.Asked()[0].Body["duration_seconds"]; got != want {
			t.Errorf("%v: %v", covers, got)
		}
	}
}

// A session narrowed to what a job needs can do that, and nothing else.
func TestASessionIsNarrowedToItsJob(t *testing.T) {
	for _, way := range []string{"STS, with GitHub's token", "IAM, with GitHub's token", "IAM, and then an agency"} {
		c := newCloud(t)
		ways[way](c)
		o := c.options()
		o.Actions = secmaster.ActionNames(secmaster.JobDiff)
		got, err := secmaster.FindCredentials(context.Background(), o)
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if err := c.reads(t, got); err != nil {
			t.Errorf("%s: %v", way, err)
		}
		client, err := secmaster.NewClient(secmaster.Options{Endpoint: c.url, ProjectID: emulator.DefaultProject, WorkspaceID: emulator.DefaultWorkspace, Credentials: got})
		if err != nil {
			t.Fatal(err)
		}
		id := c.Server.Put(emulator.Connection{Name: "kept", CanBeDeleted: true})
		if _, err := client.Delete(context.Background(), id); !errors.Is(err, secmaster.ErrDenied) {
			t.Errorf("%s: a delete: %v", way, err)
		}
		client.Close()
	}
}

// The vendor's own SDK gets keys from the emulated IAM and STS, by the same requests as connsync, and reads SecMaster with them.
func TestTheVendorsSDKGetsKeysByTheSameRequests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	http := config.DefaultHttpConfig().WithUserAgent("connsync-test")
	c := newCloud(t)

	ways["IAM, as the SDK is told"](c)
	o := c.options()
	o.Covers = 6*time.Hour - 5*time.Minute // as long as the SDK asks for
	if _, err := secmaster.FindCredentials(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	write(c.Token(c.Claims()))
	byIAM, err := basic.NewCredentialsBuilder().WithIdpId(emulator.DefaultIDP).WithIdTokenFile(file).WithIamEndpointOverride(c.url).WithProjectId(emulator.DefaultProject).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	vendorReads := func(credentials *basic.Credentials) {
		t.Helper()
		client, err := sdk.SecMasterClientBuilder().WithEndpoints([]string{c.url}).WithCredential(credentials).WithHttpConfig(http).SafeBuild()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sdk.NewSecMasterClient(client).ListConnections(&model.ListConnectionsRequest{ContentType: mediaType, WorkspaceId: emulator.DefaultWorkspace}); err != nil {
			t.Error(err)
		}
	}
	vendorReads(byIAM)
	same(t, c, 2)

	delete(c.env, "HUAWEICLOUD_SDK_IDP_ID")
	ways["STS, with a token in a variable, as GitLab gives it"](c)
	if _, err := c.find(); err != nil {
		t.Fatal(err)
	}
	anyone, err := basic.NewCredentialsBuilder().WithAk("UNUSED").WithSk("unused").WithProjectId("p").SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	client, err := sts.StsClientBuilder().WithEndpoints([]string{c.url}).WithCredential(anyone).WithHttpConfig(http).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	seconds := int32(3600)
	got, err := sts.NewStsClient(client).AssumeAgencyWithOIDC(&stsmodel.AssumeAgencyWithOidcRequest{Body: &stsmodel.AssumeAgencyWithOidcReqBody{
		ProviderUrn: emulator.DefaultProvider, AgencyUrn: emulator.DefaultAgency, AgencySessionName: "connsync", IdToken: c.Token(c.Claims()), DurationSeconds: &seconds,
	}})
	if err != nil || got.Credentials == nil {
		t.Fatalf("%v %v", got, err)
	}
	bySTS, err := basic.NewCredentialsBuilder().WithAk(got.Credentials.AccessKeyId).WithSk(got.Credentials.SecretAccessKey).WithSecurityToken(got.Credentials.SecurityToken).WithProjectId(emulator.DefaultProject).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	vendorReads(bySTS)
	same(t, c, 1)

	for _, name := range []string{"CONNSYNC_OIDC_PROVIDER", "CONNSYNC_OIDC_AGENCY"} {
		delete(c.env, name)
	}
	ways["the identity of a pod"](c)
	if _, err := c.find(); err != nil {
		t.Fatal(err)
	}
	write(c.PodToken)
	t.Setenv("HC_CONTAINER_CREDENTIALS_FULL_URI", c.url+"/pod/credentials")
	t.Setenv("HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
	pod, err := provider.BasicCredentialPodIdentityProvider().GetCredentials()
	if err != nil {
		t.Fatal(err)
	}
	keys := pod.(*basic.Credentials)
	keys.ProjectId = emulator.DefaultProject
	vendorReads(keys)
	same(t, c, 1)
}

// same compares the last requests with as many before.
func same(t *testing.T, c *cloud, n int) {
	t.Helper()
	asked := c.Asked()
	if len(asked) < 2*n {
		t.Fatalf("%d requests: %+v", len(asked), asked)
	}
	asked = asked[len(asked)-2*n:]
	if !reflect.DeepEqual(asked[:n], asked[n:]) {
		t.Errorf("connsync asked\n%+v\nthe SDK\n%+v", asked[:n], asked[n:])
	}
	if slices.ContainsFunc(asked, func(a emulator.Asked) bool { return a.Status >= 300 }) {
		t.Errorf("refused: %+v", asked)
	}
}

// A request for keys can be repeated: a failing or busy server is asked three times in all, and a refusal once.
func TestAServerThatFailsIsAskedForKeysAgain(t *testing.T) {
	for status, want := range map[int]int{500: 3, 502: 3, 503: 3, 429: 3, 400: 1, 403: 1} {
		asked := 0
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; w.WriteHeader(status) }))
		c := newCloud(t)
		ways["STS, with a token in a variable, as GitLab gives it"](c)
		c.url = h.URL
		if _, err := c.find(); err == nil || asked != want {
			t.Errorf("%d: asked %d times, want %d: %v", status, asked, want, err)
		}
		h.Close()
	}
}

// Of an answer no more than 64 KiB is read.
func TestAnAnswerWithKeysIsReadToABound(t *testing.T) {
	const answer = `{"credentials":{"access_key_id":"a","secret_access_key":"b","expiration":"2026-01-01T00:00:00Z","more":"%s"}}`
	for size, right := range map[int]bool{1 << 10: true, 64 << 10: false} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			good(w, r, fmt.Sprintf(answer, strings.Repeat("x", size)))
		}))
		c := newCloud(t)
		ways["STS, with a token in a variable, as GitLab gives it"](c)
		c.url = h.URL
		if got, err := c.find(); (err == nil) != right || (got.AccessKey == "a") != right {
			t.Errorf("%d bytes: %v", size, err)
		}
		h.Close()
	}
}

// Keys of an agency are for the project named by their owner.
func TestTheKeysOfAnAgencyKeepTheProject(t *testing.T) {
	c := newCloud(t)
	ways["an agency, by a long-lived key"](c)
	c.env["HW_PROJECT_ID"] = emulator.DefaultProject
	if got, err := c.find(); err != nil || got.ProjectID != emulator.DefaultProject || got.AccessKey == emulator.DefaultAccessKey {
		t.Errorf("project %q: %v", got.ProjectID, err)
	}
}

// A profile says where its IAM is, and of which project: both are gone by, and it counts as credentials before anything is asked.
func TestAProfileSaysWhereItsIAMIs(t *testing.T) {
	c, other := newCloud(t), newCloud(t)
	c.files["/token"] = other.Token(other.Claims())
	c.files["/home/.huaweicloud/credentials"] = "[basic]\nidp_id = " + emulator.DefaultIDP + "\nid_token_file = /token\nproject_id = of-the-profile\niam_endpoint = " + other.url + "\n"
	if !secmaster.Configured(c.options()) || len(c.Asked())+len(other.Asked()) > 0 {
		t.Errorf("configured: %v, asked: %v %v", secmaster.Configured(c.options()), c.Asked(), other.Asked())
	}
	got, err := c.find()
	if err != nil || got.AccessKey == "" || got.ProjectID != "of-the-profile" || len(c.Asked()) > 0 || len(other.Asked()) != 2 {
		t.Errorf("%v, project %q, asked: %v %v", err, got.ProjectID, c.Asked(), other.Asked())
	}
	c.env["HUAWEICLOUD_SDK_IAM_ENDPOINT"], c.files["/token"] = c.url, c.Token(c.Claims())
	if _, err := c.find(); err != nil || len(c.Asked()) != 2 {
		t.Errorf("the environment comes first: %v, asked %v", err, c.Asked())
	}
}
