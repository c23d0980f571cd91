package render

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/diff/review"
	"connsync/manifest"
)

// floods puts entries into each group of a page. What is left out of it is counted in the words that are its key.
func floods() map[string]func(p *view.Page, name, text string) {
	card := func(c view.Card) func(*view.Page, string, string) {
		return func(p *view.Page, name, text string) {
			own := c
			own.Name, own.File, own.Line = name, "connections/prod/a.yaml", 3
			own.Fields = []view.Field{{Path: text, Old: text, New: text}}
			if own.Conflict != "" {
				own.Conflict = text + " "
			}
			p.Targets[0].Cards = append(p.Targets[0].Cards, own)
		}
	}
	finding := func(fatal bool) func(*view.Page, string, string) {
		return func(p *view.Page, name, text string) {
			m := manifest.Mistake{Pos: manifest.Position{File: name, Line: 1}, Message: text, Hints: []string{text}}
			p.Findings = append(p.Findings, view.Finding{Mistake: m, Fatal: fatal})
		}
	}
	out := map[string]func(*view.Page, string, string){
		"rules files": func(p *view.Page, name, text string) {
			p.Alarms = append(p.Alarms, view.Alarm{File: name, Kind: review.RuleNew, Text: name + ": " + text})
		},
		"rule changes": func(p *view.Page, name, text string) {
			p.Alarms = append(p.Alarms, view.Alarm{File: "one/.sops.yaml", Kind: review.RecipientAdded, Text: "one/.sops.yaml: " + name + " " + text})
		},
		"high risks": func(p *view.Page, name, text string) {
			p.Targets[0].Files = append(p.Targets[0].Files, view.FileNote{Path: name, Words: []string{text}, Risky: true})
		},
		"notes":          func(p *view.Page, name, text string) { p.Targets[0].Notes = append(p.Targets[0].Notes, name+" "+text) },
		"that will fail": finding(true), "warnings": finding(false),
		"to delete or remove": card(view.Card{Action: diff.Remove}), "conflicts": card(view.Card{Action: diff.Conflict, Conflict: "x"}),
	}
	for _, a := range view.Actions {
		switch a {
		case diff.Delete, diff.Remove, diff.Conflict:
		case diff.Unchanged, diff.Orphaned, diff.Incomplete:
			out[string(a)] = card(view.Card{Action: a})
		default:
			out["to "+string(a)] = card(view.Card{Action: a})
		}
	}
	return out
}

// entry is the name of a group's entry: it is code wherever it stands.
func entry(group string, i int) string {
	return fmt.Sprintf("%s_%d", strings.ReplaceAll(group, " ", "_"), i)
}

const few = 2

// many is how many entries are a flood: fewer of long ones are one.
func many(long bool) int { return map[bool]int{true: 150, false: 2000}[long] }

// flooded is a page with a few entries in each group, or with many more on request.
func flooded(long bool, floodOf func(group string) bool) view.Page {
	r := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, 50)
	for i := range texts {
		texts[i] = hostileText(r)
		if long {
			texts[i] += strings.Repeat("x", 900) + strings.Repeat("名", 200)
		}
	}
	p := view.Page{Offline: true, Next: "connsync sync --dry-run", Targets: []view.Target{{Name: "prod", Place: "cn/1"}}}
	all := floods()
	for _, group := range slices.Sorted(maps.Keys(all)) {
		add := all[group]
		for i := range few {
			add(&p, entry(group, i), "plain words")
		}
		for i := few; floodOf(group) && i < few+many(long); i++ {
			add(&p, entry(group, i), texts[i%len(texts)])
		}
	}
	return p
}

// leftOut is how many entries of a group a document says it leaves out.
func leftOut(note, group string) int {
	return number(note, `\b(\d+) more `+strings.TrimSuffix(regexp.QuoteMeta(group), "s")+`s?\b`)
}

// checkFlood fails where a group lost its first entries, or where what is said and what is left out are not all there is.
func checkFlood(t *testing.T, doc, group string, total int) {
	t.Helper()
	for i := range few {
		if !regexp.MustCompile(`\b` + entry(group, i) + `\b`).MatchString(doc) {
			t.Errorf("%s: entry %d is pushed out", group, i)
		}
	}
	note := doc[max(0, strings.Index(doc, "left out here: ")):]
	note, _, _ = strings.Cut(note, "\n")
	shown := map[string]bool{}
	lists, _, _ := strings.Cut(doc, mdDetailsHead)
	if _, notes, ok := strings.Cut(doc, mdNotesHead); ok {
		lists += notes
	}
	for _, name := range regexp.MustCompile(`\b`+entry(group, 0)[:len(entry(group, 0))-1]+`\d+\b`).FindAllString(lists, -1) {
		shown[name] = true
	}
	if said := leftOut(note, group); said+len(shown) != total {
		t.Errorf("%s: %d are shown, %d are said to be left out, of %d", group, len(shown), said, total)
	}
}

// However many entries, of whatever text and length, flood one group: each other group is there whole, or its first entries are.
func TestAFloodOfOneGroupLeavesOutNoOther(t *testing.T) {
	for flood := range floods() {
		for _, long := range []bool{false, true} {
			doc := string(mdFit(mdDocument(flooded(long, func(g string) bool { return g == flood })), maxMarkdown))
			if len(doc) > 65_536 {
				t.Errorf("%s: %d bytes", flood, len(doc))
			}
			for group := range floods() {
				total := few
				if group == flood {
					total += many(long)
				}
				checkFlood(t, doc, group, total)
			}
			if t.Failed() {
				t.Fatalf("a flood of %s, long: %t", flood, long)
			}
		}
	}
}

// A flood of all groups at once leaves each its first entries and its count, also where a host takes less.
func TestAFloodOfEveryGroupLeavesEachItsFirstEntries(t *testing.T) {
	for _, limit := range []int{maxMarkdown, 30_000} {
		for _, long := range []bool{false, true} {
			doc := string(mdFit(mdDocument(flooded(long, func(string) bool { return true })), limit))
			if len(doc) > limit {
				t.Errorf("%d bytes of %d", len(doc), limit)
			}
			for group := range floods() {
				checkFlood(t, doc, group, few+many(long))
			}
		}
	}
}

// A flood of rules in one file is one line with a count of its changes, of each kind.
func TestAFloodOfRulesIsOneLine(t *testing.T) {
	p := view.Page{}
	for i := range 3000 {
		p.Alarms = append(p.Alarms, view.Alarm{File: ".sops.yaml", Kind: review.RuleNew, Text: fmt.Sprint(".sops.yaml: the rule for ", i, " is new")})
	}
	p.Alarms = append(p.Alarms, view.Alarm{File: ".sops.yaml", Kind: review.RecipientAdded, Text: ".sops.yaml: eve"}, view.Alarm{File: "connsync.yaml", Kind: review.TargetGone, Text: "connsync.yaml: target old is gone"})
	doc := string(mdFit(mdDocument(p), maxMarkdown))
	for _, want := range []string{"\n> - `.sops.yaml`: 3001 changes: recipients added 1, new rules 3000\n", "\n> - `connsync.yaml`: target old is gone\n", "3002 high risks"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is not in it", want)
		}
	}
	if n := strings.Count(doc, "\n> - `.sops.yaml`"); n != 1 {
		t.Errorf("%d lines for one file", n)
	}
}

// Every kind of change of the rules is counted in words.
func TestEveryKindOfRuleChangeIsCounted(t *testing.T) {
	for _, c := range ruleChanges() {
		f := view.RulesFile{Alarms: []view.Alarm{{Kind: c.Kind}, {Kind: c.Kind}}}
		if said := f.Said(); !strings.HasPrefix(said, "2 changes: ") || !strings.HasSuffix(said, " 2") {
			t.Errorf("%s is %q", c.Kind, said)
		}
	}
}
