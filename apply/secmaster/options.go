package secmaster

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"connsync/lazy"
)

// Options say which workspace to talk to, as whom, and how.
type Options struct {
	Endpoint    string // https, or http to loopback; "" for the region's own
	IAMEndpoint string // of the project look-up; "" for the region's own, or a loopback Endpoint
	Private     bool   // the Endpoint is of a cloud of one's own, so that Huawei Cloud's IAM and STS are asked nothing
	Region      string
	ProjectID   string // "" to look it up by the region
	WorkspaceID string
	Credentials Credentials
	Parallelism int                                   // requests at a time that the caller means to send; default 8
	Proxy       func(*http.Request) (*url.URL, error) // nil for none
	UserAgent   string
	Log         *slog.Logger // a line for each request; nil for none

	Pace    *Pace          // how fast the address may be asked, shared by all who ask it; nil for one of its own
	RootCAs *x509.CertPool // who may have signed the servers' certificates; nil for the system's

	Now   func() time.Time                                                  // nil for the real clock
	Sleep func(context.Context, time.Duration) error                        // nil for a real one
	After func(time.Duration, func()) (stop func() bool)                    // nil for time.AfterFunc
	Dial  func(ctx context.Context, network, addr string) (net.Conn, error) // nil for a real one
	Waits func(what string, until time.Time) (done func())                  // hears of what may take long, until when at most, and when it is over; nil for nobody
	Wrap  func(http.RoundTripper) http.RoundTripper                         // sees every request and its answer; nil for nobody
}

// complete fills in what is not said.
func (o *Options) complete() {
	if o.Parallelism <= 0 {
		o.Parallelism = 8
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = Sleep
	}
	if o.After == nil {
		o.After = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: dialWithin, KeepAlive: 30 * time.Second}).DialContext
	}
}

// waiting is Sleep, which tells what is waited for.
func (o *Options) waiting(what string) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		defer o.waits(what, d)()
		return o.Sleep(ctx, d)
	}
}

// waits tells of something that may take so long, until done is called.
func (o *Options) waits(what string, d time.Duration) (done func()) {
	if o.Waits == nil {
		return func() {}
	}
	return o.Waits(what, o.Now().Add(d))
}

// OptionError is an option that cannot be used, in words that quote none of it.
type OptionError struct{ Option, Reason string }

func (e *OptionError) Error() string { return e.Option + ": " + e.Reason }

var (
	validRegion = lazy.New(`^[a-z]{2}-[a-z]+-[0-9]{1,3}$`)
	// pathSafe is an id that stays one part of a URL's path. What a manifest may say is narrower: this is about a server's answers, too.
	pathSafe = lazy.New(`^[A-Za-z0-9_-]{1,64}$`)
)

func (o *Options) check() error {
	switch {
	case o.Endpoint == "" && !validRegion.MatchString(o.Region):
		return &OptionError{"region", "not a region"}
	case !pathSafe.MatchString(o.WorkspaceID):
		return &OptionError{"workspace_id", "not an id"}
	case o.ProjectID != "" && !pathSafe.MatchString(o.ProjectID):
		return &OptionError{"project_id", "not an id"}
	case o.Credentials.AccessKey == "" && o.Credentials.Token.IsZero():
		return ErrNoCredentials
	}
	return nil
}

// addresses are the base URLs of SecMaster and of IAM, without a slash at the end.
func (o *Options) addresses() (secmaster, iam string, err error) {
	secmaster, iam = "https://secmaster."+o.Region+".myhuaweicloud.com", "https://iam."+o.Region+".myhuaweicloud.com"
	if o.Private {
		iam = ""
	}
	if o.Endpoint != "" {
		loopback := false
		if secmaster, loopback, err = address("endpoint", o.Endpoint); err != nil {
			return "", "", err
		}
		if loopback {
			iam = secmaster
		}
	}
	if o.IAMEndpoint != "" {
		if iam, _, err = address("IAM endpoint", o.IAMEndpoint); err != nil {
			return "", "", err
		}
	}
	return secmaster, iam, nil
}

// Address is the base URL of SecMaster, without a slash at the end.
func (o Options) Address() (string, error) {
	base, _, err := o.addresses()
	return base, err
}

// address checks a base URL: over a network only https, and nothing but a host and a port.
func address(option, text string) (base string, loopback bool, err error) {
	u, parseErr := url.Parse(strings.TrimSuffix(text, "/"))
	switch {
	case parseErr != nil || u.Host == "" || u.Opaque != "":
		return "", false, &OptionError{option, "not a URL such as https://secmaster.cn-north-4.myhuaweicloud.com"}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "":
		return "", false, &OptionError{option, "more than a scheme, a host and a port"}
	}
	loopback = IsLoopback(u.Hostname())
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return "", false, &OptionError{option, "must be https; http is for loopback addresses only"}
	}
	return u.Scheme + "://" + u.Host, loopback, nil
}

// IsLoopback tells whether a host is this machine: what is sent there may go over plain http.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
