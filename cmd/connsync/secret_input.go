package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	"os"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"connsync/cmd/connsync/render"
)

// maxInput bounds one value; a manifest may have 1 MiB.
const maxInput = 512 << 10

// typed is a value typed by a person, unseen and twice, or read from standard input.
func typed(ctx context.Context, w world, what string) (string, error) {
	if f, ok := w.stdin.(*os.File); ok && render.IsTerminal(f) {
		return askedTwice(ctx, w, f, what)
	}
	text, err := io.ReadAll(io.LimitReader(w.stdin, maxInput+1))
	if err != nil {
		return "", &refusal{"standard input cannot be read", nil}
	}
	return acceptable(text)
}

// acceptable drops the line end of a single line, and refuses what is no text. Several lines stay as they are.
func acceptable(text []byte) (string, error) {
	if len(text) > maxInput {
		return "", &refusal{"a value of more than 512 KiB", nil}
	}
	if i := bytes.IndexByte(text, '\n'); i == len(text)-1 {
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	}
	odd := func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }
	if !utf8.Valid(text) || bytes.IndexFunc(text, odd) >= 0 {
		return "", &refusal{"a value that is no text: it is not UTF-8, or has control characters", nil}
	}
	return string(text), nil
}

func askedTwice(ctx context.Context, w world, terminal *os.File, what string) (string, error) {
	out := render.New(w.stderr, w.stderr, render.Options{}).Err
	text, same, err := typedTwice(ctx, out, terminal, "New value of "+what+" (it is not shown): ", "Once more: ")
	switch {
	case err != nil:
		return "", err
	case len(text) == 0:
		return "", &refusal{"nothing was typed: nothing was changed", nil}
	case !same:
		return "", &refusal{"the two are not the same: nothing was changed", nil}
	}
	return acceptable(text)
}

// typedTwice reads a line unseen, and once more unless nothing was typed.
func typedTwice(ctx context.Context, out *render.Stream, terminal *os.File, prompt, again string) (text []byte, same bool, err error) {
	if text, err = typedUnseen(ctx, out, terminal, prompt); err != nil || len(text) == 0 {
		return nil, true, err
	}
	second, err := typedUnseen(ctx, out, terminal, again)
	return text, bytes.Equal(text, second), err
}

// typedUnseen reads a line without showing it. An interruption gives the terminal back as it was. The end of the input is an empty line.
func typedUnseen(ctx context.Context, out *render.Stream, terminal *os.File, prompt string) ([]byte, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, &refusal{"the terminal cannot be asked: give the value on standard input", nil}
	}
	type answer struct {
		text []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		typed <- answer{text, err}
	}()
	for n := 0; n < 50 && reflect.DeepEqual(stateOf(fd), before); n++ { // what is typed before the terminal hides it would be shown
		time.Sleep(settled / 50)
	}
	out.Ask("%s", prompt)
	select {
	case a := <-typed:
		out.Line("")
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return nil, &refusal{"the terminal cannot be read: give the value on standard input", nil}
		}
		return a.text, nil
	case <-ctx.Done():
		time.Sleep(settled) // the reader may just be about to hide what is typed
		_ = term.Restore(fd, before)
		out.Line("")
		return nil, ctx.Err()
	}
}

// stateOf is how a terminal is set; nil where it cannot be told.
func stateOf(fd int) *term.State {
	s, _ := term.GetState(fd)
	return s
}

// settled is how long it takes at most until a reader has told the terminal what it wants.
const settled = 50 * time.Millisecond

// letters are what a generated secret is made of: no plugin, shell or URL gives them another meaning.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// generated is a random text.
func generated(n int) (string, error) {
	out := make([]byte, n)
	for i := range out {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", &refusal{"the system gives no random numbers", nil}
		}
		out[i] = letters[k.Int64()]
	}
	return string(out), nil
}
