package strict

import (
	"fmt"
	"strings"
	"testing"
)

// What is judged by its place in a line is judged alike, whichever characters stand in front of it: a column counts characters, not bytes.
func TestAPlaceInALineCountsCharacters(t *testing.T) {
	for _, text := range []string{
		"a: {x: \"e\", y: !t b}\n",
		"a: {x: \"e\", y: ! 1}\n",
		"a: {\"e\": 1, y: 'it''s'}\n",
		"a: {x: \"ee\", ? y : b}\n",
		"a: {x: \"e\", y: \"b\\q\"}\n",
		"a: [e, 'b'#c\n]\n",
		"a: {x: 'e', y: \"b\"#c\n}\n",
		"a:\n  b: {x: \"e\", y: \"one\n two\"}\n",
		"a:\n  b: {x: \"e\", y: \"one\ntwo\"}\n",
		"a:\n  - e: 'eee\n      e'\n    f: |#\n",
		"a: {x: \"e\", y: &n b}\n",
		"a: {x: \"eeeeeeee\",\n e: 1}\n",
		"a: \"" + strings.Repeat("e", 100) + "\"\nb: ! e\n",
	} {
		want := told(text)
		for _, other := range []string{"é", "語", "😀"} {
			if got := told(strings.ReplaceAll(text, "e", other)); got != told(strings.ReplaceAll(text, "e", "ä")) {
				t.Errorf("%q with %s: %s, not %s", text, other, got, want)
			}
			values := strings.NewReplacer("\"e", "\""+other, "'e", "'"+other, "ee", other+other)
			if got := told(values.Replace(text)); !strings.Contains(text, "\"e\":") && got != want {
				t.Errorf("%q with %s in its values: %s, not %s", text, other, got, want)
			}
		}
	}
}

// told are the mistakes of a text, and where they are.
func told(text string) string {
	var b strings.Builder
	for _, m := range Read("f.yaml", []byte(text), 5).Mistakes() {
		fmt.Fprintf(&b, "%d:%d %s; ", m.Pos.Line, m.Pos.Column, m.Message)
	}
	return b.String()
}

// What is forbidden is found wherever it stands in a line, behind ASCII and behind other characters.
func TestWhatIsForbiddenIsFoundInEveryPlace(t *testing.T) {
	for r := rune(0); r < 0x2100; r++ {
		for _, around := range []string{"", "abc", "é", "a語"} {
			line := around + string(r) + around
			if got := hasForbidden([]byte(line)); got != Forbidden(r) && r != '\n' {
				t.Fatalf("%q: %t", line, got)
			}
		}
	}
}
