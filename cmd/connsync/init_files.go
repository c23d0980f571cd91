package main

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"connsync/cmd/connsync/render"
	samples "connsync/examples"
	"connsync/manifest"
	"connsync/manifest/gitfs"
	"connsync/manifest/schema"
	"connsync/secrets/sops"
)

// startFile is one of the first files of a repository.
type startFile struct {
	name, text, about string
	line              string // the line it is written for; "" where all of it is
	used              bool   // what is there is used, whatever it says
}

// The names of what editors read.
const (
	manifestSchema = "connsync.schema.json"
	projectSchema  = "connsync.project.schema.json"
)

// mergeLine has Git merge manifests by connsync.
const mergeLine = "connections/**/*.yaml merge=connsync"

// editorSettings tell VS Code's YAML extension each file's schema. A line in the manifests would not last: sops encrypts comments under an allowlist.
const editorSettings = `{
  "yaml.schemas": {
    "` + manifestSchema + `": ["connections/**/*.yaml", "connections/**/*.yml"],
    "` + projectSchema + `": ["connsync.yaml"]
  }
}
`

// files are all files a repository begins with.
func (s *starting) files() ([]startFile, error) {
	text := s.project()
	project, err := s.read(text)
	if err != nil {
		return nil, err
	}
	out := []startFile{{name: manifest.ProjectFile, text: text, about: "the project: targets, and rules for secrets", used: true}}
	rules, err := s.rules()
	if err != nil {
		return nil, err
	}
	out = append(out, startFile{name: sops.RulesFile, text: rules, about: "who can open the secrets, and what stays in the clear", used: true})
	if !s.cmd.Import && !s.hasManifests(project) {
		out = append(out, s.first(project))
	}
	out = append(out, []startFile{
		{name: manifestSchema, text: asJSON(schema.Manifest(project, manifest.Catalog{})), about: "what editors know of manifests"},
		{name: projectSchema, text: asJSON(schema.Project()), about: "what editors know of connsync.yaml"},
		{name: ".vscode/settings.json", text: editorSettings, about: "has VS Code use them"},
		{name: ".gitattributes", text: mergeLine + "\n", about: "has Git merge manifests by connsync", line: mergeLine},
	}...)
	if workflow, ok := workflows[s.host()]; ok {
		text, err := samples.Files.ReadFile(workflow.sample)
		if err != nil {
			return nil, err
		}
		out = append(out, startFile{name: workflow.file, text: string(text), about: "previews, syncs and looks for drift in CI; its first lines say what it needs"})
	}
	return out, nil
}

// read is the project of a text, or the existing one. Its errors are in the words of connsync.yaml, and about the flags.
func (s *starting) read(text string) (manifest.Project, error) {
	if s.existing != nil {
		return *s.existing, nil
	}
	project, err := manifest.ReadProject(manifest.ProjectFile, []byte(text))
	var wrong manifest.Mistakes
	if errors.As(err, &wrong) {
		return project, &advised{&usageError{wrong[0].Message}, wrong[0].Hints}
	}
	return project, err
}

// first is a manifest without a connection.
func (s *starting) first(project manifest.Project) startFile {
	name := path.Join(project.Manifests[0], s.target.Name, "first.yaml")
	return startFile{name: name, text: fmt.Sprintf(firstManifest, s.target.Name), about: "an empty manifest, with an example"}
}

// hasManifests tells whether there is any manifest.
func (s *starting) hasManifests(project manifest.Project) bool {
	set, _, err := manifest.Survey(s.tree.FS(), project, nil)
	return err == nil && len(set.Files) > 0
}

// wants tells whether some manifest has a connection.
func (s *starting) wants() bool {
	if s.existing == nil {
		return false
	}
	set, _, err := manifest.Survey(s.tree.FS(), *s.existing, nil)
	return err == nil && len(set.Connections) > 0
}

// asJSON is how connsync schema prints one.
func asJSON(v any) string {
	var b bytes.Buffer
	_ = render.JSON(&b, v) // a buffer takes all
	return b.String()
}

// project is the text of connsync.yaml.
func (s *starting) project() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=%s\nmanifests: [connections]\ntargets:\n  %s:\n    region: %s\n", projectSchema, s.target.Name, s.target.Region)
	if s.target.ProjectID != "" {
		fmt.Fprintf(&b, "    project_id: %q\n", s.target.ProjectID)
	}
	fmt.Fprintf(&b, "    workspace_id: %q\nsecrets:\n  destinations: sealed\n", s.target.WorkspaceID)
	if kinds := s.kinds(); len(kinds) > 0 { // otherwise the rules are there, and nothing is known of them
		fmt.Fprintf(&b, "  mac: full\n  allow: [%s]\n", strings.Join(kinds, ", "))
	}
	return b.String()
}

// kinds are the types of the recipients' keys.
func (s *starting) kinds() []string {
	var out []string
	for _, r := range s.recipients {
		if !slices.Contains(out, r.kind) {
			out = append(out, r.kind)
		}
	}
	return out
}

// firstManifest has no connection: a mere example would be created.
const firstManifest = `# The connections of %[1]s. One looks like this, with the names of your plugin and of its settings:
#
#   edr:
#     component: EdrVendor
#     version: "2.1"
#     config:
#       endpoint: https://edr.example
#
# Leave its secrets out: set them with connsync, which asks for the values and encrypts them.
connections:
  %[1]s: {}
`

// member is what a rule calls a list of keys of some type.
var member = map[string]string{
	"age": "age", "pgp": "pgp", "hckms": "hckms", "kms": "kms", "gcp_kms": "gcp_kms", "azure_kv": "azure_keyvault", "hc_vault": "hc_vault_transit_uri",
}

// ownFields are the keys of single values read by connsync without a key.
var ownFields = []string{
	"component", "version", "component_id", "component_version_id", "description", "adopt", "previously", "protect", "incomplete", "setting", "reason", "commit",
}

// usualKeys are the keys many plugins have for settings, and none is a secret.
var usualKeys = []string{
	"connection_type", "endpoint", "host", "hostname", "interval", "page_size", "port", "protocol", "region", "retries", "timeout", "tenant_id", "uri", "url",
	"user", "userName", "username", "verify_ssl", "verify_tls",
}

// maxAllowed bounds the allowlist: sops looks at each key by it, and connsync at no selector of more than 4096 bytes.
const maxAllowed = 3500

// rules is the text of .sops.yaml. Everything is encrypted but the values of the listed keys, so a forgotten key costs readability.
func (s *starting) rules() (string, error) {
	pattern := "^(" + strings.Join(s.allowed(), "|") + ")$"
	if regexp.MustCompile(pattern).MatchString(s.target.Name) {
		return "", &usageError{"--target " + s.target.Name + ": settings have that name, and stay in the clear; sops would leave all of the target so"}
	}
	var b strings.Builder
	b.WriteString("# Everything is encrypted but the values of the keys in unencrypted_regex. List a key only if it always names\n" +
		"# a single value that is no secret: sops leaves in the clear all that stands under such a key.\ncreation_rules:\n  - unencrypted_regex: " + pattern + "\n")
	for _, kind := range s.kinds() {
		b.WriteString("    " + member[kind] + ":\n")
		for _, r := range s.recipients {
			if r.kind == kind {
				fmt.Fprintf(&b, "      - %q\n", r.id)
			}
		}
	}
	return b.String(), nil
}

// allowed are the keys with values to stay in the clear.
func (s *starting) allowed() []string {
	out, size := slices.Clone(ownFields), 0
	for _, key := range slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(usualKeys), s.keys...)))) {
		if size += len(key) + 1; size < maxAllowed && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// workflows are the CI samples, by their host.
var workflows = map[string]struct{ sample, file string }{
	"github":    {"github-actions.yaml", ".github/workflows/connsync.yaml"},
	"gitlab":    {"gitlab-ci.yaml", ".gitlab-ci.yml"},
	"bitbucket": {"bitbucket-pipelines.yaml", "bitbucket-pipelines.yml"},
	"azure":     {"azure-pipelines.yaml", "azure-pipelines.yml"},
	"jenkins":   {"Jenkinsfile", "Jenkinsfile"},
}

// host is where CI runs: by the flag, by the remote's address, or by the files of the worktree. "" where nothing tells.
func (s *starting) host() string {
	if s.cmd.CI != "auto" {
		return s.cmd.CI
	}
	origin := s.origin()
	for _, h := range [][2]string{{"github.", "github"}, {"gitlab", "gitlab"}, {"bitbucket.", "bitbucket"}, {"dev.azure.com", "azure"}, {"visualstudio.com", "azure"}} {
		if strings.Contains(origin, h[0]) {
			return h[1]
		}
	}
	for _, f := range [][2]string{{".github", "github"}, {".gitlab-ci.yml", "gitlab"}, {"bitbucket-pipelines.yml", "bitbucket"}, {"azure-pipelines.yml", "azure"}, {"Jenkinsfile", "jenkins"}} {
		if s.exists(f[0]) {
			return f[1]
		}
	}
	return ""
}

// origin is the host of the remote origin; "" where there is none.
func (s *starting) origin() string {
	repo, err := gitfs.Open(s.g.Dir)
	if err != nil {
		return ""
	}
	defer repo.Close()
	return repo.Host()
}
