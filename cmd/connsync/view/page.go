// Package view puts a plan, a review or a report into words, for every format read by people. Nothing in its words has been
// made harmless: package render does that where it writes them.
package view

import (
	"fmt"
	"slices"
	"strings"

	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
)

// Diff is everything in a diff, before it is put into words.
type Diff struct {
	Offline  bool // between two commits
	All      bool // the text names unchanged connections too
	Others   bool // the text names connections not managed by connsync
	Plans    []diff.Plan
	Alarms   []Alarm               // changes of the project's own rules, each of high risk
	Findings []Finding             // what a sync would refuse at the head, and exposed secrets
	Files    map[string][]FileNote // by target
	Failed   []Finding             // what kept targets from being planned or looked at: the plans are not all there is

	Again func(command string) string // adds what the next command has to repeat of this one; nil for nothing
}

// Finding is something wrong with the head of a branch, at its place.
type Finding struct {
	manifest.Mistake
	Fatal bool // a sync would refuse it, or a secret is exposed; otherwise it is only worth a look
}

// Alarm is a change of the project's own rules.
type Alarm struct {
	File string
	Kind review.RuleKind // so that many can be counted
	Text string          // with its file
}

// FileNote is what a reader should know of one file: its recipients or its MAC changed.
type FileNote struct {
	Path  string
	Words []string
	Risky bool
	Facts []FileFact // the same, for machines
}

// FileFact is one change of a file's encryption; the recipient is empty where it is about none.
type FileFact struct{ Kind, RecipientKind, Recipient string }

// Refused tells whether a sync would refuse the head.
func (d Diff) Refused() bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Fatal })
}

// Pending tells whether something waits to be done or decided.
func (d Diff) Pending() bool { return slices.ContainsFunc(d.Plans, diff.Plan.Pending) }

// Page is a diff in words and in order, before a format lays it out.
type Page struct {
	Offline  bool
	Alarms   []Alarm
	Findings []Finding
	Targets  []Target // in order of name
	Totals   []Total  // of all targets, in the order of Actions
	Hash     string   // for sync --expect-plan; "" where offline
	Next     string   // the command to go on with
}

// Total is how often an action stands in all plans.
type Total struct {
	Action diff.Action
	N      int
}

// Target is one target.
type Target struct {
	Anchor    string // its name within the page
	Name      string
	Place     string   // region/workspace, the latter in short
	Commits   []Commit // the existing ones
	Cards     []Card   // in the order of Actions, then of name; unchanged ones only with a warning, or where all are asked for
	Unchanged int      // how many connections are left alone
	Files     []FileNote
	Notes     []string
}

// Commit is a commit that a plan was made from, with the word for its part in it.
type Commit struct{ Label, Hash string }

// Card is one change.
type Card struct {
	Anchor   string
	Action   diff.Action
	Name     string
	From     string // its former name, where it differs
	File     string // "" where Git does not want it
	Line     int
	Plugin   string   // of a create or an adopt
	Of       string   // the plugin, whatever the action
	Why      []string // what no field shows
	Fields   []Field
	Secrets  []Secret
	Extra    []string // paths of settings only in SecMaster
	Risks    []Risk
	Warnings []string
	Conflict string
	Hints    []string
}

// Field is a setting in the clear that changes. Where Lines is set, the value has several lines and they are the difference.
type Field struct {
	Path     string
	Line     int    // in the card's file; 0 where it is not there
	Old, New string // in words: texts are quoted and cut; Old is "" where there is none
	Cause    string // "git", "drift by NAME"; "" for a create
	Lines    []Line
}

// Secret is a secret and the word for it. No more is ever said of a secret.
type Secret struct {
	Path string
	Word diff.Word
}

// Risk is a reason to look twice, and where.
type Risk struct {
	Target, Name string // of a change
	Anchor       string
	File         string // of a change or of a file note
	Line         int
	Text         string
}

// Place is where a finding stands.
func (f Finding) Place() string { return At(f.Pos) }

// Said is a note's text.
func (f FileNote) Said() string { return strings.Join(f.Words, ", ") }

// Short is a setting's path without the config around most of them.
func (f Field) Short() string { return strings.TrimPrefix(f.Path, "config.") }

// Said is the word for a secret, as it stands behind its path.
func (s Secret) Said() string {
	if s.Word == diff.Set {
		return "(set)"
	}
	return string(s.Word)
}

// Pos is where a change stands in Git.
func (c Card) Pos() manifest.Position { return manifest.Position{File: c.File, Line: c.Line} }

// Place is Pos in words; "" where Git does not want the connection.
func (c Card) Place() string {
	if c.File == "" {
		return ""
	}
	return At(c.Pos())
}

// At is a position in words.
func At(pos manifest.Position) string {
	if pos.Line > 0 && pos.Column > 0 {
		return fmt.Sprintf("%s:%d:%d", pos.File, pos.Line, pos.Column)
	}
	return pos.String()
}
