package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/cmd/connsync/render"
)

// emulatorEdit changes a connection of a running emulator beside its API, as a user does in the console.
type emulatorEdit struct {
	answerFormat

	Connection  string   `arg:"" help:"The connection, by its name or its id."`
	Workspace   string   `placeholder:"ID" help:"The workspace. Default: any that has the connection; of a new one the first that is served."`
	Create      string   `placeholder:"PLUGIN:VERSION" help:"Create it, with this plugin, as in EdrVendor:2.1."`
	Set         []string `sep:"none" placeholder:"KEY=VALUE" help:"Set a setting of its config (repeatable). A value that is JSON is taken as such, and any other as a text. Dots lead into mappings."`
	Unset       []string `sep:"none" placeholder:"KEY" help:"Take a setting out of its config (repeatable)."`
	Rename      string   `placeholder:"NAME" help:"Give it another name."`
	Description *string  `placeholder:"TEXT" help:"Give it another description."`
	Delete      bool     `help:"Delete it, whatever uses it."`
}

func (emulatorEdit) Help() string {
	return "The emulator is the one at --endpoint, or else at http://127.0.0.1:8480. What is set is for emulators: never use a real secret.\n\n" +
		examples("connsync emulator edit edr_prod --set endpoint=https://by-hand.example", "connsync emulator edit edr_prod --unset user --rename edr_old",
			"connsync emulator edit siem --create EdrVendor:2.1 --set endpoint=https://siem.example --set port=8443", "connsync emulator edit edr_prod --delete")
}

// editedByHand is what the command gives.
type editedByHand struct {
	render.Answer
	emulator.Edited
}

// Run asks the emulator, and says what became of it.
func (c emulatorEdit) Run(ctx context.Context, w world, g *globals) error {
	edit, err := c.edit()
	if err != nil {
		return err
	}
	at := strings.TrimSuffix(cmp.Or(g.Endpoint, "http://127.0.0.1:8480"), "/")
	if u, err := url.Parse(at); err != nil || u.Scheme != "http" || !secmaster.IsLoopback(u.Hostname()) || u.Path != "" {
		return &usageError{"--endpoint: an emulator on loopback, such as http://127.0.0.1:8480"}
	}
	done, err := emulator.Ask(ctx, at, edit)
	var refused emulator.EditError
	switch {
	case errors.As(err, &refused):
		return &refusal{message: refused.Error()}
	case err != nil:
		return &refusal{"no emulator answers at " + at, []string{"start one, or name its address with --endpoint"}}
	}
	g.printer(w).Out.Line("%s  %s  (%s) in %s", done.Outcome, render.Bold(done.Name), done.ID, done.Workspace)
	w.give(&editedByHand{render.NewAnswer(), done})
	return nil
}

// edit is what the flags say.
func (c emulatorEdit) edit() (emulator.Edit, error) {
	e := emulator.Edit{Do: emulator.EditChange, Connection: c.Connection, Workspace: c.Workspace, Rename: c.Rename, Description: c.Description, Unset: c.Unset}
	changes := len(c.Set)+len(c.Unset) > 0 || c.Rename != "" || c.Description != nil
	switch {
	case c.Delete && (changes || c.Create != ""):
		return e, &usageError{"--delete: what is deleted is not changed beside"}
	case c.Delete:
		e.Do = emulator.EditDelete
	case c.Create != "":
		e.Do = emulator.EditCreate
		e.Plugin, e.Version, _ = strings.Cut(c.Create, ":")
	case !changes:
		return e, &usageError{"nothing to change: give --set, --unset, --rename, --description, --create or --delete"}
	}
	for _, s := range c.Set {
		key, value, has := strings.Cut(s, "=")
		if !has || key == "" {
			return e, &usageError{"--set: KEY=VALUE, as in endpoint=https://by-hand.example"}
		}
		if e.Set == nil {
			e.Set = map[string]json.RawMessage{}
		}
		e.Set[key] = jsonOrText(value)
	}
	return e, nil
}

// jsonOrText is a value as it stands where it is JSON, and as a text otherwise.
func jsonOrText(value string) json.RawMessage {
	if json.Valid([]byte(value)) {
		return json.RawMessage(value)
	}
	text, _ := json.Marshal(value) // a text is always JSON
	return text
}
