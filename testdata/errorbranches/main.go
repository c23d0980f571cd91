// Command errorbranches reads a cover profile and lists every branch for an error, handled or made, not executed by any test:
// the body of an if or a case asking for an error, or a body returning one.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	most, err := limit(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	blocks, err := profile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	files := make([]string, 0, len(blocks))
	for name := range blocks {
		files = append(files, name)
	}
	slices.Sort(files)
	all, open := 0, 0
	for _, name := range files {
		bs, err := branches(strings.TrimPrefix(name, "connsync/"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		for _, b := range bs {
			all++
			if !executed(blocks[name], b) {
				open++
				fmt.Println(b)
			}
		}
	}
	fmt.Printf("T-COV: %d error branches, %d never executed\n", all, open)
	if open > most || all == 0 {
		os.Exit(1)
	}
}

// limit is how many branches may be open: 0 where the command line does not say.
func limit(args []string) (int, error) {
	switch len(args) {
	case 1:
		return 0, nil
	case 2:
		if most, err := strconv.Atoi(args[1]); err == nil && most >= 0 {
			return most, nil
		}
	}
	return 0, errors.New("usage: errorbranches PROFILE [NUMBER]: the number of branches that may be open is 0 or more")
}

// block is a line of a cover profile, with the counts of several test programs added up.
type block struct{ fromLine, fromColumn, toLine, toColumn, count int }

func profile(name string) (map[string][]block, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	counts := map[string]map[block]int{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		file, rest, ok := strings.Cut(lines.Text(), ".go:")
		var b block
		var statements, count int
		if _, err := fmt.Sscanf(rest, "%d.%d,%d.%d %d %d", &b.fromLine, &b.fromColumn, &b.toLine, &b.toColumn, &statements, &count); !ok || err != nil {
			continue // the mode
		}
		file += ".go"
		if counts[file] == nil {
			counts[file] = map[block]int{}
		}
		counts[file][b] += count
	}
	out := map[string][]block{}
	for file, bs := range counts {
		for b, n := range bs {
			b.count = n
			out[file] = append(out[file], b)
		}
	}
	return out, lines.Err()
}

func executed(blocks []block, at token.Position) bool {
	for _, b := range blocks {
		after := at.Line > b.fromLine || at.Line == b.fromLine && at.Column >= b.fromColumn
		before := at.Line < b.toLine || at.Line == b.toLine && at.Column < b.toColumn
		if after && before && b.count > 0 {
			return true
		}
	}
	return false
}

// branches are the places of the first statements of a file's error branches.
func branches(name string) ([]token.Position, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, filepath.FromSlash(name), nil, 0)
	if err != nil {
		return nil, err
	}
	var out []token.Position
	note := func(conditions []ast.Expr, body []ast.Stmt, fails bool) {
		if len(body) > 0 && (asksForError(conditions) || fails && returnsError(body)) {
			out = append(out, set.Position(body[0].Pos()))
		}
	}
	var visit func(n ast.Node, fails bool)
	visit = func(n ast.Node, fails bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Body != nil {
					visit(n.Body, canFail(n.Type))
				}
				return false
			case *ast.FuncLit:
				visit(n.Body, canFail(n.Type))
				return false
			case *ast.IfStmt:
				note([]ast.Expr{n.Cond}, n.Body.List, fails)
			case *ast.CaseClause:
				note(n.List, n.Body, fails)
			}
			return true
		})
	}
	visit(file, false)
	return out, nil
}

// canFail tells whether the last result of a function is an error.
func canFail(t *ast.FuncType) bool {
	if t.Results == nil || len(t.Results.List) == 0 {
		return false
	}
	last, ok := t.Results.List[len(t.Results.List)-1].Type.(*ast.Ident)
	return ok && last.Name == "error"
}

var errorName = regexp.MustCompile(`^(err|[a-zA-Z]+Err)$`)

// asksForError tells whether a condition compares an error with nil, or asks which one it is.
func asksForError(conditions []ast.Expr) bool {
	found := false
	for _, c := range conditions {
		ast.Inspect(c, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if x, ok := n.X.(*ast.Ident); ok && n.Op == token.NEQ && errorName.MatchString(x.Name) {
					found = true
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "errors" {
					found = true
				}
			}
			return true
		})
	}
	return found
}

// returnsError tells whether a body ends with the return of something other than nil in the error's place.
func returnsError(body []ast.Stmt) bool {
	r, ok := body[len(body)-1].(*ast.ReturnStmt)
	if !ok || len(r.Results) == 0 {
		return false
	}
	last, ok := r.Results[len(r.Results)-1].(*ast.Ident)
	return !ok || last.Name != "nil"
}
