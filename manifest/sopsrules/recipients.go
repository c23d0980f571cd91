package sopsrules

import (
	"strings"

	"connsync/manifest/strict"
)

// Recipient is one key able to open a file, by SOPS's names: kind age and a public key, pgp and a fingerprint, kms and an ARN …
type Recipient struct{ Kind, ID string }

// String is the kind and the id. What its writer chose, as the comment of an SSH key, is in quotes, so it is no sentence of ours.
func (r Recipient) String() string { return r.Kind + " " + strict.Said(r.ID) }

// recipients are the keys of a rule. Where it has groups of keys, sops uses those alone.
func (c creationRule) recipients() []Recipient {
	var out recipients
	if len(c.KeyGroups) > 0 {
		for _, g := range c.KeyGroups {
			g.addTo(&out)
		}
		return out
	}
	for _, m := range []struct {
		kind string
		n    strict.Node
	}{{"age", c.Age}, {"pgp", c.PGP}, {"kms", c.KMS}, {"gcp_kms", c.GCPKMS}, {"azure_kv", c.AzureKeyVault}, {"hc_vault", c.Vault}} {
		ids, _ := texts(&m.n)
		out.add(m.kind, ids...)
	}
	out.add("hckms", parted(c.HCKMS)...)
	return out
}

// keyGroup is a group of keys of a rule.
type keyGroup struct {
	Merge  []keyGroup `yaml:"merge"`
	Age    []string   `yaml:"age"`
	PGP    []string   `yaml:"pgp"`
	Vault  []string   `yaml:"hc_vault"`
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

func (g keyGroup) addTo(out *recipients) {
	for _, m := range g.Merge {
		m.addTo(out)
	}
	out.add("age", parted(g.Age)...)
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
