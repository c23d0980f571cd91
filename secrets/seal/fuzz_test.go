package seal

import (
	"strings"
	"testing"
)

// FuzzParse: what is read as a seal is what a seal says: written again it is the same text, but for line ends and spaces at the end, and it is read alike. Nothing else is a seal.
func FuzzParse(f *testing.F) {
	lines, _ := edr(Setting{Path: `config["a b"].c`, Value: "x y"}).Bound()
	good := Seal{7, lines}.Text()
	for _, text := range []string{"", good, strings.ReplaceAll(good, "\n", "\r\n"), strings.TrimSpace(good), good + "config[\"x 1\n", good + "a \n", strings.Replace(good, "n 7", "n 07", 1), "connsync-seal 2\nn 1\na b\nc d", title + "\nn 9223372036854775807\na b\nc d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			if s.N != 0 || s.Lines != nil {
				t.Fatalf("%v, and a seal: %+v", err, s)
			}
			return
		}
		plain := strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n ")
		if s.N <= 0 || len(s.Lines) < 2 || strings.TrimRight(s.Text(), "\n ") != plain {
			t.Fatalf("n %d: %q is written as %q", s.N, plain, s.Text())
		}
		again, err := Parse(s.Text())
		if err != nil || again.N != s.N || Compare(again.Lines, s.Lines) != nil {
			t.Fatalf("read again: %v, %+v", err, again)
		}
	})
}
