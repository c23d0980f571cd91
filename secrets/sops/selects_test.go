package sops_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"connsync/manifest/strict"
	upstream "github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/config"
	store "github.com/getsops/sops/v3/stores/yaml"

	"connsync/manifest/sopsrules"
)

var (
	pairs = flag.Int("pairs", 2000, "how many pairs of a selector and a file are drawn")
	seed  = flag.Uint64("pairs.seed", 1, "of the pairs that are drawn; 0: by the clock")
)

// drawer draws files and selectors as people, and attackers, may write them.
type drawer struct {
	*rand.Rand
	words []string // keys, and parts of comments
}

func newDrawer(t *testing.T) drawer {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("the seed is -pairs.seed=%d", *seed)
	return drawer{rand.New(rand.NewPCG(*seed, 1)), words}
}

func (d drawer) one(of ...string) string { return of[d.IntN(len(of))] }

// words are keys and parts of comments the selectors below may hit.
var words = []string{"password", "Password", "pass", "token", "token_enc", "x_unencrypted", "config", "endpoint", "a", "a.b", "sops-enc", "secret_pt", "ENC"}

func (d drawer) comment() string {
	return d.one("", "", "", "#", "# ", "#enc", "# sops:enc", "# sops:clear "+d.one(d.words...), "# "+d.one(d.words...), "#! enc", "# é enc")
}

// lines are a value of a mapping's key, or of a list's item, at a depth.
func (d drawer) mapping(b *strings.Builder, indent string, depth int) {
	seen := map[string]bool{}
	for range 1 + d.IntN(4) {
		key := d.one(d.words...)
		if seen[key] {
			continue
		}
		seen[key] = true
		d.above(b, indent)
		fmt.Fprintf(b, "%s%s:", indent, key)
		d.value(b, indent, depth)
	}
}

// above writes comments and blank lines in front of a key or an item.
func (d drawer) above(b *strings.Builder, indent string) {
	for range d.IntN(3) {
		if c := d.comment(); c != "" {
			b.WriteString(d.one(indent, indent, indent+"  ") + c + "\n")
		} else if d.IntN(3) == 0 {
			b.WriteString("\n")
		}
	}
}

func (d drawer) value(b *strings.Builder, indent string, depth int) {
	behind := ""
	if c := d.comment(); c != "" && d.IntN(2) == 0 {
		behind = " " + c
	}
	scalar := d.one("text", "1", "1.5", "true", `"quoted # not a comment"`, `""`, "null", "", "'x'", "|\n"+indent+"    block\n"+indent+"    more")
	switch n := d.IntN(10); {
	case depth > 0 && n < 3:
		b.WriteString(behind + "\n")
		d.mapping(b, indent+"  ", depth-1)
	case depth > 0 && n < 6:
		b.WriteString(behind + "\n")
		d.list(b, indent+d.one("  ", ""), depth-1)
	case n == 6:
		b.WriteString(" {a: 1, password: x}" + behind + "\n")
	case n == 7:
		b.WriteString(" [a, {token: 1}, []]" + behind + "\n")
	case strings.HasPrefix(scalar, "|"):
		b.WriteString(" " + scalar + "\n")
	default:
		b.WriteString(" " + scalar + behind + "\n")
	}
}

func (d drawer) list(b *strings.Builder, indent string, depth int) {
	for range 1 + d.IntN(3) {
		d.above(b, indent)
		if d.IntN(4) == 0 && depth > 0 {
			b.WriteString(indent + "- " + d.one(d.words...) + ": 1\n")
			d.mapping(b, indent+"  ", 0)
			continue
		}
		b.WriteString(indent + "-")
		d.value(b, indent, 0)
	}
}

// file is a document; some have a sops block within, as encrypted ones do.
func (d drawer) file() string {
	var b strings.Builder
	b.WriteString(d.one("", "", "---\n", "# sops:enc\n\n", "# head\n---\n# sops:enc\n"))
	d.mapping(&b, "", 3)
	if d.IntN(3) == 0 {
		d.above(&b, "")
		b.WriteString("sops:" + d.one("", " # enc") + "\n  # enc\n  mac: x\n")
		d.above(&b, "")
		b.WriteString("last: text\n")
	}
	if d.IntN(4) == 0 {
		b.WriteString("# enc at the end\n")
	}
	return b.String()
}

// selector is a selector of any kind, broken ones among them.
func (d drawer) selector() (kind, text string) {
	kind = d.one(append([]string{""}, sopsrules.Kinds...)...)
	switch {
	case kind == "":
	case strings.HasSuffix(kind, "suffix"):
		text = d.one("_enc", "_unencrypted", "word", "pt", "a", "config", ".b")
	default:
		text = d.one("enc", "^password$", "pass", "(?i)PASSWORD", "sops:enc", "^ sops", "config", ".*", "^$", "token(_enc)?$", "a\\.b", "[", "(?<x", "*", "a{1001}", "\\", "(?P<n>t)oken", "é", "x|", "(?!p)")
	}
	return kind, text
}

// marks is a cipher that says what it was given, and keeps it.
type marks struct{}

const mark = "was encrypted"

func (marks) Encrypt(any, []byte, string) (string, error) { return mark, nil }
func (marks) Decrypt(string, []byte, string) (any, error) { return nil, nil }

// TestWhatIsEncryptedIsDecidedAsSopsDecidesIt draws pairs of a selector and a file, has SOPS's own library encrypt them, and compares
// each value. An encrypted comment in a list is no value.
func TestWhatIsEncryptedIsDecidedAsSopsDecidesIt(t *testing.T) {
	d := newDrawer(t)
	drawn, values, sealed := 0, 0, 0
	for drawn < *pairs && !t.Failed() {
		text := d.file()
		kind, selector := d.selector()
		theirs, ok := encryptedBySops(text, kind, selector)
		if !ok {
			continue // not a file for SOPS
		}
		drawn++
		document, _, ok := strict.Loose([]byte(text))
		if !ok {
			t.Fatalf("SOPS reads\n%s\nand connsync does not", text)
		}
		judge := sopsrules.NewSelector(kind, selector).Judge()
		leaves := sopsrules.Leaves(document)
		if len(leaves) != len(theirs) {
			t.Fatalf("%d values, SOPS finds %d in\n%s", len(leaves), len(theirs), text)
		}
		for i, l := range leaves {
			values++
			if theirs[i] {
				sealed++
			}
			if !l.Empty() && judge.Encrypts(l) != theirs[i] {
				t.Errorf("%s: %q: SOPS encrypts %s: %v, in\n%s", kind, selector, l.Path, theirs[i], text)
			}
		}
	}
	if sealed < values/20 || sealed > values*19/20 {
		t.Errorf("%d of %d values are encrypted: the pairs test little", sealed, values)
	}
	t.Logf("T-SOPS: %d pairs of a selector and a file, %d values, %d encrypted, decided alike", drawn, values, sealed)
}

// encryptedBySops tells of each value of a file whether SOPS encrypts it.
func encryptedBySops(text, kind, selector string) ([]bool, bool) {
	branches, err := store.NewStore(&config.YAMLStoreConfig{}).LoadPlainFile([]byte(text))
	if err != nil || len(branches) != 1 {
		return nil, false
	}
	for i, item := range branches[0] {
		if item.Key == "sops" {
			branches[0] = append(branches[0][:i:i], branches[0][i+1:]...)
			break
		}
	}
	tree := upstream.Tree{Branches: branches, Metadata: metadata(kind, selector)}
	before := leavesOf(branches[0])
	if _, err := tree.Encrypt(nil, marks{}); err != nil {
		return nil, false // an encrypted comment would be one by which a value stays in the clear
	}
	after := leavesOf(branches[0])
	out := make([]bool, 0, len(before))
	for i, was := range before {
		if _, comment := was.(upstream.Comment); !comment {
			out = append(out, after[i] == mark)
		}
	}
	return out, true
}

func metadata(kind, text string) upstream.Metadata {
	var m upstream.Metadata
	switch kind {
	case "":
		m.UnencryptedSuffix = upstream.DefaultUnencryptedSuffix
	case "encrypted_regex":
		m.EncryptedRegex = text
	case "unencrypted_regex":
		m.UnencryptedRegex = text
	case "encrypted_suffix":
		m.EncryptedSuffix = text
	case "unencrypted_suffix":
		m.UnencryptedSuffix = text
	case "encrypted_comment_regex":
		m.EncryptedCommentRegex = text
	case "unencrypted_comment_regex":
		m.UnencryptedCommentRegex = text
	}
	return m
}

// leavesOf are the values of a tree, and the comments in its lists.
func leavesOf(v any) (out []any) {
	switch v := v.(type) {
	case upstream.TreeBranch:
		for _, item := range v {
			if _, comment := item.Key.(upstream.Comment); !comment {
				out = append(out, leavesOf(item.Value)...)
			}
		}
	case []any:
		for _, item := range v {
			out = append(out, leavesOf(item)...)
		}
	default:
		out = append(out, v)
	}
	return out
}
