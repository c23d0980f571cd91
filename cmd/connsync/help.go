package main

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"connsync/cmd/connsync/render"
)

// helpCmd explains what is no command: `connsync help words`. `connsync help sync` is `connsync sync --help`.
type helpCmd struct {
	answerFormat

	Topic []string `arg:"" optional:"" completes:"topic" help:"A command, or a topic: ${topics}."`
}

// topics are the pages of help that belong to no command.
var topics = map[string]string{"words": words, "credentials": aboutCredentials}

func topicNames() string { return strings.Join(slices.Sorted(maps.Keys(topics)), ", ") }

// Run prints a topic, or what `COMMAND --help` does.
func (c helpCmd) Run(ctx context.Context, w world) error {
	if w.answers == nil {
		return c.show(ctx, w)
	}
	var text bytes.Buffer
	in := w
	in.stdout, in.answers = &text, nil
	err := c.show(ctx, in)
	if err == nil || errors.Is(err, exitWith(exitDone)) {
		w.give(&helpText{render.NewAnswer(), text.String()})
	}
	return err
}

func (c helpCmd) show(ctx context.Context, w world) error {
	if len(c.Topic) != 1 || topics[c.Topic[0]] == "" {
		return exitWith(Main(ctx, append(slices.Clone(c.Topic), "--help"), w))
	}
	out := render.New(w.stdout, w.stderr, render.Options{}).Out
	for line := range strings.Lines(topics[c.Topic[0]]) {
		out.Line("%s", strings.TrimSuffix(line, "\n"))
	}
	return nil
}

// versionFlag is `connsync --version`.
type versionFlag bool

// BeforeReset prints the version and ends, whatever else the command line holds.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	if err := (versionCmd{Format: "text"}).Run(world{stdout: app.Stdout, stderr: app.Stderr}); err != nil {
		return err
	}
	app.Exit(exitDone)
	return nil
}

// showHelp prints help without the flags that mean nothing to the command. The command names the others in its tag `takes`.
func showHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if command := ctx.Selected(); command != nil {
		for _, f := range ctx.Model.Flags {
			f.Hidden = !means(command, f)
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

// means tells whether a flag means something to a command: one of its own does, and of those of every command the ones it names.
func means(command *kong.Node, f *kong.Flag) bool {
	return !f.Hidden && (!slices.Contains(root(command).Flags, f) || command.Type == kong.ApplicationNode || f.Name == "help" || f.Name == "color" || takes(command, f.Name))
}

func root(n *kong.Node) *kong.Node {
	for n.Parent != nil {
		n = n.Parent
	}
	return n
}

// takes tells whether a flag of every command means something to this one. A command within another takes what the outer one does.
func takes(command *kong.Node, flag string) bool {
	for n := command; n != nil && n.Tag != nil; n = n.Parent {
		if named := strings.Fields(n.Tag.Get("takes")); slices.Contains(named, flag) || slices.Contains(named, "all") {
			return true
		}
	}
	return false
}

// words explains what plans and reports say in a word.
const words = `The words of plans and reports

  adopt         Take over a connection that is in SecMaster already. Nothing is
                created. It needs  adopt: ID  in the manifest, unless SecMaster
                shows every setting and all are equal.
  conflict      connsync cannot tell whose a connection is, or two want the
                same name. It is left as it is until the manifest says more.
  destination   A setting that says where secrets are sent: an address, a proxy,
                a certificate that is trusted.
  drift         SecMaster shows something else than the last sync wrote.
  Git, state    At the top of a plan: the commit of the manifests, and that of
                known state.
  high risk     A change that can send secrets elsewhere, show them to more
                readers, or destroy something. Look at each.
  incomplete    A manifest with settings that have no value yet:
                set  fills them in. Such a connection is never written.
  known state   What the last syncs wrote, without secrets. It is kept in Git
                under connsync-state/TARGET.
  orphaned      connsync wrote it, and Git no longer wants it. Only
                sync --prune  deletes it.
  re-encrypted  A ciphertext is another one. The value may be the same.
  retarget      Send the connections of a target to another workspace:
                sync --retarget NAME
  seal          An encrypted line of a connection that says where its secrets
                may go. Only who holds the file's key can write it.
  settle        Find out what became of a write that had no answer, by reading
                complete lists.
  touched       SecMaster says that the connection changed, and shows no
                difference: something it does not show may have.
  unconfirmed   It was written, and SecMaster shows too little to prove it.
  unverified    connsync cannot know whether the secret in SecMaster is the one
                in Git. A sync compares it, if SecMaster shows it in the clear;
                sync --rewrite NAME  writes it once more.
  unmanaged     A connection in SecMaster that Git does not name. It is never
                touched.
`
