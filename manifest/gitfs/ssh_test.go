package gitfs_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest/gitfs"
)

// sshServer serves Git over SSH on loopback, to programs with the client's key, and has an agent hold that key.
func sshServer(t *testing.T) (address string) {
	t.Helper()
	host, client := sshKey(t), sshKey(t)
	testClient = client
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if string(k.Marshal()) != string(client.signer.PublicKey().Marshal()) {
			return nil, fmt.Errorf("unknown key")
		}
		return nil, nil
	}}
	config.AddHostKey(host.signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveSSH(c, config)
		}
	}()
	known := filepath.Join(t.TempDir(), "known_hosts")
	line := fmt.Sprintf("[127.0.0.1]:%d %s", l.Addr().(*net.TCPAddr).Port, ssh.MarshalAuthorizedKey(host.signer.PublicKey()))
	if err := os.WriteFile(known, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSH_KNOWN_HOSTS", known)
	socket := sshAgent(t, client)
	t.Setenv("SSH_AUTH_SOCK", socket)
	t.Setenv("GIT_SSH_COMMAND", "ssh -F none -o UserKnownHostsFile="+known+" -o IdentityAgent="+socket)
	return "ssh://git@" + l.Addr().String()
}

// testClient is the key accepted by the last server.
var testClient sshPair

func writeKey(t *testing.T, home string, k sshPair) {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(k.private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".ssh", "id_ed25519"), pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
}

type sshPair struct {
	private ed25519.PrivateKey
	signer  ssh.Signer
}

func sshKey(t *testing.T) sshPair {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return sshPair{private, signer}
}

func sshAgent(t *testing.T, k sshPair) string {
	t.Helper()
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: k.private}); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "agent") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, c) }()
		}
	}()
	return l.Addr().String()
}

// serveSSH runs the Git program that a client asks for.
func serveSSH(c net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				if r.Type != "exec" {
					_ = r.Reply(r.Type == "env", nil)
					continue
				}
				_ = r.Reply(true, nil)
				program, argument, _ := strings.Cut(string(r.Payload[4:]), " ")
				cmd := exec.Command(program, strings.Trim(argument, "'"))
				cmd.Stdin, cmd.Stdout, cmd.Stderr = channel, channel, channel.Stderr()
				status := []byte{0, 0, 0, 0}
				if cmd.Run() != nil {
					status[3] = 1
				}
				_, _ = channel.SendRequest("exit-status", false, status)
				_ = channel.Close()
			}
		}()
	}
}

// overSSH is a shared remote as package state takes it.
type overSSH struct{ *gitfs.Shared }

func (s overSSH) Replace(ctx context.Context, ref, old, new string) error {
	err := s.Shared.Replace(ctx, ref, old, new)
	if errors.Is(err, gitfs.ErrReplaced) {
		return state.ErrReplaced
	}
	return err
}

// holdsState keeps known state on the server, and reads it in another clone.
func holdsState(t *testing.T, bare, clone string, shared *gitfs.Shared) {
	t.Helper()
	run(t, bare, "update-ref", "-d", sharedRef)
	ctx := context.Background()
	first := open(t, clone)
	s, err := state.Open(state.Repo{Git: first.Git(), CommonDir: first.CommonDir(), Remote: overSSH{shared}}, "prod")
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Lock(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Commit(ctx, new(state.Edit).Record(diff.Known{Name: "edr", ID: "1"})); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "other")
	run(t, clone, "clone", "-q", bare, dir)
	run(t, dir, "remote", "set-url", "origin", run(t, clone, "remote", "get-url", "origin"))
	second := open(t, dir)
	theirs, err := second.Shared("origin", nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err = state.Open(state.Repo{Git: second.Git(), CommonDir: second.CommonDir(), Remote: overSSH{theirs}}, "prod")
	if err != nil {
		t.Fatal(err)
	}
	snap, err := s.ReadShared(ctx)
	if err != nil || snap.Of("edr").ID != "1" {
		t.Errorf("%+v %v", snap, err)
	}
}

func TestSSHWithAnAgent(t *testing.T) {
	gitfs.WithoutGit(t)
	origin := repository(t)
	bare := filepath.Join(t.TempDir(), "server.git")
	run(t, origin, "clone", "-q", "--bare", origin, bare)
	address := sshServer(t) + bare
	ctx := context.Background()
	r, err := gitfs.Clone(ctx, address, gitfs.CloneOptions{Ref: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	files, _, err := r.Tree("HEAD")
	if err != nil || text(t, files, "connections/a.yaml") != "version: 1\n" {
		t.Errorf("%v", err)
	}
	run(t, origin, "remote", "add", "origin", address)
	local := open(t, origin)
	shared, err := local.Shared("origin", nil)
	if err != nil {
		t.Fatal(err)
	}
	first := child(t, local.CommonDir(), "")
	if err := shared.Replace(ctx, sharedRef, "", first); err != nil {
		t.Fatal(err)
	}
	if head, err := shared.Head(ctx, sharedRef); err != nil || head != first || run(t, bare, "rev-parse", sharedRef) != first {
		t.Errorf("%s %v", head, err)
	}

	holdsState(t, bare, origin, shared)

	// Without an agent, the usual key file.
	home := t.TempDir()
	writeKey(t, home, testClient)
	without := func(k string) string { return map[string]string{"HOME": home}[k] }
	if _, err := gitfs.Clone(ctx, address, gitfs.CloneOptions{Env: without}); err != nil {
		t.Errorf("a key file: %v", err)
	}

	// An unknown host, and a key unknown to the server.
	t.Setenv("SSH_KNOWN_HOSTS", os.DevNull)
	if _, err := gitfs.Clone(ctx, address, gitfs.CloneOptions{}); err == nil {
		t.Error("a host that is not known is trusted")
	}
	t.Setenv("SSH_AUTH_SOCK", sshAgent(t, sshKey(t)))
	if _, err := gitfs.Clone(ctx, address, gitfs.CloneOptions{}); err == nil {
		t.Error("another key opens the server")
	}
}
