package render

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Harmless is a text from outside of connsync, made harmless for a terminal and for a CI system's log: control and
// format characters and whatever else is invisible, among them escapes and changes of writing direction, are spelled out, and so are the marks of workflow
// commands, `::` at its beginning and `##[` anywhere.
func Harmless(s string) string {
	if isHarmless(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '#' && strings.HasPrefix(s[i:], "##["):
			b.WriteString(`\x23`)
		case r == ':' && isCommand(s) && strings.TrimLeft(s, " ") == s[i:]:
			b.WriteString(`\x3a`)
		case visible(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func isHarmless(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !visible(r) {
			return false
		}
	}
	return !strings.Contains(s, "##[") && !isCommand(s)
}

// visible tells whether a reader sees a character. Letters and marks made to be invisible can hide a message in a name.
func visible(r rune) bool {
	return unicode.IsPrint(r) && (r < 0x300 || !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector))
}

// isCommand tells whether a line with this beginning is a workflow command.
func isCommand(s string) bool { return strings.HasPrefix(strings.TrimLeft(s, " "), "::") }

// harmless is a copy of a model in which every text is harmless, whatever its type: what a template is given.
func harmless[T any](model T) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	out.Set(reflect.ValueOf(model))
	makeHarmless(out)
	return out.Interface().(T)
}

func makeHarmless(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(Harmless(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			makeHarmless(v.Field(i))
		}
	case reflect.Slice:
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		v.Set(own)
		for i := range v.Len() {
			makeHarmless(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			own := reflect.New(v.Type().Elem())
			own.Elem().Set(v.Elem())
			makeHarmless(own.Elem())
			v.Set(own)
		}
	case reflect.Bool, reflect.Int:
	default:
		panic("render: a model of texts, numbers and switches has a " + v.Kind().String())
	}
}
