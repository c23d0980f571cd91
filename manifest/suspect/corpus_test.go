package suspect_test

import (
	"encoding/json"
	"os"
	"testing"

	"connsync/manifest/suspect"
)

// corpus is settings of products: key, value, and 1 for a secret.
type corpus map[string][][3]any

// The net is measured on the settings of real products, with made-up values.
func TestTheNetIsMeasuredOnRealProducts(t *testing.T) {
	for name, least := range map[string]int{"products.json": 20, "more_products.json": 45} {
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
				key, value, secret := s[0].(string), s[1], s[2] == 1.0
				f := suspect.Setting([]string{"config", key}, value)
				switch {
				case secret:
					secrets++
					if f.Verdict == suspect.Doubtful {
						warned++
						t.Logf("%s: %s: only a warning", product, key)
					} else if f.Verdict == suspect.Innocent {
						missed++
						t.Logf("%s: %s: missed", product, key)
					}
				default:
					innocent++
					if f.Verdict == suspect.Secret {
						wrong++
						t.Logf("%s: %s: taken for a secret (%s)", product, key, f.Why)
					} else if f.Verdict == suspect.Doubtful {
						doubted++
						t.Logf("%s: %s: a warning", product, key)
					}
				}
			}
		}
		t.Logf("%s: %d products, %d secrets of which %d are missed and %d are only warned of, %d other settings of which %d are mistakes and %d warnings", name, len(c), secrets, missed, warned, innocent, wrong, doubted)
		if len(c) < least || wrong*50 > innocent || (missed+warned)*20 > secrets || doubted*20 > innocent {
			t.Errorf("%s: the net is too wide or too narrow", name)
		}
	}
}
