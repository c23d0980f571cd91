package secmaster

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"connsync/secrets"
)

const (
	metadataServer = "http://169.254.169.254"
	metadataWait   = time.Second // a machine without one must not wait long
)

// fromMetadata asks the metadata server of the machine for the temporary keys of its agency.
func fromMetadata(ctx context.Context, o FindOptions) (Credentials, error) {
	base := o.Metadata
	switch base {
	case "off":
		return Credentials{}, ErrNoCredentials
	case "":
		base = metadataServer
	}
	client := o.HTTPClient
	if client == nil {
		// Never through a proxy: the answer is a key.
		t := &http.Transport{DialContext: (&net.Dialer{Timeout: metadataWait}).DialContext}
		defer t.CloseIdleConnections()
		client = &http.Client{Transport: t, Timeout: 3 * time.Second, CheckRedirect: noRedirects}
	}
	header := http.Header{"X-Metadata-Token-Ttl-Seconds": {"21600"}}
	token, status := ask(ctx, client, http.MethodPut, base+"/meta-data/latest/api/token", header)
	header = http.Header{}
	if status == http.StatusOK && !bytes.ContainsFunc(token, unprintable) {
		header.Set("X-Metadata-Token", string(token))
	}
	body, status := ask(ctx, client, http.MethodGet, base+"/openstack/latest/securitykey", header)
	if status != http.StatusOK {
		return Credentials{}, ErrNoCredentials
	}
	return temporaryKeys(body)
}

// temporaryKeys reads the answer of a metadata server.
func temporaryKeys(body []byte) (Credentials, error) {
	var answer struct {
		Credential struct {
			Access        string `json:"access"`
			Secret        string `json:"secret"`
			SecurityToken string `json:"securitytoken"`
		} `json:"credential"`
	}
	c := &answer.Credential
	if json.Unmarshal(body, &answer) != nil || c.Access == "" || c.Secret == "" || strings.ContainsFunc(c.Access+c.Secret+c.SecurityToken, unprintable) {
		return Credentials{}, &CredentialsError{"the metadata server", "its answer cannot be understood"}
	}
	return Credentials{
		AccessKey: c.Access, SecretKey: secrets.Hide(c.Secret), SecurityToken: secrets.Hide(c.SecurityToken),
		Source: "the metadata server",
	}, nil
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

func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
