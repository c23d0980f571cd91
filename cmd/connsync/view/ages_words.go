package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"connsync/manifest"
)

// Each is all secrets.
func (a Ages) Each(visit func(SecretAge)) {
	for _, t := range a.Targets {
		for _, s := range t.Secrets {
			visit(s)
		}
	}
}

// Count is how many secrets there are of a kind.
func (a Ages) Count(is func(SecretAge) bool) (n int) {
	a.Each(func(s SecretAge) {
		if is(s) {
			n++
		}
	})
	return n
}

// Total is how many there are.
func (a Ages) Total() int { return a.Count(func(SecretAge) bool { return true }) }

// Old is how many are older than they may be.
func (a Ages) Old() int { return a.Count(func(s SecretAge) bool { return s.Old }) }

// Unjudged is how many of those with a limit may be older than it, since the history is cut off.
func (a Ages) Unjudged() int { return a.Count(func(s SecretAge) bool { return s.Unjudged }) }

// Words say the totals, one part each.
func (a Ages) Words() []string {
	out := []string{Count(a.Total(), "secret")}
	for _, part := range []struct {
		n    int
		word string
	}{
		{a.Old(), "too old"}, {a.Unjudged(), "not judged"},
		{a.Count(func(s SecretAge) bool { return !s.Committed }), "not committed"},
		{a.Count(func(s SecretAge) bool { return s.InClear != "" }), "once in the clear"},
		{a.Count(func(s SecretAge) bool { return len(s.Former()) > 0 }), "known to former recipients"},
		{a.Count(func(s SecretAge) bool { return len(s.Twins) > 0 }), "reused"},
	} {
		if part.n > 0 {
			out = append(out, strconv.Itoa(part.n)+" "+part.word)
		}
	}
	return out
}

// Headline says what is listed.
func (a Ages) Headline() string {
	if a.Reader == "" {
		return List(a.Words())
	}
	return a.Reader + " could open " + Count(a.Total(), "secret")
}

// Short is the setting without the config that all stand under.
func (s SecretAge) Short() string { return strings.TrimPrefix(s.Setting, "config.") }

// Place is where it stands.
func (s SecretAge) Place() string {
	return At(manifest.Position{File: s.File, Line: s.Line, Column: s.Column})
}

// Age says how old the value is, and since when.
func (s SecretAge) Age() string {
	if !s.Committed {
		return "not committed yet"
	}
	out := Count(s.Days, "day")
	if s.AtLeast {
		out = "at least " + out
	}
	out += ", set " + whole(s.Set[:min(len(s.Set), len("2006-01-02"))]) + " in " + whole(CutHash(s.Commit))
	if s.AtLeast {
		out = strings.Replace(out, ", set ", ", there ", 1)
	}
	if s.Perhaps != "" {
		out += "; perhaps set anew " + s.Perhaps + ": nothing tells"
	}
	return out
}

// Verdict is what is wrong with the age; "" for nothing.
func (s SecretAge) Verdict() string {
	switch {
	case s.Old:
		return "too old"
	case s.Unjudged:
		return "not judged"
	}
	return ""
}

// Former are those who could open the value, and are recipients no more.
func (s SecretAge) Former() []AgeReader {
	return slices.DeleteFunc(slices.Clone(s.Readers), func(r AgeReader) bool { return r.Still })
}

// Word is the recipient in words.
func (r AgeReader) Word() string { return manifest.Recipient{Kind: r.Kind, ID: r.ID}.String() }

// ReaderWords are recipients in words.
func ReaderWords(rs []AgeReader) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Word())
	}
	return List(out)
}

// How says how the recipient of the list could open the value.
func (s SecretAge) How() string {
	var out []string
	for _, r := range s.Readers {
		switch in := inCommit(r.Commit); {
		case !r.Asked:
		case r.Still && !r.Key:
			out = append(out, "is a recipient of its file")
		case r.Key:
			out = append(out, "could open the data key of its file "+in)
		default:
			out = append(out, "was a recipient, last "+in)
		}
	}
	if s.InClear != "" {
		out = append(out, "in the clear "+inCommit(s.InClear))
	}
	return List(out)
}

// whole drops what a cut left of a character.
func whole(s string) string { return strings.ToValidUTF8(s, "") }

func inCommit(hash string) string {
	if hash == "" {
		return "in the worktree"
	}
	return "in commit " + whole(CutHash(hash))
}

// Notes are what else is to be known of a secret, a line each.
func (s SecretAge) Notes() []string {
	var out []string
	if s.InClear != "" {
		out = append(out, "it was in the clear in commit "+whole(CutHash(s.InClear))+": everyone with that commit has it")
	}
	if former := s.Former(); len(former) > 0 {
		out = append(out, "known to former recipients: "+ReaderWords(former))
	}
	if len(s.Twins) > 0 {
		out = append(out, "the same value as "+List(s.Twins))
	}
	return out
}

// warnings are what is to be known of all secrets together.
func (o AgesOf) warnings(a Ages) []Warning {
	var out []Warning
	for _, f := range o.Side.Set.Files {
		if f.Unread {
			out = append(out, Warning{f.Path + " cannot be read: its secrets are not listed", []string{"connsync validate"}})
		}
	}
	if o.Shallow && !a.Complete {
		out = append(out, Warning{"the history of this clone is cut off: ages are at least those, and who could open a secret before is not in sight", []string{"fetch the rest:  git fetch --unshallow"}})
	} else if !a.Complete {
		out = append(out, Warning{"the history is too long to be read whole: ages are at least those, and who could open a secret before is not in sight", nil})
	}
	if o.Reader == "" {
		return append(out, formerWarnings(a)...)
	}
	return append(out, o.ruleWarnings()...)
}

// formerWarnings name removed recipients; they still know secrets.
func formerWarnings(a Ages) []Warning {
	knows, order := map[manifest.Recipient]int{}, []manifest.Recipient{}
	a.Each(func(s SecretAge) {
		for _, r := range s.Former() {
			one := manifest.Recipient{Kind: r.Kind, ID: r.ID}
			if knows[one] == 0 {
				order = append(order, one)
			}
			knows[one]++
		}
	})
	var out []Warning
	for _, r := range order {
		n := knows[r]
		text := fmt.Sprintf("%s was removed, and still knows %s: no other value was set since", r.String(), Count(n, "secret"))
		out = append(out, Warning{text, []string{"list them, with the commands that rotate them:  connsync secrets --readable-by " + manifest.ShellWord(r.ID)}})
	}
	return out
}

// ruleWarnings name the rules that make the recipient one of every new file.
func (o AgesOf) ruleWarnings() []Warning {
	var out []Warning
	told := map[manifest.Position]bool{}
	for _, f := range o.Side.Set.Files {
		rule, _ := o.Side.Set.Rules.For(f.Path)
		if rule == nil || told[rule.Pos] || !slices.ContainsFunc(rule.Recipients, o.asked) {
			continue
		}
		told[rule.Pos] = true
		word, _ := o.reader()
		out = append(out, Warning{word + " is a recipient of the rule at " + rule.Pos.String() + ": remove it there first", nil})
	}
	return out
}

// steps are the commands after which the recipient can open none of the values, each step after the one before was committed.
func (o AgesOf) steps(a Ages) []Step {
	var open, keys, set []string
	is := map[string]bool{} // files that the recipient can open
	for _, f := range o.Side.Set.Files {
		is[f.Path] = f.Sops != nil && slices.ContainsFunc(f.Sops.Recipients, o.asked)
	}
	a.Each(func(s SecretAge) {
		if reseal := "connsync reseal " + manifest.ShellWord(s.File); is[s.File] && !slices.Contains(open, reseal) {
			open = append(open, reseal)
		}
		if rotate := "sops rotate --in-place " + manifest.ShellWord(s.File); slices.ContainsFunc(o.Inventory.Keys[s.File], o.asked) && !slices.Contains(keys, rotate) {
			keys = append(keys, rotate)
		}
		set = append(set, s.Command)
	})
	var out []Step
	for _, s := range []Step{
		{"Bring the files to their rules, after you removed the recipient there", open},
		{"Give the files another data key, and commit that before the next step", keys},
		{"Set another value of each, after you rotated it where it is used", set},
	} {
		if len(s.Commands) > 0 {
			out = append(out, s)
		}
	}
	return out
}
