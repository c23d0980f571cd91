package view

import (
	"fmt"
	"strings"
	"time"

	"connsync/diff/review"
	"connsync/manifest"
)

// Findings puts what a review found into words.
func Findings(fs []review.Finding) []Finding {
	var out []Finding
	for _, f := range fs {
		m := f.Mistake
		m.Twin = nil // of the two, this is the one to tell
		if f.Kind != review.Wrong {
			m = manifest.Mistake{Pos: f.Pos}
			m.Message, m.Hints = findingWords(f)
		}
		out = append(out, Finding{m, f.Fatal})
	}
	return out
}

// findingWords say what is wrong, and what to do about it.
func findingWords(f review.Finding) (message string, hints []string) {
	s, name := f.Spot, manifest.SaidName(f.Spot.Name)
	switch f.Kind {
	case review.Edited:
		hints = []string{"undo the edit, and make it with  sops edit " + manifest.ShellWord(s.File),
			"after a merge, take the whole file of one side from Git, with its sops block, and make the changes of the other side again with sops"}
		if !f.MACOnly {
			hints = append(hints, "with  mac_only_encrypted: true  in "+manifest.RulesFile+" values in the clear may be edited by hand")
		}
		return "edited without sops: values were changed, added or removed, and the MAC is still the old one, so the file does not open", hints
	case review.Mixed:
		return "mixed from two versions of the file that have different data keys, as a merge by hand does: sops cannot open it",
			[]string{"take the whole file of one side from Git, with its sops block, and make the changes of the other side again with sops"}
	case review.Moved:
		return fmt.Sprintf("%s of %s in target %s has the ciphertext that was %s of %s in target %s: a ciphertext opens in one place only",
			s.Path, name, s.Target, f.From.Path, manifest.SaidName(f.From.Name), f.From.Target), movedHints(f)
	case review.Repointed:
		return string(s.Path) + " of " + name + " changed, and the connection was not sealed since: a sync refuses to send its secrets elsewhere",
			[]string{manifest.SealHint(s.File), "or let review alone decide:  secrets: {destinations: reviewed}  in connsync.yaml"}
	case review.Unsealed:
		return name + " had a seal, and has none: a sync refuses to send its secrets", []string{"restore the seal", manifest.SealHint(s.File)}
	case review.Resealed:
		return string(s.Path) + " of " + name + " is not what it was when the connection was sealed: a sync refuses to send its secrets",
			[]string{"undo the change, if no holder of the key made it", manifest.SealHint(s.File)}
	case review.Exposed:
		return exposedWords(f)
	case review.Replaced:
		return string(s.Path) + " of " + name + " was in the clear in commit " + CutHash(f.Commit) + ", and its manifest says under exposed that it is another value now", nil
	case review.Needless:
		why := "nothing tells that it was in the clear, or it was set to another value"
		if f.Merged {
			why = "commit " + CutHash(f.Commit) + " is part of the base"
		}
		return "exposed of " + name + " is not needed for " + string(s.Path) + ": " + why, []string{"remove the entry"}
	}
	return "the history is cut off or very long: not every commit of the branch was searched for secrets in the clear, and whether a merge broke a file was not judged", []string{"fetch more of it:  git fetch --deepen=100"}
}

// exposedWords say that a secret was in the clear, and what may answer that.
func exposedWords(f review.Finding) (message string, hints []string) {
	s := f.Spot
	message = string(s.Path) + " of " + manifest.SaidName(s.Name) + " was in the clear in commit " + CutHash(f.Commit) + ": everyone with that commit has the secret"
	hints = []string{"rotate it where it is used, and set the new value with  sops edit " + manifest.ShellWord(s.File)}
	until := f.Until[:min(len(f.Until), 12)]
	switch {
	case f.Named != "" && f.Proven:
		message += ". What its manifest says under exposed is not so: the value is the same"
	case f.Named != "":
		message += ". What its manifest says under exposed is of commit " + CutHash(f.Named) + ", which does not contain " + until
		hints = append(hints, "or say it of commit "+until)
	case until != "" && f.Fatal:
		hints = append(hints, "if it is another value already, and nothing here tells, say so in the connection:  exposed: [{setting: "+string(s.Path)+", commit: \""+until+"\", reason: …}]")
	}
	return message, hints
}

// movedHints say what to do about a ciphertext that stands elsewhere: sops cannot open such a file, so it is undone first.
func movedHints(f review.Finding) []string {
	undo := "undo the change: sops ties a secret to its target, connection and setting"
	if f.Spot.Target == f.From.Target && f.Spot.Name != f.From.Name {
		return []string{undo, "or, to rename the connection with its secrets, with the file's key:  connsync rename " + manifest.ShellWord(manifest.PlaceOf(f.From.Target, f.From.Name)) + " " + manifest.ShellWord(f.Spot.Name)}
	}
	return []string{undo, "then make it again with the file's key, which encrypts the secret for its new place:  sops edit " + manifest.ShellWord(f.Spot.File)}
}

// RuleChanges puts changes of the rules into words.
func RuleChanges(cs []review.RuleChange) []Alarm {
	var out []Alarm
	for _, c := range cs {
		out = append(out, Alarm{c.File, c.Kind, ruleWord(c)})
	}
	return out
}

// RulesFile is what changes in one file of rules, in the order of the alarms.
type RulesFile struct {
	Path   string
	Alarms []Alarm
}

// RulesFiles are the alarms by file, in the order in which the files come first.
func (p Page) RulesFiles() []RulesFile {
	var out []RulesFile
	at := map[string]int{}
	for _, a := range p.Alarms {
		i, ok := at[a.File]
		if !ok {
			i, at[a.File] = len(out), len(out)
			out = append(out, RulesFile{Path: a.File})
		}
		out[i].Alarms = append(out[i].Alarms, a)
	}
	return out
}

// ruleKinds are the kinds in words that can be counted, in the order in which a reader wants them.
var ruleKinds = []struct {
	kind review.RuleKind
	word string
}{
	{review.ProjectUnread, "unread before"}, {review.DestinationsReviewed, "no seal compared"}, {review.RecipientAdded, "recipients added"},
	{review.RulesGone, "all rules gone"}, {review.RulesOrder, "another order"}, {review.RuleGone, "rules gone"}, {review.RuleNew, "new rules"},
	{review.RuleValue, "rules changed"}, {review.ProjectValue, "settings changed"}, {review.TargetNew, "new targets"}, {review.TargetGone, "targets gone"},
	{review.PluginsGone, "plugins gone"}, {review.PasswordGone, "passwords gone"}, {review.RecipientRemoved, "recipients removed"},
}

// Said is how much of what changes in the file, on one line whatever their number.
func (f RulesFile) Said() string {
	n := map[review.RuleKind]int{}
	for _, a := range f.Alarms {
		n[a.Kind]++
	}
	var out []string
	for _, k := range ruleKinds {
		if n[k.kind] > 0 {
			out = append(out, fmt.Sprintf("%s %d", k.word, n[k.kind]))
		}
	}
	return Count(len(f.Alarms), "change") + ": " + List(out)
}

func ruleWord(c review.RuleChange) string {
	in := c.File + ": "
	rule := in + ruleName(c.Rule)
	switch c.Kind {
	case review.ProjectUnread:
		return c.File + " had mistakes before, so what changes in it cannot be told"
	case review.ProjectValue:
		return fmt.Sprintf("%s%s changes from %s to %s", in, projectSetting(c), Quoted(c.Was), Quoted(c.Now))
	case review.TargetNew:
		at := c.Target.Region
		if c.Target.Endpoint != "" {
			at += " at " + Quoted(c.Target.Endpoint)
		}
		return fmt.Sprintf("%starget %s is new: %s, workspace %s", in, c.Target.Name, at, Quoted(c.Target.WorkspaceID))
	case review.TargetGone:
		return fmt.Sprintf("%starget %s is gone: connsync no longer looks at its connections", in, c.Target.Name)
	case review.PluginsGone:
		return fmt.Sprintf("%sthe plugins of target %s are gone: nothing checks what they take any more", in, c.Target.Name)
	case review.PasswordGone:
		return fmt.Sprintf("%s%s of %s is no password any more, in target %s: nothing asks that it is encrypted", in, Quoted(c.Setting), Quoted(c.Was), c.Target.Name)
	case review.DestinationsReviewed:
		return in + "no seal is compared (secrets.destinations: reviewed), so only this review decides where secrets go"
	case review.RulesGone:
		return c.File + " has no rules any more"
	case review.RulesOrder:
		return in + "the order of the rules changed, and the first one that fits a file counts"
	case review.RuleNew:
		return rule + " is new: " + recipientList(c.Recipients)
	case review.RuleGone:
		return rule + " is gone"
	case review.RecipientAdded:
		return rule + ": recipient added: " + recipientList(c.Recipients)
	case review.RecipientRemoved:
		return rule + ": recipient removed: " + recipientList(c.Recipients)
	}
	if c.Setting == "selector" {
		return fmt.Sprintf("%s: what is encrypted changes from %s to %s", rule, Quoted(c.Was), Quoted(c.Now))
	}
	return fmt.Sprintf("%s: %s changes from %s to %s", rule, c.Setting, c.Was, c.Now)
}

func projectSetting(c review.RuleChange) string {
	if c.Target.Name == "" {
		return c.Setting
	}
	return "the " + c.Setting + " of " + c.Target.Name
}

func ruleName(r manifest.Rule) string {
	if r.PathRegex == "" {
		return "the rule for all files"
	}
	return "the rule for " + Quoted(r.PathRegex)
}

func recipientList(rs []manifest.Recipient) string {
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = r.String()
	}
	return strings.Join(words, ", ")
}

// FileNotes puts what changed of files into words.
func FileNotes(ns []review.FileNote) []FileNote {
	var out []FileNote
	for _, n := range ns {
		note := FileNote{Path: n.Path}
		for _, c := range n.Changes {
			note.Words, note.Risky = append(note.Words, fileWord(c)), note.Risky || c.Kind.Risky()
			note.Facts = append(note.Facts, FileFact{string(c.Kind), c.Recipient.Kind, c.Recipient.ID})
		}
		out = append(out, note)
	}
	return out
}

func fileWord(c review.FileChange) string {
	switch c.Kind {
	case review.FileEncrypted:
		return "encrypted now"
	case review.FileDecrypted:
		return "not encrypted any more"
	case review.FileRecipientAdded:
		return "recipient added: " + c.Recipient.String()
	case review.FileRecipientRemoved:
		return "recipient removed: " + c.Recipient.String() + " (it can still open older versions: rotate the secrets)"
	case review.FileMACLess:
		return "the MAC covers encrypted values only now"
	case review.FileMACAll:
		return "the MAC covers all values now"
	}
	return fmt.Sprintf("an older version: sops wrote it on %s, and the base's on %s", c.Now.Format(time.DateTime), c.Was.Format(time.DateTime))
}
