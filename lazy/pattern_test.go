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
	if p.Regexp() != p.Regexp() {
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

// TestEveryPatternIsRight finds the texts in the product's source: one that is wrong would panic only when it is needed.
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
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && makesPattern(call) {
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

func makesPattern(call *ast.CallExpr) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "New" {
		return false
	}
	pkg, ok := s.X.(*ast.Ident)
	return ok && pkg.Name == "lazy"
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
