package seal

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"connsync/secrets"
)

var draws = flag.Int("seal.draws", 300, "connections that are drawn")

func edr(more ...Setting) Connection {
	return Connection{
		Place:  [3]string{"cn-north-4", "0123", "11111111-2222"},
		Plugin: [4]string{"EdrVendor", "2.1"},
		Settings: append([]Setting{
			{Path: "config.password", Secret: true},
			{Path: "config.endpoint", Value: "https://edr.example?a=1&b=<2>"},
			{Path: "config.interval", Value: json.Number("30")},
		}, more...),
	}
}

func bound(t *testing.T, c Connection) Lines {
	t.Helper()
	lines, ok := c.Bound()
	if !ok {
		t.Fatal("the connection cannot be sealed")
	}
	return lines
}

func TestTextIsWhatPeopleRead(t *testing.T) {
	got := Seal{1764144000123, bound(t, edr())}.Text()
	want := `connsync-seal 1
n 1764144000123
place ["cn-north-4","0123","11111111-2222"]
plugin ["EdrVendor","2.1",null,null]
config.endpoint "https://edr.example?a=1&b=<2>"
config.password <secret>
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

// Whatever changes but a free setting is named, and nothing else is.
func TestEachChangeIsNamed(t *testing.T) {
	with := func(f func(*Connection)) Connection { c := edr(); f(&c); return c }
	set := func(path secrets.Path, v any) Connection {
		return with(func(c *Connection) {
			for i := range c.Settings {
				if c.Settings[i].Path == path {
					c.Settings[i] = Setting{Path: path, Value: v}
					return
				}
			}
			c.Settings = append(c.Settings, Setting{Path: path, Value: v})
		})
	}
	for _, c := range []struct {
		what  string
		is    Connection
		names string
	}{
		{"nothing", edr(), ""},
		{"an interval", set("config.interval", json.Number("60")), ""},
		{"an interval as text", set("config.interval", "1 h"), ""},
		{"an interval that is an address", set("config.interval", "evil.example"), "config.interval"},
		{"an interval that is long", set("config.interval", strings.Repeat("a", 41)), "config.interval"},
		{"an interval that is a list", set("config.interval", []any{}), "config.interval"},
		{"an interval further down", set("config.proxy.interval", "60"), "config.proxy.interval"},
		{"the endpoint", set("config.endpoint", "https://evil.example"), "config.endpoint"},
		{"a key in other letters", set("config.Endpoint", "https://evil.example"), "config.Endpoint"},
		{"the secret in the clear", set("config.password", "x"), "config.password"},
		{"the text that stands for a secret", set("config.password", "<secret>"), "config.password"},
		{"an empty text", set("config.proxy", ""), "config.proxy"},
		{"an empty list", set("config.hosts", []any{}), "config.hosts"},
		{"an empty mapping", set("config.headers", map[string]any{}), "config.headers"},
		{"a number", set("config.port", json.Number("443")), "config.port"},
		{"the region", with(func(c *Connection) { c.Place[0] = "cn-north-1" }), "place"},
		{"the workspace", with(func(c *Connection) { c.Place[2] = "2222" }), "place"},
		{"the plugin", with(func(c *Connection) { c.Plugin[1] = "2.2" }), "plugin"},
		{"the plugin by ids", with(func(c *Connection) { c.Plugin = [4]string{"", "", "EdrVendor", "2.1"} }), "plugin"},
		{"a secret more", edr(Setting{Path: "config.token", Secret: true}), "config.token"},
		{"a secret less", with(func(c *Connection) { c.Settings = c.Settings[1:] }), "config.password"},
		{"several", with(func(c *Connection) { c.Place[1], c.Settings[1].Value = "", "x" }), "place config.endpoint"},
	} {
		var names []string
		for _, d := range Compare(bound(t, edr()), bound(t, c.is)) {
			names = append(names, string(d.Name))
		}
		if got := strings.Join(names, " "); got != c.names {
			t.Errorf("%s: named %q, want %q", c.what, got, c.names)
		}
		if same := bound(t, edr()).Digest() == bound(t, c.is).Digest(); same != (c.names == "") {
			t.Errorf("%s: the digests are the same: %t", c.what, same)
		}
	}
}

func TestTypesAndPlacesInListsDiffer(t *testing.T) {
	values := []any{"443", json.Number("443"), "true", true, "", []any{}, map[string]any{}, "[]", "{}", "null", `"443"`}
	seen := map[string]any{}
	for _, v := range values {
		text := bound(t, Connection{Settings: []Setting{{Path: "config.x", Value: v}}}).text()
		if other, again := seen[text]; again {
			t.Errorf("%#v and %#v are sealed alike", v, other)
		}
		seen[text] = v
	}
	list := func(a, b secrets.Path) string {
		return bound(t, Connection{Settings: []Setting{{Path: a, Secret: true}, {Path: b, Value: "x"}}}).Digest()
	}
	if list("config.h[0].p", "config.h[0].u") == list("config.h[1].p", "config.h[0].u") {
		t.Error("a secret under another item of a list is sealed alike")
	}
}

func TestWhatIsNoSealIsRefused(t *testing.T) {
	good := Seal{7, bound(t, edr())}.Text()
	for _, c := range []struct {
		what, text string
		err        error
	}{
		{"as it was written", good, nil},
		{"with line ends of Windows", strings.ReplaceAll(good, "\n", "\r\n"), nil},
		{"without its last line end", strings.TrimSpace(good), nil},
		{"nothing", "", ErrNoSeal},
		{"a password", "hunter2", ErrNoSeal},
		{"another version", strings.Replace(good, "seal 1", "seal 2", 1), ErrVersion},
		{"no counter", strings.Replace(good, "n 7\n", "", 1), ErrNoSeal},
		{"a counter without its name", strings.Replace(good, "n 7", "7", 1), ErrNoSeal},
		{"a counter of zero", strings.Replace(good, "n 7", "n 0", 1), ErrNoSeal},
		{"a negative counter", strings.Replace(good, "n 7", "n -7", 1), ErrNoSeal},
		{"a counter with a sign", strings.Replace(good, "n 7", "n +7", 1), ErrNoSeal},
		{"a counter with zeros", strings.Replace(good, "n 7", "n 007", 1), ErrNoSeal},
		{"a counter that is too large", strings.Replace(good, "n 7", "n 99999999999999999999", 1), ErrNoSeal},
		{"the counter alone", title + "\nn 7\n", ErrNoSeal},
		{"a line without a value", good + "config.x\n", ErrNoSeal},
		{"an empty line", strings.Replace(good, "place", "\nplace", 1), ErrNoSeal},
		{"an open quotation mark", good + "config[\"x 1\n", ErrNoSeal},
		{"bytes that are no text", good + "config.x \"\xff\"\n", ErrNoSeal},
		{"too many lines", good + strings.Repeat("a b\n", maxLines), ErrNoSeal},
		{"too much", good + strings.Repeat("a", maxText), ErrNoSeal},
	} {
		s, err := Parse(c.text)
		if !errors.Is(err, c.err) || err == nil && (s.N != 7 || Compare(s.Lines, bound(t, edr())) != nil) {
			t.Errorf("%s: %v, n %d", c.what, err, s.N)
		}
	}
	if lines, ok := (Connection{Settings: []Setting{{Path: "config.x", Value: "\xff"}}}).Bound(); ok {
		t.Errorf("bytes that are no text are sealed: %v", lines)
	}
	if lines, ok := (Connection{Settings: []Setting{{Path: "config.x", Value: json.Number("1x")}}}).Bound(); ok {
		t.Errorf("a number that is none is sealed: %v", lines)
	}
}

// A seal with a line twice, or in another order, is not the connection's.
func TestLinesAreComparedByteForByte(t *testing.T) {
	lines := bound(t, edr())
	twice := append(lines[:len(lines):len(lines)], lines[len(lines)-1])
	swapped := Lines{lines[1], lines[0]}
	swapped = append(swapped, lines[2:]...)
	for what, sealed := range map[string]Lines{"twice": twice, "swapped": swapped, "none": nil} {
		if Compare(sealed, lines) == nil {
			t.Errorf("%s: no difference", what)
		}
	}
}

func TestTheCounterOnlyGrows(t *testing.T) {
	now := time.UnixMilli(1000)
	if day := Ahead.Milliseconds(); Future(1000+day, now) || !Future(1001+day, now) {
		t.Error("a counter may be one day ahead, and no more")
	}
	for _, c := range []struct {
		before []int64
		want   int64
	}{{nil, 1000}, {[]int64{5}, 1000}, {[]int64{1000}, 1001}, {[]int64{5, 2000, 7}, 2001}, {[]int64{1<<63 - 1}, 1000}} {
		if got := Next(now, c.before...); got != c.want {
			t.Errorf("after %v: %d, want %d", c.before, got, c.want)
		}
	}
}

// drawn is a connection with keys and values made to look like something else.
func drawn(r *rand.Rand) Connection {
	odd := []string{"a", "a b", "config", "a.b", `a"b`, "[0]", "interval", "<secret>", "é", "\u2028", " ", "n 9"}
	values := []any{"x", "", "<secret>", "a\nb", json.Number("1.5"), true, []any{}, map[string]any{}, "\u2028", `"`, "x\nconfig.y 1"}
	c := Connection{Place: [3]string{odd[r.IntN(len(odd))], "p", "w"}}
	c.Plugin[r.IntN(4)] = odd[r.IntN(len(odd))]
	used := map[secrets.Path]bool{}
	for range r.IntN(6) {
		p := secrets.Path("config").Key(odd[r.IntN(len(odd))])
		if r.IntN(3) == 0 {
			p = p.Index(r.IntN(3))
		}
		if !used[p] {
			c.Settings = append(c.Settings, Setting{Path: p, Value: values[r.IntN(len(values))], Secret: r.IntN(3) == 0})
		}
		used[p] = true
	}
	return c
}

// What is sealed is read back, whatever its keys and values; and two connections that differ in what is bound are never sealed alike.
func TestDrawnConnections(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := map[string]string{}
	for i := range *draws {
		c := drawn(r)
		lines := bound(t, c)
		back, err := Parse(Seal{int64(i + 1), lines}.Text())
		if err != nil || back.N != int64(i+1) || !reflect.DeepEqual(back.Lines, lines) || Compare(back.Lines, lines) != nil {
			t.Fatalf("%#v: read back as %#v, %v", c, back, err)
		}
		for j := range c.Settings {
			if c.Settings[j].free() {
				c.Settings[j] = Setting{}
			}
			if c.Settings[j].Secret {
				c.Settings[j].Value = nil
			}
		}
		what := fmt.Sprintf("%q %q", c.Place, c.Plugin)
		for _, l := range lines[2:] {
			for _, s := range c.Settings {
				if s.Path == l.Name {
					what += fmt.Sprintf(" %q=%#v/%t", s.Path, s.Value, s.Secret)
				}
			}
		}
		if other, again := texts[lines.text()]; again && other != what {
			t.Fatalf("sealed alike:\n%s\n%s", what, other)
		}
		texts[lines.text()] = what
	}
}
