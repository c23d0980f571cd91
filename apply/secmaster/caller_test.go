package secmaster_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

func stsOptions(url string) secmaster.FindOptions {
	return secmaster.FindOptions{Env: func(string) string { return "" }, Endpoint: url, Region: emulator.DefaultRegion}
}

func ownKeys() secmaster.Credentials {
	return secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)}
}

// STS says who signs, and what a refusal means; the requests are signed as any other.
func TestSTSSaysWhoSignsAndWhatIsMissing(t *testing.T) {
	s, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer h.Close()
	ctx, o := context.Background(), stsOptions(h.URL)
	who, err := secmaster.WhoIs(ctx, o, ownKeys())
	if err != nil || who.Kind != "user" || who.Name != "api_user" || len(who.Account) != 32 {
		t.Errorf("%+v %v", who, err)
	}
	s.Deny("secmaster:connection:list")
	r, err := secmaster.NewReader(secmaster.Options{Endpoint: h.URL, Region: emulator.DefaultRegion, ProjectID: emulator.DefaultProject, WorkspaceID: emulator.DefaultWorkspace, Credentials: ownKeys()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	a, err := r.Look(ctx, "list connections", nil, "assetcredentials")
	if err == nil || a.Status != http.StatusForbidden || a.EncodedMessage() == "" {
		t.Fatalf("%d %v", a.Status, err)
	}
	missing, err := secmaster.Decode(ctx, o, ownKeys(), a.EncodedMessage())
	if err != nil || !slices.Equal(missing, []string{"secmaster:connection:list"}) {
		t.Errorf("%v %v", missing, err)
	}
	if _, err := secmaster.Decode(ctx, o, ownKeys(), "bWFkZSB1cA=="); err == nil || !strings.Contains(err.Error(), "STS5.0001") {
		t.Errorf("what is made up: %v", err)
	}
	stranger := ownKeys()
	stranger.SecretKey = secrets.Hide("another")
	if _, err := secmaster.WhoIs(ctx, o, stranger); err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("a wrong key: %v", err)
	}
	if _, err := secmaster.WhoIs(ctx, stsOptions("ftp://x"), ownKeys()); err == nil {
		t.Error("an address that is none")
	}
}

// A server that answers what it likes is believed where an answer has its form. With a token in the request, no name is.
func TestSTSIsNotQuotedWhereItWasSentASecret(t *testing.T) {
	answer := ""
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
	defer h.Close()
	temporary := ownKeys()
	temporary.SecurityToken = secrets.Hide("canary-token")
	of := func(account, urn string) string {
		return fmt.Sprintf(`{"account_id":%q,"principal_urn":%q,"decoded_message":"canary-token secmaster:connection:get secmaster:canary:token"}`, account, urn)
	}
	const account = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	for _, c := range []struct {
		keys   secmaster.Credentials
		answer string
		want   secmaster.Caller
		fails  bool
	}{
		{ownKeys(), of(account, "iam::x:user:ops"), secmaster.Caller{Account: account, Kind: "user", Name: "ops"}, false},
		{temporary, of(account, "sts::x:assumed-agency:canary-token/s"), secmaster.Caller{Account: account, Kind: "assumed-agency"}, false},
		{temporary, of("canary-token", "sts::x:canary-token:a"), secmaster.Caller{}, false},
		{ownKeys(), of("63616e6172792d746f6b656e63616e61", "iam::x:user:a"), secmaster.Caller{Kind: "user", Name: "a"}, false}, // a text in hexadecimal digits
		{ownKeys(), of(account, "iam::x:user:\x1b[31m"), secmaster.Caller{}, true},
		{ownKeys(), of(account, strings.Repeat("iam", 200)), secmaster.Caller{}, true},
		{ownKeys(), `[]`, secmaster.Caller{}, true},
		{ownKeys(), ``, secmaster.Caller{}, true},
	} {
		answer = c.answer
		who, err := secmaster.WhoIs(context.Background(), stsOptions(h.URL), c.keys)
		if who != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %+v %v", c.answer, who, err)
		}
	}
	answer = of(account, "")
	missing, err := secmaster.Decode(context.Background(), stsOptions(h.URL), temporary, "x")
	if err != nil || !slices.Equal(missing, []string{"secmaster:connection:get"}) {
		t.Errorf("%v %v", missing, err)
	}
	for body, want := range map[string]string{`{"encoded_authorization_message":" x "}`: "x", `[]`: "", `{"encoded_authorization_message":"` + strings.Repeat("x", 20<<10) + `"}`: ""} {
		if got := (secmaster.Answer{Body: []byte(body)}).EncodedMessage(); got != want {
			t.Errorf("%.60s: %q", body, got)
		}
	}
}

// Without a project, nothing is looked at.
func TestALookNeedsAProject(t *testing.T) {
	s, err := emulator.New(emulator.Options{Region: "cn-south-1"})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	defer h.Close()
	o := secmaster.Options{Endpoint: h.URL, Region: emulator.DefaultRegion, WorkspaceID: emulator.DefaultWorkspace, Credentials: ownKeys()}
	r, err := secmaster.NewReader(o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, list := r.Look(context.Background(), "list connections", nil, "assetcredentials")
	_, workspaces := r.LookAtWorkspaces(context.Background())
	if list == nil || workspaces == nil {
		t.Errorf("%v %v", list, workspaces)
	}
	if base, err := o.Address(); base != h.URL || err != nil {
		t.Errorf("%s %v", base, err)
	}
}
