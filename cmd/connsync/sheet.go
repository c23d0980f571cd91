package main

import (
	"connsync/diff"
	"connsync/manifest"
)

// sheet is what a diff shows, in words and in order, before a format lays it out. Nothing in it has been made harmless:
// each format does that for every text, in its own way.
type sheet struct {
	offline  bool      // between two commits: nobody can carry out exactly this
	alarms   []string  // changes of the project's own rules, each of high risk
	findings []finding // what a sync would refuse at the head, and secrets that were exposed
	sections []section // one for each target, in order of name
	totals   []total   // of all targets, in the order of actions
	hash     string    // for sync --expect-plan; "" where offline
	next     string    // the command to go on with
}

// total is how often an action stands in all plans.
type total struct {
	action diff.Action
	n      int
}

// finding is something wrong with the head of a branch, at its place.
type finding struct {
	manifest.Mistake
	fatal bool // a sync would refuse it, or a secret is exposed; otherwise it is only worth a look
}

// section is one target.
type section struct {
	target      string
	place       string // region/workspace, the latter in short
	want, known string // commits; offline: of head and base. "" where there is none
	cards       []card // in order of action, then of name; unchanged ones only with a warning
	unchanged   int    // how many connections are left alone
	files       []fileNote
	notes       []string
}

// fileNote is what a reader should know of one file: its recipients or its MAC changed.
type fileNote struct {
	path  string
	words []string
	risky bool
}

// card is one change.
type card struct {
	action   diff.Action
	name     string
	from     string // its former name, where that is another one
	file     string // "" where Git does not want it
	line     int
	plugin   string   // of a create or an adopt
	why      []string // what no field shows
	fields   []cardField
	secrets  []diff.SecretChange
	extra    []string // paths of settings that only SecMaster has
	risks    []alert  // each text begins with "high risk: "
	warnings []string
	conflict string
	hints    []string
}

// cardField is a setting in the clear that changes. Where lines is set, the value has several lines and they are the difference.
type cardField struct {
	path     string
	line     int    // in the card's file; 0 where it is not there
	old, new string // in words: texts are quoted and cut; old is "" where there is none
	cause    string // "git", "drift by NAME"; "" for a create
	lines    []lineRun
}

// alert is a high risk of a change, at its line in the card's file.
type alert struct {
	text string
	line int
}

// riskMark begins every text that says a high risk.
const riskMark = "high risk: "
