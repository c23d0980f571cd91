package strict

import (
	"fmt"
	"strings"
	"testing"
)

// A costly file is refused before it costs much, or is told of in few words.
func TestAFileThatWouldCostMuchIsRefused(t *testing.T) {
	deep := ""
	for i := range 25 {
		deep += strings.Repeat(" ", i) + strings.Repeat("k", 120) + ":\n"
	}
	deep += strings.Repeat(" ", 25) + "z: [" + strings.Repeat("1,", 100_000) + "1]\n"
	var wrong strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&wrong, "k%d: &x 1\n", i)
	}
	for name, c := range map[string]struct {
		text, says string
		mistakes   int
	}{
		"items":        {"v: [" + strings.Repeat("1,", 130_000) + "1]\n", "more than 120,000 items and lines", 1},
		"lines":        {strings.Repeat("\n", 130_000), "more than 120,000 items and lines", 1},
		"just enough":  {"v: [" + strings.Repeat("1,", 110_000) + "1]\n", "", 0},
		"long keys":    {deep, "too many items under long keys", 1},
		"all wrong":    {wrong.String(), "4800 more mistakes in this file", maxMistakes + 1},
		"a large file": {"v: " + strings.Repeat("x", 2<<20), "larger than 1 MiB", 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := Read("a.yaml", []byte(c.text), 5)
			ms := d.Mistakes()
			if len(ms) != c.mistakes || (d.Root == nil) != (c.mistakes > 0) || c.says != "" && !strings.Contains(Mistakes(ms).Error(), c.says) {
				t.Errorf("%d mistakes, the last: %v", len(ms), ms[max(0, len(ms)-1):])
			}
		})
	}
	many := make([]string, 501)
	for i := range many {
		many[i] = fmt.Sprintf("target%d", i)
	}
	if Nearest("targett", many) != "" || Nearest("targett", many[:10]) == "" {
		t.Error("what a name is compared with")
	}
}
