package strict

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	_ "github.com/goccy/go-yaml/testdata/yaml-test-suite" // its files are read below
	twin "go.yaml.in/yaml/v3"
)

// TestTheYAMLTestSuite reads the cases of the YAML project for all implementations. What must fail is refused; nothing
// panics; and what is accepted is read as the suite says, and as SOPS's reader reads it.
func TestTheYAMLTestSuite(t *testing.T) {
	cases, mustFail, accepted, failed := suite(t), 0, 0, 0
	for _, c := range cases {
		if !t.Run(c.name, func(t *testing.T) {
			d := Read("a.yaml", c.text, 5)
			if (d.Root == nil) != (len(d.Mistakes()) > 0) {
				t.Fatalf("root %v, and mistakes %v", d.Root, d.Mistakes())
			}
			for _, m := range d.Mistakes() {
				if m.Pos.Line < 1 || m.Message == "" {
					t.Errorf("a mistake without a place or a message: %+v", m)
				}
			}
			switch {
			case c.mustFail && d.Root != nil:
				t.Error("accepted, and must fail")
			case d.Root != nil:
				accepted++
				sameReading(t, d, c)
			}
		}) {
			failed++
		}
		if c.mustFail {
			mustFail++
		}
	}
	if len(cases) < 402 || mustFail < 94 || accepted < 45 {
		t.Errorf("%d cases, %d of them must fail, and %d were accepted: these are fewer than there were", len(cases), mustFail, accepted)
	}
	t.Logf("T-YAML: %d cells, %d failed (%d must fail, %d accepted and read alike)", len(cases), failed, mustFail, accepted)
}

func sameReading(t *testing.T, d *Document, c suiteCase) {
	t.Helper()
	var ours, theirs any
	if err := d.Root.Decode(&ours); err != nil {
		t.Fatal(err)
	}
	if err := twin.Unmarshal(c.text, &theirs); err != nil || !reflect.DeepEqual(ours, theirs) {
		t.Errorf("read as %#v, and by SOPS's reader as %#v, %v", ours, theirs, err)
	}
	if c.json == nil {
		return
	}
	text, err := json.Marshal(ours)
	if err != nil {
		t.Fatal(err)
	}
	var have, want any
	if json.Unmarshal(text, &have) != nil || json.Unmarshal(c.json, &want) != nil || !reflect.DeepEqual(have, want) {
		t.Errorf("read as %s, want %s", text, c.json)
	}
}

type suiteCase struct {
	name       string
	text, json []byte
	mustFail   bool
}

// suite finds the cases in a module with them.
func suite(t *testing.T) []suiteCase {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/goccy/go-yaml/testdata/yaml-test-suite").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	root := strings.TrimSpace(string(out))
	var cases []suiteCase
	err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != "in.yaml" {
			return err
		}
		dir := filepath.Dir(name)
		c := suiteCase{name: strings.TrimPrefix(filepath.ToSlash(dir), filepath.ToSlash(root)+"/")}
		if c.text, err = os.ReadFile(name); err != nil {
			return err
		}
		c.json, _ = os.ReadFile(filepath.Join(dir, "in.json"))
		_, missing := os.Stat(filepath.Join(dir, "error"))
		c.mustFail = missing == nil
		cases = append(cases, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return cases
}
