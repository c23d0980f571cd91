package secmaster_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

// The workspaces of a project are shown with harmless names, without views of others; what the answer holds otherwise is never shown.
func TestTheWorkspacesOfAProjectAreShown(t *testing.T) {
	list := func(h http.Handler, project string) (string, error) {
		s := httptest.NewServer(h)
		defer s.Close()
		got, found, err := secmaster.Workspaces(context.Background(), secmaster.Options{
			Endpoint: s.URL, Region: emulator.DefaultRegion, ProjectID: project,
			Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
		})
		return fmt.Sprint(got, found), err
	}
	server, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[string]int{"0": 0, "1": 1, "3": 3} {
		if err := server.Set("workspaces=" + n); err != nil {
			t.Fatal(err)
		}
		got, err := list(server, "")
		if err != nil || strings.Count(got, "{") != want || strings.Contains(got, "a view") || !strings.HasPrefix(got, emulator.DefaultProject) {
			t.Errorf("%s: %s %v", n, got, err)
		}
	}
	for answer, want := range map[string]string{
		`{"workspaces":[{"id":"b","name":"x\u202e\n"},{"id":"a","name":7},{"id":"../c","name":"canary"},{"name":"canary"},{"id":"v","is_view":"true"}]}`: "p[{a 7} {b x?}]",
		`{"workspaces":null}`: "p[]", `{}`: "p[]", "canary": "", `{"workspaces":"canary"}`: "",
	} {
		got, err := list(answers(200, answer), "p")
		if want != "" && (err != nil || got != want) || want == "" && (err == nil || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%s: %s %v", answer, got, err)
		}
	}
	if _, err := list(answers(403, "{}"), "p"); err == nil {
		t.Error("a refusal is no list")
	}
	if _, _, err := secmaster.Workspaces(context.Background(), secmaster.Options{Region: "Mars"}); err == nil {
		t.Error("no region is no list")
	}
	if _, err := list(answers(200, "{}"), ""); err == nil {
		t.Error("without a project there is no list")
	}
}
