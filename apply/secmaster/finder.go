package secmaster

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"connsync/lazy"
	"connsync/secrets"
)

// FindOptions say where credentials are looked for, and what temporary ones are for.
type FindOptions struct {
	Env        func(string) string
	Home       string // "" for none
	ReadFile   func(string) ([]byte, error)
	Metadata   string       // base URL of the metadata server; "" for the usual one, "off" for none
	HTTPClient *http.Client // instead of one made as the following say

	Endpoint, Region string                                // as in Options: they say where IAM and STS are
	IAMEndpoint      string                                // as in Options; HUAWEICLOUD_SDK_IAM_ENDPOINT comes before it
	Private          bool                                  // as in Options
	Proxy            func(*http.Request) (*url.URL, error) // nil for none; never for keys of this machine or pod
	RootCAs          *x509.CertPool

	Covers  time.Duration // how long keys are needed, at least; they are renewed if they live shorter
	Actions []string      // all actions allowed to temporary keys; nil for all their owner's actions
	Now     func() time.Time
	Sleep   func(context.Context, time.Duration) error // between two tries
}

// errNoIAM is of a cloud with an unknown IAM or STS, where one is asked for.
var errNoIAM = &OptionError{"endpoint", "the IAM or STS of this cloud is not known: set iam_endpoint in connsync.yaml, or HUAWEICLOUD_SDK_IAM_ENDPOINT and HUAWEICLOUD_SDK_STS_ENDPOINT"}

// finder is one search for credentials.
type finder struct {
	FindOptions
	iam, sts string // base URLs
	client   *http.Client
}

// newFinder checks where IAM and STS are: a file of the repository names neither.
func newFinder(o FindOptions) (*finder, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = Sleep
	}
	if o.Region != "" && !o.Private && !validRegion.MatchString(o.Region) {
		return nil, &OptionError{"region", "not a region"}
	}
	at := Options{
		Endpoint: o.Endpoint, Region: o.Region, IAMEndpoint: cmp.Or(o.Env("HUAWEICLOUD_SDK_IAM_ENDPOINT"), o.IAMEndpoint), Private: o.Private, Proxy: o.Proxy, RootCAs: o.RootCAs,
	}
	base, iam, err := at.addresses()
	if err != nil {
		return nil, err
	}
	f := &finder{FindOptions: o, iam: iam, client: o.HTTPClient}
	if !o.Private {
		f.sts = "https://sts." + ownSTS(o.Region) + ".myhuaweicloud.com"
	}
	if _, loopback, _ := address("endpoint", o.Endpoint); loopback {
		f.sts = base // an emulator serves them all
	}
	if text := o.Env("HUAWEICLOUD_SDK_STS_ENDPOINT"); text != "" {
		if !strings.Contains(text, "://") {
			text = "https://" + text // as the SDK takes it
		}
		if f.sts, _, err = address("STS endpoint", text); err != nil {
			return nil, err
		}
	}
	if f.client == nil {
		at.complete()
		f.client = newHTTPClient(at)
	}
	return f, nil
}

func (f *finder) close() {
	if f.HTTPClient == nil {
		f.client.CloseIdleConnections()
	}
}

// stsRegions are those with an STS known to the vendor's SDK.
var stsRegions = map[string]bool{
	"cn-north-4": true, "cn-south-1": true, "cn-east-3": true, "cn-southwest-2": true, "ap-southeast-1": true, "ap-southeast-2": true, "ap-southeast-3": true,
	"ap-southeast-4": true, "sa-brazil-1": true, "la-south-2": true, "af-south-1": true, "tr-west-1": true,
}

// ownSTS is where the STS of a region is: its own, or one that serves it too.
func ownSTS(region string) string {
	if stsRegions[region] {
		return region
	}
	return STSRegion(region)
}

// STSRegion is the region with the STS and IAM for a region: its own, or, within the cloud of China and the one of the world, the same for all.
// Europe is a cloud apart.
func STSRegion(region string) string {
	switch {
	case strings.HasPrefix(region, "eu-"):
		return region
	case strings.HasPrefix(region, "cn-"):
		return "cn-north-4"
	}
	return "ap-southeast-1"
}

// errNoAnswer is all connsync says of a request without an answer: the library's text can hold the address.
var errNoAnswer = errors.New("no answer")

const findTries = 3

// post sends JSON, and again where the server did not answer or failed; a request for keys can be repeated.
func (f *finder) post(ctx context.Context, url string, body any, prepare func(*http.Request, []byte)) (answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	for try := 1; ; try++ {
		a, err := f.send(ctx, http.MethodPost, url, text, prepare)
		again := err != nil && err != errNoIAM || a.status >= 500 || a.status == http.StatusTooManyRequests
		if !again || try == findTries || f.Sleep(ctx, time.Duration(try)*time.Second) != nil {
			return a, err
		}
	}
}

// send is one exchange; its answer is read to a bound.
func (f *finder) send(ctx context.Context, method, url string, text []byte, prepare func(*http.Request, []byte)) (answer, error) {
	if strings.HasPrefix(url, "/") {
		return answer{}, errNoIAM
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(text))
	if err != nil {
		return answer{}, errNoAnswer
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", "application/json")
	if prepare != nil {
		prepare(req, text)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return answer{}, errNoAnswer
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return answer{}, errNoAnswer
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: got}, nil
}

var keyCode = lazy.New(`^(?:IAM|STS5|PAP5|APIGW)\.[0-9]{1,8}$`)

// refusedKeys says why a source gave no keys: its name, the status, a code of the usual kind. Nothing else of the answer: what was sent
// is a secret, and it may be repeated there.
func refusedKeys(source string, a answer, err error) error {
	if err != nil {
		return &CredentialsError{source, err.Error()}
	}
	text := "it answered " + http.StatusText(a.status)
	if http.StatusText(a.status) == "" {
		text = "it answered with an unknown status"
	}
	if code := saidIn(a.body).code; keyCode.MatchString(code) {
		text += " (" + code + ")"
	}
	return &CredentialsError{source, text}
}

// keys are temporary ones as any of the sources answers them.
type keys struct{ access, secret, token, expires string }

// credentials checks keys, and gives them.
func (k keys) credentials(source string) (Credentials, error) {
	unclear := &CredentialsError{source, "its answer cannot be understood"}
	if k.access == "" || k.secret == "" || strings.ContainsFunc(k.access+k.secret+k.token, unprintable) {
		return Credentials{}, unclear
	}
	c := Credentials{AccessKey: k.access, SecretKey: secrets.Hide(k.secret), Source: source}
	if k.token != "" {
		c.SecurityToken = secrets.Hide(k.token)
	}
	if k.expires == "" {
		return c, nil
	}
	at, err := time.Parse(time.RFC3339Nano, k.expires)
	if err != nil {
		return Credentials{}, unclear
	}
	c.Expires = at
	return c, nil
}

// answered is what a source of temporary keys answers, each by members of its own.
type answered interface{ keys() keys }

// readKeys reads and checks the keys in an answer.
func readKeys[A answered](source string, body []byte) (Credentials, error) {
	var a A
	if json.Unmarshal(body, &a) != nil {
		return keys{}.credentials(source)
	}
	return a.keys().credentials(source)
}

// iamAnswer is what IAM and the metadata server answer.
type iamAnswer struct {
	Credential struct {
		Access        string `json:"access"`
		Secret        string `json:"secret"`
		SecurityToken string `json:"securitytoken"`
		ExpiresAt     string `json:"expires_at"`
	} `json:"credential"`
}

func (a iamAnswer) keys() keys {
	c := a.Credential
	return keys{c.Access, c.Secret, c.SecurityToken, c.ExpiresAt}
}
