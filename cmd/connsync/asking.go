package main

import (
	"context"
	"os"
	"slices"
	"strings"

	"connsync/cmd/connsync/render"
	"connsync/manifest/gitfs"
)

// desk is where Git's questions arrive: at the person at stdin. It is nil where no one is there, in CI, and where Git was told not to ask on a terminal.
// An interruption ends a question at once, also a push's. The push outlives it: it goes on, and fails for want of an answer.
func (g *globals) desk(interrupted context.Context, w world) *gitfs.Desk {
	if !render.IsTerminal(w.stdin) || inCI(w) || slices.Contains([]string{"0", "false", "no", "off"}, strings.ToLower(w.env("GIT_TERMINAL_PROMPT"))) {
		return nil
	}
	own, err := os.Executable()
	if err != nil {
		return nil
	}
	return gitfs.NewDesk(own, func(ctx context.Context, q gitfs.Question) (string, error) {
		ctx, end := context.WithCancel(ctx)
		defer end()
		defer context.AfterFunc(interrupted, end)()
		if interrupted.Err() != nil {
			return "", interrupted.Err()
		}
		return g.asked(ctx, w, q)
	})
}

// asked puts one of Git's questions to the person at stdin. Every line of it is a stranger's, and stands behind a margin.
func (g *globals) asked(ctx context.Context, w world, q gitfs.Question) (string, error) {
	defer w.waits.Aside()()
	out, done := g.toPerson(w)
	defer done()
	lines := shortened(q.Text)
	last := len(lines) - 1
	if q.Kind == gitfs.AskNotice {
		out.Line("git says:")
	} else {
		out.Line("git asks:")
	}
	for _, l := range lines[:last] {
		out.Line("  %s", l)
	}
	terminal, ok := w.stdin.(*os.File)
	if q.Kind == gitfs.AskSecret && ok {
		text, err := typedUnseen(ctx, out, terminal, "  "+lines[last])
		return string(text), err
	}
	out.Ask("  %s", lines[last])
	if q.Kind == gitfs.AskNotice {
		<-ctx.Done()
		out.Line("")
		return "", ctx.Err()
	}
	return wholeLine(ctx, w.stdin)
}

// shortened are the lines of a question. The last ones matter most.
func shortened(text string) []string {
	const most, longest = 20, 500
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	lines := strings.Split(text, "\n")
	lines = lines[max(0, len(lines)-most):]
	for i, l := range lines {
		if runes := []rune(l); len(runes) > longest {
			lines[i] = "…" + string(runes[len(runes)-longest:])
		}
	}
	return lines
}
