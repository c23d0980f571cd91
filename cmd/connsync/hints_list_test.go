package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// hint is a command that a text of connsync tells people to run, and the function around the text: one situation. What the
// function fills in is "…".
type hint struct{ site, command string }

func (h hint) String() string { return h.site + ": " + h.command }

// noHints are the places with commands that are no hints, and why. A place without a command is taken out again.
var noHints = map[string]string{
	"Help":             "the examples of a command's help are understood by connsync, which is a test of its own; they answer no finding",
	"aboutCredentials": "a page of the help, about all there is: it answers no finding",
	"about":            "the first page of the help: the commands of every day",
	"demo*.go":         "the demo carries out what it shows, and prints what it carried out",
	"plugins.header":   "the first lines of the file that the command wrote",
	"versionCmd.Run":   "what it prints is the name of the program",
}

// harmless are the functions that put a text into a command that is not made a word of a shell there, and why it is one.
var harmless = map[string]string{
	"explainElsewhere":       "what targetOf makes",
	"explainHeld":            "hashes of commits",
	"explainUnread":          "what bothSides makes",
	"fetchOf":                "revisions and remotes of letters, digits and . _ / -",
	"revealing.refusal":      "flags that are made of words",
	"sopsrules.Rule.Command": "the caller's command",
	"splitHints":             "a plain name",
	"view.next":              "the hash of a plan",
}

// TestEveryHintHasACase keeps three things: each command in some text of connsync is followed in testdata/hints, where it is printed;
// each case there follows one; and each can be copied, since it stands between double spaces, after a colon, or alone.
func TestEveryHintHasACase(t *testing.T) {
	read := readHints(t)
	for _, h := range read.uncopyable {
		t.Errorf("%s\n\tcannot be copied: put two spaces around the command, or a colon before it and the line's end behind it", h)
	}
	for _, h := range read.raw {
		t.Errorf("%s\n\tmake it a word of a shell, with manifest.ShellWord: a contributor may have chosen it", h)
	}
	for site, why := range harmless {
		if !read.excused[site] {
			t.Errorf("nothing stands in a command of %s that is no word (%s)", site, why)
		}
	}
	for place, why := range noHints {
		if !read.excluded[place] {
			t.Errorf("no command stands in %s any more (%s)", place, why)
		}
	}
	cases := followed(t)
	for _, h := range slices.SortedFunc(maps.Keys(read.hints), byText) {
		if cases[h] < len(read.hints[h]) {
			t.Errorf("%d scripts in testdata/hints follow %s\n\tfollow %s '%s'", cases[h], strings.Join(read.hints[h], ", "), h.site, strings.ReplaceAll(h.command, "'", "''"))
		}
	}
	for _, h := range slices.SortedFunc(maps.Keys(cases), byText) {
		if read.hints[h] == nil {
			t.Errorf("testdata/hints follows what no text says: %s", h)
		}
	}
	if len(read.hints) < 40 {
		t.Errorf("only %d hints were found", len(read.hints))
	}
}

func byText(a, b hint) int { return strings.Compare(a.String(), b.String()) }

// followed are the hints of all follow lines, and how often each is followed.
func followed(t *testing.T) map[hint]int {
	t.Helper()
	files, err := filepath.Glob("testdata/hints/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: %v", files, err)
	}
	out := map[hint]int{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range followLine.FindAllStringSubmatch(string(text), -1) {
			out[hint{m[1], strings.ReplaceAll(m[2], "''", "'")}]++
		}
	}
	return out
}

var followLine = regexp.MustCompile(`(?m)^(?:! )?follow (\S+) '((?:[^']|'')+)'(?: |$)`)

// hintReader gathers the hints of source files.
type hintReader struct {
	named      *regexp.Regexp
	hints      map[hint][]string // and the places that say it: each is a situation
	uncopyable []string
	raw        []string        // commands with a part not made a word of a shell
	excused    map[string]bool // sites of harmless that have such a part
	excluded   map[string]bool // places of noHints with commands

	files *token.FileSet
	file  string
	site  string
}

// readHints reads every source file with texts for people to see.
func readHints(t testing.TB) *hintReader {
	t.Helper()
	r := newHintReader(t)
	for _, dir := range []string{"cmd", "manifest", "apply", "diff", "secrets"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "sopstest") {
				return err
			}
			text, err := os.ReadFile(name)
			if err == nil {
				err = r.read(strings.TrimPrefix(filepath.ToSlash(name), "../../"), text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func newHintReader(t testing.TB) *hintReader {
	t.Helper()
	c := grammarFor(nil)
	p, err := kong.New(c, append(grammar(world{stdout: io.Discard, stderr: io.Discard}), kong.Exit(func(int) {}))...)
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, n := range p.Model.Children {
		ours = append(ours, n.Name)
	}
	const sops = `encrypt|decrypt|edit|set|unset|rotate|updatekeys|filestatus|groups|exec-env|exec-file|keyservice|publish`
	const git = `add|am|archive|bisect|branch|bundle|cat-file|checkout|cherry-pick|clean|clone|commit|config|credential|diff|fetch|fsck|gc|init|log|ls-files|ls-remote|ls-tree|merge|mv|pack-refs|prune|pull|push|` +
		`rebase|reflog|remote|repack|replace|reset|restore|rev-list|rev-parse|revert|rm|show|sparse-checkout|stash|status|submodule|switch|symbolic-ref|tag|unpack-objects|update-index|update-ref|worktree`
	return &hintReader{
		named: regexp.MustCompile("(?:^|[ (\"'`])(connsync (?:(?:" + strings.Join(ours, "|") + `)\b|-|[…¿])|sops (?:(?:` + sops + `)\b|-|[…¿])|git (?:(?:` + git + `)\b|-|[…¿](?: |$))|age-keygen\b|gpg -|ssh-(?:keyscan|add)\b|chmod [+0-7ugo]|rm [-…¿a-z])`),
		hints: map[hint][]string{}, excluded: map[string]bool{}, excused: map[string]bool{}, files: token.NewFileSet(),
	}
}

func (r *hintReader) read(name string, text []byte) error {
	f, err := parser.ParseFile(r.files, name, text, 0)
	if err != nil {
		return err
	}
	r.file = name
	prefix := f.Name.Name + "."
	if prefix == "main." {
		prefix = ""
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			r.site = prefix + receiver(d) + d.Name.Name
			r.in(d)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if v, ok := s.(*ast.ValueSpec); ok {
					r.site = prefix + v.Names[0].Name
					r.in(v)
				}
			}
		}
	}
	return nil
}

// receiver is the type of a method, with a dot.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	at := d.Recv.List[0].Type
	if star, ok := at.(*ast.StarExpr); ok {
		at = star.X
	}
	if id, ok := at.(*ast.Ident); ok {
		return id.Name + "."
	}
	return ""
}

// in reads every text below a node: a text is everything put together in one expression.
func (r *hintReader) in(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		text, others, ok := r.fold(e)
		if !ok {
			return true
		}
		r.text(text, n.Pos())
		for _, o := range others {
			r.in(o)
		}
		return false
	})
}

// fold is a text with "…" for what is filled in, and the expressions for it.
func (r *hintReader) fold(e ast.Expr) (text string, others []ast.Expr, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return verbs.ReplaceAllString(text, "¿"), nil, err == nil && e.Kind == token.STRING
	case *ast.ParenExpr:
		return r.fold(e.X)
	case *ast.BinaryExpr:
		x, inX, okX := r.fold(e.X)
		y, inY, okY := r.fold(e.Y)
		if e.Op != token.ADD || !okX && !okY {
			return "", nil, false
		}
		if !okX {
			x, inX = filled(e.X), []ast.Expr{e.X}
		}
		if !okY {
			y, inY = filled(e.Y), []ast.Expr{e.Y}
		}
		return x + y, append(inX, inY...), true
	}
	return "", nil, false
}

// filled stands for an expression in a text: "…" for a word of a shell, "¿" for anything else.
func filled(e ast.Expr) string {
	if call, ok := e.(*ast.CallExpr); ok {
		switch fun := call.Fun.(type) {
		case *ast.Ident:
			if fun.Name == "ShellWord" || fun.Name == "Word" {
				return "…"
			}
		case *ast.SelectorExpr:
			if fun.Sel.Name == "ShellWord" || fun.Sel.Name == "Word" {
				return "…"
			}
		}
	}
	return "¿"
}

var verbs = regexp.MustCompile(`%[-+#.0-9]*[a-z]`)

// text notes the commands of a text.
func (r *hintReader) text(text string, at token.Pos) {
	for rest := 0; rest < len(text); {
		m := r.named.FindStringSubmatchIndex(text[rest:])
		if m == nil {
			return
		}
		begin := rest + m[2]
		command, _, _ := strings.Cut(text[begin:], "  ")
		command, _, _ = strings.Cut(command, "\n")
		rest = begin + len(command)
		if r.isExcluded() {
			continue
		}
		before, where := text[:begin], r.files.Position(at).String()
		alone := before == "" || strings.HasSuffix(before, "  ") || strings.HasSuffix(before, ": ") || strings.HasSuffix(before, "\n")
		if last := command[len(command)-1]; !alone || strings.ContainsRune(",;:.", rune(last)) || strings.ContainsAny(command, ",;") {
			r.uncopyable = append(r.uncopyable, where+": "+text)
			continue
		}
		if strings.Contains(command, "¿") {
			if harmless[r.site] == "" {
				r.raw = append(r.raw, where+": "+text)
			}
			r.excused[r.site] = true
		}
		h := hint{r.site, strings.ReplaceAll(command, "¿", "…")}
		r.hints[h] = append(r.hints[h], where)
	}
}

func (r *hintReader) isExcluded() bool {
	for place := range noHints {
		byFile, _ := filepath.Match(place, filepath.Base(r.file))
		if byFile || place == r.site || strings.HasSuffix(r.site, "."+place) {
			r.excluded[place] = true
			return true
		}
	}
	return false
}

// The reader itself: it finds a command however the text is put together, and says which ones cannot be copied.
func TestTheHintReaderFindsWhatIsPutTogether(t *testing.T) {
	const source = `package view
import "fmt"
type T struct{}
func (t *T) f(file string) []string {
	return []string{
		"rotate  sops rotate " + manifest.ShellWord(file) + "  now",
		"undo it:  sops edit " + file + "  or  git log --oneline",
		fmt.Sprintf("take it over: connsync sync --only %s", g("connsync diff " + file)),
		"sops wrote it, connsync ran, and Git knows",
		"with sops edit " + file,
		"use  connsync diff,  or not",
	}
}
func (t *T) Help() string { return "connsync sync" }
var own = "git " + one()
`
	r := newHintReader(t)
	if err := r.read("a.go", []byte(source)); err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, h := range slices.SortedFunc(maps.Keys(r.hints), byText) {
		have = append(have, h.String())
	}
	want := []string{"view.T.f: connsync diff …", "view.T.f: connsync sync --only …", "view.T.f: git log --oneline", "view.T.f: sops edit …", "view.T.f: sops rotate …", "view.own: git …"}
	if !slices.Equal(have, want) {
		t.Errorf("%q", have)
	}
	if len(r.uncopyable) != 2 || !strings.HasSuffix(r.uncopyable[0], ": with sops edit ¿") || !strings.HasSuffix(r.uncopyable[1], "use  connsync diff,  or not") {
		t.Errorf("%q", r.uncopyable)
	}
	if len(r.raw) != 4 || strings.Contains(strings.Join(r.raw, "\n"), "rotate") {
		t.Errorf("%q", r.raw)
	}
	if !r.excluded["Help"] || r.excluded["about"] {
		t.Errorf("%v", r.excluded)
	}
}
