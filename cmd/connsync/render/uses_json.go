package render

import "connsync/diff"

type jsonUsers struct {
	Workflows []jsonWorkflow `json:"workflows"`
	Policies  int            `json:"emergency_policies"`
	Hidden    bool           `json:"hidden,omitempty"`
}

type jsonWorkflow struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
}

type jsonSearch struct {
	Workflows int       `json:"workflows"`
	Policies  int       `json:"emergency_policies"`
	Gaps      []jsonGap `json:"not_looked_at,omitempty"`
}

type jsonGap struct {
	Of  diff.UserKind `json:"of"`
	Why diff.GapKind  `json:"why"`
	N   int           `json:"count,omitempty"`
}

func usersJSON(u *diff.Users) *jsonUsers {
	if u == nil {
		return nil
	}
	out := &jsonUsers{Workflows: []jsonWorkflow{}, Policies: u.Policies, Hidden: u.Hidden}
	for _, w := range u.Workflows {
		out.Workflows = append(out.Workflows, jsonWorkflow(w))
	}
	return out
}

func searchJSON(s *diff.Search) *jsonSearch {
	if s == nil {
		return nil
	}
	out := &jsonSearch{Workflows: s.Workflows, Policies: s.Policies}
	for _, g := range s.Gaps {
		out.Gaps = append(out.Gaps, jsonGap(g))
	}
	return out
}
