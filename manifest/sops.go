package manifest

import (
	"strings"

	"gopkg.in/yaml.v3"

	"connsync/secrets"
)

// KeyTypes are SOPS's names for the kinds of keys that can open a file.
var keyTypes = []string{"age", "pgp", "hckms", "kms", "gcp_kms", "azure_kv", "hc_vault"}

// sops reads what a file's own metadata says, without a key; nil where the file is not encrypted.
func (d *document) sops(p Project) *Sops {
	n := child(d.root, "sops")
	if n == nil || !d.mapping(n, "sops") {
		return nil
	}
	s := &Sops{}
	if v := child(n, "lastmodified"); v != nil {
		s.LastModified = v.Value
	}
	if v := child(n, "mac_only_encrypted"); v != nil {
		s.MACOnlyEncrypted = v.Value == "true"
	}
	leaves, r := leavesOf(d.root), regionOf(n)
	d.screenRegion(leaves, r)
	s.Pos, s.Covered = d.at(n), covered(leaves, r, s.MACOnlyEncrypted)
	v := child(n, "mac")
	if v != nil {
		s.Pos, s.MAC = d.at(v), secrets.Digest(v.Value)
	}
	if v == nil || !secrets.IsCiphertext(v.Value, "str") {
		d.wrong(n, false, []string{"restore the file as sops wrote it: connsync does not open a file that is not authenticated"}, "the sops block has no mac")
	}
	if p.Secrets.FullMAC && s.MACOnlyEncrypted {
		d.wrong(child(n, "mac_only_encrypted"), true, []string{"encrypt the file again without mac_only_encrypted, or set  secrets: {mac: any}  in " + p.File}, "mac_only_encrypted, where %s asks for a full mac", p.File)
	}
	var wrapped strings.Builder
	s.keys(n, &wrapped)
	if groups := child(n, "key_groups"); groups != nil {
		for _, g := range groups.Content {
			s.keys(g, &wrapped)
		}
	}
	if len(s.KeyTypes) == 0 {
		d.wrong(n, false, []string{"restore the file as sops wrote it"}, "the sops block names no key that could open the file")
	}
	s.KeysDigest = secrets.Digest(wrapped.String())
	return s
}

// keys notes which key types a group has, and gathers the wrapped data keys.
func (s *Sops) keys(group *yaml.Node, wrapped *strings.Builder) {
	for _, kind := range keyTypes {
		list := child(group, kind)
		if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
			continue
		}
		s.note(kind)
		for _, key := range list.Content {
			s.Recipients = append(s.Recipients, Recipient{kind, recipientID(kind, key)})
			if enc := child(key, "enc"); enc != nil {
				wrapped.WriteString(kind + "\x00" + enc.Value + "\x00")
			}
		}
	}
}

func (s *Sops) note(kind string) {
	for _, k := range s.KeyTypes {
		if k == kind {
			return
		}
	}
	s.KeyTypes = append(s.KeyTypes, kind)
}

// recipientID is how SOPS names a key of a kind in a file's metadata.
func recipientID(kind string, key *yaml.Node) string {
	part := func(name string) string {
		if n := child(key, name); n != nil {
			return n.Value
		}
		return ""
	}
	switch kind {
	case "age":
		return part("recipient")
	case "pgp":
		return part("fp")
	case "hckms":
		return part("key_id")
	case "kms":
		return part("arn")
	case "gcp_kms":
		return part("resource_id")
	case "azure_kv":
		return strings.TrimSuffix(part("vault_url"), "/") + "/keys/" + part("name") + "/" + part("version")
	}
	return strings.TrimSuffix(part("vault_address"), "/") + "/v1/" + part("engine_path") + "/keys/" + part("key_name")
}
