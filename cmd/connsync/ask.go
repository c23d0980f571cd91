package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/diff"
)

// confirm asks a person, wherever stdin is a terminal; a pipe is never asked.
func (r *syncRun) confirm(ctx context.Context, plans []diff.Plan) error {
	writes := 0
	for _, p := range plans {
		writes += p.Writes()
	}
	if writes == 0 || r.g.agreed(ctx, r.w, r.cmd.Yes, "Write %s to SecMaster?", view.Count(writes, "connection")) {
		return nil
	}
	return &refusal{"not confirmed; nothing was sent", nil}
}

// agreed asks the person at stdin, unless they said yes before or no one is there.
func (g *globals) agreed(ctx context.Context, w world, before bool, question string, args ...any) bool {
	if before || !render.IsTerminal(w.stdin) {
		return true
	}
	out, done := g.toPerson(w)
	defer done()
	out.Ask("\n"+question+" Type %s to continue: ", append(args, render.Bold("yes"))...)
	return strings.TrimSpace(line(ctx, w.stdin)) == "yes"
}

// toPerson is where a question is seen by the person at stdin, whatever stdout and stderr are.
func (g *globals) toPerson(w world) (*render.Stream, func()) {
	if render.IsTerminal(w.stderr) {
		return g.printer(w).Err, func() {}
	}
	terminal, done := io.Writer(io.Discard), func() {}
	if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
		terminal, done = tty, func() { _ = tty.Close() }
	} else if f, ok := w.stdin.(*os.File); ok { // a terminal is both
		terminal = f
	}
	return render.New(w.stdout, terminal, render.Options{Color: g.Color, Env: w.env}).Err, done
}

// line is what a person types, or nothing.
func line(ctx context.Context, terminal io.Reader) string {
	text, _ := wholeLine(ctx, terminal)
	return text
}

// wholeLine is what a person types, without its end; or an error after an interruption, since a terminal cannot be asked to stop reading, and where
// nothing more is typed.
func wholeLine(ctx context.Context, terminal io.Reader) (string, error) {
	type answer struct {
		text string
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := bufio.NewReader(terminal).ReadString('\n')
		typed <- answer{strings.TrimRight(text, "\r\n"), err}
	}()
	select {
	case a := <-typed:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
