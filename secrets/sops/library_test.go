package sops_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/azkv"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/gcpkms"
	"github.com/getsops/sops/v3/hckms"
	"github.com/getsops/sops/v3/hcvault"
	"github.com/getsops/sops/v3/kms"
	"github.com/getsops/sops/v3/pgp"
	store "github.com/getsops/sops/v3/stores/yaml"
	"github.com/getsops/sops/v3/version"
	"go.yaml.in/yaml/v3"

	"connsync/secrets/sops"
	"connsync/secrets/sops/sopstest"
)

// SOPS's own reader and writer of YAML link a cloud's storage, a proxy's protocol and a framework for command lines. connsync has its own,
// and here they are compared with SOPS's.

// oddDocuments have what readers differ in.
var oddDocuments = []string{
	"a: 1\n", "---\na: 1\n...\n", "%YAML 1.1\n---\na: b\n", "# head\n\na: 1 # behind\n# foot\n", "{a: 1, b: [x, {c: d}]} # behind\n# foot\n", "a:\n# left\n  - x # one\n  # two\n  - y\n# end\nb: 1\n",
	"a: {}\nb: []\nc:\nd: ~\ne: null\nf: ''\n", "\"<<\": 1\n'null': x\n\"1\": y\n", "a: 2024-01-01\nb: 2024-01-01T00:00:00Z\nc: 12:30:45\nd: 2024-13-45\n",
	"a: 0123\nb: 1_000\nc: 0x1F\nd: 1e400\ne: .inf\nf: -.Inf\ng: .nan\nh: 18446744073709551615\ni: 123456789012345678901\nj: 0b11\nk: -0\nl: 1.10\n",
	"a: yes\nb: No\nc: on\nd: TRUE\n", "a: |\n  # no comment\n  x\n\n# one\nb: >-\n  x\n  y\n", "a: ! 5\n", "a: 'b\n  c'\n? d\n: e\n", "a:\n  b: 1\n  # ends b\n\n# begins c\nc: 2\n",
	"a:\r\n  - b # x\r\n# y\r\n", "a: [\n  # in brackets\n  b, # behind\n]\n", "a:\n  # above a list\n  - - x\n    - y # deep\n  - # an empty one\n  - {b: c} # behind brackets\n",
	"a:\n  - b: 1 # x\n    # y\n    c: 2\n  # z\n  - d: 3\n", "# only\n\n# above\na:\n  # deep\n\n  # deeper\n  b: x\n# at the end\n", "\ufeffa: b\n", "a: \"\\u0085\\u2028\"\n", "a: b#c\n#\n# \n##\n",
	"a: ENC[AES256_GCM,data:YQ==,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:comment]\nb: [ENC[x]]\n",
}

// refusedDocuments are what no manifest may be: SOPS's reader takes most of them.
var refusedDocuments = []string{
	"", "# nothing\n", "- a\n", "a\n", "---\n", "a: &x 1\n", "a: &x [1]\nb: *x\n", "a: 1\n---\nb: 1\n", "a: !!str 1\n", "a: !x 1\n", "1: a\n", "true: a\n", "~: a\n", "<<: {a: b}\n", "[a]: b\n", "a: 1\na: 2\n",
	"b: {a: 1, a: 2}\n", "a: [\n", "2024-01-01: a\n", "a: " + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "\n", "a: " + strings.Repeat("x", 5<<20) + "\n", "? {a: b}\n: c\n",
}

// TestTreesAreThoseOfTheLibrary reads files as people may write them, odd ones, and those of the YAML test suite. The library makes the same tree of each: values,
// order and comments. So the MAC is the same, and what is encrypted; and both write the same bytes, whatever the indentation.
func TestTreesAreThoseOfTheLibrary(t *testing.T) {
	texts := slices.Clone(oddDocuments)
	for d := newDrawer(t); len(texts) < len(oddDocuments)+*pairs/4; {
		texts = append(texts, d.file())
	}
	for _, text := range suiteCases(t) {
		texts = append(texts, string(text), "a:\n"+indented(text, "  "))
	}
	alike, drawn := 0, len(oddDocuments)+*pairs/4
	for i, text := range texts {
		ours, err := sops.PlainTree([]byte(text))
		if err != nil {
			if _, known := libraryTree(text); known && i < len(oddDocuments) {
				t.Errorf("%q is refused", text)
			}
			continue
		}
		theirs, ok := libraryTree(text)
		if !ok || fmt.Sprintf("%#v", ours) != fmt.Sprintf("%#v", theirs) {
			t.Fatalf("connsync reads\n%s\nas %#v, and SOPS as %#v", text, ours, theirs)
		}
		alike++
		writtenAlike(t, text, upstream.Tree{Branches: upstream.TreeBranches{ours}}, []int{2, 4, 7}[i%3])
		if hasSops := slices.ContainsFunc(ours, func(i upstream.TreeItem) bool { return i.Key == "sops" }); !hasSops && i < drawn {
			signedAlike(t, text, ours, theirs)
		}
	}
	if alike < drawn*3/4+200 {
		t.Errorf("%d of %d documents were read: these are fewer than there were", alike, len(texts))
	}
}

// signedAlike encrypts two trees by one key, in both modes of the MAC: the sums are the same, and what opens again.
func signedAlike(t *testing.T, text string, ours, theirs upstream.TreeBranch) {
	t.Helper()
	for _, m := range []upstream.Metadata{{EncryptedRegex: "pass|token|^a$"}, {UnencryptedSuffix: "_unencrypted", MACOnlyEncrypted: true}} {
		var sums, opened []string
		for _, branch := range []upstream.TreeBranch{ours, theirs} {
			tree := upstream.Tree{Branches: upstream.TreeBranches{slices.Clone(branch)}, Metadata: m}
			sum, err := tree.Encrypt(dataKey, aes.NewCipher())
			if err != nil {
				return // a value SOPS does not encrypt
			}
			again, err := tree.Decrypt(dataKey, aes.NewCipher())
			if err != nil {
				t.Fatal(err)
			}
			sums, opened = append(sums, sum, again), append(opened, fmt.Sprintf("%#v", tree.Branches))
		}
		if sums[0] != sums[2] || sums[1] != sums[3] || opened[0] != opened[1] {
			t.Fatalf("connsync and SOPS sign or open another text:\n%s", text)
		}
	}
}

func writtenAlike(t *testing.T, text string, tree upstream.Tree, indent int) {
	t.Helper()
	ours, err := sops.EncryptedText(tree, indent)
	theirs, failed := store.NewStore(&config.YAMLStoreConfig{Indent: indent}).EmitEncryptedFile(tree)
	if (err != nil) != (failed != nil) || !bytes.Equal(ours, theirs) {
		t.Fatalf("connsync writes (%v)\n%s\nand SOPS (%v)\n%s\nfor\n%s", err, ours, failed, theirs, text)
	}
}

func libraryTree(text string) (upstream.TreeBranch, bool) {
	branches, err := store.NewStore(&config.YAMLStoreConfig{}).LoadPlainFile([]byte(text))
	if err != nil || len(branches) != 1 {
		return nil, false
	}
	return branches[0], true
}

func TestDocumentsThatNoManifestIsAreRefused(t *testing.T) {
	for _, text := range refusedDocuments {
		if _, err := sops.PlainTree([]byte(text)); err == nil {
			t.Errorf("%.40q is read", text)
		}
	}
}

// TestCommentsAreWrittenWhereTheLibraryWritesThem has trees no text makes: what a file's comments are after a merge, or a change by SOPS.
func TestCommentsAreWrittenWhereTheLibraryWritesThem(t *testing.T) {
	above, behind := upstream.Comment{Value: " above"}, upstream.Comment{Value: " behind", Inline: true}
	many := upstream.Comment{Value: " first\n second"}
	for i, branch := range []upstream.TreeBranch{
		{}, {{Key: above}}, {{Key: behind}, {Key: above}}, {{Key: "a", Value: "b"}, {Key: above}, {Key: behind}}, {{Key: behind}, {Key: "a", Value: "b"}, {Key: many}, {Key: "c", Value: 1}},
		{{Key: above}, {Key: "a", Value: upstream.TreeBranch{{Key: above}, {Key: behind}}}, {Key: "b", Value: upstream.TreeBranch{{Key: many}, {Key: "c"}, {Key: above}, {Key: many}}}},
		{{Key: "a", Value: []any{}}, {Key: "b", Value: []any{above}}, {Key: "c", Value: []any{behind, above, "x", behind, above, 1.5, many}}},
		{{Key: "a", Value: []any{above, upstream.TreeBranch{{Key: above}, {Key: behind}, {Key: "b", Value: true}}, behind, []any{above, "x", above}, behind}}},
		{{Key: "a", Value: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}, {Key: "b", Value: 1e300}, {Key: "c", Value: "a\nb\n"}, {Key: "d", Value: " x"}, {Key: "e", Value: "\x01"}, {Key: "f", Value: "0123"}},
		{{Key: "sops", Value: "x"}},
	} {
		for _, indent := range []int{2, 4} {
			writtenAlike(t, fmt.Sprint("tree ", i), upstream.Tree{Branches: upstream.TreeBranches{branch}}, indent)
		}
	}
}

// manyKeys are rules with keys of every SOPS type, alone and in groups, and rules SOPS does not take.
func manyKeys(one, two string) []string {
	const (
		arn, other   = "arn:aws:kms:us-east-1:656532927350:key/920aff2e-c5f1-4040-943a-047fa387b27e+arn:aws:iam::927034868273:role/sops-dev", "arn:aws:kms:eu-west-1:1:key/2"
		gcp, huawei  = "projects/p/locations/global/keyRings/r/cryptoKeys/k", "tr-west-1:7c0d5b0e-41c8-4c0b-9d0e-0b6b7d1f2a10"
		azure, vault = "https://v.vault.azure.net/keys/k/some-version", "https://vault.example:8200/v1/transit/keys/k"
	)
	print := strings.Repeat("AB", 20)
	return []string{
		"age: " + one, "age: '" + one + ", " + two + ",'", "age: [" + one + ", " + two + "]", "age: ''", "age: []", "age: ~", "age: ['']", "age: {a: b}", "pgp: '" + print + ", , x '\n    kms: ' a, '", "gcp_kms: ' x , ,'", "hc_vault_transit_uri: '" + vault + " , '", "azure_keyvault: ' , " + azure + "'", "age: 5", "age: [5]", "age: age1x", "age: [" + one + ", age1x]",
		"pgp: " + print + "\n    kms: " + arn + "," + other + "\n    gcp_kms: " + gcp + "\n    hckms: [" + huawei + "]\n    azure_keyvault: " + azure + "\n    hc_vault_transit_uri: " + vault + "\n    age: " + one,
		"kms: [" + arn + "]\n    aws_profile: p", "pgp: [a b c, '" + print + "']", "hckms: [x]", "hckms: " + huawei, "azure_keyvault: nowhere", "hc_vault_transit_uri: nowhere", "gcp_kms: [x, y]", "kms: ''\n    pgp: ''",
		"key_groups: []", "key_groups: [{}]", "key_groups: [{age: [" + one + "]}, {age: [" + two + ", " + two + "]}]\n    shamir_threshold: 2", "key_groups: [{age: [" + one + "]}]\n    shamir_threshold: 5",
		"key_groups:\n      - age: [" + one + "]\n        pgp: [" + print + ", " + print + "]\n        kms: [{arn: '" + other + "', role: r, context: {a: b, c: d}, aws_profile: p}]\n        gcp_kms: [{resource_id: " + gcp + "}]\n" +
			"        hckms: [{key_id: '" + huawei + "'}]\n        azure_keyvault: [{vaultUrl: 'https://v.vault.azure.net', key: k, version: v}]\n        hc_vault: ['" + vault + "']\n" +
			"        merge: [{age: [" + two + "], merge: [{age: [" + one + "]}]}]\n      - age: ['" + two + "," + one + "']",
		"key_groups: [{merge: [{age: [age1x]}]}]", "key_groups: [{hckms: [{key_id: x}]}]", "key_groups: [{hc_vault: [nowhere]}]", "key_groups: [{azure_keyvault: [{vaultUrl: u, key: k}]}]", "key_groups: {age: x}", "key_groups: [{kms: [{arn: a, context: {a: ~}}]}]", "key_groups: [{age: " + one + "}]",
		"age: " + one + "\n    path_regex: nowhere", "age: " + one + "\n    path_regex: '['", "age: " + one + "\n    path_regex: ''\n    encrypted_suffix: _s", "age: " + one + "\n    encrypted_suffix: _s\n    encrypted_regex: x",
		"age: " + one + "\n    mac_only_encrypted: true\n    unencrypted_comment_regex: x", "age: " + one + "\n    shamir_threshold: two", "age: " + one + "\nstores: {json: {indent: x}}", "age: " + one + "\nstores: {yaml: {indent: 3}}",
		"age: " + one + "\ndestination_rules: [{s3_bucket: [x]}]", "age: " + one + "\ndestination_rules: [{vault_kv_version: x}]", "age: " + one + "\ndestination_rules: [{recreation_rule: {shamir_threshold: x}}]", "age: " + one + "\n    unencrypted_regex: [x]",
	}
}

// TestRulesHaveTheKeysThatTheLibraryMakes has the library make the keys of a rule, and write them into a file: connsync has the same, in the same order.
func TestRulesHaveTheKeysThatTheLibraryMakes(t *testing.T) {
	dir, taken, refused := t.TempDir(), 0, 0
	from := filepath.Join(dir, sops.RulesFile)
	for _, text := range manyKeys(key(t), key(t)) {
		write(t, dir, sops.RulesFile, "creation_rules:\n  - "+text+"\n")
		theirs, failed := libraryRule(from, filepath.Join(dir, "a.yaml"))
		rule, err := sops.RuleFor(dir, "a.yaml")
		if (err != nil) != (failed != nil) {
			t.Errorf("SOPS: %v, connsync: %v, for\n%s", failed, err, text)
		}
		if err != nil || failed != nil {
			refused++
			continue
		}
		taken++
		m := rule.Metadata()
		if is, should := shownKeys(m.KeyGroups), shownKeys(theirs.KeyGroups); is != should {
			t.Errorf("the keys are\n%s, and SOPS has\n%s, for\n%s", is, should, text)
		}
		if m.ShamirThreshold != min(theirs.ShamirThreshold, len(theirs.KeyGroups)) || m.MACOnlyEncrypted != theirs.MACOnlyEncrypted || m.Version != version.Version {
			t.Errorf("%+v, and SOPS has %+v, for\n%s", m, theirs, text)
		}
		writtenAlike(t, text, upstream.Tree{Branches: upstream.TreeBranches{{}}, Metadata: m}, 4)
	}
	if taken < 20 || refused < 20 {
		t.Errorf("%d rules are taken and %d refused", taken, refused)
	}
}

// libraryRule is a rule as the library reads it. It panics at a context of nothing.
func libraryRule(from, file string) (c *config.Config, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the library panics")
		}
	}()
	return config.LoadCreationRuleForFile(from, file, map[string]*string{})
}

// shownKeys are keys with all that a file keeps of them, without the time of their making.
func shownKeys(groups []upstream.KeyGroup) string {
	var b strings.Builder
	for i, g := range groups {
		for _, k := range g {
			switch k := k.(type) {
			case *pgp.MasterKey:
				k.CreationDate = time.Time{}
			case *kms.MasterKey:
				k.CreationDate = time.Time{}
			case *gcpkms.MasterKey:
				k.CreationDate = time.Time{}
			case *hckms.MasterKey:
				k.CreationDate = time.Time{}
			case *azkv.MasterKey:
				k.CreationDate = time.Time{}
			case *hcvault.MasterKey:
				k.CreationDate = time.Time{}
			}
			fmt.Fprintf(&b, "%d %s %s %v\n", i, k.TypeToIdentifier(), k.ToString(), k.ToMap())
		}
	}
	return b.String()
}

// The version in a sops block is the library's.
func TestTheVersionIsThatOfTheLibrary(t *testing.T) {
	if sops.LibraryVersion != version.Version {
		t.Errorf("%s, and the library is %s", sops.LibraryVersion, version.Version)
	}
}

// TestSopsOpensWhatConnsyncWrites has the sops command decrypt one file of all odd documents: every value is what it was in the clear.
func TestSopsOpensWhatConnsyncWrites(t *testing.T) {
	recipient, dir, n := key(t), t.TempDir(), 0
	var plain strings.Builder
	for i, text := range oddDocuments {
		part := fmt.Sprintf("d%d:\n%s", i, indented([]byte(text), "    "))
		if _, err := sops.Encrypt([]byte(part), recipient, sops.EncryptOptions{EncryptedRegex: "^d"}); err == nil { // else a date, which SOPS does not encrypt
			plain.WriteString(part)
			n++
		}
	}
	out, err := sops.Encrypt([]byte(plain.String()), recipient, sops.EncryptOptions{EncryptedRegex: "^d.*[02468]$"})
	if err != nil || n < 15 {
		t.Fatalf("%d documents: %v", n, err)
	}
	write(t, dir, "a.yaml", string(out))
	var is, should map[string]any
	err = errors.Join(yaml.Unmarshal([]byte(sopstest.Run(t, dir, []string{"SOPS_AGE_KEY=" + os.Getenv("SOPS_AGE_KEY")}, "decrypt", "a.yaml")), &is), yaml.Unmarshal([]byte(plain.String()), &should))
	if err != nil || fmt.Sprintf("%#v", is) != fmt.Sprintf("%#v", should) {
		t.Errorf("%v\n%#v, want\n%#v", err, is, should)
	}
}
