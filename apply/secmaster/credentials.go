package secmaster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

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

	Expires time.Time                                  // zero for those that do not, or do not say
	Renew   func(context.Context) (Credentials, error) // gives newer ones; nil where there are none
	found   time.Time
}

// ErrNoCredentials says there are none anywhere.
var ErrNoCredentials = errors.New("no credentials")

// CredentialsError is a source with unusable credentials.
type CredentialsError struct{ Source, Reason string }

func (e *CredentialsError) Error() string { return e.Source + ": " + e.Reason }

// source is one place where credentials may be. Half of what it needs is an error, not a reason to go on with the next one.
type source struct {
	local bool // asking it tells whether it has any without a request
	find  func(*finder, context.Context) (Credentials, error)
}

// chain is the order of the vendor's own tools, and what connsync adds: the SDK's variables, Terraform's, a token in HW_AUTH_TOKEN, an ID token
// for STS or IAM, the SDK's file, the metadata server of a machine with an agency, and the identity of a pod.
func chain() []source {
	return []source{
		{true, (*finder).sdkPair}, {true, (*finder).terraformPair}, {true, (*finder).token},
		{false, (*finder).bySTS}, {false, (*finder).byIAM}, {true, (*finder).file}, {false, (*finder).fileByIAM},
		{false, (*finder).metadata}, {false, (*finder).pod},
	}
}

// FindCredentials gives the first found, or, where HW_ASSUME_ROLE_AGENCY_NAME is set, those of that agency. Temporary ones say when they
// expire, and can be renewed.
func FindCredentials(ctx context.Context, o FindOptions) (Credentials, error) {
	f, err := newFinder(o)
	if err != nil {
		return Credentials{}, err
	}
	defer f.close()
	for _, s := range chain() {
		c, err := s.find(f, ctx)
		if err != nil {
			return Credentials{}, err
		}
		if !c.none() {
			return f.complete(f.assumed(ctx, c))
		}
	}
	return Credentials{}, ErrNoCredentials
}

// Configured tells whether there are credentials, or something to get them by, without asking any server. A machine's agency does not count.
func Configured(o FindOptions) bool {
	f, err := newFinder(o)
	if err != nil {
		return true
	}
	defer f.close()
	for _, s := range chain() {
		if !s.local {
			continue
		}
		if c, err := s.find(f, context.Background()); err != nil || !c.none() {
			return true
		}
	}
	_, profile := f.profile()
	return f.federated() || profile["idp_id"] != "" || o.Env(podURI) != ""
}

// complete adds how temporary ones are renewed.
func (f *finder) complete(c Credentials, err error) (Credentials, error) {
	if err != nil || c.Expires.IsZero() {
		return c, err
	}
	c.found = f.Now()
	c.Renew = func(ctx context.Context) (Credentials, error) { return FindCredentials(ctx, f.FindOptions) }
	return c, nil
}

func (c Credentials) none() bool { return c.AccessKey == "" && c.Token.IsZero() }

// stale tells whether it is time for newer ones: what is under way must end before they expire.
func (c Credentials) stale(now time.Time) bool {
	return c.Renew != nil && c.Expires.Sub(now) < min(40*time.Minute, c.Expires.Sub(c.found)/3)
}

func (f *finder) sdkPair(context.Context) (Credentials, error) {
	return pair("the environment", [4]string{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID"}, f.Env)
}

func (f *finder) terraformPair(context.Context) (Credentials, error) {
	return pair("the environment", [4]string{"HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_PROJECT_ID"}, f.Env)
}

func (f *finder) token(context.Context) (Credentials, error) {
	token := f.Env("HW_AUTH_TOKEN")
	if token == "" {
		return Credentials{}, nil
	}
	return Credentials{Token: secrets.Hide(token), ProjectID: f.Env("HW_PROJECT_ID"), Source: "HW_AUTH_TOKEN"}, nil
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

// profile is the section [basic] of ~/.huaweicloud/credentials: empty where there is none.
func (f *finder) profile() (path string, values map[string]string) {
	path = f.Env("HUAWEICLOUD_SDK_CREDENTIALS_FILE")
	if path == "" && f.Home != "" {
		path = filepath.Join(f.Home, ".huaweicloud", "credentials")
	}
	if path == "" || f.ReadFile == nil {
		return path, nil
	}
	text, err := f.ReadFile(path)
	if err != nil {
		return path, nil
	}
	return path, section(string(text), "basic")
}

// file reads the key pair of the profile. A profile with an identity provider and a token's file is not asked for one, as the SDK has it.
func (f *finder) file(context.Context) (Credentials, error) {
	path, values := f.profile()
	if values["idp_id"] != "" && values["id_token_file"] != "" {
		return Credentials{}, nil
	}
	return pair(path, [4]string{"ak", "sk", "security_token", "project_id"}, func(k string) string { return values[k] })
}

// fileByIAM has IAM exchange the profile's ID token.
func (f *finder) fileByIAM(ctx context.Context) (Credentials, error) {
	path, values := f.profile()
	switch {
	case values["idp_id"] == "" && values["id_token_file"] == "":
		return Credentials{}, nil
	case values["idp_id"] == "":
		return Credentials{}, &CredentialsError{path, "id_token_file without idp_id"}
	case values["id_token_file"] == "":
		return Credentials{}, &CredentialsError{path, "idp_id without id_token_file"}
	}
	named := *f
	named.Env = func(k string) string {
		return map[string]string{"HUAWEICLOUD_SDK_IDP_ID": values["idp_id"], "HUAWEICLOUD_SDK_ID_TOKEN_FILE": values["id_token_file"]}[k]
	}
	if text := values["iam_endpoint"]; text != "" && f.Env("HUAWEICLOUD_SDK_IAM_ENDPOINT") == "" {
		var err error
		if named.iam, _, err = address(path+": iam_endpoint", text); err != nil {
			return Credentials{}, err
		}
	}
	c, err := named.byIAM(ctx)
	if e := (*CredentialsError)(nil); errors.As(err, &e) && e.Source == idTokenFiles[0] {
		err = &CredentialsError{path, "id_token_file: " + e.Reason}
	}
	c.ProjectID = values["project_id"]
	return c, err
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
