package manifest

import (
	"strconv"

	"connsync/lazy"
	"connsync/manifest/strict"
)

// MaxAge is how many days a secret may keep its value: no limit where it is 0, and NoMaxAge where a target says so.
type MaxAge int

// NoMaxAge is a target's max_age: none.
const NoMaxAge MaxAge = -1

var days = lazy.New(`^[1-9][0-9]{0,4}d$`)

// String is a limit as it is written in the project file; "" for none that is said.
func (a MaxAge) String() string {
	switch {
	case a == NoMaxAge:
		return "none"
	case a == 0:
		return ""
	}
	return strconv.Itoa(int(a)) + "d"
}

// MaxAge is the limit of a target, in days: its own, or the project's; 0 for none.
func (p Project) MaxAge(target string) int {
	own := p.Targets[target].MaxAge
	switch own {
	case 0:
		return int(p.Secrets.MaxAge)
	case NoMaxAge:
		return 0
	}
	return int(own)
}

// maxAge reads a limit. Only a target can lift one.
func (d *document) maxAge(n *strict.Node, mayLift bool) MaxAge {
	s, ok := d.str(n, "max_age")
	switch {
	case !ok:
	case s == "none" && mayLift:
		return NoMaxAge
	case !days.MatchString(s):
		d.WrongName(n, "max_age is no number of days").Hint("write days with a d behind them, as in  max_age: 90d")
	default:
		count, _ := strconv.Atoi(s[:len(s)-1])
		return MaxAge(count)
	}
	return 0
}
