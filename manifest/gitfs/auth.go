package gitfs

import (
	"encoding/base64"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

// tokens are the variables with a token for one host: connsync's own, for the requested address, and
// those of CI systems, each for its own server only.
var tokens = []struct{ token, server, user string }{
	{"CONNSYNC_GIT_TOKEN", "", "x-access-token"},
	{"GITHUB_TOKEN", "GITHUB_SERVER_URL", "x-access-token"},
	{"CI_JOB_TOKEN", "CI_SERVER_URL", "gitlab-ci-token"},
}

// token is the first variable with one for an address; nil where none does.
func token(address string, env func(string) string) transport.AuthMethod {
	u, err := url.Parse(address)
	if env == nil || err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil
	}
	for _, t := range tokens {
		text := env(t.token)
		if text == "" || t.server != "" && !sameServer(u, env(t.server)) {
			continue
		}
		return &http.BasicAuth{Username: t.user, Password: text}
	}
	return nil
}

func sameServer(u *url.URL, server string) bool {
	s, err := url.Parse(server)
	return err == nil && s.Host != "" && s.Scheme == u.Scheme && strings.EqualFold(s.Host, u.Host)
}

// credentials are what is known for an address before the remote asks: a token, or the header a CI system's
// checkout left in the repository's configuration for exactly that server.
func (r *Repository) credentials(address string, env func(string) string) transport.AuthMethod {
	if auth := token(address, env); auth != nil {
		return auth
	}
	if u, err := url.Parse(address); err == nil && isHTTP(address) {
		if password, ok := u.User.Password(); ok {
			return &http.BasicAuth{Username: u.User.Username(), Password: password}
		}
	}
	address = plain(address)
	if keys := sshKeys(address, env); keys != nil {
		return keys
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil
	}
	return fromHeader(r.extraHeader(address))
}

// extraHeader is the header Git itself would send to an address: a checkout may have left it in a file the repository's
// configuration includes, which only Git follows. "" where there is none, or no Git.
func (r *Repository) extraHeader(address string) string {
	cmd := exec.Command("git", "config", "--get-urlmatch", "http.extraheader", address)
	cmd.Env = append(environ(), "GIT_DIR="+r.layout.gitDir)
	out, err := cmd.Output()
	if err != nil || r.layout.gitDir == "" {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// sshKeys is the first usual key file without a passphrase, where no agent runs. Hosts are checked against known_hosts either way.
func sshKeys(address string, env func(string) string) transport.AuthMethod {
	u, err := url.Parse(address)
	user := "git"
	switch {
	case env == nil || env("SSH_AUTH_SOCK") != "":
		return nil
	case scp.MatchString(address):
		user, _, _ = strings.Cut(address, "@")
	case err != nil || u.Scheme != "ssh":
		return nil
	case u.User.Username() != "":
		user = u.User.Username()
	}
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		if keys, err := ssh.NewPublicKeysFromFile(user, filepath.Join(env("HOME"), ".ssh", name), ""); err == nil {
			return keys
		}
	}
	return nil
}

// fromHeader reads  AUTHORIZATION: basic …,  the form of the token that actions/checkout leaves.
func fromHeader(header string) transport.AuthMethod {
	name, value, _ := strings.Cut(header, ":")
	kind, text, _ := strings.Cut(strings.TrimSpace(value), " ")
	if !strings.EqualFold(name, "authorization") {
		return nil
	}
	if strings.EqualFold(kind, "bearer") {
		return &http.TokenAuth{Token: strings.TrimSpace(text)}
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	user, password, ok := strings.Cut(string(plain), ":")
	if err != nil || !ok || !strings.EqualFold(kind, "basic") {
		return nil
	}
	return &http.BasicAuth{Username: user, Password: password}
}
