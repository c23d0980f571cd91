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

type jsonPlan struct {
	Target       string         `json:"target"`
	Place        diff.Place     `json:"place"`
	WantCommit   string         `json:"want_commit,omitempty"`
	KnownCommit  string         `json:"known_commit,omitempty"`
	Counts       map[string]int `json:"counts"`
	Unmanaged    int            `json:"unmanaged"`
	Unverified   int            `json:"unverified_secrets"`
	BlindToTouch bool           `json:"blind_to_touch,omitempty"`
	Changes      []jsonChange   `json:"changes"` // without the unchanged ones
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
	Risks    []string      `json:"high_risk,omitempty"`
	Warnings []jsonWarning `json:"warnings,omitempty"`
	Conflict *jsonConflict `json:"conflict,omitempty"`
}

type jsonField struct {
	Path      string       `json:"path"`
	Old       any          `json:"old,omitempty"`
	New       any          `json:"new,omitempty"`
	OldHidden bool         `json:"old_hidden,omitempty"`
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
		out.Fields = append(out.Fields, jsonField{string(f.Path), f.Old, f.New, f.OldHidden, f.Causes})
	}
	for _, s := range c.Secrets {
		out.Secrets = append(out.Secrets, jsonSecret{string(s.Path), string(s.Word)})
	}
	for _, r := range c.Risks {
		out.Risks = append(out.Risks, string(r.Path))
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

func plain(ps []secrets.Path) []string {
	var out []string
	for _, p := range ps {
		out = append(out, string(p))
	}
	return out
}
