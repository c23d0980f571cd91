package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"connsync/apply/secmaster/emulator"
	"connsync/secrets/sops"
)

// repo is a Git repository with one connection a file, each with two encrypted values.
type repo struct {
	dir, recipient, identity string
	n, changed               int
}

const manifest = `connections:
  prod:
    bus_%05d:
      description: Audit events of site %d
      component: KafkaBus
      version: "1.0"
      config:
        kafkaAddr: kafka-%d.example:9093
        userName: connsync
        password: made-up-%d-%d
`

func newRepo(n int) (*repo, error) {
	recipient, identity, err := sops.NewAgeKey()
	if err != nil {
		return nil, err
	}
	r := &repo{recipient: recipient, n: n}
	r.identity, _ = identity.Expose().(string)
	if r.dir, err = os.MkdirTemp("", "connsync-bench-"); err != nil {
		return nil, err
	}
	project := fmt.Sprintf("manifests: [connections]\ntargets:\n  prod:\n    region: %s\n    project_id: %s\n    workspace_id: %s\nsecrets: {allow: [age]}\n",
		emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace)
	if err := os.WriteFile(filepath.Join(r.dir, "connsync.yaml"), []byte(project), 0o600); err != nil {
		return nil, err
	}
	if err := r.encrypt(0, n, 0); err != nil {
		return nil, err
	}
	if err := r.git("init", "-q", "-b", "main"); err != nil {
		return nil, err
	}
	return r, r.commit()
}

// encrypt writes the files of some connections, with a password of a version.
func (r *repo) encrypt(from, to, version int) error {
	g, _ := errgroup.WithContext(context.Background())
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := from; i < to; i++ {
		g.Go(func() error {
			name := filepath.Join(r.dir, "connections", fmt.Sprintf("%03d", i/100), fmt.Sprintf("bus_%05d.yaml", i))
			if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				return err
			}
			text, err := sops.Encrypt(fmt.Appendf(nil, manifest, i, i, i, i, version), r.recipient, sops.EncryptOptions{EncryptedRegex: "^(password|token)$", MACOnlyEncrypted: true})
			if err != nil {
				return err
			}
			return os.WriteFile(name, text, 0o600)
		})
	}
	return g.Wait()
}

// change commits another password for some connections; the commit before is "before".
func (r *repo) change(n int) error {
	if err := r.git("branch", "-f", "before"); err != nil {
		return err
	}
	r.changed++
	if err := r.encrypt(0, n, r.changed); err != nil {
		return err
	}
	return r.commit()
}

func (r *repo) commit() error {
	if err := r.git("add", "-A"); err != nil {
		return err
	}
	return r.git("-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "gc.auto=0", "commit", "-qm", "connections")
}

func (r *repo) git(args ...string) error {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (r *repo) env() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(r.dir, ".git"), "SOPS_AGE_KEY=" + r.identity}
}

func surroundings(url string) []string {
	return []string{"CONNSYNC_ENDPOINT=" + url, "HUAWEICLOUD_SDK_AK=" + emulator.DefaultAccessKey, "HUAWEICLOUD_SDK_SK=" + emulator.DefaultSecretKey}
}
