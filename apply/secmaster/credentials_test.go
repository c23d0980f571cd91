package secmaster_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connsync/apply/secmaster"
)

func TestCredentialsAreFoundInTheOrderOfTheVendorsTools(t *testing.T) {
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && r.Header.Get("X-Metadata-Token-Ttl-Seconds") != "":
			fmt.Fprint(w, "session")
		case r.URL.Path == "/openstack/latest/securitykey" && r.Header.Get("X-Metadata-Token") == "session":
			fmt.Fprint(w, `{"credential":{"access":"meta-ak","secret":"meta-canary","securitytoken":"t"}}`)
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	t.Cleanup(metadata.Close)
	sdk := "HUAWEICLOUD_SDK_AK=sdk HUAWEICLOUD_SDK_SK=canary HUAWEICLOUD_SDK_SECURITY_TOKEN=canary HUAWEICLOUD_SDK_PROJECT_ID=p"
	terraform := "HW_ACCESS_KEY=tf HW_SECRET_KEY=canary"
	file := "[global]\nak=no\n[basic]\nak = file\nsk = canary\n"
	for _, c := range []struct {
		name, env, file, metadata string
		access, project, err      string
		token                     bool
	}{
		{"the SDK's variables come first", sdk + " " + terraform + " HW_AUTH_TOKEN=t", file, metadata.URL, "sdk", "p", "", false},
		{"then Terraform's", terraform + " HW_AUTH_TOKEN=t", file, metadata.URL, "tf", "", "", false},
		{"then a token", "HW_AUTH_TOKEN=canary", file, metadata.URL, "", "", "", true},
		{"then the SDK's file", "", file, metadata.URL, "file", "", "", false},
		{"then the metadata server", "", "", metadata.URL, "meta-ak", "", "", false},
		{"and nothing is an error of its own", "", "", "off", "", "", "no credentials", false},
		{"half a pair is an error", "HUAWEICLOUD_SDK_AK=x " + terraform, "", "off", "", "", "the environment: HUAWEICLOUD_SDK_AK without HUAWEICLOUD_SDK_SK", false},
		{"the other half too", "HW_SECRET_KEY=canary", "", "off", "", "", "the environment: HW_SECRET_KEY without HW_ACCESS_KEY", false},
		{"half a file", "", "[basic]\nak=x\n", "off", "", "", "/home/me/.huaweicloud/credentials: ak without sk", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := map[string]string{}
			for pair := range strings.FieldsSeq(c.env) {
				k, v, _ := strings.Cut(pair, "=")
				env[k] = v
			}
			got, err := secmaster.FindCredentials(context.Background(), secmaster.FindOptions{
				Env: func(k string) string { return env[k] }, Home: "/home/me", Metadata: c.metadata,
				ReadFile: func(string) ([]byte, error) {
					if c.file == "" {
						return nil, fs.ErrNotExist
					}
					return []byte(c.file), nil
				},
			})
			if c.err != "" {
				if err == nil || err.Error() != c.err || strings.Contains(err.Error(), "canary") {
					t.Errorf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil || got.AccessKey != c.access || got.ProjectID != c.project || got.Token.IsZero() == c.token {
				t.Errorf("%+v, %v", got, err)
			}
			if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, "canary") {
				t.Errorf("a secret in %s", text)
			}
		})
	}
	if _, err := secmaster.FindCredentials(context.Background(), secmaster.FindOptions{Env: func(string) string { return "" }, Metadata: "http://127.0.0.1:1"}); !errors.Is(err, secmaster.ErrNoCredentials) {
		t.Errorf("no metadata server: %v", err)
	}
}
