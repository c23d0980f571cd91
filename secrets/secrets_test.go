package secrets_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"connsync/secrets"
)

const canary = "canary-plaintext"

// holder is what values end up in: exported, unexported, behind pointers, in maps and slices.
type holder struct {
	Open   secrets.Value
	hidden secrets.Value
	Ptr    *secrets.Value
	Map    map[string]secrets.Value
	Slice  []secrets.Value
	Any    any
}

func TestAValueCannotPrint(t *testing.T) {
	v := secrets.Hide(canary)
	h := holder{v, v, &v, map[string]secrets.Value{"k": v}, []secrets.Value{v}, v}
	var printed []string
	for verb := range strings.SplitSeq("v +v #v s q x X d T p e g t c U o b 10s -5v #x", " ") {
		for _, thing := range []any{v, &v, h, &h, []any{h}, map[string]any{"a": &h}, struct{ inner holder }{h}} {
			printed = append(printed, fmt.Sprintf("%"+verb, thing))
		}
	}
	printed = append(printed, fmt.Sprint(v), fmt.Sprintln(&h), v.String(), v.GoString(), fmt.Errorf("%w: %v", errors.New("x"), h).Error())
	for _, thing := range []any{v, &v, h, &h} {
		text, err := json.Marshal(thing)
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, string(text))
	}
	if text, err := xml.Marshal(v); err == nil {
		printed = append(printed, string(text))
	}
	var logged bytes.Buffer
	for _, l := range []*slog.Logger{slog.New(slog.NewTextHandler(&logged, nil)), slog.New(slog.NewJSONHandler(&logged, nil))} {
		l.Info("m", "v", v, "p", &v, "h", h, slog.Group("g", "v", v), slog.Any("a", []any{v, &h}))
	}
	for _, text := range append(printed, logged.String()) {
		for _, leak := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprint([]byte(canary))} {
			if strings.Contains(text, leak) {
				t.Errorf("leaked: %s", text)
			}
		}
	}
	if v.Expose() != canary || h.hidden.Expose() != canary {
		t.Error("the value is lost")
	}
}

func TestTheZeroValueIsNothing(t *testing.T) {
	var v secrets.Value
	if !v.IsZero() || v.Expose() != nil || fmt.Sprint(v) != "[secret]" {
		t.Errorf("zero: %v", v)
	}
	if secrets.Hide("").IsZero() {
		t.Error("an empty text is a value")
	}
}

func TestTwoLeavesNeverShareAPath(t *testing.T) {
	root := secrets.Path("")
	paths := map[secrets.Path]string{}
	for name, p := range map[string]secrets.Path{
		"a then b":     root.Key("a").Key("b"),
		"a.b":          root.Key("a.b"),
		"a[0]":         root.Key("a[0]"),
		"a, item 0":    root.Key("a").Index(0),
		"a, key 0":     root.Key("a").Key("0"),
		"a quote":      root.Key(`a"b`),
		"an escape":    root.Key("a\x1bb"),
		"nothing":      root.Key(""),
		"another line": root.Key("a\nb"),
	} {
		if other, taken := paths[p]; taken {
			t.Errorf("%s and %s share %s", name, other, p)
		}
		paths[p] = name
		if strings.ContainsAny(string(p), "\x1b\n") {
			t.Errorf("%s: %q is not printable", name, p)
		}
	}
	if p := root.Key("connections").Key("prod").Key("hosts").Index(2).Key("user-name"); p != "connections.prod.hosts[2].user-name" {
		t.Errorf("path %s", p)
	}
}

func TestAFingerprintIsOfTheCiphertext(t *testing.T) {
	a := secrets.FingerprintOf("ENC[AES256_GCM,data:x]")
	if len(a) != 32 || a == secrets.FingerprintOf("ENC[AES256_GCM,data:y]") || a != secrets.FingerprintOf("ENC[AES256_GCM,data:x]") {
		t.Errorf("fingerprint %s", a)
	}
}

func TestAPanicIsContained(t *testing.T) {
	for _, v := range []any{canary, errors.New(canary), secrets.Hide(canary), struct{ text string }{canary}} {
		if err := secrets.Contained(func() error { panic(v) })(); !errors.Is(err, secrets.ErrPanic) || strings.Contains(err.Error(), canary) {
			t.Errorf("%v", err)
		}
	}
	broken := errors.New("broken")
	if err := secrets.Contained(func() error { return broken })(); err != broken {
		t.Errorf("%v", err)
	}
}
