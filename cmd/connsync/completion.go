package main

import (
	"strings"

	"github.com/alecthomas/kong"

	"connsync/cmd/connsync/complete"
	"connsync/cmd/connsync/render"
)

// completionCmd prints what a shell reads to complete command lines.
type completionCmd struct {
	answerFormat

	Shell string `arg:"" enum:"bash,zsh,fish,powershell" help:"bash, zsh, fish or powershell."`
}

func (completionCmd) Help() string {
	return "Prints a script. With it, the shell completes commands, flags, values, targets, connections and files when you press Tab. " +
		"Names come from the manifests of the worktree and from known state in this clone: nothing is decrypted, and no network is used. Packages install the scripts.\n\n" +
		examples("source <(connsync completion bash)      # in ~/.bashrc; bash 4 and newer",
			"source <(connsync completion zsh)       # in ~/.zshrc, after compinit",
			"connsync completion fish | source       # in ~/.config/fish/config.fish",
			"connsync completion powershell | Out-String | Invoke-Expression    # in $PROFILE")
}

// Run prints the script.
func (c completionCmd) Run(w world) error {
	script, err := complete.Script(c.Shell)
	if err != nil {
		return err
	}
	if w.answers != nil {
		w.give(&completionScript{render.NewAnswer(), c.Shell, script})
		return nil
	}
	out := render.New(w.stdout, w.stderr, render.Options{}).Out
	for line := range strings.Lines(script) {
		out.Line("%s", strings.TrimSuffix(line, "\n"))
	}
	return nil
}

// completeCmd is what the scripts call. Each word has a "=" before it, so that none is empty and none is a flag of this command.
type completeCmd struct {
	Shell string   `arg:"" enum:"bash,zsh,fish,powershell" help:"The shell that asks."`
	Words []string `arg:"" name:"word" help:"The words up to the cursor; of bash, the line and what ends a word in it."`
}

// Run prints how the line may go on: its kind, then a word in each line. It says no error: a person is typing.
func (c completeCmd) Run(w world, parsed *kong.Kong) error {
	var words []string
	for _, word := range c.Words {
		words = append(words, strings.TrimPrefix(word, "="))
	}
	g := complete.Grammar{App: parsed.Model, Means: means, Names: namesFor(w), Harmful: func(text string) bool { return render.Harmless(text) != text }}
	var a complete.Answer
	switch {
	case c.Shell != "bash":
		a = g.Complete(words)
	case len(words) == 2:
		a = g.Bash(words[0], words[1])
	}
	out := render.New(w.stdout, w.stderr, render.Options{}).Out
	kind := a.Kind
	if a.Open {
		kind += " open"
	}
	out.Line("%s", kind)
	for _, word := range a.Words {
		if word.About == "" || c.Shell == "bash" {
			out.Line("%s", word.Text)
			continue
		}
		out.Line("%s\t%s", word.Text, word.About)
	}
	return nil
}
