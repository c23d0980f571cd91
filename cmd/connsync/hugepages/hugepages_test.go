package hugepages

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An import more, and the linker could initialise nearly every other package first.
func TestItIsInitialisedFirst(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	seen := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			seen[path] = true
			if !slices.Contains([]string{"runtime", "syscall", "unsafe"}, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("imports: %v", seen)
	}
}
