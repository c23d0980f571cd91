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
	if r.cmd.Yes || writes == 0 || !render.IsTerminal(r.w.stdin) {
		return nil
	}
	out, done := r.toPerson()
	defer done()
	out.Ask("\nWrite %s to SecMaster? Only %s is taken for a yes: ", view.Count(writes, "connection"), render.Bold("yes"))
	if strings.TrimSpace(line(ctx, r.w.stdin)) == "yes" {
		return nil
	}
	return &refusal{"not confirmed; nothing was sent", nil}
}

// toPerson is where a question is seen by the person at stdin, whatever stdout and stderr are.
func (r *syncRun) toPerson() (*render.Stream, func()) {
	if render.IsTerminal(r.w.stderr) {
		return r.p.Err, func() {}
	}
	terminal, done := io.Writer(io.Discard), func() {}
	if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
		terminal, done = tty, func() { _ = tty.Close() }
	} else if f, ok := r.w.stdin.(*os.File); ok { // a terminal is both
		terminal = f
	}
	return render.New(r.w.stdout, terminal, render.Options{Color: r.g.Color, Env: r.w.env}).Err, done
}

// line is what a person types, or nothing after an interruption: a terminal cannot be asked to stop reading.
func line(ctx context.Context, terminal io.Reader) string {
	typed := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(terminal).ReadString('\n')
		typed <- text
	}()
	select {
	case text := <-typed:
		return text
	case <-ctx.Done():
		return ""
	}
}
