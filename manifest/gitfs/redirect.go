package gitfs

import (
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/transport/client"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// errElsewhere ends a request redirected to another host.
var errElsewhere = errors.New("redirected to another host")

// stayHome makes go-git follow redirects within a host only, as after a repository was renamed. It would follow them to anywhere: without
// credentials, but manifests would be read from there, and known state pushed to there.
var stayHome = sync.OnceFunc(func() {
	c := githttp.NewClient(&http.Client{Transport: http.DefaultTransport, CheckRedirect: sameHost})
	client.InstallProtocol("https", c)
	client.InstallProtocol("http", c)
})

func sameHost(r *http.Request, before []*http.Request) error {
	first := before[0].URL
	if r.URL.Scheme != first.Scheme || !strings.EqualFold(r.URL.Host, first.Host) || len(before) > 5 {
		return errElsewhere
	}
	return nil
}
