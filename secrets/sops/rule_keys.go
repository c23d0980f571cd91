package sops

import (
	"strings"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/azkv"
	"github.com/getsops/sops/v3/gcpkms"
	"github.com/getsops/sops/v3/hckms"
	"github.com/getsops/sops/v3/hcvault"
	upstreamkeys "github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/kms"
	"github.com/getsops/sops/v3/pgp"
)

// keyGroup is a member of key_groups.
type keyGroup struct {
	Merge []keyGroup `yaml:"merge"`
	Age   []string   `yaml:"age"`
	PGP   []string   `yaml:"pgp"`
	KMS   []struct {
		Arn        string             `yaml:"arn"`
		Role       string             `yaml:"role"`
		Context    map[string]*string `yaml:"context"`
		AwsProfile string             `yaml:"aws_profile"`
	} `yaml:"kms"`
	GCPKMS []struct {
		ResourceID string `yaml:"resource_id"`
	} `yaml:"gcp_kms"`
	HCKms []struct {
		KeyID string `yaml:"key_id"`
	} `yaml:"hckms"`
	AzureKV []struct {
		VaultURL string `yaml:"vaultUrl"`
		Key      string `yaml:"key"`
		Version  string `yaml:"version"`
	} `yaml:"azure_keyvault"`
	Vault []string `yaml:"hc_vault"`
}

// groups are the keys of a rule in SOPS's order, as in a file's sops block.
func (r creationRule) groups() ([]upstream.KeyGroup, error) {
	if len(r.KeyGroups) == 0 {
		group, err := r.ungrouped()
		return []upstream.KeyGroup{group}, err
	}
	var out []upstream.KeyGroup
	for _, g := range r.KeyGroups {
		group, err := g.keys()
		if err != nil {
			return nil, err
		}
		out = append(out, group)
	}
	return out, nil
}

// gathered collects keys until one is wrong.
type gathered struct {
	keys upstream.KeyGroup
	err  error
}

// take adds keys, or keeps why there are none.
func take[K upstreamkeys.MasterKey](g *gathered, keys []K, err error) {
	if err != nil && g.err == nil {
		g.err = err
	}
	for _, k := range keys {
		g.keys = append(g.keys, k)
	}
}

// ungrouped are the keys in the rule itself.
func (r creationRule) ungrouped() (upstream.KeyGroup, error) {
	var g gathered
	texts := func(member any) string {
		text, err := oneText(member)
		take[*age.MasterKey](&g, nil, err)
		return text
	}
	recipients := texts(r.Age)
	if recipients != "" {
		keys, err := age.MasterKeysFromRecipients(recipients)
		take(&g, keys, err)
	}
	take(&g, pgp.MasterKeysFromFingerprintString(texts(r.PGP)), nil)
	take(&g, kms.MasterKeysFromArnString(texts(r.KMS), map[string]*string{}, r.AwsProfile), nil)
	take(&g, gcpkms.MasterKeysFromResourceIDString(texts(r.GCPKMS)), nil)
	huawei, err := hckms.NewMasterKeyFromKeyIDString(strings.Join(r.HCKms, ","))
	take(&g, huawei, err)
	azure, err := azkv.MasterKeysFromURLs(texts(r.AzureKeyVault))
	take(&g, azure, err)
	vault, err := hcvault.NewMasterKeysFromURIs(texts(r.Vault))
	take(&g, vault, err)
	return g.keys, g.err
}

// oneText is a member with keys, a text or a list of texts, as one text with commas.
func oneText(member any) (string, error) {
	switch v := member.(type) {
	case nil:
		return "", nil
	case string:
		var out []string
		for key := range strings.SplitSeq(v, ",") {
			if key = strings.TrimSpace(key); key != "" {
				out = append(out, key)
			}
		}
		return strings.Join(out, ","), nil
	case []any:
		out := make([]string, len(v))
		for i, item := range v {
			text, ok := item.(string)
			if !ok {
				return "", ErrBadRule
			}
			out[i] = text
		}
		return strings.Join(out, ","), nil
	}
	return "", ErrBadRule
}

// keys are those of a group, each once.
func (k keyGroup) keys() (upstream.KeyGroup, error) {
	var g gathered
	for _, sub := range k.Merge {
		keys, err := sub.keys()
		take(&g, keys, err)
	}
	for _, recipients := range k.Age {
		keys, err := age.MasterKeysFromRecipients(recipients)
		take(&g, keys, err)
	}
	for _, fingerprint := range k.PGP {
		take(&g, []*pgp.MasterKey{pgp.NewMasterKeyFromFingerprint(fingerprint)}, nil)
	}
	for _, a := range k.KMS {
		take(&g, []*kms.MasterKey{kms.NewMasterKeyWithProfile(a.Arn, a.Role, a.Context, a.AwsProfile)}, nil)
	}
	for _, r := range k.GCPKMS {
		take(&g, []*gcpkms.MasterKey{gcpkms.NewMasterKeyFromResourceID(r.ResourceID)}, nil)
	}
	for _, h := range k.HCKms {
		key, err := hckms.NewMasterKey(h.KeyID)
		take(&g, []*hckms.MasterKey{key}, err)
	}
	for _, a := range k.AzureKV {
		key, err := azkv.NewMasterKeyWithOptionalVersion(a.VaultURL, a.Key, a.Version)
		take(&g, []*azkv.MasterKey{key}, err)
	}
	for _, uri := range k.Vault {
		key, err := hcvault.NewMasterKeyFromURI(uri)
		take(&g, []*hcvault.MasterKey{key}, err)
	}
	return once(g.keys), g.err
}

// once leaves out what is there already.
func once(group upstream.KeyGroup) upstream.KeyGroup {
	var out upstream.KeyGroup
	seen := map[string]bool{}
	for _, k := range group {
		if id := k.TypeToIdentifier() + " " + k.ToString(); !seen[id] {
			seen[id] = true
			out = append(out, k)
		}
	}
	return out
}
