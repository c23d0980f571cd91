package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"connsync/manifest"
	"connsync/secrets"
)

// surveyed is what a manifest of one connection is read as, and all that is said of it: a warning is marked.
func surveyed(t *testing.T, name, more string) (manifest.Set, string) {
	t.Helper()
	text := fmt.Sprintf("connections:\n  prod:\n    %s:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {redisHost: r.example}\n%s", name, more)
	return surveyedText(t, text)
}

func surveyedText(t *testing.T, text string) (manifest.Set, string) {
	t.Helper()
	f := files("connections/a.yaml", text)
	p, err := manifest.LoadProject(f, manifest.ProjectFile)
	if err != nil {
		t.Fatal(err)
	}
	s, ms, err := manifest.Survey(f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		out = append(out, map[bool]string{true: "warning: "}[m.Warning]+m.Message)
	}
	return s, strings.Join(out, "\n")
}

// SecMaster's own connections have names of all kinds: beside an id each is accepted but one with a colon. A new name the console would not
// give is for SecMaster to decide.
func TestNamesAreThoseThatSecMasterShows(t *testing.T) {
	const adopt = "      adopt: 6b2162c0-4d4f-4483-bd84-15732290451b\n"
	const unusual, invalid, unread, colon = "warning: the console makes names of", "not a valid name", "printable characters only", "a name with a colon"
	for _, c := range []struct {
		name      string // as YAML
		with, new string // what is said of it beside an id, and without one
	}{
		{"edr_prod", "", ""},
		{"threatbook authentication token", "", unusual},
		{`"threatbook authentication token"`, "", unusual},
		{"test-name", "", unusual},
		{"v2.0 (old)", "", unusual},
		{"a/b", "", unusual},
		{`"*"`, "", unusual},
		{`"[a]"`, "", unusual},
		{`"say \"hi\""`, "", unusual},
		{`'back\slash'`, "", unusual},
		{`"#1, {x}"`, "", unusual},
		{`"two  blanks"`, "", unusual},
		{`" first"`, "", unusual},
		{`"last "`, "", unusual},
		{"ключ_名前", "", unusual},
		{`"<<"`, "", unusual},
		{`"null"`, "", ""},
		{`"1"`, "", ""},
		{strings.Repeat("e", 64), "", ""},
		{strings.Repeat("é", 64), "", unusual},
		{strings.Repeat("e", 65), "", invalid},
		{strings.Repeat("long ", 13) + "x", "", invalid},
		{`"a:b"`, "with a colon", "with a colon"},
		{`"a b: c"`, "with a colon", "with a colon"},
		{`":"`, "with a colon", "with a colon"},
		{`""`, unread, unread},
		{`"no\tbreak"`, unread, unread},
		{`"no\u00a0break"`, unread, unread},
		{`"line\nbreak"`, unread, unread},
		{`"zero\u200bwidth"`, unread, unread},
		{`"right\u202eto left"`, unread, unread},
		{`"bell\a"`, unread, unread},
	} {
		for _, side := range []struct{ more, want string }{{adopt, c.with}, {"", c.new}} {
			s, said := surveyed(t, c.name, side.more)
			if side.want == "" && said != "" || !strings.Contains(said, side.want) {
				t.Errorf("%s, %q: %q, want %q", c.name, side.more, said, side.want)
			}
			wanted := strings.HasPrefix(said, "warning: ") || said == ""
			if wanted && (len(s.Connections) != 1 || s.Connections[0].KeepsAdopt() != (c.new != "")) {
				t.Errorf("%s, %q: %+v", c.name, side.more, s.Connections)
			}
		}
	}
}

// What is not a name of a connection is read as strictly as ever.
func TestOnlyNamesOfConnectionsMayHoldAnything(t *testing.T) {
	for what, text := range map[string]string{
		"a target":           "connections:\n  \"pr od\":\n    a: {}\n",
		"a field":            "connections:\n  prod:\n    a:\n      \"con fig\": {}\n",
		"a setting":          "connections:\n  prod:\n    a:\n      component: X\n      version: \"1\"\n      config: {\"a b\": c}\n",
		"beside connections": "connections:\n  prod: {}\nsops:\n  age:\n    \"ma c\": x\n",
		"likewise":           "connections:\n  prod: {}\nother:\n  age:\n    \"ma c\": x\n",
	} {
		if _, said := surveyedText(t, text); !strings.Contains(said, "a key may hold") {
			t.Errorf("%s: %q", what, said)
		}
	}
	if _, said := surveyedText(t, "connections:\n  prod:\n    \"a b\": {}\n    \"a b\": {}\n"); !strings.Contains(said, "a b is here already") {
		t.Errorf("twice: %q", said)
	}
}

// Former names are those of former connections.
func TestAFormerNameMayBeAny(t *testing.T) {
	for name, want := range map[string]string{
		"threatbook authentication token": "", `"a/b [c]"`: "", `"a:b"`: "previously is not a valid name", `"a\tb"`: "previously is not a valid name", "edr": "names the connection itself",
	} {
		if _, said := surveyed(t, "edr", "      previously: "+name+"\n"); want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("%s: %q, want %q", name, said, want)
		}
	}
}

// An existing description may be longer than the console takes.
func TestADescriptionIsOfSixtyFourCharacters(t *testing.T) {
	for _, c := range []struct {
		n          int
		adopt      bool
		want       string
		keepsAdopt bool
	}{
		{64, false, "", false}, {65, false, "a description of 65 characters: at most 64", false}, {64, true, "", false},
		{65, true, "warning: a description of 65 characters: the console takes at most 64, and SecMaster may refuse it", true},
		{1024, true, "warning: a description of 1024 characters", true}, {1025, true, "a description of 1025 characters: at most 64", false},
	} {
		more := "      description: " + strings.Repeat("ö", c.n) + "\n"
		if c.adopt {
			more += "      adopt: 6b2162c0\n"
		}
		s, said := surveyed(t, "edr", more)
		if c.want == "" && said != "" || !strings.HasPrefix(said, c.want) || c.keepsAdopt && !s.Connections[0].KeepsAdopt() {
			t.Errorf("%d, %v: %q, want %q", c.n, c.adopt, said, c.want)
		}
	}
}

// A config is measured as it is sent. Of a secret its ciphertext tells the length, and the message none.
func TestALongConfigIsAWarningWithoutAKey(t *testing.T) {
	cipher := func(n int) string {
		data := strings.Repeat("YWFh", n/3) + map[int]string{0: "", 1: "YQ==", 2: "YWE="}[n%3]
		return "ENC[AES256_GCM,data:" + data + ",iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]"
	}
	const sops = "sops:\n  age:\n    - {recipient: age1x, enc: wrapped}\n  encrypted_regex: ^password$\n  lastmodified: \"2026-01-01T00:00:00Z\"\n" +
		"  mac: ENC[AES256_GCM,data:YWJj,iv:YWJj,tag:YWJjZGVmZ2hpamtsbW5vcA==,type:str]\n"
	for _, c := range []struct {
		config, tail string
		long         bool
	}{
		// {"note":"…"} is 11 characters and its value.
		{"note: " + strings.Repeat("word ", 202) + "abc", "", false}, {"note: " + strings.Repeat("word ", 202) + "abcd", "", true},
		{"note: " + strings.Repeat("ö", 1013), "", false}, {"note: " + strings.Repeat("ö", 1014), "", true},
		{`note: "` + strings.Repeat(`\"`, 506) + `"`, "", false}, {`note: "` + strings.Repeat(`\"`, 507) + `"`, "", true},
		{"list: [" + strings.TrimSuffix(strings.Repeat("123456789, ", 101), ", ") + "]", "", false},
		{"list: [" + strings.TrimSuffix(strings.Repeat("123456789, ", 102), ", ") + "]", "", true},
		// {"password":"…"} is 15.
		{"password: " + cipher(1009), sops, false}, {"password: " + cipher(1010), sops, true},
		{"{}", "", false},
	} {
		text := "connections:\n  prod:\n    edr:\n      component: X\n      version: \"1\"\n      config:\n        " + c.config + "\n" + c.tail
		_, said := surveyedText(t, text)
		if long := strings.Contains(said, "warning: the config of edr is longer than 1024 characters"); long != c.long {
			t.Errorf("%.60s…: %q", c.config, said)
		}
		if strings.Contains(said, "1025") || strings.Contains(said, "1010") {
			t.Errorf("the length is told: %q", said)
		}
	}
}

// A place and a pattern mean one name only, whatever it holds.
func TestANameIsQuotedWhereItHasTo(t *testing.T) {
	for name, want := range map[string][2]string{
		"edr_prod":         {"prod/edr_prod", "edr_prod"},
		"threatbook token": {"prod/threatbook token", "threatbook token"},
		"a.b":              {`prod/["a.b"]`, "a.b"},
		"a/b":              {`prod/["a/b"]`, "a/b"},
		"a[1]":             {`prod/["a[1]"]`, `a\[1]`},
		`*?,\`:             {`prod/["*?,\\"]`, `\*\?\,\\`},
		`say "hi"`:         {`prod/["say \"hi\""]`, `say "hi"`},
		" blank":           {`prod/[" blank"]`, " blank"},
		"ключ":             {"prod/ключ", "ключ"},
	} {
		if place, pattern := manifest.PlaceOf("prod", name), manifest.PatternOf(name); place != want[0] || pattern != want[1] {
			t.Errorf("%s: %s and %s, want %q", name, place, pattern, want)
		}
	}
}

// A name that looks like a position of a list is none: two of them are two places.
func TestAPositionInANameIsPartOfIt(t *testing.T) {
	at := func(name string) secrets.Path {
		return secrets.Path("connections").Key("prod").Key(name).Key("config").Key("hosts").Index(3).Key("pass")
	}
	for name, want := range map[string]string{
		"edr": "connections.prod.edr.config.hosts.pass", "a[1]": `connections.prod["a[1]"].config.hosts.pass`, "a [1] b": `connections.prod["a [1] b"].config.hosts.pass`,
		`x"]["y`: `connections.prod["x\"][\"y"].config.hosts.pass`,
	} {
		p := at(name)
		if p.Bound() != want || p.After(3) != "config.hosts[3].pass" || p.After(2) == p || p.Last() != "pass" || p.After(99) != "" {
			t.Errorf("%s: %s, %s", p, p.Bound(), p.After(3))
		}
	}
	if at("a[1]").Bound() == at("a[2]").Bound() {
		t.Error("two names are one place")
	}
}
