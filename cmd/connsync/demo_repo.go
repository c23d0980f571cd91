package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"connsync/secrets"
	"connsync/secrets/sops"
)

// demoRepo is a temporary Git repository with SOPS-encrypted manifests and their age key.
type demoRepo struct {
	dir, keyFile string
	recipient    string
	identity     secrets.Value
	git          *git.Repository
}

const demoProject = `manifests: [connections]
targets:
  prod:
    region: %s
    project_id: %s
    workspace_id: %s
secrets:
  allow: [age]
`

// demoManifests are encrypted before they are written: only the values under the keys that
// demoEncrypted names. Everything else stays readable in a review.
var demoManifests = map[string]string{
	"connections/prod/edr.yaml": `connections:
  prod:
    edr_prod:
      description: EDR of production
      component: EdrVendor
      version: "2.1"
      config:
        connection_type: other
        endpoint: https://edr.example
        user: svc_connsync
        password: made-up-edr-password
`,
	"connections/prod/firewall.yaml": `connections:
  prod:
    firewall_prod:
      description: Edge firewall
      component: HssFirewall
      version: "2.1"
      config:
        endpoint: https://firewall.example
        port: 8443
        verify_tls: true
        password: made-up-firewall-password
        token: made-up-firewall-token
`,
	"connections/prod/kafka.yaml": `connections:
  prod:
    audit_bus:
      description: Audit events
      component: KafkaBus
      version: "1.0"
      config:
        kafkaAddr: kafka-1.example:9093,kafka-2.example:9093
        userName: connsync
        password: made-up-kafka-password
        tls:
          keyStorePassword: made-up-keystore-password
`,
}

const demoEncrypted = `^(password|token|keyStorePassword|seal)$`

// newDemoRepo writes the key, the project and the encrypted manifests, and commits them.
func newDemoRepo(region, project, workspace string) (*demoRepo, error) {
	dir, err := os.MkdirTemp("", "connsync-demo-")
	if err != nil {
		return nil, err
	}
	r := &demoRepo{dir: filepath.Join(dir, "repository"), keyFile: filepath.Join(dir, "age.key")}
	if r.recipient, r.identity, err = sops.NewAgeKey(); err != nil {
		return r, err
	}
	key, _ := r.identity.Expose().(string)
	if err := os.WriteFile(r.keyFile, []byte(key+"\n"), 0o600); err != nil {
		return r, err
	}
	if r.git, err = git.PlainInit(r.dir, false); err != nil {
		return r, err
	}
	if err := r.write("connsync.yaml", fmt.Appendf(nil, demoProject+"  destinations: sealed\n", region, project, workspace)); err != nil {
		return r, err
	}
	for name, text := range demoManifests {
		sealed, err := sops.Encrypt([]byte(text), r.recipient, sops.EncryptOptions{EncryptedRegex: demoEncrypted, MACOnlyEncrypted: true})
		if err != nil {
			return r, err
		}
		if err := r.write(name, sealed); err != nil {
			return r, err
		}
	}
	return r, r.commit("connections of production")
}

func (r *demoRepo) path(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }

func (r *demoRepo) write(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(r.path(name), data, 0o644)
}

func (r *demoRepo) commit(message string) error {
	tree, err := r.git.Worktree()
	if err != nil {
		return err
	}
	if _, err := tree.Add("."); err != nil {
		return err
	}
	_, err = tree.Commit(message, &git.CommitOptions{
		Author: &object.Signature{Name: "connsync demo", Email: "demo@example.invalid", When: time.Now()},
	})
	return err
}

// rotate sets a new password in one manifest, and another endpoint with its token in a second, as `sops set` does.
func (r *demoRepo) rotate(ctx context.Context) error {
	key, _ := r.identity.Expose().(string)
	before, had := os.LookupEnv("SOPS_AGE_KEY")
	os.Setenv("SOPS_AGE_KEY", key)
	defer func() {
		os.Unsetenv("SOPS_AGE_KEY")
		if had {
			os.Setenv("SOPS_AGE_KEY", before)
		}
	}()
	opener := sops.New(sops.Options{Allow: []string{"age"}})
	for _, edit := range []struct{ file, name, setting, value string }{
		{"connections/prod/edr.yaml", "edr_prod", "password", "made-up-edr-password-2"},
		{"connections/prod/firewall.yaml", "firewall_prod", "endpoint", "https://firewall-2.example"},
		{"connections/prod/firewall.yaml", "firewall_prod", "token", "made-up-firewall-token-2"},
	} {
		text, err := os.ReadFile(r.path(edit.file))
		if err != nil {
			return err
		}
		text, err = sops.Set(ctx, opener, edit.file, text, []any{"connections", "prod", edit.name, "config", edit.setting}, edit.value)
		if err != nil {
			return err
		}
		if err := r.write(edit.file, text); err != nil {
			return err
		}
	}
	return nil
}
