package sops

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	upstream "github.com/getsops/sops/v3"
	"go.yaml.in/yaml/v3"
)

// rulesFile is a .sops.yaml as sops reads it: where a member has another type, sops does not use the file. Members that say nothing about
// a file's encryption are here for that alone.
type rulesFile struct {
	CreationRules    []creationRule `yaml:"creation_rules"`
	DestinationRules []struct {
		Texts          destination  `yaml:",inline"`
		RecreationRule creationRule `yaml:"recreation_rule"`
		VaultKVVersion int          `yaml:"vault_kv_version"`
		OmitExtensions bool         `yaml:"omit_extensions"`
	} `yaml:"destination_rules"`
	Stores struct {
		Dotenv     struct{} `yaml:"dotenv"`
		INI        struct{} `yaml:"ini"`
		JSONBinary layout   `yaml:"json_binary"`
		JSON       layout   `yaml:"json"`
		YAML       layout   `yaml:"yaml"`
	} `yaml:"stores"`
}

type layout struct {
	Indent int `yaml:"indent"`
}

type destination struct {
	PathRegex        string `yaml:"path_regex"`
	S3Bucket         string `yaml:"s3_bucket"`
	S3Prefix         string `yaml:"s3_prefix"`
	GCSBucket        string `yaml:"gcs_bucket"`
	GCSPrefix        string `yaml:"gcs_prefix"`
	VaultPath        string `yaml:"vault_path"`
	VaultAddress     string `yaml:"vault_address"`
	VaultKVMountName string `yaml:"vault_kv_mount_name"`
}

// creationRule is one rule. Keys are one text with commas, or a list of texts.
type creationRule struct {
	PathRegex               string     `yaml:"path_regex"`
	AwsProfile              string     `yaml:"aws_profile"`
	Age                     any        `yaml:"age"`
	PGP                     any        `yaml:"pgp"`
	KMS                     any        `yaml:"kms"`
	GCPKMS                  any        `yaml:"gcp_kms"`
	HCKms                   []string   `yaml:"hckms"`
	AzureKeyVault           any        `yaml:"azure_keyvault"`
	Vault                   any        `yaml:"hc_vault_transit_uri"`
	KeyGroups               []keyGroup `yaml:"key_groups"`
	ShamirThreshold         int        `yaml:"shamir_threshold"`
	MACOnlyEncrypted        bool       `yaml:"mac_only_encrypted"`
	UnencryptedSuffix       string     `yaml:"unencrypted_suffix"`
	EncryptedSuffix         string     `yaml:"encrypted_suffix"`
	UnencryptedRegex        string     `yaml:"unencrypted_regex"`
	EncryptedRegex          string     `yaml:"encrypted_regex"`
	UnencryptedCommentRegex string     `yaml:"unencrypted_comment_regex"`
	EncryptedCommentRegex   string     `yaml:"encrypted_comment_regex"`
}

// ruleIn is the rule of a .sops.yaml for a file (both below one folder): the first that fits. The file may have no rules at all, and counts as
// no file: found is false then.
func ruleIn(from, file string) (m upstream.Metadata, found bool, err error) {
	text, err := os.ReadFile(from)
	if err != nil {
		return m, false, ErrBadRule
	}
	var rules rulesFile
	if yaml.Unmarshal(text, &rules) != nil {
		return m, false, ErrBadRule
	}
	if rules.CreationRules == nil {
		return m, false, nil
	}
	rule, err := firstOf(rules.CreationRules, strings.TrimPrefix(file, filepath.Dir(from)+string(filepath.Separator)))
	if err != nil {
		return m, false, err
	}
	m, err = rule.metadata()
	return m, true, err
}

// firstOf is the first rule that fits a path below the folder of its file.
func firstOf(rules []creationRule, path string) (creationRule, error) {
	for _, r := range rules {
		if r.PathRegex == "" {
			return r, nil
		}
		switch pattern, err := regexp.Compile(r.PathRegex); {
		case err != nil:
			return r, ErrBadRule
		case pattern.MatchString(path):
			return r, nil
		}
	}
	return creationRule{}, ErrNoRule
}

// metadata are the rule's selector, mode and keys. A selector that is no regular expression is refused: sops would say nothing, and encrypt
// nothing or everything by it.
func (r creationRule) metadata() (upstream.Metadata, error) {
	selectors := 0
	for _, text := range []string{r.UnencryptedSuffix, r.EncryptedSuffix, r.UnencryptedRegex, r.EncryptedRegex, r.UnencryptedCommentRegex, r.EncryptedCommentRegex} {
		if text != "" {
			selectors++
		}
	}
	if selectors > 1 {
		return upstream.Metadata{}, ErrBadRule
	}
	for _, text := range []string{r.EncryptedRegex, r.UnencryptedRegex, r.EncryptedCommentRegex, r.UnencryptedCommentRegex} {
		if _, err := regexp.Compile(text); err != nil {
			return upstream.Metadata{}, ErrBadRule
		}
	}
	groups, err := r.groups()
	if err != nil {
		return upstream.Metadata{}, ErrBadRule
	}
	m := upstream.Metadata{
		KeyGroups: groups, ShamirThreshold: min(r.ShamirThreshold, len(groups)), MACOnlyEncrypted: r.MACOnlyEncrypted, Version: libraryVersion,
		UnencryptedSuffix: r.UnencryptedSuffix, EncryptedSuffix: r.EncryptedSuffix,
		UnencryptedRegex: r.UnencryptedRegex, EncryptedRegex: r.EncryptedRegex,
		UnencryptedCommentRegex: r.UnencryptedCommentRegex, EncryptedCommentRegex: r.EncryptedCommentRegex,
	}
	if selectorOf(m) == "" {
		m.EncryptedRegex = underConfig
	}
	return m, nil
}
