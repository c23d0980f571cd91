package main

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/kong"

	"connsync/manifest"
)

// commandTyped is the command line as far as the next one has to repeat it.
type commandTyped struct {
	flags []*kong.Flag // the typed flags common to every command, none from the environment, in the order of the grammar
}

// everyCommand is the root of the whole grammar.
var everyCommand = sync.OnceValue(func() *kong.Node {
	p, err := kong.New(grammarFor(nil), grammar(world{})...)
	if err != nil {
		return nil
	}
	return p.Model.Node
})

// places are the flags that say where and under whose eyes a command works. The next one has to work there, too, and so has the one after it:
// they are repeated also where a command has no use for them.
var places = []string{"dir", "config", "endpoint", "domain", "ca-file", "narrow", "state", "local-state"}

// selects are the flags that say what a command is about.
var selects = []string{"repo", "ref", "target", "shard", "only"}

func typedIn(command *kong.Context) commandTyped {
	var out commandTyped
	for _, f := range command.Model.Flags {
		if f.Target.Kind() == reflect.String && f.Target.String() == f.Default {
			continue
		}
		if slices.ContainsFunc(command.Path, func(p *kong.Path) bool { return p.Flag == f && !p.Resolved }) {
			out.flags = append(out.flags, f)
		}
	}
	return out
}

// again is a command line for the place where this one worked: it repeats the typed flags of the place. Both can be pasted into a shell.
func (g *globals) again(line string) string { return g.typed.repeats(line, nil) }

// same is again for a command about the same connections.
func (g *globals) same(line string) string { return g.typed.repeats(line, selects) }

// repeats adds flags behind the names of the command, or behind each git.
func (t commandTyped) repeats(line string, too []string) string {
	if len(t.flags) == 0 {
		return line
	}
	words := strings.Split(line, " ")
	command, n := everyCommand(), 1
	for ; command != nil && n < len(words); n++ {
		i := slices.IndexFunc(command.Children, func(c *kong.Node) bool { return c.Name == words[n] })
		if i < 0 {
			break
		}
		command = command.Children[i]
	}
	var flags []string
	for _, f := range t.flags {
		if words[0] == "git" && f.Name == "dir" {
			in := strings.Join(append([]string{"git"}, asTyped(f)...), " ") + " "
			return strings.ReplaceAll(line, "git ", in)
		}
		if words[0] != "git" && (slices.Contains(places, f.Name) || slices.Contains(too, f.Name) && takes(command, f.Name)) {
			flags = append(flags, asTyped(f)...)
		}
	}
	return strings.Join(slices.Insert(words, n, flags...), " ")
}

// asTyped is a flag with its values, each quoted where a shell would see more in it.
func asTyped(f *kong.Flag) (out []string) {
	name := "--" + f.Name
	if f.Name == "dir" {
		name = "-C"
	}
	switch f.Target.Kind() {
	case reflect.Bool:
		return []string{name}
	case reflect.Slice:
		for i := range f.Target.Len() {
			text := f.Target.Index(i).String()
			if sep := f.Tag.Sep; sep != -1 {
				text = strings.ReplaceAll(text, string(sep), `\`+string(sep))
			}
			out = append(out, name, manifest.ShellWord(text))
		}
		return out
	case reflect.Struct: // a shard
		return []string{name, f.Target.Interface().(shard).String()}
	}
	return []string{name, manifest.ShellWord(f.Target.String())}
}
