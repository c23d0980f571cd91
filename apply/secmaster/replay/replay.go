// Package replay makes an emulated SecMaster that behaves as a transcript says (docs/doctor.md).
package replay

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"connsync/apply/secmaster/doctor"
	"connsync/apply/secmaster/emulator"
)

// Plan is how an emulated SecMaster is made from a transcript.
type Plan struct {
	Switches []string // name=value
	Deny     []string // actions
	Unseen   []string // switches not in the transcript: they stay as they are
	of       doctor.Seen
}

// switches gives the value of a switch for each word of the question of the same name, where it is another one.
var switches = map[string]map[string]string{
	"maxlimit":   {"as-asked": "200", "less": "2", "one": "1"},
	"workspaces": {"none": "0", "one": "1", "several": "3"},
	"rate":       {"limited": "5/1s"},
	"config":     {"no-secret-here": "clear"},
}

// PlanOf maps what was seen to switches, and refusals to denied actions.
func PlanOf(t doctor.Transcript) Plan {
	p := Plan{of: t.Words()}
	for _, d := range emulator.SwitchDocs() {
		value := p.value(d)
		if value == "" {
			p.Unseen = append(p.Unseen, d.Name)
			continue
		}
		p.Switches = append(p.Switches, d.Name+"="+value)
	}
	for call, action := range actions {
		if refused(t, call) {
			p.Deny = append(p.Deny, action)
		}
	}
	slices.Sort(p.Deny)
	return p
}

// value is that of a switch; "" where nothing seen of it is one of its values.
func (p Plan) value(d emulator.SwitchDoc) string {
	words := p.of[d.Name]
	if d.Name == "nulls" && len(words) > 1 {
		return "mixed"
	}
	if slices.Contains(words, "reserialised") {
		return "reserialised"
	}
	for _, w := range words {
		if v := switches[d.Name][w]; v != "" {
			return v
		}
		if slices.Contains(d.Values, w) {
			return w
		}
	}
	return ""
}

// actions are the permissions of the calls.
var actions = map[string]string{
	doctor.CallList: "secmaster:connection:list", doctor.CallShow: "secmaster:connection:get", doctor.CallUnknown: "secmaster:connection:get",
	doctor.CallPlugins: "secmaster:component:list", doctor.CallWorkspaces: "secmaster:workspace:list",
}

func refused(t doctor.Transcript, call string) bool {
	return slices.ContainsFunc(t.Calls, func(c doctor.Recorded) bool {
		return c.Call == call && c.Answer != nil && c.Answer.Status == http.StatusForbidden && strings.HasPrefix(c.Answer.Code, "APIGW.")
	})
}

// Server is an emulated SecMaster by the plan, with connections to show what was seen.
func (p Plan) Server(o emulator.Options) (*emulator.Server, error) {
	for _, s := range p.Switches {
		if err := o.Switches.Set(s); err != nil {
			return nil, err
		}
	}
	s, err := emulator.New(o)
	if err != nil {
		return nil, err
	}
	s.Deny(p.Deny...)
	p.Fill(s)
	return s, nil
}

// Fill puts connections into the place of the built-in ones: as many as show what was seen, and no more.
func (p Plan) Fill(s *emulator.Server) {
	n := map[string]int{"none": 0, "one": 1}
	count, few := n[strings.Join(p.of["connections"], "")]
	if !few {
		count = 3
	}
	s.Clear()
	component, version := s.Plugin("EdrVendor", "2.1")
	var ids []string
	for i := range count {
		c := emulator.Connection{
			Name: fmt.Sprintf("replayed_%d", i+1), Description: "made by a replay", ComponentID: component, ComponentVersionID: version, CanBeDeleted: true,
			Config: `{"endpoint":"https://replayed.example","password":"replayed"}`, CreateTime: p.created(i),
		}
		if slices.Contains(p.of["config"], "no-secret-here") {
			c.Config = `{"endpoint":"https://replayed.example"}`
		}
		if slices.Contains(p.of["defense"], "listed") && (i == count-1 || slices.Contains(p.of["maxlimit"], "less")) {
			c.DefenseType = "CFW"
		}
		ids = append(ids, s.Put(c))
	}
	if count > 1 { // so that an order by age is another one than by change
		s.Edit(ids[0], func(c *emulator.Connection) {})
	}
}

// created is when the connection of a number was made: some at the same time, where that was seen, and all where an order could not be.
func (p Plan) created(i int) string {
	if slices.Contains(p.of["times"], "shared") && (i < 2 || len(p.of["order"]) == 0) {
		i = 0
	}
	return fmt.Sprintf("2026-01-02T03:04:%02dZ+0800", 5+i)
}
