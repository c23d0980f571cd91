package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// RulesFile is the name of the file that tells sops whom to encrypt for.
const RulesFile = ".sops.yaml"

// Rules are the creation rules of the .sops.yaml files of a commit, by the folder that they stand in.
type Rules map[string][]Rule

// Rule is one creation rule: who can open the files that it fits.
type Rule struct {
	PathRegex  string // "" fits every file
	Recipients []Recipient
	Selector   string // what is encrypted, as in "encrypted_regex: ^password$"; "" for SOPS's default
	MACOnly    bool   // mac_only_encrypted
	Threshold  int    // shamir_threshold
	path       *regexp.Regexp
}

// maxRules is more than any .sops.yaml needs.
const maxRules = 1 << 20

// LoadRules reads the .sops.yaml files that hold for some manifests: in the folder of each, and in all folders above. A file of them
// that cannot be read as sops reads it is a mistake.
func LoadRules(fsys fs.FS, files []File) (Rules, []Mistake, error) {
	rules := Rules{}
	var mistakes []Mistake
	for _, dir := range foldersOf(files) {
		name := path.Join(dir, RulesFile)
		text, err := fs.ReadFile(fsys, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, nil, readError(name, err)
		}
		rs, detail := readRules(text)
		if detail != "" {
			mistakes = append(mistakes, Mistake{Pos: Position{File: name, Line: 1, Column: 1}, Message: detail, Hints: []string{"sops cannot use it either: look at  sops --config " + name}})
			continue
		}
		if len(rs) > 0 {
			rules[dir] = rs
		}
	}
	return rules, mistakes, nil
}

// foldersOf are the folders that files stand in, with all above them, in order.
func foldersOf(files []File) []string {
	seen := map[string]bool{".": true}
	for _, f := range files {
		for dir := path.Dir(f.Path); !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
		}
	}
	out := make([]string, 0, len(seen))
	for dir := range seen {
		out = append(out, dir)
	}
	sort.Strings(out)
	return out
}

// For is the rule of a file: the first that fits in the nearest folder that has rules. nil where none fits; told is false where there are no rules at all.
func (r Rules) For(file string) (rule *Rule, told bool) {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		rs, ok := r[dir]
		if !ok {
			if dir == "." {
				return nil, false
			}
			continue
		}
		relative := strings.TrimPrefix(file, dir+"/")
		for i := range rs {
			if rs[i].path == nil || rs[i].path.MatchString(relative) {
				return &rs[i], true
			}
		}
		return nil, true
	}
}

// rulesFile is .sops.yaml as sops documents it; what decides nothing here is left out.
type rulesFile struct {
	CreationRules []creationRule `yaml:"creation_rules"`
}

type creationRule struct {
	PathRegex               string     `yaml:"path_regex"`
	Age                     texts      `yaml:"age"`
	PGP                     texts      `yaml:"pgp"`
	KMS                     texts      `yaml:"kms"`
	GCPKMS                  texts      `yaml:"gcp_kms"`
	HCKMS                   texts      `yaml:"hckms"`
	AzureKeyVault           texts      `yaml:"azure_keyvault"`
	Vault                   texts      `yaml:"hc_vault_transit_uri"`
	KeyGroups               []keyGroup `yaml:"key_groups"`
	ShamirThreshold         int        `yaml:"shamir_threshold"`
	UnencryptedSuffix       string     `yaml:"unencrypted_suffix"`
	EncryptedSuffix         string     `yaml:"encrypted_suffix"`
	UnencryptedRegex        string     `yaml:"unencrypted_regex"`
	EncryptedRegex          string     `yaml:"encrypted_regex"`
	UnencryptedCommentRegex string     `yaml:"unencrypted_comment_regex"`
	EncryptedCommentRegex   string     `yaml:"encrypted_comment_regex"`
	MACOnlyEncrypted        bool       `yaml:"mac_only_encrypted"`
}

type keyGroup struct {
	Merge  []keyGroup `yaml:"merge"`
	Age    texts      `yaml:"age"`
	PGP    texts      `yaml:"pgp"`
	Vault  texts      `yaml:"hc_vault"`
	KMS    []struct{ Arn string }
	GCPKMS []struct {
		ResourceID string `yaml:"resource_id"`
	} `yaml:"gcp_kms"`
	HCKMS []struct {
		KeyID string `yaml:"key_id"`
	} `yaml:"hckms"`
	AzureKV []struct {
		VaultURL     string `yaml:"vaultUrl"`
		Key, Version string
	} `yaml:"azure_keyvault"`
}

// texts is one text with commas, or a list of texts.
type texts []string

func (t *texts) UnmarshalYAML(n *yaml.Node) error {
	var list []string
	if n.Kind == yaml.SequenceNode {
		if err := n.Decode(&list); err != nil {
			return err
		}
	} else {
		list = []string{n.Value}
	}
	for _, part := range strings.Split(strings.Join(list, ","), ",") {
		if part = strings.TrimSpace(part); part != "" {
			*t = append(*t, part)
		}
	}
	return nil
}

// readRules reads one file. The detail says why it cannot be used; the parser's own text could quote values.
func readRules(text []byte) ([]Rule, string) {
	var f rulesFile
	if len(text) > maxRules || yaml.Unmarshal(text, &f) != nil {
		return nil, "not a .sops.yaml that can be read"
	}
	out := make([]Rule, 0, len(f.CreationRules))
	for i, c := range f.CreationRules {
		r := Rule{PathRegex: c.PathRegex, Recipients: c.recipients(), Selector: c.selector(), MACOnly: c.MACOnlyEncrypted, Threshold: c.ShamirThreshold}
		if c.PathRegex != "" {
			pattern, err := regexp.Compile(c.PathRegex)
			if err != nil {
				return nil, fmt.Sprintf("the path_regex of creation rule %d is no regular expression", i+1)
			}
			r.path = pattern
		}
		out = append(out, r)
	}
	return out, ""
}

func (c creationRule) recipients() []Recipient {
	var out recipients
	if len(c.KeyGroups) > 0 {
		for _, g := range c.KeyGroups {
			g.addTo(&out)
		}
		return out
	}
	out.add("age", c.Age...)
	out.add("pgp", c.PGP...)
	out.add("kms", c.KMS...)
	out.add("gcp_kms", c.GCPKMS...)
	out.add("hckms", c.HCKMS...)
	out.add("azure_kv", c.AzureKeyVault...)
	out.add("hc_vault", c.Vault...)
	return out
}

func (g keyGroup) addTo(out *recipients) {
	for _, m := range g.Merge {
		m.addTo(out)
	}
	out.add("age", g.Age...)
	out.add("pgp", g.PGP...)
	for _, k := range g.KMS {
		out.add("kms", k.Arn)
	}
	for _, k := range g.GCPKMS {
		out.add("gcp_kms", k.ResourceID)
	}
	for _, k := range g.HCKMS {
		out.add("hckms", k.KeyID)
	}
	for _, k := range g.AzureKV {
		out.add("azure_kv", strings.TrimSuffix(k.VaultURL, "/")+"/keys/"+k.Key+"/"+k.Version)
	}
	out.add("hc_vault", g.Vault...)
}

// recipients are keys without repetition.
type recipients []Recipient

func (rs *recipients) add(kind string, ids ...string) {
	for _, id := range ids {
		r := Recipient{kind, id}.normal()
		seen := false
		for _, other := range *rs {
			seen = seen || other == r
		}
		if !seen {
			*rs = append(*rs, r)
		}
	}
}

// normal is one spelling for what sops writes differently into rules and into files.
func (r Recipient) normal() Recipient {
	switch r.Kind {
	case "pgp":
		r.ID = strings.ToUpper(strings.ReplaceAll(r.ID, " ", ""))
	case "kms":
		r.ID, _, _ = strings.Cut(strings.ReplaceAll(r.ID, " ", ""), "+") // a role behind the ARN
	}
	return r
}

func (c creationRule) selector() string {
	for _, s := range [...][2]string{
		{"encrypted_regex", c.EncryptedRegex}, {"unencrypted_regex", c.UnencryptedRegex}, {"encrypted_suffix", c.EncryptedSuffix},
		{"unencrypted_suffix", c.UnencryptedSuffix}, {"encrypted_comment_regex", c.EncryptedCommentRegex}, {"unencrypted_comment_regex", c.UnencryptedCommentRegex},
	} {
		if s[1] != "" {
			return s[0] + ": " + s[1]
		}
	}
	return ""
}

// Missing are the recipients of one list that another one lacks.
func Missing(from, in []Recipient) []Recipient {
	have := make(map[Recipient]bool, len(in))
	for _, r := range in {
		have[r.normal()] = true
	}
	var out []Recipient
	for _, r := range from {
		if !have[r.normal()] {
			out = append(out, r)
		}
	}
	return out
}
