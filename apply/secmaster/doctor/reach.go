package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Reach is how far a server is reached, step by step; a step behind a failed one is not tried.
type Reach struct {
	Host    string
	Proxied bool   // a proxy resolves its name and connects: the steps are about the proxy
	Proxy   string // its host and port; never what else stands in its address
	Number  bool   // the host is an address already
	Plain   bool   // http, to this machine
	Name    Step
	Connect Step
	TLS     Step
	Until   time.Time // its certificate is good; zero where there is none
}

// Step is a step, and what is wrong with it: one of the words below, or "".
type Step struct {
	Tried bool
	Wrong string
}

// What can be wrong with a step.
const (
	NoName      = "the host name cannot be resolved"
	NoAnswer    = "no answer in time"
	NobodyThere = "nothing listens there"
	NoWay       = "it cannot be connected to"
	Expired     = "the server's certificate has expired, or is not valid yet: by this machine's clock"
	OtherName   = "the server's certificate is for another host"
	Untrusted   = "the server's certificate is not trusted"
	NoTLS       = "it does not speak TLS as connsync does"
	NoProxy     = "it is no address of a proxy"
)

const stepWithin = 10 * time.Second

// Network is what reaches a server; the zero value of each is the real one.
type Network struct {
	Proxy   func(*http.Request) (*url.URL, error) // nil for none
	RootCAs *x509.CertPool
}

// Reach tries an address: a base URL.
func (n Network) Reach(ctx context.Context, address string) Reach {
	u, err := url.Parse(address)
	if err != nil {
		return Reach{}
	}
	r := Reach{Host: u.Hostname(), Plain: u.Scheme == "http", Number: net.ParseIP(u.Hostname()) != nil}
	if n.Proxy != nil {
		if proxy, err := n.Proxy(&http.Request{URL: u}); err != nil || proxy != nil {
			r.Proxied = true
			knock(ctx, proxy, &r)
			return r
		}
	}
	if !r.Number {
		r.Name = resolve(ctx, r.Host)
	}
	if r.Name.Wrong == "" {
		n.connect(ctx, u, &r)
	}
	return r
}

// knock tells whether a proxy is there. It is asked for nothing; nil is one with an unreadable address.
func knock(ctx context.Context, proxy *url.URL, r *Reach) {
	if proxy == nil || proxy.Hostname() == "" {
		r.Connect = Step{true, NoProxy}
		return
	}
	port := proxy.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[proxy.Scheme]
	}
	r.Proxy = net.JoinHostPort(proxy.Hostname(), cmp.Or(port, "80"))
	if net.ParseIP(proxy.Hostname()) == nil {
		r.Name = resolve(ctx, proxy.Hostname())
	}
	if r.Name.Wrong != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	if conn := r.dial(ctx, r.Proxy); conn != nil {
		_ = conn.Close()
	}
}

// dial connects, and notes how that went; nil where it failed.
func (r *Reach) dial(ctx context.Context, address string) net.Conn {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	r.Connect = Step{true, connectWrong(err)}
	if err != nil {
		return nil
	}
	return conn
}

func resolve(ctx context.Context, host string) Step {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	if found, err := net.DefaultResolver.LookupHost(ctx, host); err != nil || len(found) == 0 {
		return Step{true, NoName}
	}
	return Step{true, ""}
}

// connect connects, and shakes hands where it is https.
func (n Network) connect(ctx context.Context, u *url.URL, r *Reach) {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = "443"
	}
	conn := r.dial(ctx, net.JoinHostPort(r.Host, port))
	if conn == nil {
		return
	}
	defer conn.Close()
	if r.Plain {
		return
	}
	secure := tls.Client(conn, &tls.Config{ServerName: r.Host, MinVersion: tls.VersionTLS12, RootCAs: n.RootCAs})
	err := secure.HandshakeContext(ctx)
	r.TLS = Step{true, tlsWrong(err)}
	if err == nil {
		r.Until = secure.ConnectionState().PeerCertificates[0].NotAfter
	}
}

func connectWrong(err error) string {
	var late net.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return NoAnswer
	case strings.Contains(err.Error(), "refused"):
		return NobodyThere
	}
	return NoWay
}

func tlsWrong(err error) string {
	var late net.Error
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &name):
		return OtherName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return Expired
	case errors.As(err, &invalid), errors.As(err, &unknown):
		return Untrusted
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return NoAnswer
	}
	return NoTLS
}

// Reached tells whether nothing was wrong.
func (r Reach) Reached() bool {
	return r.Name.Wrong == "" && r.Connect.Wrong == "" && r.TLS.Wrong == ""
}
