package splice_test

import (
	"errors"
	"strings"
	"testing"

	"connsync/secrets/sops/splice"
)

func change(t *testing.T, text string, do func(*splice.Doc) ([]byte, error)) (string, error) {
	t.Helper()
	d, err := splice.Parse([]byte(text), nil)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	out, err := do(d)
	return string(out), err
}

// TestAValueIsSetInPlace sets a value in every possible notation, and leaves all else.
func TestAValueIsSetInPlace(t *testing.T) {
	at := func(path ...any) []any { return path }
	for _, c := range []struct {
		name, text string
		path       []any
		set        splice.Scalar
		want       string
	}{
		{"plain", "a: x # c\nb: y\n", at("a"), splice.Text("z"), "a: z # c\nb: y\n"},
		{"plain, on lines", "a: x\n  y\n\n  z # c\nb: y\n", at("a"), splice.Text("z"), "a: z # c\nb: y\n"},
		{"plain, with blank lines", "a: x\n  y\n\n\n  z # c\nb: y\n", at("a"), splice.Text("k"), "a: k # c\nb: y\n"},
		{"double quotes", "a: \"x\\\" # no\"   # c\n", at("a"), splice.Text("z"), "a: \"z\"   # c\n"},
		{"double quotes, on lines", "a: \"x\n  y\" # c\n", at("a"), splice.Text("z"), "a: \"z\" # c\n"},
		{"single quotes", "a: 'it''s' # c\n", at("a"), splice.Text("that's"), "a: 'that''s' # c\n"},
		{"a block", "a: | # c\n  x\n\n   y\n\nb: 1\n", at("a"), splice.Text("z"), "a: z # c\n\nb: 1\n"},
		{"a block that says how deep it is", "a: |2-\n   x\n  y\nb: 1\n", at("a"), splice.Text("z"), "a: z\nb: 1\n"},
		{"a folded block at the end", "a: >-\n  x\n  y", at("a"), splice.Text("z"), "a: z"},
		{"nothing", "a:\nb: 1\n", at("a"), splice.Text("z"), "a: z\nb: 1\n"},
		{"nothing, and a comment", "a: # c\nb: 1\n", at("a"), splice.Text("z"), "a: z # c\nb: 1\n"},
		{"line ends of Windows", "a: x\r\nb: y\r\n", at("a"), splice.Text("z"), "a: z\r\nb: y\r\n"},
		{"other letters before it", "{ü: ☃🙂, a: x}\n", at("a"), splice.Text("z"), "{ü: ☃🙂, a: z}\n"},
		{"in brackets", "m: {a: x, b: [1, x]} # c\n", at("m", "b", 1), splice.Text("z"), "m: {a: x, b: [1, z]} # c\n"},
		{"in a list", "m:\n- x\n- y # c\n", at("m", 1), splice.Text("z"), "m:\n- x\n- z # c\n"},
		{"in a mapping of a list", "m:\n  - n: x\n    a: y\n", at("m", 0, "a"), splice.Text("z"), "m:\n  - n: x\n    a: z\n"},
		{"a ciphertext", "a: x\n", at("a"), splice.Ciphertext("ENC[A,data:b,type:str]"), "a: ENC[A,data:b,type:str]\n"},
		{"a ciphertext in brackets", "{a: x}\n", at("a"), splice.Ciphertext("ENC[A,data:b,type:str]"), "{a: \"ENC[A,data:b,type:str]\"}\n"},
		{"a number", "a: x\n", at("a"), splice.Verbatim("1.5"), "a: 1.5\n"},
		{"an empty mapping", "a: {} # c\n", at("a"), splice.Text("z"), "a: z # c\n"},

		{"a new key", "m:\n  a: x # c\n# below\nb: y\n", at("m", "k"), splice.Text("z"), "m:\n  a: x # c\n  k: z\n# below\nb: y\n"},
		{"a new key behind a block", "m:\n  a: |\n    x\nb: y\n", at("m", "k"), splice.Text("z"), "m:\n  a: |\n    x\n  k: z\nb: y\n"},
		{"a new key at the end, without a line end", "m:\n  a: x", at("m", "k"), splice.Text("z"), "m:\n  a: x\n  k: z"},
		{"a new key of Windows", "m:\r\n  a: x\r\n", at("m", "k"), splice.Text("z"), "m:\r\n  a: x\r\n  k: z\r\n"},
		{"new keys", "m:\n  a: x\n", at("m", "k", "o"), splice.Text("z"), "m:\n  a: x\n  k:\n    o: z\n"},
		{"a new list", "m:\n  a: x\n", at("m", "k", 0, "o"), splice.Text("z"), "m:\n  a: x\n  k:\n    - o: z\n"},
		{"a new item", "m:\n- x\nb: 1\n", at("m", 1), splice.Text("z"), "m:\n- x\n- z\nb: 1\n"},
		{"a new item that is a mapping", "m:\n  - a: x\n", at("m", 1, "a"), splice.Text("z"), "m:\n  - a: x\n  - a: z\n"},
		{"a new list of lists", "m:\n  a: x\n", at("m", "k", 0, 0), splice.Text("z"), "m:\n  a: x\n  k:\n    - - z\n"},
		{"a new key in brackets", "m: {a: x}\n", at("m", "k", "o"), splice.Text("z"), "m: {a: x, k: {o: z}}\n"},
		{"a new key behind a comma", "m: {a: x,}\n", at("m", "k"), splice.Text("z"), "m: {a: x, k: z,}\n"},
		{"a new key in JSON", "{\"m\": {\"a\": \"x\"}}\n", at("m", "k"), splice.Text("z"), "{\"m\": {\"a\": \"x\", \"k\": z}}\n"},
		{"into an empty mapping", "m: {}\n", at("m", "k"), splice.Text("z"), "m:\n  k: z\n"},
		{"into an empty list", "  m: []\n", at("m", 0), splice.Text("z"), "  m:\n    - z\n"},
		{"into an empty mapping with a comment", "m: {} # c\n", at("m", "k"), splice.Text("z"), "m: {k: z} # c\n"},
		{"into an empty mapping in brackets", "m: {a: {}}\n", at("m", "a", "k"), splice.Text("z"), "m: {a: {k: z}}\n"},
	} {
		have, err := change(t, c.text, func(d *splice.Doc) ([]byte, error) { return d.Set(c.path, c.set) })
		if err != nil || have != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, have, err, c.want)
		}
	}
}

// A text is written with quotes wherever some reader of YAML would take it for something else.
func TestTextsAreQuotedWhereTheyMustBe(t *testing.T) {
	for _, text := range []string{"", " a", "a ", "yes", "No", "on", "null", "~", "true", "1", "0123", "1.5", "1e3", "0x1f", ".5", "2024-01-01", "1:30", "- a", "a: b", "a:", "a #b", "#a", "&a", "*a", "!a", "%a", "@a", "`a",
		"|", ">", "{", "[", "?", "=", "<<", "a\nb", "a\tb", "\"", "'", "ENC[AES", "e10", "a  b", "-"} {
		have, err := change(t, "k: old\n", func(d *splice.Doc) ([]byte, error) { return d.Set([]any{"k"}, splice.Text(text)) })
		if err != nil || !strings.HasPrefix(have, `k: "`) {
			t.Errorf("%q is written %q, %v", text, have, err)
		}
		d, err := splice.Parse([]byte(have), nil)
		if err != nil {
			t.Fatalf("%q: %v", have, err)
		}
		if leaf, _, ok := d.Get([]any{"k"}); !ok || leaf.Value != text || leaf.Tag != "!!str" {
			t.Errorf("%q is read as %+v", text, leaf)
		}
	}
	for _, text := range []string{"https://x.example:8443/p", "svc_connsync", "EDR of production", "a-b/c@d", "/var/lib"} {
		if have, err := change(t, "k: old\n", func(d *splice.Doc) ([]byte, error) { return d.Set([]any{"k"}, splice.Text(text)) }); err != nil || have != "k: "+text+"\n" {
			t.Errorf("%q is written %q, %v", text, have, err)
		}
	}
}

func TestWhatIsInTheWayIsNotReplaced(t *testing.T) {
	for _, c := range []struct {
		path []any
		want error
	}{
		{[]any{"m"}, splice.ErrTaken}, {[]any{"l"}, splice.ErrTaken}, {[]any{"m", 0}, splice.ErrTaken}, {[]any{"l", "a"}, splice.ErrTaken}, {[]any{"m", "a", "b"}, splice.ErrTaken},
		{[]any{"l", 3}, splice.ErrNoPlace}, {[]any{"n", "a"}, splice.ErrTaken},
	} {
		if have, err := change(t, "m:\n  a: x\nl: [1, 2]\nn:\n", func(d *splice.Doc) ([]byte, error) { return d.Set(c.path, splice.Text("z")) }); !errors.Is(err, c.want) || have != "" {
			t.Errorf("%v: %q, %v; want %v", c.path, have, err, c.want)
		}
	}
}

func TestKeysAreRenamedAndLinesRemoved(t *testing.T) {
	const text = "a:\n  \"b\": # c\n    x: 1\n    y: 2 # d\n    z: {k: v}\n  'd': 3\n"
	for name, c := range map[string]struct {
		do   func(*splice.Doc) ([]byte, error)
		want string
	}{
		"renamed":                  {func(d *splice.Doc) ([]byte, error) { return d.Rename([]any{"a", "b"}, "e") }, strings.Replace(text, `"b"`, `"e"`, 1)},
		"renamed, without quotes":  {func(d *splice.Doc) ([]byte, error) { return d.Rename([]any{"a", "d"}, "e") }, strings.Replace(text, `'d'`, `e`, 1)},
		"renamed to what is there": {func(d *splice.Doc) ([]byte, error) { return d.Rename([]any{"a", "b"}, "d") }, ""},
		"removed":                  {func(d *splice.Doc) ([]byte, error) { return d.Remove([]any{"a", "b", "y"}) }, strings.Replace(text, "    y: 2 # d\n", "", 1)},
		"removed in brackets":      {func(d *splice.Doc) ([]byte, error) { return d.Remove([]any{"a", "b", "z", "k"}) }, ""},
		"removed, what is none":    {func(d *splice.Doc) ([]byte, error) { return d.Remove([]any{"a", "b", "w"}) }, ""},
		"a block":                  {func(d *splice.Doc) ([]byte, error) { return d.SetBlock("a", "a:\n  n: 1\n") }, "a:\n  n: 1\n"},
		"a new block":              {func(d *splice.Doc) ([]byte, error) { return d.SetBlock("s", "s:\n  n: 1\n") }, text + "s:\n  n: 1\n"},
	} {
		have, err := change(t, text, c.do)
		if have != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, have, err, c.want)
		}
	}
}

func TestWhatIsNoPlainMappingIsNotRead(t *testing.T) {
	for _, text := range []string{"", "- a\n", "a\n", "a: &x 1\nb: *x\n", "a: !!str 1\n", "a: 1\n---\nb: 1\n", "1: a\n", "? [a]\n: b\n", "a: [\n", "\xef\xbb\xbfa: 1\n", "a: \xff\n", "a: 1\rb: 2\n", "a: \"x\u2028y\"\n", "a: \"x\u0085y\"\n"} {
		if _, err := splice.Parse([]byte(text), nil); !errors.Is(err, splice.ErrNotPlain) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
