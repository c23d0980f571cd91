package apply

import (
	"errors"
	"testing"

	"connsync/diff"
	"connsync/manifest"
)

// Whatever a plan says: a run makes nothing to send of a connection with an unread file.
func TestNothingIsSentFromARecord(t *testing.T) {
	for _, action := range []diff.Action{diff.Create, diff.Update, diff.Adopt, diff.Unchanged} {
		p := &Prepared{Plan: diff.Plan{Changes: []diff.Change{{Action: action, Name: "a", Pos: manifest.Position{File: "a.yaml"}, Write: true, Rests: true}}}}
		lots, _ := p.lots()
		for _, v := range p.judge(t.Context(), lots[0], past{}, nil) {
			if v.write != nil || !errors.Is(v.refused, ErrUnread) {
				t.Errorf("%s: %+v, %v", action, v.write, v.refused)
			}
		}
	}
}
