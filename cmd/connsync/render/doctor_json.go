package render

import (
	"io"

	"connsync/cmd/connsync/view"
)

type jsonDoctor struct {
	Schema  int            `json:"schema"`
	Works   bool           `json:"works"`
	Checks  []jsonCheck    `json:"checks"`
	Targets []jsonExamined `json:"targets"`
}

type jsonCheck struct {
	Check   string     `json:"check"`
	Verdict string     `json:"verdict"`
	Text    sentence   `json:"text"`
	Hints   []sentence `json:"hints,omitempty"`
}

type jsonExamined struct {
	Target    string      `json:"target"`
	Region    string      `json:"region"`
	Workspace string      `json:"workspace_id"`
	Checks    []jsonCheck `json:"checks"`
	Habits    []jsonHabit `json:"habits"`
	Unasked   []string    `json:"unasked"`
}

type jsonHabit struct {
	Question string   `json:"question"`
	Seen     []string `json:"seen"`
	Text     sentence `json:"text"`
	Means    sentence `json:"means,omitempty"`
}

// words of the verdicts in JSON, without blanks.
var verdicts = map[view.Verdict]string{view.Fine: "ok", view.Doubtful: "warning", view.Broken: "failed", view.NotLooked: "not-looked-at"}

// DoctorJSON writes what was looked at, for machines: one value.
func DoctorJSON(w io.Writer, d view.Doctor) error {
	out := jsonDoctor{Schema: Schema, Works: d.Works(), Checks: jsonChecks(d.Checks), Targets: []jsonExamined{}}
	for _, t := range d.Targets {
		e := jsonExamined{t.Name, t.Region, t.Workspace, jsonChecks(t.Checks), []jsonHabit{}, append([]string{}, t.Unasked...)}
		for _, h := range t.Habits {
			e.Habits = append(e.Habits, jsonHabit{h.Question, append([]string{}, h.Seen...), sentence(h.Text), sentence(h.Means)})
		}
		out.Targets = append(out.Targets, e)
	}
	return JSON(w, out)
}

func jsonChecks(checks []view.Check) []jsonCheck {
	out := []jsonCheck{}
	for _, c := range checks {
		out = append(out, jsonCheck{c.Name, verdicts[c.Verdict], sentence(c.Text), sentences(c.Hints)})
	}
	return out
}
