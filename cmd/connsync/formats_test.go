package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What CONTRIBUTING.md says of a new format holds: one file, and one line in the table. The command line, its help and --out know it then.
func TestAFormatIsOneFileAndOneLine(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("render")
	if err != nil {
		t.Fatal(err)
	}
	table := filepath.Join(root, "formats.go")
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	const line = "\t{\"names\", \": one name a line\", asNames},\n"
	added := strings.Replace(string(text), "\t{\"github\"", line+"\t{\"github\"", 1)
	if added == string(text) {
		t.Fatal("the table has no line for github")
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		table: write("formats.go", added),
		filepath.Join(root, "names.go"): write("names.go", `package render

import (
	"io"

	"connsync/cmd/connsync/view"
)

func asNames(w io.Writer, d view.Diff) error {
	s := &Stream{w: w}
	for _, t := range d.Page(false).Targets {
		for _, c := range t.Cards {
			s.Line("%s %s", c.Action, c.Name)
		}
	}
	return nil
}
`)}})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := built("-ldflags=-s -w", "-overlay", write("overlay.json", string(overlay)), ".")
	if err != nil {
		t.Fatal(err)
	}
	_, env, url := emulated(t)
	work := lay(t, manifestsOf("connections:\n  prod:\n    edr:\n      component: EdrVendor\n      version: \"2.1\"\n      config: {}\n"))
	run := func(args ...string) string {
		cmd := exec.Command(exe, args...)
		cmd.Env = append(os.Environ(), "CONNSYNC_ENDPOINT="+url)
		for k, v := range env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if got := run("diff", "-C", work, "--format", "names"); !regexp.MustCompile(`^(create|conflict) edr\n$`).MatchString(got) {
		t.Errorf("got %q", got)
	}
	file := filepath.Join(dir, "out")
	run("diff", "-C", work, "--format", "names", "--out", file)
	if got, _ := os.ReadFile(file); !strings.HasSuffix(string(got), " edr\n") {
		t.Errorf("--out has %q", got)
	}
	if got := run("diff", "--help"); !strings.Contains(strings.Join(strings.Fields(got), " "), "names: one name a line, or github") {
		t.Errorf("the help does not name it: %s", got)
	}
}

// handedOn are the calls to which a command may hand a stream: what writes there makes its arguments harmless, is no text of ours, or is the
// stream itself, watched.
var handedOn = []string{"render.New", "render.Diff", "render.Ages", "render.JSON", "render.GitLab", "render.MergedMarkdown", "render.CheckedJSON", "render.CheckedAnnotations", "render.DoctorJSON", "render.FailedJSON", "gitfs.Answered", "render.IsTerminal", "kong.Writers", "slog.NewTextHandler", "remembered", "i.whileRead"}

// No command prints by itself: else it would have to make its arguments harmless by itself.
func TestNoCommandPrintsByItself(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := called(call)
			if strings.HasPrefix(name, "fmt.Print") || name == "print" || name == "println" {
				t.Errorf("%s calls %s", file, name)
			}
			for _, a := range call.Args {
				if s, ok := a.(*ast.SelectorExpr); ok && (s.Sel.Name == "stdout" || s.Sel.Name == "stderr") {
					found++
					panicked := file == "main.go" && name == "fmt.Fprintln" // where nothing but a constant can be trusted
					if !panicked && !slices.Contains(handedOn, name) {
						t.Errorf("%s hands a stream to %s", file, name)
					}
				}
			}
			return true
		})
	}
	if found < 8 {
		t.Errorf("only %d calls", found)
	}
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}
