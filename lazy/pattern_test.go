package lazy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestAPatternIsCompiledOnceAndWhenItIsUsed(t *testing.T) {
	p := New(`^a(b*)$`)
	if p.compiled != nil {
		t.Error("compiled before it is used")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if !p.MatchString("abb") || p.MatchString("ba") || !slices.Equal(p.FindStringSubmatch("abb"), []string{"abb", "bb"}) {
				t.Error("it matches otherwise")
			}
		})
	}
	all.Wait()
	if first := p.Regexp(); first != p.Regexp() {
		t.Error("compiled twice")
	}
}

func TestAWrongPatternPanicsAtItsFirstUse(t *testing.T) {
	p := New(`(`)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	p.MatchString("x")
}

// TestEveryPatternIsRight finds the patterns in the product's source: one that is wrong would panic only when it is needed. None is compiled at the start.
func TestEveryPatternIsRight(t *testing.T) {
	found := 0
	err := filepath.WalkDir("..", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if _, variables := d.(*ast.GenDecl); variables && calls(d, "regexp", "MustCompile") && !strings.Contains(name, "testdata") {
				t.Errorf("%s: a start compiles a pattern: lazy.New makes it wait", name)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && isCall(call, "lazy", "New") {
				found++
				if _, err := regexp.Compile(literal(call.Args[0])); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || found < 60 {
		t.Errorf("%d patterns, %v: these are fewer than there were", found, err)
	}
}

func isCall(call *ast.CallExpr, pkg, name string) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}

func calls(d ast.Decl, pkg, name string) (found bool) {
	ast.Inspect(d, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		found = found || ok && isCall(call, pkg, name)
		return true
	})
	return found
}

// literal is a text of literals and names; a name stands for a letter.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return "x"
}
