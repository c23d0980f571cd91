package gitfs_test

import (
	"testing"

	"connsync/manifest/gitfs"
)

func TestEveryAddressOfARepositoryIsOneHome(t *testing.T) {
	for home, addresses := range map[string][]string{
		"github.com/acme/ops": {
			"https://github.com/acme/ops.git", "https://github.com/acme/ops", "https://github.com/acme/ops/", "https://github.com/acme/ops.git/",
			"https://GitHub.com/Acme/Ops.git", "https://github.com:443/acme/ops.git", "https://emma@github.com/acme/ops.git",
			"https://x-access-token:t0ken@github.com/acme/ops", "git@github.com:acme/ops.git", "git@github.com:/acme/ops.git", "github.com:acme/ops",
			"ssh://git@github.com/acme/ops.git", "ssh://git@github.com:22/acme/ops.git", "ssh://git@ssh.github.com:443/acme/ops.git",
			"git+ssh://git@github.com/acme/ops", "git://github.com/acme/ops.git", "https://www.github.com/acme/ops", "https://github.com./acme/ops",
			"https://github.com//acme//ops.git", "https://github.com/acme/%6Fps.git", "https://github.com/acme/x/../ops", "https://github.com/acme/ops?a=b#c",
			"git@ssh.github.com:acme/ops.git",
		},
		"git.example/Group/Sub/ops": {
			"https://git.example/Group/Sub/ops.git", "https://GIT.example:8443/Group/Sub/ops", "ssh://git@git.example:2222/Group/Sub/ops.git",
			"deploy@git.example:Group/Sub/ops.git", "https://gitlab-ci-token:x@git.example/Group/Sub/ops.git", "http://git.example/Group/Sub/ops",
		},
		"git.example/group/sub/ops": {"https://git.example/group/sub/ops"},
		"dev.azure.com/acme/ops/state": {
			"https://dev.azure.com/acme/ops/_git/state", "https://acme@dev.azure.com/acme/ops/_git/state", "git@ssh.dev.azure.com:v3/acme/ops/state",
			"ssh://git@ssh.dev.azure.com:22/v3/acme/ops/state", "https://acme.visualstudio.com/ops/_git/state",
			"https://acme.visualstudio.com/DefaultCollection/ops/_git/state", "acme@vs-ssh.visualstudio.com:v3/acme/ops/state",
			"https://dev.azure.com/Acme/Ops/_git/State/",
		},
		"dev.azure.com/acme/ops/ops":   {"https://dev.azure.com/acme/_git/ops", "git@ssh.dev.azure.com:v3/acme/ops/ops", "https://acme.visualstudio.com/_git/ops"},
		"dev.azure.com/acme/my ops/my": {"https://dev.azure.com/acme/my%20ops/_git/my", "git@ssh.dev.azure.com:v3/acme/my%20ops/my"},
		"gitlab.com/acme/ops":          {"https://gitlab.com/acme/ops.git", "ssh://git@altssh.gitlab.com:443/acme/ops.git"},
		"bitbucket.org/acme/ops":       {"https://emma@bitbucket.org/acme/ops.git", "git@bitbucket.org:acme/ops.git", "ssh://git@altssh.bitbucket.org:443/acme/ops.git"},
		"bb.example/proj/ops":          {"https://bb.example/scm/proj/ops.git", "ssh://git@bb.example:7999/proj/ops.git"},
		"127.0.0.1/p":                  {"http://127.0.0.1:8080/p.git", "http://127.0.0.1:9090/p"},
		"::1/p":                        {"http://[::1]:8080/p.git", "ssh://git@[::1]:22/p", "git@[::1]:p"},
		"":                             {"/srv/ops.git", "../ops.git", "ops", "./a:b", "file:///srv/ops.git", "file://host/srv/ops.git", "", "https://%zz/x"},
	} {
		for _, a := range addresses {
			if got := gitfs.Home(a); got != home {
				t.Errorf("%s: %q, want %q", a, got, home)
			}
		}
	}
}
