package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"connsync/manifest"
)

// vector is a manifest that is written in an unusual way: what is said of it, or the config as it is sent.
type vector struct{ name, text, said, sent string }

const vectorHead = "connections:\n  prod:\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config:\n"

// value is a vector of one setting.
func value(name, text, said, sent string) vector {
	return vector{name, vectorHead + "        value: " + text + "\n", said, sent}
}

// bomb is an alias bomb of some levels, as a document.
func bomb(levels int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	return b.String()
}

func vectors() []vector {
	good := vectorHead + "        value: text\n"
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	utf16 := func(s string) string {
		var b strings.Builder
		b.WriteString("\xff\xfe")
		for _, c := range []byte(s) {
			b.WriteByte(c)
			b.WriteByte(0)
		}
		return b.String()
	}
	const (
		alias, anchor, tag = "a YAML alias", "a YAML anchor", "an explicit YAML tag"
		control, number    = "a control character", "a number that JSON, YAML or sops would write differently"
		invalid, second    = "not valid YAML", "more than one YAML document"
		boolean, empty     = "text here, and a boolean for other readers of YAML", "a setting without a value"
		notUTF8            = "not plain UTF-8: save the file as UTF-8 without BOM"
	)
	return []vector{
		{"plain", good, "", `{"value":"text"}`},
		{"with CRLF", strings.ReplaceAll(good, "\n", "\r\n"), "", `{"value":"text"}`},
		{"without a line break at its end", strings.TrimSuffix(good, "\n"), "", `{"value":"text"}`},
		{"with a document's begin", "---\n" + good, "", `{"value":"text"}`},
		{"with a document's end", good + "...\n", "", `{"value":"text"}`},
		{"with a lone CR", strings.ReplaceAll(good, "\n", "\r"), control, ""},

		value("an alias", "*x", invalid, ""),
		value("an anchor", "&x text", anchor, ""),
		value("an anchor on a list", "&x [1]", anchor, ""),
		{"an anchor and its alias", good + "        other: &x 1\n        again: *x\n", alias, ""},
		{"an anchor on a key", vectorHead + "        &x value: text\n", "a key that is not text", ""},
		{"an alias as a key", vectorHead + "        value: &x text\n        *x : 1\n", "a key that is not text", ""},
		{"an alias to itself", good + "        self: &x [*x]\n", anchor, ""},
		{"a merge key", vectorHead + "        <<: {value: text}\n", "a YAML merge key", ""},
		{"a quoted merge key", vectorHead + "        \"<<\": {value: text}\n", "a key may hold letters", ""},
		{"a bomb of 3 levels", bomb(3), anchor, ""},
		{"a bomb of 30 levels", bomb(30), anchor, ""},
		{"a bomb in a second document", good + "---\n" + bomb(7), second, ""},
		{"an alias to itself in a second document", "x: 1\n---\na: &a [*a]\n", second, ""},

		{"two documents", good + "---\n" + good, second, ""},
		{"a second document behind an end", good + "...\n---\nx: 1\n", second, ""},
		{"a second document behind an end alone", good + "...\nx: 1\n", second, ""},
		{"text behind an end", good + "... text\n", second, ""},
		{"an empty second document", good + "---\n", second, ""},
		{"a second document of a comment", good + "---\n# nothing\n", second, ""},
		{"a document in front that is empty", "---\n---\n" + good, second, ""},
		{"a pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("4d", 32) + "\nsize 120\n", "a pointer of Git LFS, not the file itself", ""},
		{"a later pointer of Git LFS", "version https://git-lfs.github.com/spec/v2\next-0-foo sha256:00\n", "a pointer of Git LFS, not the file itself", ""},
		{"nothing", "", "the file is empty", ""},
		{"a line break", "\n", "the file is empty", ""},
		{"a begin alone", "---\n", "the file must be a mapping", ""},
		{"null", "null\n", "the file must be a mapping", ""},
		{"a text", "text\n", "the file must be a mapping", ""},
		{"a list", "- connections\n", "the file must be a mapping", ""},

		{"a key twice", good + "        value: other\n", "value is here already, at line 7", ""},
		{"a key twice, once in quotes", good + "        \"value\": other\n", "value is here already, at line 7", ""},
		{"a key twice, once escaped", good + "        \"v\\x61lue\": other\n", "value is here already, at line 7", ""},
		{"a key twice in brackets", vectorHead + "        m: {a: 1, a: 2}\n", "a is here already", ""},
		{"a key twice, by case", good + "        VALUE: other\n", "differs only by case from value", ""},
		{"a target twice", good + strings.TrimPrefix(good, "connections:\n"), "prod is here already", ""},
		{"connections twice", good + good, "connections is here already", ""},
		{"a number as a key", vectorHead + "        1: text\n", "a key that is not text", ""},
		{"a boolean as a key", vectorHead + "        true: text\n", "a key that is not text", ""},
		{"null as a key", vectorHead + "        ~: text\n", "a key that is not text", ""},
		{"no key", vectorHead + "        : text\n", invalid, ""},
		{"an empty key", vectorHead + "        \"\": text\n", "a key may hold letters", ""},
		{"a list as a key", vectorHead + "        [a, b]: text\n", "a key that is not text", ""},
		{"a mapping as a key", vectorHead + "        {a: b}: text\n", "a key that is not text", ""},
		{"a key with a colon", vectorHead + "        \"a:b\": text\n", "a key may hold letters", ""},
		{"a key with a line break", vectorHead + "        \"a\\nb\": text\n", "a key may hold letters", ""},
		{"a key of another script", vectorHead + "        \u0430: text\n", "a key may hold letters", ""},
		{"a key of 129 characters", vectorHead + "        " + strings.Repeat("k", 129) + ": text\n", "a key may hold letters", ""},
		{"a key of 128 characters", vectorHead + "        " + strings.Repeat("k", 128) + ": text\n", "", `{"` + strings.Repeat("k", 128) + `":"text"}`},
		{"a key behind a question mark", vectorHead + "        ? value\n        : text\n", "a key behind a question mark", ""},

		value("NUL, escaped", `"a\0b"`, control, ""),
		value("an escape character, escaped", `"a\eb"`, control, ""),
		value("a bell, in hex", `"a\x07b"`, control, ""),
		value("NEL, escaped", `"a\Nb"`, control, ""),
		value("a line separator, escaped", `"a\Lb"`, control, ""),
		value("a paragraph separator, escaped", `"a\Pb"`, control, ""),
		value("a carriage return, escaped", `"a\rb"`, control, ""),
		value("a change of direction, escaped", `"a\u202eb"`, control, ""),
		value("a zero-width space, escaped", `"a\u200bb"`, control, ""),
		value("a delete, escaped", `"a\x7fb"`, control, ""),
		value("half of a surrogate pair", `"a\ud800b"`, invalid, ""),
		value("beyond Unicode", `"a\U00110000b"`, invalid, ""),
		value("NUL", "a\x00b", control, ""),
		value("ESC", "a\x1b[31mb", control, ""),
		value("NEL", "a\u0085b", control, ""),
		value("a line separator", "a\u2028        evil: b", control, ""),
		value("a paragraph separator", "a\u2029        evil: b", control, ""),
		value("a change of direction", "a\u202eb", control, ""),
		value("a soft hyphen", "\"a\u00adb\"", "", "{\"value\":\"a\u00adb\"}"),
		value("a line break and a tab, escaped", `"a\n\tb"`, "", `{"value":"a\n\tb"}`),
		value("a byte that is no UTF-8", "a\xffb", notUTF8, ""),
		value("a surrogate in UTF-8", "a\xed\xa0\x80b", notUTF8, ""),
		value("an overlong slash", "a\xc0\xafb", notUTF8, ""),
		{"a byte order mark", "\xef\xbb\xbf" + good, notUTF8, ""},
		value("a byte order mark inside", "a\ufeffb", control, ""),
		{"UTF-16", utf16(good), notUTF8, ""},
		{"UTF-16, big end first", "\xfe\xff\x00a\x00:\x00 \x001", notUTF8, ""},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", notUTF8, ""},

		value("a tag of YAML", "!!str text", tag, ""),
		value("a binary", "!!binary aGk=", tag, ""),
		value("a tag of one's own", "!Secret text", tag, ""),
		value("a verbatim tag", "!<tag:yaml.org,2002:str> text", tag, ""),
		value("a tag that says nothing", "! text", tag, ""), value("a tag that makes text of a number", "! 12", tag, ""),
		value("a tag on a list", "!!set {a, b}", tag, ""),
		{"a tag on a key", vectorHead + "        !!str value: text\n", tag, ""},
		{"a directive", "%YAML 1.1\n---\n" + good, "a YAML directive", ""},
		{"a directive that renames tags", "%TAG ! tag:x,2026:\n---\n" + good, "a YAML directive", ""},

		value("yes", "yes", boolean, ""), value("No", "No", boolean, ""), value("on", "on", boolean, ""), value("OFF", "OFF", boolean, ""),
		value("y", "y", boolean, ""), value("yes in quotes", `"yes"`, "", `{"value":"yes"}`),
		value("True", "True", "", `{"value":true}`), value("tRUE", "tRUE", "", `{"value":"tRUE"}`),
		value("null again", "null", empty, ""), value("a tilde", "~", empty, ""), value("nothing at all", "", empty, ""), value("Null", "Null", empty, ""),
		value("an empty text", `""`, "", `{"value":""}`),

		value("an octal number of YAML 1.1", "0123", number, ""), value("an octal number", "0o17", number, ""),
		value("a hexadecimal number", "0x1F", number, ""), value("a binary number", "0b11", number, ""),
		value("a number with an underscore", "1_000", number, ""), value("a zero with a sign", "-0", number, ""),
		value("a plus", "+1", number, ""), value("no digit in front", ".5", number, ""), value("no digit behind", "1.", number, ""),
		value("infinity", ".inf", number, ""), value("not a number", ".NaN", number, ""), value("beyond a float", "1e400", "", `{"value":"1e400"}`),
		value("beyond 64 bits", "9223372036854775808", number, ""), value("of 21 digits", "123456789012345678901", number, ""),
		value("the largest", "9223372036854775807", "", `{"value":9223372036854775807}`),
		value("a zero at its end", "1.10", number, ""), value("an exponent", "1e3", number, ""), value("a decimal", "1.5", "", `{"value":1.5}`),
		value("as sops writes large ones", "1e+06", "", `{"value":1000000}`),
		value("a date", "2024-01-01", "a plain date", ""), value("a time", "2024-01-01T00:00:00Z", "a plain date", ""),
		value("sixty to the power", "12:30:45", "", `{"value":"12:30:45"}`),
		value("an equals sign", "=", "", `{"value":"="}`), value("a merge key as a value", "<<", "", `{"value":"<<"}`),

		{"a tab as indentation", "connections:\n\tprod: {}\n", invalid, ""},
		value("a tab in front of a value", "\ttext", "", `{"value":"text"}`),
		value("a line break in quotes", "\"a\n          b\"", "", `{"value":"a b"}`),
		value("a line break in quotes, not indented", "\"a\nb\"", "wrong indentation", ""),
		value("a line break in single quotes, not indented", "'a\n\nb'", "wrong indentation", ""),
		value("an apostrophe", "'it''s'", "", `{"value":"it's"}`),
		value("an escaped apostrophe", `"it\'s"`, "an escape that YAML does not have", ""),
		value("a comment that touches", `"a"#b`, "a comment that touches", ""),
		value("a comment that touches single quotes", `'a'#b`, "a comment that touches", ""),
		value("an open quote", `"a`, invalid, ""), value("an open bracket", "[a", invalid, ""), value("a percent sign", "%a", invalid, ""),
		value("a reserved character", "`a", invalid, ""), value("an at sign", "@a", invalid, ""),
		value("two values", "a: b", invalid, ""),
		value("a document's begin in a block", "|\n          a\n---\n          b", second, ""),
		value("10,000 levels", deep, "nested more than 32 levels deep", ""),
		value("30 levels", strings.Repeat("[", 40)+strings.Repeat("]", 40), "nested more than 32 levels deep", ""),
		value("20,000 levels", deep[:10_000]+deep, invalid, ""),
		value("ten million characters", strings.Repeat("x", 10<<20), "larger than 1 MiB", ""),
		value("100,000 items on one line", "["+strings.TrimSuffix(strings.Repeat("\"x\",", 100_000), ",")+"]", "", `{"value":[`+strings.TrimSuffix(strings.Repeat(`"x",`, 100_000), ",")+`]}`),
		value("40,000 aliases on one line", "["+strings.Repeat("*x,", 40_000)+"]", invalid, ""),
		value("40,000 anchors on one line", "["+strings.Repeat("&x 1,", 40_000)+"]", anchor, ""),
		value("100,000 quotes in a text", "\""+strings.Repeat("\\\"", 100_000)+"\"", "", `{"value":"`+strings.Repeat(`\"`, 100_000)+`"}`),
		value("a million characters", strings.Repeat("x", 1_000_000), "", `{"value":"`+strings.Repeat("x", 1_000_000)+`"}`),
	}
}

// TestManifestsInUnusualYAML reads every vector: it is refused in our words, for its own reason, or it is sent exactly as it is written.
func TestManifestsInUnusualYAML(t *testing.T) {
	failed, all := 0, vectors()
	names := map[string]bool{}
	for _, v := range all {
		if names[v.name] {
			t.Errorf("two vectors are named %s", v.name)
		}
		names[v.name] = true
		if !t.Run(v.name, func(t *testing.T) { readVector(t, v) }) {
			failed++
		}
	}
	if len(all) < 120 {
		t.Errorf("%d vectors: these are fewer than there were", len(all))
	}
	t.Logf("T-YAML: %d own cells, %d failed", len(all), failed)
}

func readVector(t *testing.T, v vector) {
	set, mistakes := load(t, files("connections/a.yaml", v.text))
	for _, m := range mistakes {
		wellSaid(t, m)
	}
	if v.said != "" {
		if !strings.Contains(told(mistakes), v.said) {
			t.Fatalf("want %q, and it says %.500q", v.said, told(mistakes))
		}
		return
	}
	if len(mistakes) > 0 || len(set.Connections) != 1 {
		t.Fatalf("%d connections, and it says %.500q", len(set.Connections), told(mistakes))
	}
	sent, err := manifest.JSON(set.Connections[0].Config, nil)
	if err != nil || sent != v.sent {
		t.Errorf("sent as %.200s, want %.200s", sent, v.sent)
	}
}
