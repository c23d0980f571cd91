package main

import (
	"connsync/diff"
	"connsync/secrets"
)

// jsonSchema is the version of all JSON that connsync writes (docs/json.md). Members may be added without a new one.
const jsonSchema = 1

type jsonPlans struct {
	Schema  int        `json:"schema"`
	Hash    string     `json:"hash,omitempty"` // none between two commits
	Pending bool       `json:"pending"`
	Plans   []jsonPlan `json:"plans"`
}

// jsonView is jsonPlans with what is only told between two commits.
type jsonView struct {
	jsonPlans
	Mode     string        `json:"mode"` // live, or base
	Refused  bool          `json:"refused"`
	Rules    []string      `json:"rule_changes,omitempty"`
	Findings []jsonFinding `json:"findings,omitempty"`
}

type jsonFinding struct {
	jsonMistake
	Fatal bool `json:"fatal"`
}

type jsonFile struct {
	Path     string   `json:"path"`
	Changes  []string `json:"changes"`
	HighRisk bool     `json:"high_risk"`
}

type jsonRisk struct {
	Kind string    `json:"kind"`
	Path string    `json:"path"`
	From *jsonSpot `json:"from,omitempty"`
}

type jsonSpot struct {
	Target string `json:"target"`
	Name   string `json:"name"`
	Path   string `json:"path"`
	File   string `json:"file"`
}

type jsonPlan struct {
	Target       string         `json:"target"`
	Place        diff.Place     `json:"place"`
	WantCommit   string         `json:"want_commit,omitempty"`
	KnownCommit  string         `json:"known_commit,omitempty"`
	Counts       map[string]int `json:"counts"`
	Unmanaged    int            `json:"unmanaged"`
	Unverified   int            `json:"unverified_secrets"`
	BlindToTouch bool           `json:"blind_to_touch,omitempty"`
	Files        []jsonFile     `json:"files,omitempty"` // whose recipients or MAC change
	Changes      []jsonChange   `json:"changes"`         // without the unchanged ones
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
	Conflict *jsonConflict `json:"conflict,omitempty"`
}

type jsonField struct {
	Path      string       `json:"path"`
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
	Kind string   `json:"kind"`
	IDs  []string `json:"ids,omitempty"`
}

type jsonConflict struct {
	Kind   string   `json:"kind"`
	Text   string   `json:"text"`
	Hints  []string `json:"hints,omitempty"`
	IDs    []string `json:"ids,omitempty"`
	Fields []string `json:"fields,omitempty"`
}

// viewJSON is a view for machines.
func viewJSON(v view) jsonView {
	out := jsonView{jsonPlans: plansJSON(v.plans), Mode: "live", Refused: v.refused(), Rules: v.alarms}
	for _, f := range v.findings {
		out.Findings = append(out.Findings, jsonFinding{mistakeJSON(f.Mistake), f.fatal})
	}
	for i := range out.Plans {
		for _, f := range v.files[out.Plans[i].Target] {
			out.Plans[i].Files = append(out.Plans[i].Files, jsonFile{f.path, f.words, f.risky})
		}
	}
	if v.offline {
		out.Mode, out.Hash = "base", ""
	}
	return out
}

func plansJSON(plans []diff.Plan) jsonPlans {
	out := jsonPlans{Schema: jsonSchema, Hash: diff.Hash(plans...), Pending: pending(plans), Plans: []jsonPlan{}}
	for _, p := range plans {
		out.Plans = append(out.Plans, planJSON(p))
	}
	return out
}

func planJSON(p diff.Plan) jsonPlan {
	out := jsonPlan{
		Target: p.Target, Place: p.Place, WantCommit: p.WantCommit, KnownCommit: p.KnownCommit,
		Counts: map[string]int{}, Unmanaged: p.Unmanaged, Unverified: p.Unverified, BlindToTouch: p.BlindToTouch,
		Changes: []jsonChange{},
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
		Plugin: c.Plugin, Write: c.Write, Causes: c.Causes, Modifier: c.Modifier, Extra: plain(c.Extra),
	}
	for _, f := range c.Fields {
		if f.NewHidden {
			f.New = nil
		}
		out.Fields = append(out.Fields, jsonField{string(f.Path), f.Old, f.New, f.OldHidden, f.NewHidden, f.Causes})
	}
	for _, s := range c.Secrets {
		out.Secrets = append(out.Secrets, jsonSecret{string(s.Path), string(s.Word)})
	}
	for _, r := range c.Risks {
		out.HighRisk = append(out.HighRisk, string(r.Path))
		out.Risks = append(out.Risks, riskJSON(r))
	}
	for _, w := range c.Warnings {
		out.Warnings = append(out.Warnings, jsonWarning{string(w.Kind), w.IDs})
	}
	if d := c.Conflict; d != nil {
		text, hints := conflict(c)
		out.Conflict = &jsonConflict{Kind: string(d.Kind), Text: text, Hints: hints, IDs: d.IDs, Fields: plain(d.Fields)}
	}
	return out
}

func riskJSON(r diff.Risk) jsonRisk {
	out := jsonRisk{Kind: string(r.Kind), Path: string(r.Path)}
	if r.From.Name != "" {
		out.From = &jsonSpot{r.From.Target, r.From.Name, string(r.From.Path), r.From.File}
	}
	return out
}

func plain(ps []secrets.Path) []string {
	var out []string
	for _, p := range ps {
		out = append(out, string(p))
	}
	return out
}
