package view

import (
	"slices"
	"strings"
	"time"

	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
)

// Ages is every secret with its age, or those that one recipient could open, before a format lays it out.
type Ages struct {
	Reader   string      // in words, where secrets that one recipient could open are listed; "" for all secrets
	Known    bool        // the recipient is one of some version, or of a rule
	Targets  []AgeTarget // in order of name
	Warnings []Warning
	Steps    []Step // what takes the secrets from the recipient, in order
	Complete bool   // the history was read whole
}

// AgeTarget is the secrets of one target.
type AgeTarget struct {
	Name    string
	Max     int // days; 0 for no limit
	Secrets []SecretAge
}

// SecretAge is one secret.
type SecretAge struct {
	Target, Name, Setting string
	File                  string
	Line, Column          int
	Committed             bool
	Set, Commit           string // when its value was set, as RFC 3339, and in which commit; "" where it is in none yet
	Days                  int
	AtLeast               bool   // it may be older
	Perhaps               string // when it may have been set anew: nothing tells; "" where it cannot have been
	Max                   int    // days; 0 for no limit
	Old                   bool   // older than that
	Unjudged              bool   // no one can tell
	InClear               string // a commit with the value in the clear
	Recipients            []AgeReader
	Readers               []AgeReader // everyone who could ever open it
	Twins                 []string    // other secrets of the same value: TARGET/NAME.SETTING
	Command               string      // to set another value
}

// AgeReader is a recipient, and how it could open a value.
type AgeReader struct {
	Kind, ID string
	Commit   string // the last it could open; "" for a value in no commit yet
	Key      bool   // it could open the file's data key in another version only
	Still    bool   // it is a recipient of the file
	Asked    bool   // it is the one whose secrets are listed
}

// Warning is something to know, and what to do about it.
type Warning struct {
	Text  string
	Hints []string
}

// Step is commands to run together.
type Step struct {
	Says     string
	Commands []string
}

// AgesOf says what is in an inventory.
type AgesOf struct {
	Inventory review.Inventory
	Side      review.Side
	Now       time.Time
	Shallow   bool
	Reader    string // as it was typed; "" for all
	Selects   func(target, name string) bool
}

// Ages puts an inventory into words.
func (o AgesOf) Ages() Ages {
	out := Ages{Complete: o.Inventory.Complete, Known: true}
	if o.Reader != "" {
		out.Reader, out.Known = o.reader()
	}
	for _, s := range o.Inventory.Secrets {
		if !o.Selects(s.Target, s.Name) || o.Reader != "" && !o.readable(s) {
			continue
		}
		if n := len(out.Targets); n == 0 || out.Targets[n-1].Name != s.Target { // they are in order
			out.Targets = append(out.Targets, AgeTarget{Name: s.Target, Max: o.Side.Project.MaxAge(s.Target)})
		}
		t := &out.Targets[len(out.Targets)-1]
		t.Secrets = append(t.Secrets, o.secret(s, t.Max))
	}
	out.Warnings = o.warnings(out)
	if o.Reader != "" {
		out.Steps = o.steps(out)
	}
	return out
}

// secret is one secret in words.
func (o AgesOf) secret(s review.Secret, limit int) SecretAge {
	out := SecretAge{
		Target: s.Target, Name: s.Name, Setting: string(s.Path), File: s.File, Line: s.Pos.Line, Column: s.Pos.Column,
		Max: limit, InClear: s.InClear.Commit, Command: "connsync set " + manifest.ShellWord(s.Target+"/"+s.Name+"."+string(s.Path)),
	}
	if s.Set.Commit != "" {
		age := max(o.Now.Sub(s.Set.Time), 0)
		out.Committed, out.Set, out.Commit, out.Days = true, s.Set.Time.UTC().Format(time.RFC3339), s.Set.Commit, int(age/day)
		out.Old = limit > 0 && age > time.Duration(limit)*day
		out.AtLeast = s.AtLeast
		out.Unjudged = limit > 0 && s.AtLeast && !out.Old
	}
	if s.Perhaps.Commit != "" {
		out.Perhaps = s.Perhaps.Time.UTC().Format(time.DateOnly)
	}
	for _, r := range s.Now {
		out.Recipients = append(out.Recipients, AgeReader{Kind: r.Kind, ID: r.ID, Still: true})
	}
	for _, r := range s.Readers {
		out.Readers = append(out.Readers, AgeReader{Kind: r.Kind, ID: r.ID, Commit: r.Since.Commit, Key: r.Key, Still: r.Still, Asked: o.Reader != "" && o.asked(r.Recipient)})
	}
	for _, twin := range s.Twins {
		out.Twins = append(out.Twins, spotWord(twin))
	}
	return out
}

const day = 24 * time.Hour

func spotWord(s diff.Spot) string { return s.Target + "/" + s.Name + "." + string(s.Path) }

// reader is the typed recipient, in words, and whether anything names it.
func (o AgesOf) reader() (word string, known bool) {
	for _, r := range o.everyone() {
		if o.asked(r) {
			return r.String(), true
		}
	}
	return Quoted(o.Reader), false
}

// everyone is all recipients of all versions and rules.
func (o AgesOf) everyone() []manifest.Recipient {
	out := slices.Clone(o.Inventory.Known)
	for _, f := range o.Side.Set.Files {
		if rule, _ := o.Side.Set.Rules.For(f.Path); rule != nil {
			out = append(out, manifest.Missing(rule.Recipients, out)...)
		}
	}
	return out
}

// asked tells whether a recipient is the typed one: by its id, or as connsync prints it.
func (o AgesOf) asked(r manifest.Recipient) bool {
	typed := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(o.Reader), r.Kind+" "))
	same := manifest.Recipient{Kind: r.Kind, ID: strings.Trim(typed, `"`)}
	return len(manifest.Missing([]manifest.Recipient{same}, []manifest.Recipient{r})) == 0 || sshKey(typed) != "" && sshKey(typed) == sshKey(r.ID)
}

// sshKey is an SSH key without its comment; "" for what is none.
func sshKey(s string) string {
	words := strings.Fields(s)
	if len(words) < 2 || !strings.HasPrefix(words[0], "ssh-") {
		return ""
	}
	return words[0] + " " + words[1]
}

// readable tells whether the recipient could open the value; what stood in the clear could be read by all.
func (o AgesOf) readable(s review.Secret) bool {
	return s.InClear.Commit != "" || slices.ContainsFunc(s.Readers, func(r review.Reader) bool { return o.asked(r.Recipient) })
}
