package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest    = regexp.MustCompile(`\b(Test|Fuzz)[A-Z][A-Za-z]+`)
	declaredTest = regexp.MustCompile(`(?m)^func ((Test|Fuzz)[A-Z][A-Za-z]+)\(`)
)

// What the pages about tests name is there: a removed test would be missed, with what it held.
func TestEveryTestThatIsNamedExists(t *testing.T) {
	declared := map[string]bool{}
	if err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declaredTest.FindAllStringSubmatch(string(text), -1) {
			declared[m[1]] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	for _, page := range append(pages, "../../SECURITY.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range namedTest.FindAllString(string(text), -1) {
			names++
			if !declared[name] {
				t.Errorf("%s: no test is named %s", page, name)
			}
		}
	}
	if names < 50 {
		t.Errorf("%d names", names)
	}
}

var namedPlace = regexp.MustCompile("`((?:cmd|diff|apply|manifest|secrets)(?:/[a-zA-Z_]+)+(?:\\.go)?)`|`(markdown_text\\.go)`")

// A newcomer finds every file and package named in CONTRIBUTING.md, and the functions of the order to read in.
func TestContributingNamesWhatIsThere(t *testing.T) {
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	places := namedPlace.FindAllStringSubmatch(string(text), -1)
	for _, m := range places {
		name := m[1]
		if m[2] != "" {
			name = "cmd/connsync/render/" + m[2]
		}
		if _, err := os.Stat(filepath.Join("../..", name)); err != nil {
			t.Error(err)
		}
	}
	if len(places) < 12 {
		t.Errorf("%d places", len(places))
	}
	for file, function := range map[string]string{
		"cmd/connsync/diff.go": "func (c diffCmd) Run(", "diff/compute.go": "func Compute(", "apply/run.go": "func (p *Prepared) Run(", "cmd/connsync/render/formats.go": "var formats = ",
		"cmd/connsync/render/stream.go": "func (s *Stream) Line(", "cmd/connsync/view/plan.go": "func (d Diff) Page(",
	} {
		if source, err := os.ReadFile(filepath.Join("../..", file)); err != nil || !strings.Contains(string(source), function) {
			t.Errorf("%s has no %s (%v)", file, function, err)
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	notSlug = regexp.MustCompile("[^a-z0-9 -]")
)

// Every link within the documents leads to an existing file, and to a heading in it.
func TestEveryLinkOfTheDocumentsLeadsSomewhere(t *testing.T) {
	pages, err := filepath.Glob("../../*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, page := range append(pages, more...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			links++
			file, anchor, _ := strings.Cut(m[1], "#")
			to := page
			if file != "" {
				to = filepath.Join(filepath.Dir(page), file)
			}
			if why := leadsTo(to, anchor); why != "" {
				t.Errorf("%s: %s: %s", page, m[1], why)
			}
		}
	}
	if links < 60 {
		t.Errorf("%d links", links)
	}
}

// leadsTo tells why a link leads nowhere; "" where it does not.
func leadsTo(file, anchor string) string {
	if _, err := os.Stat(file); err != nil {
		return "no such file"
	}
	if anchor == "" {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "cannot be read"
	}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		if strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-") == anchor {
			return ""
		}
	}
	return "no such heading"
}
