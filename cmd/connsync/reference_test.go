package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var updateReference = flag.Bool("update", false, "write docs/cli.md and docs/man anew, from the grammar")

// docs/cli.md and the man pages say what the grammar says, and nothing else: they are made of it.
//
//	go test ./cmd/connsync -run TestTheReference -update
func TestTheReferenceIsTheGrammar(t *testing.T) {
	want := map[string]string{"cli.md": cliMarkdown(t)}
	for _, p := range manualOf(t) {
		want["man/"+p.file()] = p.roff()
	}
	if *updateReference {
		writeReference(t, want)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil || string(got) != text {
			t.Errorf("docs/%s is not what the grammar says (%v): go test ./cmd/connsync -run TestTheReference -update", name, err)
		}
	}
	pages, err := filepath.Glob("../../docs/man/*")
	if err != nil || len(pages) != len(want)-1 {
		t.Errorf("%d man pages, want %d: one is of a command that went away", len(pages), len(want)-1)
	}
}

func writeReference(t *testing.T, want map[string]string) {
	t.Helper()
	if err := os.RemoveAll("../../docs/man"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("../../docs/man", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		if err := os.WriteFile(filepath.Join("../../docs", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// manual is what is said of one command: the whole of it for the first, the program itself.
type manual struct {
	path     string // connsync state list
	usage    string
	about    string
	parts    []string // paragraphs; what begins with two spaces is typed
	args     []saidOf
	flags    []saidOf
	common   []saidOf // of the flags of every command, those with a meaning to it
	commands []saidOf
}

// saidOf is a name with what is said of it.
type saidOf struct{ name, about string }

// manualOf are the program and its commands, in the order of the grammar.
func manualOf(t *testing.T) (all []manual) {
	t.Helper()
	app := grammarOf(t)
	var add func(n *kong.Node)
	add = func(n *kong.Node) {
		if n.Hidden {
			return
		}
		all = append(all, manualPage(app, n))
		for _, c := range n.Children {
			add(c)
		}
	}
	add(app.Node)
	return all
}

func manualPage(app *kong.Application, n *kong.Node) manual {
	m := manual{path: n.FullPath(), about: n.Help, usage: strings.TrimPrefix(n.Summary(), "connsync")}
	m.parts = paragraphs(n.Detail)
	if n.Parent == nil {
		m.about, m.usage = "keeps Huawei Cloud SecMaster operation connections in Git", "<command> [flags]"
		m.parts = paragraphs(n.Help)
	}
	for _, p := range n.Positional {
		m.args = append(m.args, saidOf{p.Summary(), p.Help})
	}
	for _, f := range n.Flags {
		if n.Parent != nil && !f.Hidden {
			m.flags = append(m.flags, saidOf{flagName(f), f.Help})
		}
	}
	for _, f := range app.Flags {
		if means(n, f) {
			m.common = append(m.common, saidOf{flagName(f), f.Help})
		}
	}
	for _, c := range n.Children {
		if !c.Hidden {
			m.commands = append(m.commands, saidOf{c.FullPath(), c.Help})
		}
	}
	return m
}

// paragraphs are those of a help. Indented lines stay lines.
func paragraphs(text string) (out []string) {
	for _, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if !strings.HasPrefix(p, "  ") {
			p = strings.ReplaceAll(p, "\n", " ")
		}
		out = append(out, p)
	}
	return out
}

// flagName is a flag with its letter and what it takes.
func flagName(f *kong.Flag) string {
	name := "--" + f.Name
	if f.Short != 0 {
		name = "-" + string(f.Short) + ", " + name
	}
	if !f.IsBool() {
		name += "=" + cmp.Or(f.PlaceHolder, strings.ToUpper(f.Name))
	}
	return name
}

const cliBegins = `# All commands and flags

This page is made of the grammar of connsync, as the man pages are. A test compares them. Each
command says the same with ` + "`--help`" + `.

`

// cliMarkdown is docs/cli.md.
func cliMarkdown(t *testing.T) string {
	t.Helper()
	all := manualOf(t)
	var b strings.Builder
	b.WriteString(cliBegins)
	for _, e := range all[0].commands {
		fmt.Fprintln(&b, wrapped("- ", "["+e.name+"](#"+strings.ReplaceAll(e.name, " ", "-")+"): "+escaped(e.about)))
	}
	b.WriteString("\n## Flags of every command\n\nA command takes those of them that it names below.\n")
	for _, e := range all[0].common {
		fmt.Fprint(&b, "\n", wrapped("- ", "`"+e.name+"`: "+escaped(e.about)))
	}
	b.WriteString("\n")
	for _, m := range all[1:] {
		m.markdown(&b)
	}
	b.WriteString("\n## Words and credentials\n\n")
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		fmt.Fprintf(&b, "`connsync help %s`:\n\n```text\n%s```\n\n", name, topics[name])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (m manual) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", m.path, wrapped("", escaped(m.about)))
	for _, p := range m.parts {
		switch {
		case strings.HasPrefix(p, "  "):
			fmt.Fprintf(b, "```sh\n%s\n```\n\n", outdented(p))
		default:
			fmt.Fprintf(b, "%s\n\n", wrapped("", escaped(p)))
		}
	}
	fmt.Fprintf(b, "Usage: `%s`\n\n", strings.TrimSpace(m.usage))
	writeEntries(b, m.args)
	writeEntries(b, m.flags)
	var names []string
	for _, e := range m.common {
		name, _, _ := strings.Cut(e.name[strings.Index(e.name, "--"):], "=")
		names = append(names, "`"+name+"`")
	}
	fmt.Fprintln(b, wrapped("", "It also takes "+strings.Join(names, ", ")+"."))
}

func writeEntries(b *strings.Builder, es []saidOf) {
	for _, e := range es {
		fmt.Fprintln(b, wrapped("- ", "`"+e.name+"`: "+escaped(e.about)))
	}
	if len(es) > 0 {
		fmt.Fprintln(b)
	}
}

// outdented are the lines of a block without what all are indented by.
func outdented(block string) string {
	lines := strings.Split(block, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, "  ")
	}
	return strings.Join(lines, "\n")
}

// escaped is a text without any markup.
func escaped(text string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`, "]", `\]`, `\`, `\\`).Replace(text)
}

// wrapped is a text of at most 100 columns, behind a mark.
func wrapped(mark, text string) string {
	const columns = 100
	hang := strings.Repeat(" ", len(mark))
	out, line := "", mark
	for i, w := range strings.Fields(text) {
		switch {
		case i == 0:
			line += w
		case len([]rune(line))+1+len([]rune(w)) > columns:
			out, line = out+line+"\n", hang+w
		default:
			line += " " + w
		}
	}
	return out + line
}
