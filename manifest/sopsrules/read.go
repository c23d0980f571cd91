package sopsrules

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"connsync/manifest/strict"
)

// maxRules is more than any .sops.yaml needs, in bytes.
const maxRules = 1 << 20

// rulesFile is .sops.yaml as sops reads it: where a member of it has another type, sops does not use the file.
type rulesFile struct {
	CreationRules    []creationRule `yaml:"creation_rules"`
	DestinationRules []struct {
		RecreationRule creationRule `yaml:"recreation_rule"`
		VaultKVVersion int          `yaml:"vault_kv_version"`
		OmitExtensions bool         `yaml:"omit_extensions"`
	} `yaml:"destination_rules"`
}

// creationRule is one rule. Keys are one text with commas, or a list of texts.
type creationRule struct {
	PathRegex        string      `yaml:"path_regex"`
	Age              strict.Node `yaml:"age"`
	PGP              strict.Node `yaml:"pgp"`
	KMS              strict.Node `yaml:"kms"`
	GCPKMS           strict.Node `yaml:"gcp_kms"`
	HCKMS            []string    `yaml:"hckms"`
	AzureKeyVault    strict.Node `yaml:"azure_keyvault"`
	Vault            strict.Node `yaml:"hc_vault_transit_uri"`
	KeyGroups        []keyGroup  `yaml:"key_groups"`
	ShamirThreshold  int         `yaml:"shamir_threshold"`
	MACOnlyEncrypted bool        `yaml:"mac_only_encrypted"`
	Selectors        `yaml:",inline"`
}

// Selectors are the members of a rule that select what is encrypted.
type Selectors struct {
	EncryptedRegex          string `yaml:"encrypted_regex"`
	UnencryptedRegex        string `yaml:"unencrypted_regex"`
	EncryptedSuffix         string `yaml:"encrypted_suffix"`
	UnencryptedSuffix       string `yaml:"unencrypted_suffix"`
	EncryptedCommentRegex   string `yaml:"encrypted_comment_regex"`
	UnencryptedCommentRegex string `yaml:"unencrypted_comment_regex"`
}

// of are the kinds with a text, and their texts, in the order of Kinds.
func (s Selectors) of() (kinds, texts []string) {
	for i, text := range []string{s.EncryptedRegex, s.UnencryptedRegex, s.EncryptedSuffix, s.UnencryptedSuffix, s.EncryptedCommentRegex, s.UnencryptedCommentRegex} {
		if text != "" {
			kinds, texts = append(kinds, Kinds[i]), append(texts, text)
		}
	}
	return kinds, texts
}

// reading is one .sops.yaml while it is read.
type reading struct {
	name     string
	mistakes []strict.Mistake
	cost     int // of all rules so far
}

func (r *reading) wrong(at strict.Position, message string, hints ...string) {
	r.mistakes = append(r.mistakes, strict.Mistake{Pos: at, Message: message, Hints: hints, Rule: true})
}

// at is the place of the value under a key of a rule, or of the rule.
func (r *reading) at(rule *strict.Node, key string) strict.Position {
	n := rule
	if v := strict.Child(rule, key); v != nil {
		n = v
	}
	return strict.Position{File: r.name, Line: n.Line, Column: n.Column}
}

// unusable stands for unreadable rules.
var unusable = []Rule{{Unread: true}}

// read reads one file. The rules are nil where it has none.
func read(name string, text []byte) ([]Rule, []strict.Mistake) {
	r := reading{name: name}
	rules := r.rules(text)
	return rules, r.mistakes
}

func (r *reading) rules(text []byte) []Rule {
	if len(text) > maxRules {
		r.wrong(strict.Position{File: r.name}, "larger than 1 MiB")
		return unusable
	}
	document, line, ok := strict.Loose(text)
	if !ok {
		r.wrong(strict.Position{File: r.name, Line: line, Column: 1}, "not valid YAML, here or just above: sops cannot use it", "look for wrong indentation, a tab, an open quote or a missing colon")
		return unusable
	}
	var f rulesFile
	if at, ok := strict.Decode(document, &f); !ok {
		r.wrong(strict.Position{File: r.name, Line: at.Line, Column: at.Column}, "not what sops reads here, so that it cannot use the file", "keys stand once, texts in quotes, and numbers, booleans and lists as the documentation of sops has them")
		return unusable
	}
	if f.CreationRules == nil {
		return nil
	}
	return r.each(f.CreationRules, strict.Child(document.Content[0], "creation_rules"))
}

func (r *reading) each(rules []creationRule, list *strict.Node) []Rule {
	out := make([]Rule, 0, len(rules))
	for i, c := range rules {
		node := list
		if i < len(list.Content) {
			node = list.Content[i]
		}
		rule, ok := r.rule(c, strict.Resolved(node))
		if !ok {
			return unusable
		}
		out = append(out, rule)
	}
	return out
}

// rule reads one rule; false where sops would not use it.
func (r *reading) rule(c creationRule, n *strict.Node) (Rule, bool) {
	out := Rule{From: r.name, Pos: r.at(n, ""), PathRegex: c.PathRegex, MACOnly: c.MACOnlyEncrypted, Threshold: c.ShamirThreshold, Groups: max(len(c.KeyGroups), 1)}
	if r.cost += minCost + pathCost(c.PathRegex); r.cost > maxCost {
		r.wrong(r.at(n, "path_regex"), "the rules up to here are too large to be looked at", "write fewer rules, and shorter patterns")
		return out, false
	}
	if c.PathRegex != "" {
		pattern, err := regexp.Compile(c.PathRegex)
		if err != nil {
			r.wrong(r.at(n, "path_regex"), "path_regex is no regular expression: sops cannot use the file")
			return out, false
		}
		out.path = pattern
	}
	if bad := c.badKeys(); bad != "" {
		r.wrong(r.at(n, bad), bad+" must be text, or a list of texts: sops cannot use the rule")
		return out, false
	}
	out.Recipients = c.recipients()
	kinds, texts := c.of()
	if len(kinds) > 1 {
		r.wrong(r.at(n, kinds[1]), "the rule has "+kinds[0]+" and "+kinds[1]+": sops refuses two", "keep one of them")
		return out, false
	}
	if len(kinds) == 1 {
		out.Selects = NewSelector(kinds[0], texts[0])
		out.Selector = out.Selects.String()
		r.fault(out.Selects, r.at(n, kinds[0]))
	}
	return out, true
}

// Bounds of all rules of a file, in steps of their patterns for each byte of a path.
const (
	maxCost = 100_000
	minCost = 40 // of a rule
)

// pathCost is what a pattern costs; of an invalid one, what it costs to say so.
func pathCost(pattern string) int {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	return steps(tree)
}

// fault says what is wrong with a rule's selector. sops uses it all the same.
func (r *reading) fault(s Selector, at strict.Position) {
	switch s.Fault {
	case NoRegexp:
		effect := "leaves everything in the clear"
		if strings.HasPrefix(s.Kind, "unencrypted") {
			effect = "encrypts everything"
		}
		r.wrong(at, s.Kind+" is no regular expression: sops says nothing, lets it match nothing, and "+effect)
	case TooLarge:
		r.wrong(at, s.Kind+" is too large to be looked at", "write a shorter one: a list of names is enough")
	}
}

// badKeys is the member without a list of keys as sops reads them; "" where all do.
func (c creationRule) badKeys() string {
	for key, n := range map[string]strict.Node{"age": c.Age, "pgp": c.PGP, "kms": c.KMS, "gcp_kms": c.GCPKMS, "azure_keyvault": c.AzureKeyVault, "hc_vault_transit_uri": c.Vault} {
		if _, ok := texts(&n); !ok {
			return key
		}
	}
	return ""
}

// texts are the keys of a member: of one text with commas, or of a list of texts.
func texts(n *strict.Node) (list []string, ok bool) {
	n = strict.Resolved(n)
	isText := func(n *strict.Node) bool { n = strict.Resolved(n); return n.Kind == strict.Scalar && n.Tag == "!!str" }
	switch {
	case n.IsZero() || n.Tag == "!!null":
		return nil, true
	case isText(n):
		list = []string{n.Value}
	case n.Kind == strict.Sequence && !slices.ContainsFunc(n.Content, func(n *strict.Node) bool { return !isText(n) }):
		for _, item := range n.Content {
			list = append(list, strict.Resolved(item).Value)
		}
	default:
		return nil, false
	}
	return parted(list), true
}

// parted are the parts between commas, without spaces around them.
func parted(list []string) (out []string) {
	for part := range strings.SplitSeq(strings.Join(list, ","), ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
