package secmaster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"connsync/secrets"
)

// Credentials sign requests, with a key pair or, where there is one, with a token.
type Credentials struct {
	AccessKey     string
	SecretKey     secrets.Value // a string
	SecurityToken secrets.Value // a string; of a temporary key pair
	Token         secrets.Value // a string: X-Auth-Token, used instead of the key pair
	ProjectID     string        // "" where the source names none
	Source        string        // where they were found, for people
}

// FindOptions say where credentials are looked for.
type FindOptions struct {
	Env        func(string) string
	Home       string // "" for none
	ReadFile   func(string) ([]byte, error)
	Metadata   string // base URL of the metadata server; "" for the usual one, "off" for none
	HTTPClient *http.Client
}

// ErrNoCredentials says that there are none anywhere.
var ErrNoCredentials = errors.New("no credentials")

// CredentialsError is a source that has credentials which cannot be used.
type CredentialsError struct{ Source, Reason string }

func (e *CredentialsError) Error() string { return e.Source + ": " + e.Reason }

// FindCredentials looks in the order of the vendor's own tools: the SDK's variables, Terraform's, a token in
// HW_AUTH_TOKEN, the SDK's file, and the metadata server of a machine with an agency. A source that has half of a
// key pair is an error, not a reason to go on with the next one.
func FindCredentials(ctx context.Context, o FindOptions) (Credentials, error) {
	for _, names := range [][4]string{
		{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID"},
		{"HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_PROJECT_ID"},
	} {
		c, err := pair("the environment", names, o.Env)
		if err != nil || c.AccessKey != "" {
			return c, err
		}
	}
	if token := o.Env("HW_AUTH_TOKEN"); token != "" {
		return Credentials{Token: secrets.Hide(token), ProjectID: o.Env("HW_PROJECT_ID"), Source: "HW_AUTH_TOKEN"}, nil
	}
	if c, err := fromFile(o); err != nil || c.AccessKey != "" {
		return c, err
	}
	return fromMetadata(ctx, o)
}

// pair reads a key pair under four names: access key, secret key, security token, project.
func pair(source string, names [4]string, get func(string) string) (Credentials, error) {
	ak, sk := strings.TrimSpace(get(names[0])), strings.TrimSpace(get(names[1]))
	switch {
	case ak == "" && sk == "":
		return Credentials{}, nil
	case ak == "":
		return Credentials{}, &CredentialsError{source, fmt.Sprintf("%s without %s", names[1], names[0])}
	case sk == "":
		return Credentials{}, &CredentialsError{source, fmt.Sprintf("%s without %s", names[0], names[1])}
	case strings.ContainsFunc(ak+sk+get(names[2]), unprintable):
		return Credentials{}, &CredentialsError{source, names[0] + " or " + names[1] + " holds a character that no key has"}
	}
	c := Credentials{AccessKey: ak, SecretKey: secrets.Hide(sk), ProjectID: get(names[3]), Source: source}
	if token := strings.TrimSpace(get(names[2])); token != "" {
		c.SecurityToken = secrets.Hide(token)
	}
	return c, nil
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

// fromFile reads the section [basic] of ~/.huaweicloud/credentials.
func fromFile(o FindOptions) (Credentials, error) {
	path := o.Env("HUAWEICLOUD_SDK_CREDENTIALS_FILE")
	if path == "" && o.Home != "" {
		path = filepath.Join(o.Home, ".huaweicloud", "credentials")
	}
	if path == "" || o.ReadFile == nil {
		return Credentials{}, nil
	}
	text, err := o.ReadFile(path)
	if err != nil {
		return Credentials{}, nil
	}
	values := section(string(text), "basic")
	return pair(path, [4]string{"ak", "sk", "security_token", "project_id"}, func(k string) string { return values[k] })
}

// section is one section of an INI file.
func section(text, name string) map[string]string {
	out := map[string]string{}
	in := false
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		switch key, value, ok := strings.Cut(line, "="); {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			in = line == "["+name+"]"
		case in && ok:
			out[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return out
}
