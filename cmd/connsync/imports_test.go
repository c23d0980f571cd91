package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rule says what a package may import besides the standard library, and why no more.
type rule struct {
	ours   []string // packages of this module
	others []string // modules or packages, by prefix
	why    string
}

var rules = map[string]rule{
	"lazy": {nil, nil,
		"a pattern waits for its first use in every package"},
	"secrets": {[]string{"lazy"}, nil,
		"the vocabulary of secrets must be readable without trusting anybody"},
	"secrets/seal": {[]string{"lazy", "secrets"}, nil,
		"what a seal says is compared without a file, a key or a clock"},
	"secrets/sops/splice": {[]string{"lazy"}, []string{"go.yaml.in/yaml/v3"},
		"a text is changed without knowing what it means"},
	"secrets/sops": {[]string{"lazy", "secrets", "secrets/seal", "secrets/sops/splice"}, []string{"github.com/getsops/sops/v3", "filippo.io/age", "go.yaml.in/yaml/v3", "google.golang.org/grpc", "golang.org/x/sync", "golang.org/x/crypto", "github.com/sirupsen/logrus"},
		"SOPS links hundreds of packages: everything else builds and tests without it"},
	"secrets/sops/sopstest": {nil, []string{"github.com/getsops/sops/v3"},
		"it runs the sops command for tests, which nothing but a test imports"},
	"manifest/strict": {[]string{"lazy"}, []string{"gopkg.in/yaml.v3"},
		"the owner of the YAML library"},
	"manifest/sopsrules": {[]string{"lazy", "manifest/strict", "secrets"}, nil,
		"what sops encrypts is told without sops, and without a key"},
	"manifest/suspect": {[]string{"lazy"}, nil,
		"a guess at a value must not depend on where it stands"},
	"manifest/plugins": {[]string{"manifest/strict", "secrets"}, nil,
		"what a plugin takes is told from a file, without asking SecMaster"},
	"manifest": {[]string{"lazy", "manifest/plugins", "manifest/sopsrules", "manifest/strict", "manifest/suspect", "secrets", "secrets/seal"}, []string{"golang.org/x/sync", "golang.org/x/text"},
		"what Git wants depends on no Git library, no key and no network"},
	"manifest/draft": {[]string{"manifest/strict"}, nil,
		"a manifest is written without knowing what its settings mean"},
	"manifest/schema": {[]string{"manifest", "manifest/plugins", "secrets"}, nil,
		"what editors are told is made of the same data as the checks"},
	"manifest/gitfs/gittest": {[]string{"lazy"}, []string{"github.com/go-git/"},
		"it makes repositories for tests, which nothing but a test imports"},
	"manifest/gitfs": {[]string{"lazy", "secrets"}, []string{"github.com/go-git/", "golang.org/x/sync", "golang.org/x/crypto", "golang.org/x/sys", "golang.org/x/text"},
		"one of two owners of go-git"},
	"diff": {[]string{"lazy", "manifest", "secrets", "secrets/seal"}, nil,
		"deciding is pure: no clock, no network, no file"},
	"diff/review": {[]string{"diff", "manifest", "secrets", "secrets/seal"}, nil,
		"a branch is judged by versions of files: no Git, no command line, no presentation"},
	"apply/scan": {nil, nil,
		"what is plain JSON is told without knowing what it says"},
	"apply/secmaster": {[]string{"apply/scan", "lazy", "secrets"}, []string{"golang.org/x/sync"},
		"the wire knows nothing of plans"},
	"apply/secmaster/emulator": {[]string{"apply/secmaster", "lazy", "secrets"}, nil,
		"it checks the client, so it shares only the signature with it"},
	"apply/secmaster/doctor": {[]string{"apply/secmaster", "lazy"}, nil,
		"what a server does is told by reads: it has no way to write, and keeps no value"},
	"apply/secmaster/replay": {[]string{"apply/secmaster", "apply/secmaster/doctor", "apply/secmaster/emulator", "secrets"}, nil,
		"what was recorded becomes switches, so that the emulator knows nothing of records"},
	"apply/state": {[]string{"apply/scan", "diff", "lazy", "secrets"}, []string{"github.com/go-git/", "github.com/gofrs/flock", "golang.org/x/sync"},
		"known state is what diff reads and Git keeps"},
	"apply": {[]string{"apply/scan", "apply/secmaster", "apply/state", "diff", "lazy", "manifest", "secrets", "secrets/seal"}, []string{"golang.org/x/sync"},
		"carrying out a plan calls no YAML, SOPS or Git itself: manifest and state do"},
	"examples": {nil, nil,
		"the samples are files, and nothing else"},
	"cmd/connsync/view": {[]string{"apply", "apply/secmaster/doctor", "diff", "diff/review", "lazy", "manifest", "secrets"}, []string{"github.com/sergi/go-diff"},
		"words for people are made of data: nothing is read, sent or written for them"},
	"cmd/connsync/hugepages": {nil, nil,
		"it is initialised before all others, so it waits for none"},
	"cmd/connsync/render": {[]string{"apply", "cmd/connsync/view", "diff", "manifest", "secrets"}, []string{"golang.org/x/term"},
		"a format lays out what it is given, and calls no command"},
	"cmd/connsync/complete": {nil, []string{"github.com/alecthomas/kong"},
		"a line is completed from the grammar and from names that it is given: nothing is read for it"},
	"cmd/connsync": {[]string{"apply", "apply/secmaster", "apply/secmaster/doctor", "apply/secmaster/emulator", "apply/secmaster/replay", "apply/state", "cmd/connsync/complete", "cmd/connsync/hugepages", "cmd/connsync/render", "cmd/connsync/view", "diff", "diff/review", "examples", "lazy", "manifest", "manifest/draft", "manifest/gitfs", "manifest/schema", "manifest/strict", "secrets", "secrets/seal", "secrets/sops"},
		[]string{"github.com/alecthomas/kong", "golang.org/x/term", "github.com/go-git/", "golang.org/x/sync"},
		"grammar, wiring, words for errors and exit codes"},
}

// never says what a package must not reach, by whatever detour, and why. A name ending in / stands for all below it.
var never = []struct {
	packages, reached []string
	why               string
}{
	{[]string{"secrets"}, []string{"net", "os/exec", "github.com/", "gopkg.in/", "golang.org/"}, "the vocabulary of secrets must be readable without trusting anybody"},
	{[]string{"manifest/strict", "manifest/sopsrules", "manifest/suspect", "manifest", "diff", "diff/review"},
		[]string{"net", "os/exec", "os/signal", "github.com/", "filippo.io/", "google.golang.org/", module + "/manifest/gitfs", module + "/secrets/sops", module + "/apply/", module + "/apply", module + "/cmd/"},
		"reading and deciding use no Git, no key, no program and no network"},
	{[]string{"apply/secmaster", "apply/secmaster/doctor", "apply/secmaster/emulator", "apply/secmaster/replay"}, []string{"gopkg.in/", "go.yaml.in/", "github.com/", "filippo.io/"}, "the wire knows nothing of files"},
	{[]string{"manifest/gitfs", "apply/state", "apply"}, []string{"github.com/getsops/", "filippo.io/", "go.yaml.in/", "google.golang.org/"}, "only secrets/sops links SOPS"},
	{[]string{"cmd/connsync"}, append([]string{"github.com/getsops/sops/v3/config", "github.com/getsops/sops/v3/publish", "github.com/getsops/sops/v3/version", "github.com/getsops/sops/v3/cmd/", "github.com/getsops/sops/v3/stores/"}, heavy...),
		"a start initializes every package: these are a third of the binary, and connsync calls none of them"},
	{[]string{"secrets/sops"}, []string{"github.com/go-git/", "gopkg.in/yaml.v3"}, "SOPS opens files in memory, and knows nothing of Git and manifests"},
}

// heavy is what SOPS links for its command line, for publishing to a cloud's storage, and for the metrics of that.
var heavy = []string{
	"github.com/urfave/", "github.com/russross/", "github.com/cpuguy83/", "github.com/google/go-cmp/", "github.com/envoyproxy/", "github.com/cncf/", "github.com/spiffe/", "cel.dev/",
	"cloud.google.com/go/storage", "cloud.google.com/go/storage/", "cloud.google.com/go/monitoring/", "google.golang.org/grpc/xds", "google.golang.org/grpc/xds/", "google.golang.org/grpc/authz/", "go.opentelemetry.io/otel/sdk/",
	"github.com/GoogleCloudPlatform/", "github.com/aws/aws-sdk-go-v2/service/s3", "github.com/aws/aws-sdk-go-v2/feature/s3/",
}

// TestPackagesNeverReachWhatTheTableForbids follows imports to their end: what a package uses through another one counts.
func TestPackagesNeverReachWhatTheTableForbids(t *testing.T) {
	imports := map[string][]string{}
	for _, p := range listPackages(t) {
		imports[p.ImportPath] = p.Imports
	}
	for _, rule := range never {
		for _, name := range rule.packages {
			if len(imports[module+"/"+name]) == 0 {
				t.Errorf("%s: no such package", name)
			}
			for reached, through := range reach(imports, module+"/"+name) {
				if slices.ContainsFunc(rule.reached, func(f string) bool { return reached == f || strings.HasSuffix(f, "/") && strings.HasPrefix(reached, f) }) {
					t.Errorf("%s reaches %s through %s: %s", name, reached, through, rule.why)
				}
			}
		}
	}
}

// reach is everything a package uses, each with a package importing it.
func reach(imports map[string][]string, from string) map[string]string {
	out := map[string]string{from: ""}
	for open := []string{from}; len(open) > 0; open = open[1:] {
		for _, next := range imports[open[0]] {
			if _, seen := out[next]; !seen {
				out[next] = open[0]
				open = append(open, next)
			}
		}
	}
	return out
}

const module = "connsync"

type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	standard, packages := map[string]bool{}, []listed{}
	for _, p := range listPackages(t) {
		standard[p.ImportPath] = p.Standard
		if strings.HasPrefix(p.ImportPath, module+"/") {
			packages = append(packages, p)
		}
	}
	if len(packages) != len(rules) {
		t.Errorf("%d packages and %d rules: every package has a rule", len(packages), len(rules))
	}
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		r, ok := rules[name]
		if !ok {
			t.Errorf("%s: no rule for this package", name)
			continue
		}
		for _, i := range p.Imports {
			if !standard[i] && !r.allows(i) {
				t.Errorf("%s imports %s: %s", name, i, r.why)
			}
		}
	}
}

func (r rule) allows(path string) bool {
	if ours, ok := strings.CutPrefix(path, module+"/"); ok {
		return slices.Contains(r.ours, ours)
	}
	return slices.ContainsFunc(r.others, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// listPackages is what the go command says of every package in the module's build.
func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
