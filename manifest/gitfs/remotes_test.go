package gitfs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connsync/manifest/gitfs"
)

// reached is a copy of a clone before it is given its remote.
type reached struct {
	t           *testing.T
	clone, bare string
	host        string // where the bare one is served to those with a token
	env         map[string]string
}

// serves answers every request of a server with a status.
func (c *reached) serves(status int, header ...string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}))
	c.t.Cleanup(s.Close)
	return s.URL + "/server.git"
}

func (c *reached) config(text string) {
	c.t.Helper()
	write(c.t, c.clone, ".git/config", fileIn(c.t, c.clone, ".git/config")+text)
}

// proxy passes everything on, if it lets clients in.
func (c *reached) proxy(lets bool) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !lets {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		to, _ := url.Parse(c.host)
		httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host}).ServeHTTP(w, r)
	}))
	c.t.Cleanup(s.Close)
	return s.URL
}

const token = "canary-token"

// remotes are kinds of remotes: "" is read, and the rest is refused with these words.
var remotes = map[string]struct {
	address func(c *reached) string
	says    string
}{
	"a path":                   {func(c *reached) string { return c.bare }, ""},
	"a path beside it":         {func(*reached) string { return "../server.git" }, ""},
	"a path with its ending":   {func(*reached) string { return "./../server.git/" }, ""},
	"file://":                  {func(c *reached) string { return "file://" + c.bare }, ""},
	"a path that is not there": {func(*reached) string { return "../nothing.git" }, "no such repository"},
	"a folder that is none":    {func(*reached) string { return "/" }, "no such repository"},
	"http, and a token":        {func(c *reached) string { c.env["CONNSYNC_GIT_TOKEN"] = token; return c.host }, ""},
	"http, and a job's token": {func(c *reached) string {
		c.env["CI_JOB_TOKEN"], c.env["CI_SERVER_URL"] = token, strings.TrimSuffix(c.host, "/server.git")
		return c.host
	}, ""},
	"http, and another server's token": {func(c *reached) string {
		c.env["CI_JOB_TOKEN"], c.env["CI_SERVER_URL"] = token, "https://gitlab.example"
		return c.host
	}, "it asks for credentials, and none are known"},
	"http, a user and a token in it":       {func(c *reached) string { return strings.Replace(c.host, "://", "://emma:"+token+"@", 1) }, ""},
	"http, a user and a wrong token in it": {func(c *reached) string { return strings.Replace(c.host, "://", "://emma:canary-wrong@", 1) }, "the server does not take the credentials of the remote's address"},
	"http, a user in it, and a helper": {func(c *reached) string {
		c.config("[credential]\n\thelper = \"!f() { grep -q username=emma && echo password=" + token + "; }; f\"\n")
		return strings.Replace(c.host, "://", "://emma@", 1)
	}, ""},
	"http, and a header": {func(c *reached) string {
		c.config("[http \"" + strings.TrimSuffix(c.host, "server.git") + "\"]\n\textraheader = " + basicHeader + "\n")
		return c.host
	}, ""},
	"http, and a bearer's header": {func(c *reached) string {
		c.config("[http]\n\textraheader = Authorization: bearer " + token + "\n")
		return c.host
	}, ""},
	"http, and a program that is asked": {func(c *reached) string {
		name := filepath.Join(c.t.TempDir(), "ask")
		if err := os.WriteFile(name, []byte("#!/bin/sh\necho "+token+"\n"), 0o755); err != nil {
			c.t.Fatal(err)
		}
		c.t.Setenv("GIT_ASKPASS", name)
		return c.host
	}, ""},
	"http, and nothing": {func(c *reached) string { return c.host }, "it asks for credentials, and none are known"},
	"http, and a helper that is wrong": {func(c *reached) string {
		c.config("[credential]\n\thelper = \"!f() { echo username=u; echo password=canary-wrong; }; f\"\n")
		return c.host
	}, "the server does not take the credentials"},
	"http, by a proxy": {func(c *reached) string {
		c.config("[remote \"origin\"]\n\tproxy = " + c.proxy(true) + "\n")
		c.env["CONNSYNC_GIT_TOKEN"] = token
		return "http://localhost:1/server.git"
	}, ""},
	"http, by a proxy that asks": {func(c *reached) string {
		c.config("[http]\n\tproxy = " + c.proxy(false) + "\n")
		return "http://localhost:1/server.git"
	}, "the proxy asks for a password"},
	"http, by a proxy without a name": {func(c *reached) string {
		c.config("[http]\n\tproxy = http://proxy.invalid:3128\n")
		return "http://localhost:1/server.git"
	}, "the proxy's host name cannot be resolved"},
	"http, a repository that is hidden": {func(c *reached) string { return c.serves(404) }, "no such repository, or does not show it"},
	"http, a token that may not":        {func(c *reached) string { return c.serves(403) }, "the credentials may not do this"},
	"http, a limit":                     {func(c *reached) string { return c.serves(429) }, "it limits the rate of requests"},
	"http, a server that fails":         {func(c *reached) string { return c.serves(502) }, "it has an error of its own"},
	"http, a page":                      {func(c *reached) string { return c.serves(200) }, "its answer is not Git's"},
	"http, to another host":             {func(c *reached) string { return c.serves(302, "Location", "https://git.invalid/x.git/info/refs") }, "it redirects to another host"},
	"http, in a circle":                 {func(c *reached) string { return c.serves(307, "Location", "/server.git/info/refs") }, "it redirects"},
	"a port where nobody listens":       {func(*reached) string { return "http://127.0.0.1:1/x.git" }, "it does not answer"},
	"a name that is none":               {func(*reached) string { return "https://git.invalid/x.git" }, "its host name cannot be resolved"},
	"ssh, a port where nobody listens":  {func(*reached) string { return "ssh://git@127.0.0.1:1/x.git" }, bySSH("nothing listens there")},
	"ssh, a name that is none":          {func(*reached) string { return "git@git.invalid:x/y.git" }, bySSH("its host name cannot be resolved")},
	"http over a network":               {func(*reached) string { return "http://git.example/x.git" }, "http is for loopback addresses only"},
	"ssh, a password in it":             {func(*reached) string { return "ssh://git:canary@git.example/x.git" }, "a password does not belong into an address"},
	"git://":                            {func(*reached) string { return "git://git.example/x.git" }, "use https://…, ssh://…, git@host:path or a local path"},
	"ext::":                             {func(*reached) string { return "ext::sh -c canary" }, "use https://…, ssh://…, git@host:path or a local path"},
	"an option":                         {func(*reached) string { return "--upload-pack=canary" }, "use https://…, ssh://…, git@host:path or a local path"},
	"s3://":                             {func(*reached) string { return "s3://bucket/canary" }, "use https://…, ssh://…, git@host:path or a local path"},
}

// A remote of every kind is read, or refused with words for the reason, without a credential.
func TestEveryKindOfRemoteWorksOrIsRefused(t *testing.T) {
	quiet(t)
	root := t.TempDir()
	bare := preparedCopy(t, "server.git", filepath.Join(root, "server.git"))
	state := child(t, bare, "")
	write(t, bare, sharedRef, state+"\n")
	clone := preparedCopy(t, "clone", filepath.Join(root, "clone"))
	host := hosted(t, bare)
	n := 0
	for name, row := range remotes {
		n++
		t.Run(name, func(t *testing.T) {
			c := &reached{t: t, clone: filepath.Join(root, fmt.Sprint("clone", n)), bare: bare, host: host, env: map[string]string{}}
			if err := os.CopyFS(c.clone, os.DirFS(clone)); err != nil {
				t.Fatal(err)
			}
			leads(t, c.clone, row.address(c))
			s, err := open(t, c.clone).Shared("origin", func(k string) string { return c.env[k] })
			head := ""
			if err == nil {
				head, err = s.Head(t.Context(), sharedRef)
			}
			switch {
			case row.says == "" && (err != nil || head != state):
				t.Errorf("%q %v", head, err)
			case row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)):
				t.Errorf("%v, want %q", err, row.says)
			case err != nil && strings.Contains(err.Error(), "canary"):
				t.Errorf("a credential is shown: %v", err)
			}
		})
	}
	if len(remotes) < 35 {
		t.Errorf("%d kinds: these are fewer than there were", len(remotes))
	}
	t.Logf("T-GIT: %d kinds of remotes, and %d answers of servers", len(remotes), len(answers)+len(declined))
}

// bySSH is what is said where ssh is installed.
func bySSH(says string) string {
	if !hasSSH() {
		return "ssh is not installed here"
	}
	return says
}

func hasSSH() bool {
	_, err := exec.LookPath("ssh")
	return err == nil
}

// A relatively named remote is the same one from every folder, and without Git, too.
func TestARelativeRemoteIsTheSameFromEveryFolder(t *testing.T) {
	for line, prepare := range lines {
		t.Run(line, func(t *testing.T) {
			prepare(t)
			quiet(t)
			root := t.TempDir()
			bare := preparedCopy(t, "server.git", filepath.Join(root, "server.git"))
			state := child(t, bare, "")
			write(t, bare, sharedRef, state+"\n")
			clone := preparedCopy(t, "clone", filepath.Join(root, "clone"))
			leads(t, clone, "../server.git")
			for _, at := range []string{"", "connections/deep"} {
				t.Chdir(filepath.Join(clone, at))
				for _, dir := range []string{".", clone} {
					s, err := open(t, dir).Shared("origin", nil)
					if err != nil {
						t.Fatal(err)
					}
					if head, err := s.Head(t.Context(), sharedRef); err != nil || head != state {
						t.Errorf("in %q, of %s: %q %v", at, dir, head, err)
					}
				}
			}
		})
	}
}

// A Git that is too old is not used. connsync says so, with the reason.
func TestAnOldGitIsSaidToBeOne(t *testing.T) {
	quiet(t)
	root := t.TempDir()
	bare := preparedCopy(t, "server.git", filepath.Join(root, "server.git"))
	clone := preparedCopy(t, "clone", filepath.Join(root, "clone"))
	leads(t, clone, hosted(t, bare))
	old := t.TempDir()
	if err := os.WriteFile(filepath.Join(old, "git"), []byte("#!/bin/sh\n[ \"$1\" = version ] && echo git version 2.30.2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", old)
	s, err := open(t, clone).Shared("origin", func(k string) string { return withToken[k] })
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	s.Tell(func(text string) { said += text })
	if head, err := s.Head(t.Context(), sharedRef); err != nil || head != "" || said != "by connsync itself, since git 2.30 is older than 2.32" {
		t.Errorf("%q %v, and it says %q", head, err, said)
	}
}

// answers are what git and ssh said, recorded, and our words for it.
var answers = map[string]string{
	"Host key verification failed.\nfatal: Could not read from remote repository.":                                             "the host's key is not known: add it to known_hosts",
	"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.":                               "the host's key has changed: find out why",
	"git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.":                            "the server takes none of the keys, or a key's passphrase cannot be asked for",
	"git@h: Permission denied (publickey,password).":                                                                           "the server takes none of the keys",
	"Received disconnect from 1.2.3.4 port 22:2: Too many authentication failures":                                             "the server takes none of the keys",
	"ssh: connect to host h port 22: Connection timed out":                                                                     "it does not answer",
	"ssh: connect to host h port 2222: Connection refused":                                                                     "nothing listens there",
	"ssh: Could not resolve hostname h: Name or service not known":                                                             "its host name cannot be resolved",
	"ssh: Could not resolve hostname h: Temporary failure in name resolution":                                                  "its host name cannot be resolved",
	"fatal: unable to access 'https://h/': SSL certificate problem: self-signed certificate":                                   "its certificate is not trusted here",
	"fatal: unable to access 'https://h/': server certificate verification failed. CAfile: none CRLfile: none":                 "its certificate is not trusted here",
	"fatal: unable to access 'https://h/': gnutls_handshake() failed: Handshake failed":                                        "no secure connection can be made",
	"fatal: unable to access 'https://h/': Received HTTP code 407 from proxy after CONNECT":                                    "the proxy asks for a password",
	"fatal: unable to access 'https://h/': CONNECT tunnel failed, response 407":                                                "the proxy asks for a password",
	"fatal: unable to access 'https://h/': Could not resolve proxy: p":                                                         "the proxy's host name cannot be resolved",
	"fatal: Authentication failed for 'https://h/'":                                                                            "the server does not take the credentials",
	"remote: You are not allowed to upload code.\nfatal: unable to access 'https://h/': The requested URL returned error: 403": "the credentials may not do this",
	"fatal: detected dubious ownership in repository at '/srv/x.git'":                                                          "the repository belongs to another user: see safe.directory",
	"fatal: mismatched algorithms: client sha1; server sha256":                                                                 "it uses other hashes than sha1",
	"remote: The project you were looking for could not be found.\nfatal: repository 'https://h/x.git/' not found":             "no such repository, or does not show it",
	"fatal: write error: No space left on device":                                                                              "no space is left for what is fetched",
	"error: cannot run ssh: No such file or directory\nfatal: unable to fork":                                                  "git needs ssh for it, and ssh is not installed here",
	"ssh -o BatchMode=yes: 1: ssh: not found\nfatal: Could not read from remote repository.":                                   "git needs ssh for it, and ssh is not installed here",
	"bash: line 1: ssh: command not found":                                                                                     "git needs ssh for it, and ssh is not installed here",
	"error: cannot run plink: No such file or directory\nfatal: unable to fork":                                                "a program that git needs for it is missing",
	"bash: line 1: git-upload-pack: command not found\nfatal: Could not read from remote repository.":                          "its host has no git where ssh looks for it",
	"git: 'remote-https' is not a git command.\nfatal: unable to find remote helper for 'https'":                               "git lacks its part for such addresses",
	"something that nobody has ever said":                                                                                      "the remote cannot be reached",
}

// declined are the words of servers refusing a push.
var declined = map[string]string{
	"[remote rejected] (protected branch hook declined)\nremote: error: GH006: Protected branch update failed for refs/heads/x.":  "the branch is protected",
	"[remote rejected] (push declined due to repository rule violations)\nremote: error: GH013: Repository rule violations found": "a rule of the repository forbids it",
	"remote: error: GH013: Repository rule violations found\nremote: - Commits must have verified signatures.":                    "it wants commits to be signed",
	"[remote rejected] (pre-receive hook declined)": "a hook of the server declined",
	"remote: GitLab: You are not allowed to push code to protected branches on this project.\n[remote rejected] (pre-receive hook declined)": "the branch is protected",
	"[remote rejected] (TF401027: You need the Git 'GenericContribute' permission to perform this action.)":                                  "the credentials may not push: they need the permission Contribute",
	"[remote rejected] (TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.)":              "the branch has a policy that wants pull requests",
	"[remote rejected] (shallow update not allowed)":                                                                                         "it lacks what comes before",
	"[remote rejected] (unpacker error)\nerror: remote unpack failed: unable to create temporary object directory":                           "it may have no space left",
	"[remote rejected] (something of a day to come)":                                                                                         "the remote refuses the push",
}

func TestWhatGitAndServersSayIsPutIntoOurWords(t *testing.T) {
	for said, want := range answers {
		if err := gitfs.Failed(said); !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "1.2.3.4") {
			t.Errorf("%q: %v, want %q", said, err, want)
		}
	}
	for said, want := range declined {
		if err := gitfs.Declined(said); !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", said, err, want)
		}
	}
}
