package suspect_test

import (
	"encoding/json"
	"os"
	"testing"

	"connsync/manifest/suspect"
)

// corpus is settings of products: key (or a list of keys, outermost first), value, and 1 for a secret.
type corpus map[string][][3]any

// path is the keys above a value of the corpus.
func path(key any) []string {
	keys := []string{"config"}
	switch key := key.(type) {
	case string:
		keys = append(keys, key)
	case []any:
		for _, k := range key {
			keys = append(keys, k.(string))
		}
	}
	return keys
}

// The net is measured on the settings of real products, with made-up values.
func TestTheNetIsMeasuredOnRealProducts(t *testing.T) {
	for name, least := range map[string]int{"products.json": 20, "more_products.json": 45, "vendor_products.json": 81} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var c corpus
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		secrets, innocent, missed, warned, wrong, doubted := 0, 0, 0, 0, 0, 0
		for product, settings := range c {
			for _, s := range settings {
				key, value, secret := s[0], s[1], s[2] == 1.0
				f := suspect.Setting(path(key), value)
				switch {
				case secret:
					secrets++
					if f.Verdict == suspect.Doubtful {
						warned++
						t.Logf("%s: %v: only a warning", product, key)
					} else if f.Verdict == suspect.Innocent {
						missed++
						t.Logf("%s: %v: missed", product, key)
					}
				default:
					innocent++
					if f.Verdict == suspect.Secret {
						wrong++
						t.Logf("%s: %v: taken for a secret (%s)", product, key, f.Why)
					} else if f.Verdict == suspect.Doubtful {
						doubted++
						t.Logf("%s: %v: a warning", product, key)
					}
				}
			}
		}
		t.Logf("%s: %d products, %d secrets of which %d are missed and %d are only warned of (%.1f %%), %d other settings of which %d are mistakes (%.1f %%) and %d warnings",
			name, len(c), secrets, missed, warned, percent(missed+warned, secrets), innocent, wrong, percent(wrong, innocent), doubted)
		if len(c) < least || wrong*50 > innocent || (missed+warned)*20 > secrets || doubted*20 > innocent {
			t.Errorf("%s: the net is too wide or too narrow", name)
		}
	}
}

func percent(part, all int) float64 { return 100 * float64(part) / float64(all) }
