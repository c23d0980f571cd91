package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// values are how texts of the command line and of the environment are read. An empty value, or one of only white space, is
// mostly an unset variable: `--expect-plan "$PLAN"` must not mean "any plan", nor `--target "$TARGET"` "all targets".
// So no flag and no argument takes one.
func values() []kong.Option {
	return []kong.Option{
		kong.KindMapper(reflect.String, kong.MapperFunc(decodeText)),
		kong.KindMapper(reflect.Slice, kong.MapperFunc(decodeList)),
		kong.TypeMapper(reflect.TypeFor[shard](), kong.MapperFunc(decodeShard)),
		kong.TypeMapper(reflect.TypeFor[rps](), kong.MapperFunc(decodeRPS)),
		kong.NamedMapper("pattern", kong.MapperFunc(decodePatterns)),
	}
}

var errEmptyValue = errors.New("an empty value selects nothing: leave it out, or give it one")

func decodeText(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("text", &text); err != nil {
		return err
	}
	if blank(text) && !slices.ContainsFunc(ctx.Value.Tag.Envs, emptyVariable) {
		return errEmptyValue
	}
	target.SetString(text)
	return nil
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

func emptyVariable(name string) bool {
	value, ok := os.LookupEnv(name)
	return ok && blank(value)
}

// rps is how many requests a second; 0 for no such bound.
type rps float64

var errRPS = errors.New("a number of requests a second, from 0.01 to 10000")

func decodeRPS(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("text", &text); err != nil {
		return err
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0.01 && n <= 10_000) { // what is not a number is neither
		return errRPS
	}
	target.SetFloat(n)
	return nil
}

// checkVariables refuses an empty variable of the environment, unless a flag says otherwise. All of them select: without
// CONNSYNC_STATE a sync would lock and believe another known state, without CONNSYNC_ENDPOINT a rehearsal would write into the
// cloud, and without CONNSYNC_CONFIG the targets would be others. Commands that ask nothing of the project do not mind.
func checkVariables(command *kong.Context) error {
	if command.Selected().Tag.Has("alone") {
		return nil
	}
	for _, f := range command.Flags() {
		if i := slices.IndexFunc(f.Tag.Envs, emptyVariable); i >= 0 && nothing(f.Target) {
			return fmt.Errorf("%s is set to an empty value: unset it, or give it one", f.Tag.Envs[i])
		}
	}
	return nil
}

// nothing tells of a flag's value whether the flag gave one.
func nothing(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Len() == 0 || v.Kind() == reflect.String && blank(v.String())
}

// checkSelection refuses a flag that selects, where nothing would go by it: a command that passed over it would say of all what was asked of some.
func checkSelection(command *kong.Context, c *cli) error {
	path := strings.Fields(command.Command())
	is := func(commands ...string) bool {
		return slices.ContainsFunc(commands, func(c string) bool { return strings.HasPrefix(strings.Join(path, " ")+" ", c+" ") })
	}
	switch {
	case len(c.Only) > 0 && !is("diff", "sync", "import", "secrets", "state rebuild"):
		return errors.New("--only is for diff, sync, import and secrets; other commands select by --target alone")
	case c.Shard.of > 0 && !is("diff", "sync", "targets"):
		return errors.New("--shard is for targets, diff and sync; other commands select by --target alone")
	}
	return nil
}

// decodeList reads a list of texts, none of which may be empty. kong itself drops empty ones at the end.
func decodeList(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("text", &text); err != nil {
		return err
	}
	members := []string{text}
	if ctx.Value.Flag == nil { // an argument takes all following ones
		for _, t := range ctx.Scan.PopWhile(func(t kong.Token) bool { return t.IsValue() }) {
			members = append(members, t.String())
		}
	}
	if blank(text) && slices.ContainsFunc(ctx.Value.Tag.Envs, emptyVariable) {
		return nil
	}
	if sep := ctx.Value.Tag.Sep; sep != -1 && ctx.Value.Flag != nil {
		if !strings.HasSuffix(text, `\`) { // it would escape the separator
			text += string(sep)
		}
		members = kong.SplitEscaped(text, sep)
	}
	for _, m := range members {
		if blank(m) {
			return errEmptyValue
		}
		target.Set(reflect.Append(target, reflect.ValueOf(m)))
	}
	return nil
}

// decodePatterns reads a list of patterns, if all can be matched.
func decodePatterns(ctx *kong.DecodeContext, target reflect.Value) error {
	before := target.Len()
	if err := decodeList(ctx, target); err != nil {
		return err
	}
	for i := before; i < target.Len(); i++ {
		if p := target.Index(i).String(); !isPattern(p) {
			return fmt.Errorf("%s: not a pattern", p)
		}
	}
	return nil
}

func isPattern(p string) bool {
	_, err := path.Match(p, "")
	return err == nil
}
