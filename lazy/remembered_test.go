package lazy

import (
	"strconv"
	"strings"
	"testing"
)

// A question says of a text what it said before, and runs once for each of a number of short texts.
func TestWhatAQuestionSaidIsRememberedWithinBounds(t *testing.T) {
	ran := map[string]int{}
	r := &remembered{fits: func(text string) bool { ran[text]++; return strings.Contains(text, "7") }}
	long := strings.Repeat("7", maxRememberedText+1)
	for range 3 {
		for i := range maxRemembered {
			if text := strconv.Itoa(i); r.text(text) != strings.Contains(text, "7") {
				t.Fatalf("%s: wrong", text)
			}
		}
		if !r.text(long) || !r.text("one more: 7") {
			t.Fatal("what is not remembered is judged all the same")
		}
	}
	if ran["7"] != 1 || ran[long] != 3 || ran["one more: 7"] != 3 || len(r.said) != maxRemembered {
		t.Errorf("ran %d, %d and %d times, %d remembered", ran["7"], ran[long], ran["one more: 7"], len(r.said))
	}
}
