// Command connsync keeps Huawei Cloud SecMaster operation connections in Git.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"connsync/apply/secmaster"
	"connsync/cmd/connsync/render"
	"connsync/manifest/gitfs"
)

func main() { os.Exit(run(system())) }

// run is the process's one command line, in a world.
func run(w world) int {
	keepApart()
	if os.Getenv(gitfs.AskVariable) != "" { // Git or ssh started it
		return gitfs.Answered(w.env, os.Args[1:], w.stdout)
	}
	collectLater()
	log.SetOutput(io.Discard) // what libraries log quotes what they were sent: net/http an answer without a request, or with GODEBUG every header
	i := interruptible()
	defer i.stop()
	w.stdout, w.stderr = i.whileRead(w.stdout), i.whileRead(w.stderr)
	code := Main(i.ctx, os.Args[1:], w)
	if code == exitDone && i.unread.Load() {
		return exitInterrupted
	}
	return code
}

// world is everything outside the process a command may touch.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	lend           func(keyType string) (back func()) // shows SOPS its variables for finding keys; nil where they are not withheld

	answers *answers // nil where text is asked for

	keys   *keyring                                  // of this run; nil where nothing is remembered
	pace   *secmaster.Pace                           // of this run; nil where each target has its own
	asks   *gitfs.Desk                               // where Git's questions arrive; nil where no person can be asked
	waits  *render.Progress                          // what is waited for is said there
	effect func(op string) error                     // hears of every effect on known state; nil for none
	wrap   func(http.RoundTripper) http.RoundTripper // sees every request to SecMaster; nil for none
}

// waitsFor tells what a target's work waits for.
func (w world) waitsFor(target string) func(what string, until time.Time) (done func()) {
	return func(what string, until time.Time) func() { return w.waits.Waiting(target, what, until) }
}

func system() world {
	own := withhold()
	return world{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: own.env, lend: own.lend}
}

// internalError is all connsync says of a panic, wherever it was.
const internalError = "internal error; please report it (no details are shown: they could hold a secret)"

// Main runs one command line and gives its exit code. A panic ends in a fixed text: what
// panicked may hold a value not to be printed.
func Main(ctx context.Context, args []string, w world) (code int) {
	defer func() {
		if recover() != nil {
			fmt.Fprintln(w.stderr, "connsync: error: "+internalError)
			code = exitFailed
			if wantsJSON(args) {
				_ = render.FailedJSON(w.stdout, code, []render.Failure{{Message: internalError}})
			}
		}
	}()
	w.stdout, w.stderr = remembered(w.stdout, "stdout"), remembered(w.stderr, "stderr")
	c := grammarFor(args)
	parser, err := kong.New(c, grammar(w)...)
	if err != nil {
		return usage(w, args, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	exited := -1
	parser.Exit = func(code int) { exited = code; panic(helpShown{}) }
	command, err := parse(parser, args)
	switch {
	case exited >= 0:
		return exited
	case err == nil:
		err = errors.Join(checkVariables(command), checkSelection(command, c))
	}
	if err != nil {
		return usage(w, args, helped(command, err))
	}
	c.globals.typed = typedIn(command)
	if asksJSON(command.Selected()) {
		w = w.answering()
	}
	w = c.globals.remembering(ctx, w)
	command.BindTo(ctx, (*context.Context)(nil))
	return c.outcome(w, helped(command, command.Run(w, &c.globals)))
}

// remembering is a world with what one run remembers, and where it says what it waits for.
func (g *globals) remembering(ctx context.Context, w world) world {
	w.keys, w.pace = &keyring{}, secmaster.NewPace(float64(g.MaxRPS))
	w.waits = g.printer(w).Progress()
	w.asks = g.desk(ctx, w)
	return w
}

// helpShown ends parsing after --help, the way kong expects the process to end.
type helpShown struct{}

func parse(p *kong.Kong, args []string) (command *kong.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(helpShown); !ok {
				panic(r)
			}
		}
	}()
	return p.Parse(args)
}

// helped adds the command's own help to an error in how it was used, where nothing better is advised.
func helped(command *kong.Context, err error) error {
	var own *advised
	var used *usageError
	var parsing *kong.ParseError
	if errors.As(err, &parsing) {
		command = parsing.Context
	} else if !errors.As(err, &used) {
		return err
	}
	if errors.As(err, &own) || command == nil || command.Selected() == nil {
		return err
	}
	return &advised{err, []string{command.Selected().FullPath() + " --help"}}
}

// usage says what is wrong with a command line. Kong's texts name flags and arguments only.
func usage(w world, args []string, err error) int {
	hints := hintsOf(err, "connsync --help")
	render.New(w.stdout, w.stderr, render.Options{}).Fail(err.Error(), hints)
	if wantsJSON(args) {
		_ = render.FailedJSON(w.stdout, exitUsage, []render.Failure{{Message: err.Error(), Hints: hints}})
	}
	return exitUsage
}
