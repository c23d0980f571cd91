package manifest

import (
	"slices"
	"strconv"
	"strings"

	"connsync/manifest/strict"

	"connsync/manifest/sopsrules"
	"connsync/secrets"
)

// sopsMembers are those of a sops block by which its values are read.
var sopsMembers = append([]string{"mac", "lastmodified", "mac_only_encrypted", "shamir_threshold", "key_groups"}, append(slices.Clone(secrets.KeyTypes), sopsrules.Kinds...)...)

// sops reads what a file's own metadata says, without a key; nil where the file is not encrypted.
func (d *document) sops(p Project) *Sops {
	n := strict.Child(d.Root, "sops")
	if n == nil || !d.Mapping(n, "sops") {
		return nil
	}
	s := &Sops{Pos: d.At(n)}
	if v := strict.Child(n, "lastmodified"); v != nil {
		s.LastModified = v.Value
	}
	if v := strict.Child(n, "mac_only_encrypted"); v != nil {
		s.MACOnlyEncrypted = d.boolean(v, "mac_only_encrypted")
	}
	d.screenMembers(n)
	d.encrypted(n, s)
	d.mac(n, s, p)
	if v := strict.Child(n, "shamir_threshold"); v != nil {
		s.Threshold, _ = strconv.Atoi(v.Value)
	}
	var wrapped strings.Builder
	s.Groups = 1
	s.keys(n, &wrapped)
	if groups := strict.Child(n, "key_groups"); groups != nil {
		s.Groups = max(len(groups.Content), 1)
		for _, g := range groups.Content {
			s.keys(g, &wrapped)
		}
	}
	if len(s.KeyTypes) == 0 {
		d.Wrong(n, "the sops block names no key that could open the file").Hint("restore the file as sops wrote it")
	}
	s.KeysDigest = secrets.Digest(wrapped.String())
	return s
}

// mac reads what a file is authenticated by.
func (d *document) mac(n *strict.Node, s *Sops, p Project) {
	v := strict.Child(n, "mac")
	if v != nil {
		s.Pos = d.At(v)
	}
	if v != nil && v.Value != "" {
		s.MAC = secrets.Digest(v.Value)
	}
	switch {
	case v != nil && v.Value == "":
		d.Wrong(v, "the mac is empty: the file was merged, and not signed anew").Hint("repeat the merge where a key is at hand, with connsync as Git's merge driver", "or take the whole file of one side from Git, with its sops block, and make the other side's changes again with sops")
	case v == nil || !secrets.IsCiphertext(v.Value, "str"):
		d.Wrong(n, "the sops block has no mac").Hint("restore the file as sops wrote it: connsync does not open a file that is not authenticated")
	}
	if p.Secrets.FullMAC && s.MACOnlyEncrypted {
		d.WrongName(strict.Child(n, "mac_only_encrypted"), "mac_only_encrypted, where %s asks for a full mac", p.File).Hint("take mac_only_encrypted out of its rule in "+RulesFile+", and then  connsync reseal "+ShellWord(d.File), "or set  secrets: {mac: any}  in "+p.File)
	}
}

// encrypted screens the values of a file by its own selector, and notes a digest of what its MAC is made of.
func (d *document) encrypted(n *strict.Node, s *Sops) {
	selector := d.selector(n)
	s.Selector = selector.String()
	judge := selector.Judge()
	if selector.Fault != sopsrules.TooLarge {
		s.Covered = covered(d.leaves, judge.Encrypts, s.MACOnlyEncrypted)
	}
	if selector.Fault == sopsrules.TooLarge || judge.Exhausted() {
		s.Covered = ""
		d.tooLarge(n, selector)
		return
	}
	d.screenNames(selector, judge)
	d.screenEncrypted(selector, judge.Encrypts)
}

// tooLarge is said of a selector too large to look at. What is in the clear may be meant to be encrypted.
func (d *document) tooLarge(sops *strict.Node, s sopsrules.Selector) {
	for _, l := range d.leaves {
		if isSetting(l) && !isSealed(l) {
			d.exposed[l.Node] = true
		}
	}
	d.Wrong(sops, "%s of the sops block is too large to be looked at", s.Kind).Hint("write a shorter one: a list of names is enough")
}

// screenMembers refuses members that SOPS takes for others: it reads their names without regard to case.
func (d *document) screenMembers(sops *strict.Node) {
	for _, e := range strict.Entries(sops) {
		if name := strings.ToLower(e.Key.Value); name != e.Key.Value && slices.Contains(sopsMembers, name) {
			d.WrongName(e.Key, "sops reads %s as %s", e.Key.Value, name).Hint("restore the file as sops wrote it")
		}
	}
}

// keys notes which key types a group has, and gathers the wrapped data keys.
func (s *Sops) keys(group *strict.Node, wrapped *strings.Builder) {
	for _, kind := range secrets.KeyTypes {
		list := strict.Child(group, kind)
		if list == nil || list.Kind != strict.Sequence || len(list.Content) == 0 {
			continue
		}
		s.note(kind)
		for _, key := range list.Content {
			s.Recipients = append(s.Recipients, Recipient{Kind: kind, ID: recipientID(kind, key)})
			if enc := strict.Child(key, "enc"); enc != nil {
				wrapped.WriteString(kind + "\x00" + enc.Value + "\x00")
				s.WrappedKeys = append(s.WrappedKeys, secrets.Digest(enc.Value))
			}
		}
	}
}

func (s *Sops) note(kind string) {
	if slices.Contains(s.KeyTypes, kind) {
		return
	}
	s.KeyTypes = append(s.KeyTypes, kind)
}

// recipientID is how SOPS names a key of a kind in a file's metadata.
func recipientID(kind string, key *strict.Node) string {
	part := func(name string) string {
		if n := strict.Child(key, name); n != nil {
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
