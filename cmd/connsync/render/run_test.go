package render

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"connsync/apply"
	"connsync/cmd/connsync/view"
)

// hostileRun is a report with a hostile text wherever there is a text. One of the same seed with other texts has the same form.
func hostileRun(seed int, of func(*rand.Rand) string) view.RunPage {
	shown, _ := hostilePage(seed, of)
	r, words := rand.New(rand.NewPCG(uint64(seed), 9)), rand.New(rand.NewPCG(uint64(seed), 10))
	text := func() string { return of(words) }
	said := func() *view.Said { return &view.Said{Message: text(), Hints: []string{text()}} }
	result := func() view.Result {
		out := view.Result{Outcome: apply.Outcomes[r.IntN(len(apply.Outcomes))], Name: text(), ID: text(), Duplicates: []string{text()}, Warnings: []string{text()}, Requests: []string{text()}, Unproven: r.IntN(2) == 0}
		if r.IntN(2) == 0 {
			out.Said = said()
		}
		return out
	}
	p := view.RunPage{Risks: shown.Risks(), Errors: []view.Said{*said()}, Tally: text(), Done: r.IntN(2), ExitCode: 3, Plan: text(), Next: text()}
	for _, t := range shown.Targets {
		out := view.RunTarget{Target: t, Ran: r.IntN(3) > 0, Run: text(), Began: text(), Took: text()}
		out.Report = view.Report{Notes: []string{text()}, Failure: said(), Lost: []view.Result{result()}, Ended: text(), Tally: text(), State: text()}
		for _, c := range t.Cards {
			res := result()
			out.Results = append(out.Results, view.RunGroup{Word: string(res.Outcome), Cards: []view.RunCard{{Card: c, Result: res}}})
			p.Shown = append(p.Shown, view.Tally{Word: string(res.Outcome) + c.Anchor, N: 1})
		}
		p.Targets = append(p.Targets, out)
	}
	return p
}

func runText(t *testing.T, p view.RunPage) string {
	t.Helper()
	var out bytes.Buffer
	if err := runHTML(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// T-OUT: whatever a report holds, its page has the elements and attributes of a page with harmless texts, and shows what was said.
func TestHostileTextsAreOnlyTextInAReport(t *testing.T) {
	for seed := range max(*hostileNames/100, 50) {
		p := hostileRun(seed, hostileText)
		doc := runText(t, p)
		quiet(t, doc, false)
		got := readPage(t, doc)
		if want := readPage(t, runText(t, hostileRun(seed, func(*rand.Rand) string { return "x" }))); !slices.Equal(got.skeleton, want.skeleton) {
			t.Errorf("a text changes the page:\n%q\n%q", got.skeleton, want.skeleton)
		}
		for _, l := range got.links {
			if !strings.HasPrefix(l, "#") || !got.ids[l[1:]] {
				t.Errorf("a link to %q", l)
			}
		}
		seen := strings.Join(strings.Fields(strings.Join(got.texts, "")), " ")
		for _, text := range textsOfRun(p) {
			if want := strings.Join(strings.Fields(Harmless(text)), " "); !strings.Contains(seen, want) {
				t.Errorf("%q is not to be seen in %q", want, seen)
			}
		}
		if t.Failed() {
			t.Fatalf("of report %d", seed)
		}
	}
}

// textsOfRun are the texts of a report to be found in its page as they are.
func textsOfRun(p view.RunPage) (out []string) {
	out = append(out, p.Errors[0].Message, p.Errors[0].Hints[0], p.Plan, p.Next)
	for _, t := range p.Targets {
		if out = append(out, t.Name, t.Place); t.Ran {
			out = append(out, t.Run, t.Report.Tally, t.Report.State, t.Report.Failure.Message, t.Report.Notes[0], t.Report.Ended, t.Report.Lost[0].Name, t.Report.Lost[0].ID)
		}
		for _, g := range t.Results {
			c := g.Cards[0]
			out = append(out, c.Name, c.Result.ID, c.Result.Duplicates[0], c.Result.Warnings[0], c.Result.Requests[0])
			if c.Result.Said != nil {
				out = append(out, c.Result.Said.Message, c.Result.Said.Hints[0])
			}
		}
	}
	return out
}

// A report's page loads nothing and runs nothing, has an outline, and its policy is the policy of every page.
func TestAReportIsOneFileThatLoadsNothing(t *testing.T) {
	r := newEverything().run()
	for i := range r.Plans { // their own data holds URLs, as mere text
		r.Plans[i].Place.Endpoint = ""
		for j := range r.Plans[i].Changes {
			r.Plans[i].Changes[j].Fields = nil
		}
	}
	for i := range r.Reports {
		r.Reports[i].Plan.Place.Endpoint = ""
	}
	doc := runText(t, r.Page())
	if at := external.FindString(doc); at != "" {
		t.Errorf("%q is in the page", at)
	}
	got := readPage(t, doc)
	if got.policy != readPage(t, pageText(t, sample(true).Page(false))).policy || got.policy == "" {
		t.Errorf("the policy is %q", got.policy)
	}
	last := 0
	for _, element := range got.skeleton {
		if name, _, _ := strings.Cut(element, " "); len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' {
			level := int(name[1] - '0')
			if level > last+1 {
				t.Errorf("%s after h%d", name, last)
			}
			last = level
		}
	}
	if last == 0 || doc != runText(t, r.Page()) {
		t.Error("no headings, or two pages of one report differ")
	}
}

// What was done, what was not, and what is not known: each is counted and stands at its connection, what went wrong first of all.
func TestAReportSaysWhatBecameOfEveryChange(t *testing.T) {
	p := newEverything().run().Page()
	doc := runText(t, p)
	text := strings.Join(strings.Fields(strings.Join(readPage(t, doc).texts, "")), " ")
	for _, want := range []string{
		"13 changes carried out", "Exit code 4.", "interrupted15 conflict1 refused2 failed2 unknown9 high risks",
		"Look at this first dev: out of timehint connsync doctor", "prod out of timehint --timeout gives more unknown prod / connection_unknown SecMaster says no", "failed prod / connection_failed SecMaster says no", "connection_failed SecMaster says nohint ask againhint or do not", "not confirmed prod / edr SecMaster answered that it is done",
		"plan only nothing of it was carried out", "this was sent, and could not be recorded:", "created connection_created 5d1c2b3a-0000-4000-8000-000000000000updated connection_updated",
		"what was done is kept in this clone only, under connsync-state/dev", "done 1 created, 1 updated", "known state abcdef0", "run 0123456789abcdef began 2026-03-04 05:06:07 UTC, took 1.5s",
		"unchanged secrets will go to the new config.endpoint", "client_secret changed", "Next connsync syncThe plan is ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	for word, n := range map[string]int{"created": 4, "deleted": 2, "conflict": 15, "create": 2} {
		if got := strings.Count(doc, fmt.Sprintf(`<div class="group %s">`, word)); got == 0 {
			t.Errorf("no group of %s", word)
		}
		if !slices.Contains(p.Shown, view.Tally{Word: word, N: n}) {
			t.Errorf("%d %s: %v", n, word, p.Shown)
		}
	}
	if strings.Index(doc, `id="troubles"`) > strings.Index(doc, `id="risks"`) || strings.Index(doc, `id="risks"`) > strings.Index(doc, `class="target"`) {
		t.Error("what went wrong does not come first")
	}
}

// A report without a single outcome says so: of a dry run, of a refused one, and of one with nothing to do.
func TestAReportOfNothingDone(t *testing.T) {
	plans := newEverything().live
	for want, r := range map[string]view.Run{
		"Dry run: nothing was sent What a sync would do now. Exit code 5.": {DryRun: true, Plans: plans, ExitCode: 5},
		"No change was carried out Nothing was sent. Exit code 1.":         {Errors: []view.Said{{Message: "no"}}, ExitCode: 1},
		"Nothing to do What this sync did: nothing to do. Exit code 0.":    {Reports: []apply.Report{{Target: "prod", Recorded: true}}},
	} {
		doc := runText(t, r.Page())
		text := strings.Join(strings.Fields(strings.Join(readPage(t, doc).texts, "")), " ")
		if !strings.Contains(text, want) || strings.Contains(text, "carried out Dry") || r.DryRun && !strings.Contains(doc, `<div class="group create">`) {
			t.Errorf("no %q in %.300s", want, text)
		}
	}
}
