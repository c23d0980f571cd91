package render

import (
	"io"

	"connsync/cmd/connsync/view"
	"connsync/diff"
	"connsync/secrets"
)

type jsonPlans struct {
	Schema  int        `json:"schema"`
	Hash    string     `json:"hash,omitempty"` // none between two commits
	Pending bool       `json:"pending"`
	Plans   []jsonPlan `json:"plans"`
}

// jsonDiff is jsonPlans with what is only told between two commits.
type jsonDiff struct {
	jsonPlans
	Mode     string        `json:"mode"` // live, or base
	Refused  bool          `json:"refused"`
	Rules    []sentence    `json:"rule_changes,omitempty"`
	Findings []jsonFinding `json:"findings,omitempty"`
	Errors   []sentence    `json:"errors,omitempty"` // what kept targets from being planned or looked at
}

type jsonFinding struct {
	jsonMistake
	Fatal bool `json:"fatal"`
}

type jsonFile struct {
	Path     string   `json:"path"`
	Changes  []string `json:"changes"`
	HighRisk bool     `json:"high_risk"`

	Facts []jsonFact `json:"facts,omitempty"`
}

// jsonFact is a change of a file's encryption, for policies: words are for people.
type jsonFact struct {
	Kind      string         `json:"kind"`
	Recipient *jsonRecipient `json:"recipient,omitempty"`
}

type jsonRisk struct {
	Kind string    `json:"kind"`
	Path string    `json:"path"`
	From *jsonSpot `json:"from,omitempty"`
}

type jsonSpot struct {
	Target string       `json:"target"`
	Name   string       `json:"name"`
	Path   secrets.Path `json:"path"`
	File   string       `json:"file"`
}

type jsonPlan struct {
	Target       string         `json:"target"`
	Place        diff.Place     `json:"place"`
	WantCommit   string         `json:"want_commit,omitempty"`
	KnownCommit  string         `json:"known_commit,omitempty"`
	Counts       map[string]int `json:"counts"`
	Unmanaged    int            `json:"unmanaged"`
	Others       []jsonOther    `json:"unmanaged_connections,omitempty"`
	Unverified   int            `json:"unverified_secrets"`
	Unconfirmed  int            `json:"unconfirmed_writes,omitempty"`
	BlindToTouch bool           `json:"blind_to_touch,omitempty"`
	Reviewed     bool           `json:"destinations_reviewed,omitempty"`
	Search       *jsonSearch    `json:"users_search,omitempty"` // none where no one was asked
	Files        []jsonFile     `json:"files,omitempty"`        // whose recipients or MAC change
	Changes      []jsonChange   `json:"changes"`                // without the unchanged ones
}

type jsonOther struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

type jsonChange struct {
	Action   string        `json:"action"`
	Name     string        `json:"name"`
	From     string        `json:"from,omitempty"`
	ID       string        `json:"id,omitempty"`
	File     string        `json:"file,omitempty"`
	Line     int           `json:"line,omitempty"`
	Plugin   diff.Plugin   `json:"plugin"`
	Write    bool          `json:"write"`
	Causes   []diff.Cause  `json:"causes,omitempty"`
	Modifier string        `json:"modifier,omitempty"`
	Fields   []jsonField   `json:"fields,omitempty"`
	Secrets  []jsonSecret  `json:"secrets,omitempty"`
	Extra    []string      `json:"only_in_secmaster,omitempty"`
	HighRisk []string      `json:"high_risk,omitempty"` // the paths of risks
	Risks    []jsonRisk    `json:"risks,omitempty"`
	Warnings []jsonWarning `json:"warnings,omitempty"`
	UsedBy   *jsonUsers    `json:"used_by,omitempty"` // none where no one was asked
	Conflict *jsonConflict `json:"conflict,omitempty"`
}

type jsonField struct {
	Path      secrets.Path `json:"path"`
	Old       any          `json:"old,omitempty"`
	New       any          `json:"new,omitempty"`
	OldHidden bool         `json:"old_hidden,omitempty"`
	NewHidden bool         `json:"new_hidden,omitempty"`
	Causes    []diff.Cause `json:"causes,omitempty"`
}

type jsonSecret struct {
	Path string `json:"path"`
	Word string `json:"word"`
}

type jsonWarning struct {
	Kind   diff.WarningKind `json:"kind"`
	IDs    []string         `json:"ids,omitempty"`
	Commit string           `json:"commit,omitempty"`
}

type jsonConflict struct {
	Kind   string     `json:"kind"`
	Text   sentence   `json:"text"`
	Hints  []sentence `json:"hints,omitempty"`
	IDs    []string   `json:"ids,omitempty"`
	Fields []string   `json:"fields,omitempty"`
	Commit string     `json:"commit,omitempty"`
}

// asJSON lays a diff out for machines. It takes the plans as they are: no word only for people is in it.
func asJSON(w io.Writer, d view.Diff) error {
	var rules []string
	for _, a := range d.Alarms {
		rules = append(rules, a.Text)
	}
	out := jsonDiff{
		jsonPlans: jsonPlans{Schema: Schema, Hash: diff.Hash(d.Plans...), Pending: d.Pending(), Plans: []jsonPlan{}},
		Mode:      "live", Refused: d.Refused(), Rules: sentences(rules),
	}
	for _, f := range d.Findings {
		out.Findings = append(out.Findings, jsonFinding{mistakeJSON(f.Mistake), f.Fatal})
	}
	for _, f := range d.Failed {
		text := f.Message
		if f.Pos.Line > 0 {
			text = f.Mistake.Error()
		}
		out.Errors = append(out.Errors, sentence(text))
	}
	for _, p := range d.Plans {
		plan := planJSON(p)
		for _, f := range d.Files[p.Target] {
			plan.Files = append(plan.Files, fileJSON(f))
		}
		out.Plans = append(out.Plans, plan)
	}
	if d.Offline {
		out.Mode, out.Hash = "base", ""
	}
	return JSON(w, out)
}

func fileJSON(f view.FileNote) jsonFile {
	out := jsonFile{Path: f.Path, Changes: f.Words, HighRisk: f.Risky}
	for _, fact := range f.Facts {
		j := jsonFact{Kind: fact.Kind}
		if fact.Recipient != "" {
			j.Recipient = &jsonRecipient{fact.RecipientKind, fact.Recipient}
		}
		out.Facts = append(out.Facts, j)
	}
	return out
}

func planJSON(p diff.Plan) jsonPlan {
	out := jsonPlan{
		Target: p.Target, Place: p.Place, WantCommit: p.WantCommit, KnownCommit: p.KnownCommit,
		Counts: map[string]int{}, Unmanaged: p.Unmanaged, Unverified: p.Unverified, Unconfirmed: p.Unconfirmed, BlindToTouch: p.BlindToTouch,
		Reviewed: p.Reviewed, Search: searchJSON(p.Search), Changes: []jsonChange{},
	}
	for _, o := range p.Others {
		out.Others = append(out.Others, jsonOther(o))
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		out.Counts[string(c.Action)]++
		if c.Action != diff.Unchanged || len(c.Warnings) > 0 {
			out.Changes = append(out.Changes, changeJSON(c))
		}
	}
	return out
}

func changeJSON(c *diff.Change) jsonChange {
	out := jsonChange{
		Action: string(c.Action), Name: c.Name, From: c.From, ID: c.ID, File: c.Pos.File, Line: c.Pos.Line,
		Plugin: c.Plugin, Write: c.Write, Causes: c.Causes, Modifier: c.Modifier, Extra: view.Paths(c.Extra),
	}
	for _, f := range c.Fields {
		if f.NewHidden {
			f.New = nil
		}
		out.Fields = append(out.Fields, jsonField(f))
	}
	for _, s := range c.Secrets {
		out.Secrets = append(out.Secrets, jsonSecret{string(s.Path), string(s.Word)})
	}
	for _, r := range c.Risks {
		out.HighRisk = append(out.HighRisk, string(r.Path))
		out.Risks = append(out.Risks, riskJSON(r))
	}
	out.Warnings, out.UsedBy = warningsJSON(c.Warnings), usersJSON(c.Users)
	if d := c.Conflict; d != nil {
		text, hints := view.Conflict(c)
		out.Conflict = &jsonConflict{Kind: string(d.Kind), Text: sentence(text), Hints: sentences(hints), IDs: d.IDs, Fields: view.Paths(d.Fields), Commit: d.Commit}
	}
	return out
}

func warningsJSON(ws []diff.Warning) []jsonWarning {
	var out []jsonWarning
	for _, w := range ws {
		out = append(out, jsonWarning(w))
	}
	return out
}

func riskJSON(r diff.Risk) jsonRisk {
	out := jsonRisk{Kind: string(r.Kind), Path: string(r.Path)}
	if r.From.Name != "" {
		from := jsonSpot(r.From)
		out.From = &from
	}
	return out
}
