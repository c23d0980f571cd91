package render

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connsync/apply"
	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/secrets"
)

// functions are all exports of this package beside methods; the test finds methods by itself.
var functions = map[string]any{
	"Bold": Bold, "Dim": Dim, "Red": Red, "Green": Green, "Yellow": Yellow, "Cyan": Cyan, "Plain": Plain,
	"New": New, "IsTerminal": IsTerminal, "Harmless": Harmless, "FormatNames": FormatNames, "FormatHelp": FormatHelp,
	"JSON": JSON, "FailedJSON": FailedJSON, "NewAnswer": NewAnswer, "Diff": Diff, "Ages": Ages, "Run": Run, "RunValue": RunValue, "CheckedJSON": CheckedJSON, "CheckedAnnotations": CheckedAnnotations, "DoctorJSON": DoctorJSON,
	"GitLab": GitLab, "MergedMarkdown": MergedMarkdown,
	"NewMergedJSON": func(w io.Writer, m view.Merged, code int) error { return JSON(w, NewMergedJSON(m, code)) },
	"ReadReport": func(w io.Writer, file, text string) { // what it says of a file quotes its name alone
		_, err := ReadReport(file, []byte(text), func(int) bool { return true })
		(&Stream{w: w}).Line("%s", err)
	},
}

// exported are the functions and methods of this package's source, each with its receiver.
func exported(t *testing.T) (names []string) {
	t.Helper()
	for _, f := range parsed(t, ".") {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.IsExported() && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// parsed are the files of a package's source, without its tests.
func parsed(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: no source: %v", dir, err)
	}
	out := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if out[filepath.Base(name)], err = parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// smuggler fills the arguments of a function with hostile texts, wherever its types take a text.
type smuggler struct {
	r   *rand.Rand
	out *bytes.Buffer
	n   int
}

// marked stands behind a line break of every text: a line that begins with it was broken by a text.
const marked = "SMUGGLED"

func (s *smuggler) text() string {
	s.n++
	// Escapes other than those this package writes, so what is left of them is seen.
	text := strings.ReplaceAll(hostileText(s.r), "\x1b[31m", "\x1b[7m")
	return text + []string{"\n" + marked, "\r\n" + marked, "\u2028" + marked, ""}[s.r.IntN(4)]
}

// known are the constants of types with only constants: what they say is ours.
var known = map[reflect.Type][]string{}

func init() {
	add := func(t any, values ...string) { known[reflect.TypeOf(t)] = values }
	add(diff.Create, "create", "update", "rename", "adopt", "delete", "remove", "unchanged", "orphaned", "forget", "incomplete", "conflict")
	add(diff.Git, "git", "drift", "touched", "interrupted", "rewrite", "missing")
	add(diff.Set, "set", "changed", "unchanged", "removed", "re-encrypted", "unverified")
	add(diff.ConflictDiffers, "differs", "replaced", "duplicate", "name-taken", "adopt-none", "adopt-busy", "plugin", "rename", "hole", "in-clear", "behind", "repointed")
	add(diff.RiskMoved, "destination", "moved", "copied", "repointed")
	add(diff.WarnDuplicate, "duplicate", "previously-ignored", "protected", "in-use", "behind")
	add(view.Fine, "ok", "warning", "failed", "not looked at")
	add(apply.Created, "created", "updated", "adopted", "deleted", "forgotten", "unchanged", "incomplete", "orphaned", "conflict", "refused", "failed", "unknown", "skipped")
}

func (s *smuggler) value(t reflect.Type, depth int) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case t == reflect.TypeFor[io.Writer]():
		v.Set(reflect.ValueOf(s.out))
	case t == reflect.TypeFor[error]():
		v.Set(reflect.ValueOf(errors.Join(&view.Said{Message: s.text(), Hints: []string{s.text()}})))
	case t == reflect.TypeFor[any]():
		v.Set(reflect.ValueOf([]any{s.text(), s.text(), errors.New(s.text()), secrets.Path(s.text()), []string{s.text()}}[s.r.IntN(5)]))
	case known[t] != nil:
		v.SetString(known[t][s.r.IntN(len(known[t]))])
	default:
		s.fill(v, depth)
	}
	return v
}

func (s *smuggler) fill(v reflect.Value, depth int) {
	switch t := v.Type(); t.Kind() {
	case reflect.String:
		v.SetString(s.text())
	case reflect.Bool:
		v.SetBool(s.r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(s.r.IntN(4)))
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(s.value(t.Field(i).Type, depth-1))
			}
		}
	case reflect.Slice:
		if depth < -8 { // of what holds its like
			return
		}
		for range 1 + s.r.IntN(2) {
			v.Set(reflect.Append(v, s.value(t.Elem(), depth-1)))
		}
	case reflect.Map:
		if depth > 0 {
			v.Set(reflect.MakeMap(t))
			v.SetMapIndex(s.value(t.Key(), depth-1), s.value(t.Elem(), depth-1))
		}
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(t.Elem()))
			v.Elem().Set(s.value(t.Elem(), depth-1))
		}
	}
}

// call calls a function with hostile arguments, and prints what it gives for printing.
func (s *smuggler) call(fn reflect.Value, format string) {
	var args []reflect.Value
	t := fn.Type()
	for i := range t.NumIn() {
		switch {
		case t.IsVariadic() && i == t.NumIn()-1:
			for _, a := range []any{s.text(), Bold(s.text()), Row{s.text(), Red(s.text()), Row{s.text()}}, errors.New(s.text()), diff.Action(s.text()), []string{s.text()}} {
				args = append(args, reflect.ValueOf(a))
			}
		case t.IsVariadic() && t.In(i).Kind() == reflect.String:
			args = append(args, reflect.ValueOf([]string{"%s%s%s%s%s%s", "%-9s %s %v %v %12s %q", "a: %v%v%v%v%v%v"}[s.r.IntN(3)]))
		case (t == reflect.TypeOf(Diff) || t == reflect.TypeOf(Ages)) && i == 1:
			args = append(args, reflect.ValueOf(format))
		case t == reflect.TypeOf(Run) && i == 1:
			args = append(args, reflect.ValueOf("report."+format))
		default:
			args = append(args, s.value(t.In(i), 9))
		}
	}
	for _, result := range fn.Call(args) {
		if styled, ok := result.Interface().(Styled); ok {
			(&Stream{w: s.out, colour: s.r.IntN(2) == 0}).Line("%s%s", styled, styled)
		}
	}
}

var ownStyles = regexp.MustCompile(`\x1b\[(?:0|1|2|31|32|33|36)m|\r\x1b\[K`)

// clean fails where an argument got out of its place.
func (s *smuggler) clean(t *testing.T, commands bool) {
	t.Helper()
	out := ownStyles.ReplaceAllString(s.out.String(), "")
	quiet(t, strings.ReplaceAll(out, "\ufffd", ""), commands) // it is visible, and does nothing
	if at := strings.Index("\n"+out, "\n"+marked); at >= 0 {
		t.Errorf("a text breaks the line: %q", out[max(at-200, 0):at])
	}
}

// Every printing function, present or future, is given hostile texts in all its arguments: in no format does one get out
// of its place. A developer who adds a function to this package has to name it above; methods and formats are found.
func TestNoPrintingFunctionLetsATextThrough(t *testing.T) {
	for _, name := range exported(t) {
		if functions[name] == nil {
			t.Errorf("%s is not tried", name)
		}
	}
	texts := 0
	try := func(name string, fn func(s *smuggler, p *Printer) (commands bool)) {
		for seed := range 30 {
			s := &smuggler{r: rand.New(rand.NewPCG(uint64(seed), 3)), out: &bytes.Buffer{}}
			stream := &Stream{w: s.out, colour: seed%2 == 0, width: []int{0, 40, 120}[seed%3]}
			s.clean(t, fn(s, &Printer{Out: stream, Err: stream, Verbose: true}))
			if texts += s.n; t.Failed() {
				t.Fatalf("%s, seed %d", name, seed)
			}
		}
	}
	for name, fn := range functions {
		for _, f := range formats {
			try(name+" "+f.name, func(s *smuggler, _ *Printer) bool {
				if s.call(reflect.ValueOf(fn), f.name); (name == "Diff" || name == "Ages" || name == "MergedMarkdown") && f.name == "markdown" {
					renderMarkdown(t, s.out.String())
				}
				return name == "CheckedAnnotations" || f.name == "github"
			})
		}
	}
	for _, of := range []func(*Printer) any{
		func(p *Printer) any { return p }, func(p *Printer) any { return p.Out }, func(p *Printer) any { return &Progress{p: p, live: p.Out.colour} },
	} {
		for i := range reflect.TypeOf(of(&Printer{Out: &Stream{}})).NumMethod() {
			try("a method", func(s *smuggler, p *Printer) bool {
				s.call(reflect.ValueOf(of(p)).Method(i), "")
				return false
			})
		}
	}
	t.Logf("T-OUT: %d hostile texts through every printing function", texts)
}

// What two arguments make together is no command either, wherever the line begins.
func TestArgumentsSideBySideAreNoCommand(t *testing.T) {
	for _, args := range [][]any{
		{":", ":error::x"}, {Bold(":"), Red(":error::x")}, {Row{":", ":error::x"}, ""}, {"", Row{"  :", Row{":error::x"}}}, {"#", "#[error]x"}, {"x", Row{"#", "#", "[error]x"}},
	} {
		for _, format := range []string{"%s%s", "  %s%s", "first\n%s%s"} {
			var out bytes.Buffer
			s := &Stream{w: &out}
			s.Line(format, args...)
			s.Ask(format+"\n", args...)
			(&Printer{Err: s}).Note(format, args...)
			quiet(t, out.String(), false)
		}
	}
}

// A colour is an addition: without it, the same text stands there.
func TestColoursChangeNoText(t *testing.T) {
	var plain, coloured bytes.Buffer
	for _, offline := range []bool{true, false} {
		_ = (&Stream{w: &plain}).diff(sample(offline))
		_ = (&Stream{w: &coloured, colour: true}).diff(sample(offline))
	}
	if got := ownStyles.ReplaceAllString(coloured.String(), ""); got != plain.String() || !slices.Contains(ownStyles.FindAllString(coloured.String(), -1), "\x1b[31m") {
		t.Errorf("with colours: %q", got)
	}
}
