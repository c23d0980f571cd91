package render

import (
	"io"

	"connsync/cmd/connsync/view"
)

type jsonAges struct {
	Schema     int           `json:"schema"`
	ReadableBy string        `json:"readable_by,omitempty"`
	Complete   bool          `json:"complete"`
	Counts     jsonAgeCounts `json:"counts"`
	Secrets    []jsonAge     `json:"secrets"`
	Warnings   []jsonAdvice  `json:"warnings"`
	Steps      []jsonStep    `json:"steps,omitempty"`
}

type jsonAgeCounts struct {
	Secrets  int `json:"secrets"`
	TooOld   int `json:"too_old"`
	Unjudged int `json:"unjudged"`
}

type jsonAge struct {
	Target     string          `json:"target"`
	Connection string          `json:"connection"`
	Setting    string          `json:"setting"`
	File       string          `json:"file"`
	Line       int             `json:"line"`
	Column     int             `json:"column"`
	Committed  bool            `json:"committed"`
	Set        string          `json:"set,omitempty"`
	Commit     string          `json:"commit,omitempty"`
	Days       int             `json:"age_days"`
	AtLeast    bool            `json:"at_least"`
	Perhaps    string          `json:"perhaps_set,omitempty"`
	Max        int             `json:"max_age_days,omitempty"`
	Old        bool            `json:"too_old"`
	Unjudged   bool            `json:"unjudged"`
	InClear    string          `json:"in_clear,omitempty"`
	Recipients []jsonRecipient `json:"recipients"`
	Readers    []jsonReader    `json:"readers"`
	Reuse      []string        `json:"reuse,omitempty"`
	Command    string          `json:"command"`
}

type jsonRecipient struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

type jsonReader struct {
	jsonRecipient
	By     string `json:"by"`
	Commit string `json:"commit,omitempty"`
	Still  bool   `json:"still"`
}

type jsonAdvice struct {
	Text  sentence   `json:"text"`
	Hints []sentence `json:"hints,omitempty"`
}

type jsonStep struct {
	Says     string   `json:"says"`
	Commands []string `json:"commands"`
}

// agesJSON writes secrets and their ages, for machines.
func agesJSON(w io.Writer, a view.Ages) error {
	out := jsonAges{
		Schema: Schema, ReadableBy: a.Reader, Complete: a.Complete, Counts: jsonAgeCounts{a.Total(), a.Old(), a.Unjudged()},
		Secrets: []jsonAge{}, Warnings: []jsonAdvice{},
	}
	a.Each(func(s view.SecretAge) { out.Secrets = append(out.Secrets, ageJSON(s)) })
	for _, x := range a.Warnings {
		out.Warnings = append(out.Warnings, jsonAdvice{sentence(x.Text), sentences(x.Hints)})
	}
	for _, s := range a.Steps {
		out.Steps = append(out.Steps, jsonStep(s))
	}
	return JSON(w, out)
}

func ageJSON(s view.SecretAge) jsonAge {
	out := jsonAge{
		Target: s.Target, Connection: s.Name, Setting: s.Setting, File: s.File, Line: s.Line, Column: s.Column,
		Committed: s.Committed, Set: s.Set, Commit: s.Commit, Days: s.Days, AtLeast: s.AtLeast, Perhaps: s.Perhaps,
		Max: s.Max, Old: s.Old, Unjudged: s.Unjudged, InClear: s.InClear, Reuse: s.Twins, Command: s.Command,
		Recipients: []jsonRecipient{}, Readers: []jsonReader{},
	}
	for _, r := range s.Recipients {
		out.Recipients = append(out.Recipients, jsonRecipient{r.Kind, r.ID})
	}
	for _, r := range s.Readers {
		by := "recipient"
		if r.Key {
			by = "data-key"
		}
		out.Readers = append(out.Readers, jsonReader{jsonRecipient{r.Kind, r.ID}, by, r.Commit, r.Still})
	}
	return out
}
