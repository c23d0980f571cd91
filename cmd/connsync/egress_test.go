package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// stranger is a host to which connsync must tell nothing. It writes down whatever it is told, and plays along: as a server, as a proxy, as
// a key service.
type stranger struct {
	address string

	mu    sync.Mutex
	told  bytes.Buffer
	calls int
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &stranger{address: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.play(c)
		}
	}()
	return s
}

func (s *stranger) play(c net.Conn) {
	defer c.Close()
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 64<<10)
	for {
		n, err := c.Read(b)
		s.mu.Lock()
		s.told.Write(b[:n])
		s.mu.Unlock()
		switch {
		case err != nil:
			return
		case bytes.HasPrefix(b[:n], []byte("CONNECT ")):
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		case b[0] == 0x16: // the beginning of TLS: it cannot speak this
			return
		default:
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
			return
		}
	}
}

// knows is what it was told and should not know.
func (s *stranger) knows() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, h := range leakScanner().scan("what a stranger knows", s.told.Bytes()) {
		out = append(out, h.String())
	}
	for _, word := range []string{"authorization", "x-auth-token", "x-security-token", "x-vault-token", "signature=", "cookie"} {
		if bytes.Contains(bytes.ToLower(s.told.Bytes()), []byte(word)) {
			out = append(out, "a header: "+word)
		}
	}
	return out
}

// egress is one way to make connsync talk to a stranger.
type egress struct {
	name  string
	trick func(w *leakWorld, s *stranger)
	args  string   // default: a sync
	also  []string // addresses connsync rightly connects to; "stranger" is the stranger's
	dumb  bool     // nothing is connected to at all, not even SecMaster
	works bool     // and all goes well
}

var redirects = []int{301, 302, 303, 307, 308}

// redirected makes SecMaster send requests of some methods to the stranger.
func redirected(code int, methods string) func(*leakWorld, *stranger) {
	return func(w *leakWorld, s *stranger) {
		inner := w.hostile.behind(nil)
		w.hostile.behind(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if strings.Contains(methods, r.Method) {
				http.Redirect(rw, r, "http://"+s.address+r.URL.String(), code)
				return
			}
			inner.ServeHTTP(rw, r)
		}))
	}
}

// remoteRedirected makes the host of the remote send everything, or what comes with a password, to the stranger.
func remoteRedirected(code int, withHelper bool) func(*leakWorld, *stranger) {
	return func(w *leakWorld, s *stranger) {
		h := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if _, _, ok := r.BasicAuth(); !ok {
				rw.Header().Set("WWW-Authenticate", "Basic")
				rw.WriteHeader(http.StatusUnauthorized)
				return
			}
			http.Redirect(rw, r, "http://"+s.address+r.URL.String(), code)
		}))
		w.t.Cleanup(h.Close)
		w.git("config", "remote.origin.url", h.URL+"/remote.git")
		if withHelper {
			w.env["CONNSYNC_GIT_TOKEN"] = ""
			w.git("config", "credential.helper", w.path("home/helper"))
		}
		w.friends = append(w.friends, strings.TrimPrefix(h.URL, "http://"))
	}
}

// remoteRenamed makes the remote's host send who asks for its old name to the new one.
func remoteRenamed(w *leakWorld, _ *stranger) {
	w.onHost(gitToken.text)
	renamed, _ := url.Parse(w.git("config", "remote.origin.url"))
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: renamed.Host})
	h := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if rest, old := strings.CutPrefix(r.URL.Path, "/old.git"); old {
			http.Redirect(rw, r, renamed.Path+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return
		}
		forward.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(h.Close)
	w.git("config", "remote.origin.url", h.URL+"/old.git")
	w.friends = append(w.friends, strings.TrimPrefix(h.URL, "http://"))
}

// keyedBy says of the encrypted file that a key elsewhere opens it too, or it alone.
func keyedBy(block string, alone bool) func(*leakWorld, *stranger) {
	return func(w *leakWorld, s *stranger) {
		text := w.read("work/connections/edr.yaml")
		indent := keyBlock.FindStringSubmatch(text)[1]
		block := indent + strings.ReplaceAll(strings.ReplaceAll(block, "STRANGER", s.address), "\n", "\n"+indent) + "\n"
		text = strings.Replace(text, "\nsops:\n", "\nsops:\n"+block, 1)
		if alone {
			text = strings.Replace(text, indent+"age:\n", indent+"unknown:\n", 1)
		}
		w.write("work/connections/edr.yaml", text)
		w.commit("keys")
		w.env["SOPS_AGE_KEY"] = otherIdentity
		maps.Copy(w.env, map[string]string{
			"VAULT_TOKEN": vaultToken.text, "VAULT_ADDR": "http://" + s.address, "AWS_ENDPOINT_URL": "http://" + s.address, "AWS_ENDPOINT_URL_KMS": "http://" + s.address, "AWS_ACCESS_KEY_ID": "a",
			"AWS_SECRET_ACCESS_KEY": vaultToken.text, "AWS_REGION": "eu-west-1", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": vaultToken.text,
			"AZURE_AUTHORITY_HOST": "https://" + s.address, "GOOGLE_OAUTH_ACCESS_TOKEN": vaultToken.text,
		})
		w.given = []string{vaultToken.name}
	}
}

func proxied(names ...string) func(*leakWorld, *stranger) {
	return func(w *leakWorld, s *stranger) {
		for _, n := range names {
			w.env[n] = "http://" + s.address
		}
	}
}

func inProject(text string) func(*leakWorld, *stranger) {
	return func(w *leakWorld, s *stranger) {
		text := strings.ReplaceAll(text, "STRANGER", s.address)
		if old, with, ok := strings.Cut(text, " => "); ok {
			w.replace("work/connsync.yaml", old, with)
		} else {
			w.write("work/connsync.yaml", w.read("work/connsync.yaml")+text)
		}
		w.commit("project")
	}
}

func inEnvironment(name, value string) func(*leakWorld, *stranger) {
	return func(w *leakWorld, s *stranger) { w.env[name] = strings.ReplaceAll(value, "STRANGER", s.address) }
}

func egresses() []egress {
	out := []egress{
		{name: "all is well", trick: func(*leakWorld, *stranger) {}, works: true},
		{name: "proxies are set, and SecMaster is on loopback", trick: proxied("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"), works: true},
		{name: "a remote was renamed on its host", trick: remoteRenamed, works: true},
		{name: "a proxy that ends TLS", trick: func(w *leakWorld, s *stranger) {
			w.env["CONNSYNC_ENDPOINT"] = ""
			proxied("HTTPS_PROXY", "https_proxy")(w, s)
		}, args: "diff -v", also: []string{"stranger"}},
		{name: "a server with a certificate of its own", trick: func(w *leakWorld, s *stranger) {
			h := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.t.Error("a request was sent") }))
			h.Config.ErrorLog = quietLog
			h.StartTLS()
			w.t.Cleanup(h.Close)
			w.env["CONNSYNC_ENDPOINT"] = h.URL
			w.friends = append(w.friends, h.Listener.Addr().String())
		}, args: "diff -v"},
		{name: "settings that name a stranger", trick: func(w *leakWorld, s *stranger) {
			text := strings.ReplaceAll(leakManifest(secretNext), "https://edr.example", "http://"+s.address)
			w.write("work/connections/edr.yaml", sealLeaks(w.t, text, true))
			w.commit("endpoint")
		}, works: true, args: "sync -v --settle 1ms --report report.json --new-destination edr"},
		{name: "no credentials: only the machine's own metadata server is asked, and through no proxy", trick: func(w *leakWorld, s *stranger) {
			w.env["HUAWEICLOUD_SDK_AK"], w.env["HUAWEICLOUD_SDK_SK"], w.env["HUAWEICLOUD_SDK_SECURITY_TOKEN"] = "", "", ""
			proxied("HTTP_PROXY", "http_proxy", "HTTPS_PROXY")(w, s)
		}, args: "diff -v", also: []string{"169.254.169.254:80"}},
		{name: "an endpoint in the clear", trick: inEnvironment("CONNSYNC_ENDPOINT", "http://192.0.2.1"), dumb: true},
		{name: "an endpoint with a user", trick: inEnvironment("CONNSYNC_ENDPOINT", "https://u:p@STRANGER"), dumb: true},
		{name: "a state's address in the clear", trick: inEnvironment("CONNSYNC_STATE", "http://192.0.2.1/state.git"), dumb: true},
		{name: "a state's address that runs a program", trick: inEnvironment("CONNSYNC_STATE", "ext::sh -c date")},
		{name: "a file whose Vault is a stranger", trick: keyedBy("hc_vault:\n  - vault_address: http://STRANGER\n    engine_path: transit\n    key_name: k\n    created_at: \"2026-01-01T00:00:00Z\"\n    enc: vault:v1:AAAA", false)},
		{name: "a file that only a stranger's Vault opens", trick: keyedBy("hc_vault:\n  - vault_address: http://STRANGER\n    engine_path: transit\n    key_name: k\n    created_at: \"2026-01-01T00:00:00Z\"\n    enc: vault:v1:AAAA", true)},
		{name: "a file with a key of AWS", trick: keyedBy("kms:\n  - arn: arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000\n    created_at: \"2026-01-01T00:00:00Z\"\n    enc: AAAA\n    aws_profile: \"\"", false)},
		{name: "a file with a key of Google", trick: keyedBy("gcp_kms:\n  - resource_id: projects/p/locations/global/keyRings/r/cryptoKeys/k\n    created_at: \"2026-01-01T00:00:00Z\"\n    enc: AAAA", false)},
		{name: "a file with a key of Azure", trick: keyedBy("azure_kv:\n  - vault_url: https://STRANGER\n    name: k\n    version: v\n    created_at: \"2026-01-01T00:00:00Z\"\n    enc: AAAA", false)},
		{name: "a file with a key of Huawei Cloud, which is not allowed", trick: keyedBy("hckms:\n  - key_id: cn-north-4:00000000-0000-0000-0000-000000000000\n    created_at: \"2026-01-01T00:00:00Z\"\n    enc: AAAA", false)},
		{name: "a project that names an endpoint", trick: inProject("endpoint: http://STRANGER\n"), dumb: true},
		{name: "a project that names a region which is a host", trick: inProject("region: cn-north-4 => region: \"x.STRANGER/#\""), dumb: true},
		{name: "a project whose state has an address", trick: inProject("state: {remote: \"http://STRANGER/x.git\"}\n"), dumb: true},
		{name: "a workspace that is a path", trick: inProject("workspace_id:  => workspace_id: ../../../x@STRANGER/"), dumb: true},
		{name: "a repository whose host is a stranger's friend", trick: remoteRedirected(302, false), args: "sync -v --report report.json --repo REMOTE"},
	}
	for _, code := range redirects {
		out = append(out,
			egress{name: fmt.Sprintf("a list is redirected with %d", code), trick: redirected(code, "GET")},
			egress{name: fmt.Sprintf("a write is redirected with %d", code), trick: redirected(code, "POST PUT")},
			egress{name: fmt.Sprintf("a remote is redirected with %d", code), trick: remoteRedirected(code, code%2 == 0)})
	}
	for _, args := range []string{"validate -v", "validate --format json", "targets", "version", "diff --base main~1", "diff --base main~1 --format json", "state unlock", "sync --parallelism 0", "--help"} {
		out = append(out, egress{name: "offline: " + args, args: args, dumb: true, trick: func(w *leakWorld, s *stranger) { proxied("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")(w, s) }})
	}
	return out
}

// Secrets and credentials go to the host the user asked for, and to no other: a stranger is told nothing, no matter who names it.
func TestNothingGoesToStrangers(t *testing.T) {
	t.Parallel()
	base := template(t)
	var mu sync.Mutex
	runs, connects := 0, 0
	t.Run("tricks", func(t *testing.T) {
		for _, e := range egresses() {
			t.Run(e.name, func(t *testing.T) {
				t.Parallel()
				w, s := newWorld(t, base, nil), newStranger(t)
				if !strings.Contains(e.name, "remote") && !strings.Contains(e.name, "repository") {
					w.alone()
				}
				api, _ := url.Parse(w.env["CONNSYNC_ENDPOINT"])
				e.trick(w, s)
				args := strings.NewReplacer("REMOTE", remoteOf(w)).Replace(e.args)
				if args == "" {
					args = "sync -v --settle 1ms --report report.json"
				}
				code, addresses, told := w.watchedRun(strings.Fields(args)...)
				if e.works && (code != exitDone || told && !slices.Contains(addresses, api.Host)) {
					t.Errorf("exit %d, %v", code, addresses)
				}
				mu.Lock()
				runs, connects = runs+1, connects+len(addresses)
				mu.Unlock()
				allowed := append(append([]string{api.Host}, w.friends...), e.also...)
				for _, a := range addresses {
					if a == s.address {
						a = "stranger"
					}
					if e.dumb || !slices.Contains(allowed, a) {
						t.Errorf("connected to %s", a)
					}
				}
				for _, k := range s.knows() {
					t.Errorf("a stranger knows: %s", k)
				}
				if s.calls > 0 && !slices.Contains(e.also, "stranger") {
					t.Errorf("a stranger was called %d times:\n%s", s.calls, s.told.String())
				}
			})
		}
	})
	t.Logf("T-EGRESS: %d runs, %d connections, every one to where it may go", runs, connects)
}

func remoteOf(w *leakWorld) string {
	if !strings.Contains(w.read("work/.git/config"), "[remote") {
		return ""
	}
	return w.git("config", "remote.origin.url")
}
