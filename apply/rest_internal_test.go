package apply

import (
	"errors"
	"testing"

	"connsync/diff"
)

// Whatever a plan says: a run makes nothing to send of a connection with an unread file.
func TestNothingIsSentFromARecord(t *testing.T) {
	for _, action := range []diff.Action{diff.Create, diff.Update, diff.Adopt, diff.Unchanged} {
		w, err := newWrite(&diff.Change{Action: action, Name: "a", Write: true, Want: &diff.Want{Rests: true}}, opened{}, nil)
		if w != nil || !errors.Is(err, ErrUnread) {
			t.Errorf("%s: %+v, %v", action, w, err)
		}
	}
}
