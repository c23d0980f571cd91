package secmaster

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	metadataServer = "http://169.254.169.254"
	metadataWait   = time.Second // a machine without one must not wait long
)

// metadata asks the metadata server of the machine for the temporary keys of its agency. A pod has keys of its own, and does not ask for
// those of its machine.
func (f *finder) metadata(ctx context.Context) (Credentials, error) {
	base := f.Metadata
	switch {
	case base == "off" || f.Env(podURI) != "":
		return Credentials{}, nil
	case base == "":
		base = metadataServer
	}
	client := f.HTTPClient
	if client == nil {
		client = direct(3 * time.Second)
		defer client.CloseIdleConnections()
	}
	header := http.Header{"X-Metadata-Token-Ttl-Seconds": {"21600"}}
	token, status := ask(ctx, client, http.MethodPut, base+"/meta-data/latest/api/token", header)
	header = http.Header{}
	if status == http.StatusOK && !bytes.ContainsFunc(token, unprintable) {
		header.Set("X-Metadata-Token", string(token))
	}
	body, status := ask(ctx, client, http.MethodGet, base+"/openstack/latest/securitykey", header)
	if status != http.StatusOK {
		return Credentials{}, nil
	}
	return readKeys[iamAnswer]("the metadata server", body)
}

// ask is one small request; status 0 where there was no answer.
func ask(ctx context.Context, client *http.Client, method, url string, header http.Header) ([]byte, int) {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, 0
	}
	req.Header = header
	resp, err := client.Do(req)
	if err != nil {
		return nil, 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, 0
	}
	return body, resp.StatusCode
}

// direct is a client for what is close by: never through a proxy, since the answer is a key.
func direct(wait time.Duration) *http.Client {
	t := &http.Transport{DialContext: (&net.Dialer{Timeout: metadataWait}).DialContext}
	return &http.Client{Transport: t, Timeout: wait, CheckRedirect: noRedirects}
}

func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
