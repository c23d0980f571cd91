package doctor

import (
	"encoding/json"
	"strings"

	"connsync/lazy"
)

func statusForm(raw json.RawMessage) string {
	text := object{"status": raw}.text("status")
	switch {
	case text == "":
		return "absent"
	case !strings.EqualFold(text, "SUCCESS") && !strings.EqualFold(text, "FAILED"):
		return "unknown"
	case text == strings.ToUpper(text):
		return "upper"
	case text == strings.ToLower(text):
		return "lower"
	}
	return "mixed"
}

// The forms of a time.
var timeForms = []struct {
	word    string
	pattern *lazy.Pattern
}{
	{"zoned", lazy.New(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ[+-]\d\d:?\d\d$`)},
	{"millis", lazy.New(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{1,9}Z?([+-]\d\d:?\d\d)?$`)},
	{"rfc3339", lazy.New(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ$`)},
	{"offset", lazy.New(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[+-]\d\d:?\d\d$`)},
	{"bare", lazy.New(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$`)},
	{"epoch", lazy.New(`^\d{10}(\d{3}|\d{6}|\d{9})?$`)},
}

func timeForm(text string) string {
	for _, f := range timeForms {
		if f.pattern.MatchString(text) {
			return f.word
		}
	}
	return "opaque"
}

// order notes how a list is sorted. Times of one form are in the order of their texts.
func (s Seen) order(items []object) {
	up, down := sorted(items, "create_time")
	later, earlier := sorted(items, "update_time")
	switch {
	case up && down || len(items) < 2: // they cannot be compared, or are all the same
	case up:
		s.note("order", "created")
	case down:
		s.note("order", "newest")
	case later && earlier:
	case earlier:
		s.note("order", "updated")
	case later:
		s.note("order", "stale")
	default:
		s.note("order", "none")
	}
}

// times notes whether two connections were made at the same time, as it is shown.
func (s Seen) times(items []object) {
	made := map[string]bool{}
	for _, item := range items {
		text := item.text("create_time")
		switch {
		case text == "":
			return
		case made[text]:
			s.note("times", "shared")
			return
		}
		made[text] = true
	}
	if len(items) > 1 {
		s.note("times", "own")
	}
}

// sorted tells whether a list is in the order of its times, or the other way round; both where that cannot be told.
func sorted(items []object, member string) (up, down bool) {
	up, down = true, true
	for i := range items {
		text := items[i].text(member)
		if timeForm(text) == "opaque" || i > 0 && timeForm(text) != timeForm(items[i-1].text(member)) {
			return true, true
		}
		if i > 0 {
			c := strings.Compare(items[i-1].text(member), text)
			up, down = up && c <= 0, down && c >= 0
		}
	}
	return up, down
}
