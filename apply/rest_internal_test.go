package apply

import (
	"errors"
	"testing"

	"connsync/diff"
)

// Whatever a plan says: of a connection whose file was not read nothing is made that could be sent.
func TestNothingIsSentFromARecord(t *testing.T) {
	for _, action := range []diff.Action{diff.Create, diff.Update, diff.Adopt, diff.Unchanged} {
		w, err := newWrite(&diff.Change{Action: action, Name: "a", Write: true, Want: &diff.Want{Rests: true}}, nil, nil)
		if w != nil || !errors.Is(err, ErrUnread) {
			t.Errorf("%s: %+v, %v", action, w, err)
		}
	}
}
