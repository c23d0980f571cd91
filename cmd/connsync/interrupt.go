package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"connsync/cmd/connsync/render"
)

// interrupts are what end a command before its time: a signal, or the loss of its output's reader. Either ends ctx, so that
// what was sent is recorded.
type interrupts struct {
	ctx    context.Context
	end    context.CancelFunc
	stop   func()
	unread atomic.Bool // stdout or stderr has no reader any more
}

// interruptible listens from here on. The first SIGINT, SIGTERM or SIGHUP ends ctx; a later SIGINT or SIGTERM ends the process at
// once. A second SIGHUP does not: the kernel and the shell each send one when a session is lost. Under nohup SIGHUP stays ignored.
func interruptible() *interrupts {
	i := &interrupts{}
	i.ctx, i.end = context.WithCancel(context.Background())
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE) // it would end the process; the failing write names its stream
	go func() {
		for n := 0; ; n++ {
			s, ok := <-signals
			switch {
			case !ok:
				return
			case n > 0 && s != syscall.SIGHUP:
				os.Exit(exitInterrupted)
			}
			i.end()
		}
	}()
	i.stop = func() {
		signal.Stop(signals)
		signal.Stop(pipes)
		close(signals)
		i.end()
	}
	return i
}

// errUnread is a write without a reader any more. It counts as an interruption.
var errUnread = fmt.Errorf("%w: %w", context.Canceled, syscall.EPIPE)

// whileRead is a stream with a reader who may go away, as in `connsync sync | head -1`. A terminal's comes with a SIGHUP.
func (i *interrupts) whileRead(w io.Writer) io.Writer {
	if render.IsTerminal(w) {
		return w
	}
	return readBy{w, i}
}

type readBy struct {
	io.Writer
	i *interrupts
}

func (r readBy) Write(p []byte) (int, error) {
	n, err := r.Writer.Write(p)
	if !errors.Is(err, syscall.EPIPE) {
		return n, err
	}
	r.i.unread.Store(true)
	r.i.end()
	return n, errUnread
}
