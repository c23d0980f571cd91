package main

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"connsync/cmd/connsync/render"
)

// cli is the grammar of command lines.
type cli struct {
	globals

	ShowVersion versionFlag `name:"version" help:"Print the version."`

	Commands any `embed:""` // all of them, or the one that is needed
}

// subcommands are all commands.
type subcommands struct {
	Init     initCmd      `cmd:"" takes:"dir config endpoint domain ca-file quiet verbose" help:"Write what a repository begins with: the project, the rules for secrets, CI and editors."`
	Validate validateCmd  `cmd:"" takes:"dir config repo ref target quiet verbose" help:"Check every manifest. Offline; needs no key."`
	Diff     diffCmd      `cmd:"" takes:"all" help:"Show what a sync would do. Needs no decryption key, and cannot write."`
	Sync     syncCmd      `cmd:"" takes:"all" help:"Create what is missing and update what changed."`
	Set      setCmd       `cmd:"" takes:"dir config" help:"Change one value of a manifest in place; encrypted where its rule says so."`
	Rename   renameCmd    `cmd:"" takes:"dir config" help:"Give a connection another name, with its secrets."`
	Reseal   resealCmd    `cmd:"" takes:"dir config" help:"Bring manifests to their rules in .sops.yaml, and keep what is encrypted."`
	Seal     sealCmd      `cmd:"" takes:"dir config target" help:"Sign where the secrets of connections may go."`
	Secrets  secretsCmd   `cmd:"" takes:"dir config ref target only" help:"Show how old each secret is, and who could open it. Offline; needs no key."`
	Merge    mergingCmd   `cmd:"" takes:"dir config" name:"merge-driver" help:"Merge a manifest for Git: each connection as one unit, signed where a key is at hand."`
	Import   importCmd    `cmd:"" takes:"dir config target only endpoint domain ca-file narrow max-rps quiet verbose" help:"Write manifests for the connections that the workspaces have already."`
	Plugins  pluginsCmd   `cmd:"" takes:"dir config target endpoint domain ca-file narrow max-rps quiet verbose" help:"Show the plugins of the workspaces and their settings; keep them for offline checks."`
	Doctor   doctorCmd    `cmd:"" takes:"dir config repo ref target endpoint domain ca-file narrow max-rps state quiet verbose local-state" help:"Look at all that a sync needs, and at what this SecMaster does. Read-only."`
	Schema   schemaCmd    `cmd:"" takes:"dir config" help:"Print JSON Schema of manifests or of connsync.yaml, for editors."`
	Targets  targetsCmd   `cmd:"" takes:"dir config repo ref target shard" help:"Print the names of the targets, or jobs for them, for a CI system."`
	Known    stateCmd     `cmd:"" takes:"dir config repo ref target only endpoint state quiet verbose" name:"state" help:"Look at known state, and repair it."`
	Report   reportCmd    `cmd:"" takes:"quiet" help:"Make one status of the reports of many syncs."`
	Emulator emulatorCmds `cmd:"" help:"Serve an emulated SecMaster on loopback, and play its console."`
	Demo     demoCmd      `cmd:"" takes:"quiet" alone:"" help:"Show the main job in a few seconds, with nothing but this program."`
	IAM      iamCmd       `cmd:"" name:"iam" alone:"" help:"Print the least IAM policy that a job needs."`
	Version  versionCmd   `cmd:"" alone:"" help:"Print the version."`
	Help     helpCmd      `cmd:"" alone:"" help:"Explain a command, or a topic, as in  connsync help words"`

	Completion completionCmd `cmd:"" alone:"" help:"Print the script that completes command lines in a shell."`
	Complete   completeCmd   `cmd:"" alone:"" hidden:"" whole:"yes" help:"Complete a command line; the scripts of  connsync completion  call it."`
}

// grammarFor is the grammar of a command line that begins with a command: there is no other in it, since kong takes as long for a flag as for all else that
// a start does with it. Any other line has all commands.
func grammarFor(args []string) *cli {
	all := reflect.TypeFor[subcommands]()
	for i := range all.NumField() {
		if f := all.Field(i); len(args) > 0 && args[0] == nameOf(f) && f.Tag.Get("whole") == "" {
			return &cli{Commands: reflect.New(reflect.StructOf([]reflect.StructField{f})).Interface()}
		}
	}
	return &cli{Commands: new(subcommands)}
}

// nameOf is how a command is typed.
func nameOf(f reflect.StructField) string {
	return cmp.Or(f.Tag.Get("name"), strings.ToLower(f.Name))
}

// globals are the flags of every command.
type globals struct {
	Dir      string   `completes:"folders" short:"C" placeholder:"DIR" default:"." help:"Work in this directory of the repository."`
	Config   string   `completes:"files" env:"CONNSYNC_CONFIG" placeholder:"FILE" default:"connsync.yaml" help:"The project file, from the repository's root (${env})."`
	Repo     string   `completes:"folders" placeholder:"URL" help:"Read the manifests from this repository, cloned into memory, instead of the worktree."`
	Ref      string   `placeholder:"REF" help:"Read the manifests from this branch, tag or commit instead of the worktree."`
	Target   []string `completes:"target" short:"t" placeholder:"NAME" help:"Only this target (repeatable). Default: all."`
	Shard    shard    `placeholder:"I/N" help:"Only part I of N parts of the targets, by a hash of their names: a new target moves no other one."`
	Only     []string `completes:"pattern" type:"pattern" placeholder:"PATTERN" help:"Only connections whose name matches, as in 'edr_*' (repeatable). * ? and [a-z] are wildcards, also for a slash; a backslash before one of them, or a comma, means the sign itself, as in 'a\\*b' or '\\[x]'."`
	Color    string   `enum:"auto,always,never" default:"auto" placeholder:"WHEN" help:"Colour: auto, always or never. NO_COLOR is honoured."`
	Quiet    bool     `short:"q" help:"No progress."`
	Verbose  bool     `short:"v" help:"Log every request: method, path, status, time; never a body or a header. Also show each change of a long plan."`
	Endpoint string   `env:"CONNSYNC_ENDPOINT" placeholder:"URL" help:"SecMaster's address; default: from the region (${env})."`
	Domain   []string `env:"CONNSYNC_DOMAINS" placeholder:"DOMAIN" help:"Let connsync.yaml name addresses in this domain (repeatable; ${env}, with commas)."`
	CAFile   string   `completes:"files" name:"ca-file" env:"CONNSYNC_CA_FILE" placeholder:"FILE" help:"Also trust the certificates in this file, in PEM, for SecMaster and IAM (${env})."`
	MaxRPS   rps      `name:"max-rps" placeholder:"N" help:"Send SecMaster at most N requests a second, for those who share its limit with others. Without it connsync finds out what is taken."`
	Narrow   bool     `help:"Ask for temporary keys that may do only what this command needs."`
	State    string   `completes:"folders" env:"CONNSYNC_STATE" placeholder:"PATH|URL" help:"Keep known state in this Git repository instead (${env})."`

	typed commandTyped

	LocalState bool `help:"Known state that only this clone has is good enough: for a sync in CI without a remote, and for diff --exit-code."`
}

const about = `connsync keeps Huawei Cloud SecMaster operation connections in Git.

It reads the wanted connections from YAML manifests, decrypts their SOPS-protected settings in
memory, creates what is missing, and updates what changed.

  First minute    connsync demo
  Before a push   connsync validate && connsync sync --dry-run
  Pull request    connsync diff --base origin/main   (no key, no network)
  On merge        connsync sync
  Every night     connsync diff --exit-code
  A word          connsync help words

Exit codes:

  0    done, or nothing to do
  1    failed; nothing was changed
  2    changes are pending (diff --exit-code)
  3    some changes were made, some failed
  4    the outcome of a write is unknown
  5    refused: a conflict, a safety limit, or another sync holds the state
  80   usage
  130  interrupted; what was done is recorded`

func grammar(w world) []kong.Option {
	return append(values(),
		kong.Name("connsync"),
		kong.Description(about),
		kong.Writers(w.stdout, w.stderr),
		kong.PostBuild(fillIn),
		kong.Help(showHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
}

// fillIn puts texts that are made elsewhere where the grammar names them. As kong.Vars they would do the same, but kong reads the whole of
// each again for every flag: that was more than a third of what reading a command line takes.
func fillIn(k *kong.Kong) error {
	filled := strings.NewReplacer("${layout}", importLayout, "${topics}", topicNames(), "${formats}", render.FormatNames(), "${formats_help}", render.FormatHelp())
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		if v, ok := node.(*kong.Value); ok {
			v.Default, v.Enum, v.Help = filled.Replace(v.Default), filled.Replace(v.Enum), filled.Replace(v.Help)
		}
		return next(nil)
	})
}

// examples formats the lines of a command's help.
func examples(lines ...string) string {
	return "Examples:\n\n  " + strings.Join(lines, "\n  ")
}
