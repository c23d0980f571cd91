package emulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Switches are the habits of the served API, by name; the zero Switches are the defaults.
type Switches struct{ values map[string]string }

// SwitchDoc describes one switch.
type SwitchDoc struct {
	Name    string
	Values  []string // all allowed, or examples where Free is set
	Default string
	Free    func(string) error // checks a value that is not one of a few
	Help    string
}

// SwitchDocs are all switches, in the order of docs/emulator.md.
func SwitchDocs() []SwitchDoc { return switchDocs[:] }

var switchDocs = [...]SwitchDoc{
	{"list", []string{"assets", "asset", "data", "none"}, "assets", nil, "the member that holds the connections of a list (C1); none: only a total"},
	{"config", []string{"clear", "masked", "masked-all", "omitted", "empty", "null", "reserialised", "broken"}, "clear", nil, "how a connection's config is shown (C2)"},
	{"notfound", []string{"400", "404"}, "400", nil, "the answer for an id that does not exist (C3)"},
	{"components", []string{"new", "old"}, "new", nil, "the spelling of a component's members (C4)"},
	{"schema", []string{"string", "array", "null"}, "string", nil, "the form of connection_config (C4)"},
	{"offset", []string{"record", "page", "ignored"}, "record", nil, "what offset counts (C5)"},
	{"order", []string{"created", "newest", "updated", "stale"}, "created", nil, "the order of a list, which is not documented: by age, or what was changed last first or last (C5)"},
	{"maxlimit", []string{"200", "7"}, "200", positive, "the most items of a page, whatever is asked for (C5)"},
	{"workspace", []string{"403", "400"}, "403", nil, "the answer for another workspace (C6)"},
	{"code", []string{"empty", "number", "text", "zeros", "prefixed", "word", "absent"}, "empty", nil, "the code of a success (C7)"},
	{"contenttype", []string{"json", "any"}, "json", nil, "the content types that a write may have (C8)"},
	{"duplicates", []string{"allow", "refuse"}, "allow", nil, "a second connection of a name (U1)"},
	{"candelete", []string{"present", "absent"}, "present", nil, "the member can_be_deleted (U3)"},
	{"quota", []string{"0", "3"}, "0", natural, "the most connections; 0: no limit (U4)"},
	{"lag", []string{"0", "1"}, "0", natural, "in how many lists a new connection is missing (U8)"},
	{"filter", []string{"substring", "exact"}, "substring", nil, "how the name filter of a list matches (U9)"},
	{"rate", []string{"none", "1000/1m"}, "none", validRate, "how many requests are served in a time, as 5/1m (U10)"},
	{"ratescope", []string{"user", "ip"}, "user", nil, "what a rate is counted by: the caller's key, or the address, which all callers behind it share"},
	{"nulls", []string{"mixed", "empty", "absent"}, "mixed", nil, "how an empty text is shown (U12)"},
	{"updatetime", []string{"present", "absent"}, "present", nil, "the member update_time"},
	{"times", []string{"own", "shared"}, "own", nil, "whether changes within one second have the same time"},
	{"timeformat", []string{"zoned", "millis", "rfc3339", "offset", "bare", "epoch", "opaque"}, "zoned", nil, "how a time is written"},
	{"names", []string{"console", "printable"}, "console", nil, "the names that a connection may be given: those of the console, or any of printable characters"},
	{"status", []string{"upper", "lower", "mixed", "absent"}, "upper", nil, "how a connection's status is written"},
	{"equalput", []string{"moves", "stays"}, "moves", nil, "what an update does to the update time of a connection that it leaves as it was"},
	{"workspaces", []string{"1", "3"}, "1", natural, "how many workspaces a project shows at least; each that is not served has a view beside it"},
	{"workflows", []string{"0", "3"}, "0", natural, "how many more workflows there are that use every connection; each third is disabled"},
	{"policies", []string{"0", "2"}, "0", natural, "how many more emergency policies there are that use every connection"},
	{"users", []string{"shown", "denied", "absent", "broken"}, "shown", nil, "workflows and emergency policies: shown, refused, calls that do not exist, or texts that cannot be read"},
	{"writes", []string{"executed", "stale", "echo"}, "executed", nil, "what becomes of a write: executed, or swallowed and answered with what was there, or as if it had been executed"},
	{"latency", []string{"0s", "2ms"}, "0s", validDuration, "how long every answer takes"},
}

// Set changes one switch: name=value. Its error names what there is.
func (s *Switches) Set(nameValue string) error {
	name, value, _ := strings.Cut(nameValue, "=")
	var names []string
	for _, d := range SwitchDocs() {
		names = append(names, d.Name)
		if d.Name != name {
			continue
		}
		if err := d.check(value); err != nil {
			return err
		}
		if s.values == nil {
			s.values = map[string]string{}
		}
		s.values[name] = value
		return nil
	}
	return fmt.Errorf("no such switch: there are %s", strings.Join(names, ", "))
}

func (d SwitchDoc) check(value string) error {
	switch {
	case slices.Contains(d.Values, value):
		return nil
	case d.Free == nil:
		return fmt.Errorf("switch %s is one of %s", d.Name, strings.Join(d.Values, ", "))
	}
	if err := d.Free(value); err != nil {
		return fmt.Errorf("switch %s is %s, for example %s", d.Name, err, d.Values[len(d.Values)-1])
	}
	return nil
}

func (s *Switches) value(name string) string {
	if v, ok := s.values[name]; ok {
		return v
	}
	for _, d := range SwitchDocs() {
		if d.Name == name {
			return d.Default
		}
	}
	panic("no such switch: " + name)
}

func (s *Server) duration(name string) time.Duration {
	d, _ := time.ParseDuration(s.value(name))
	return d
}

type problem string

func (p problem) Error() string { return string(p) }

func positive(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 1 {
		return problem("a number from 1")
	}
	return nil
}

func natural(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 0 {
		return problem("a number from 0")
	}
	return nil
}

func validDuration(v string) error {
	if d, err := time.ParseDuration(v); err != nil || d < 0 {
		return problem("a time")
	}
	return nil
}

func validRate(v string) error {
	if n, per := parseRate(v); n < 1 || per <= 0 {
		return problem("a number of requests per time")
	}
	return nil
}

func parseRate(v string) (int, time.Duration) {
	count, per, _ := strings.Cut(v, "/")
	n, _ := strconv.Atoi(count)
	d, _ := time.ParseDuration(per)
	return n, d
}

func (s *Server) rate() (int, time.Duration) { return parseRate(s.value("rate")) }
