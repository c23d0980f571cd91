package doctor

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"connsync/apply/secmaster"
)

// Seen is what was seen of each question, in words of the vocabulary; a question without any was not seen.
type Seen map[string][]string

// Question is one left open by the vendor's documents, with all words for what a server does.
type Question struct {
	Name  string // most are those of the emulator's switches
	Words []string
}

// Questions are those that reads can answer, in order.
func Questions() []Question { return questions[:] }

var questions = [...]Question{
	{"connections", []string{"none", "one", "several"}},
	{"list", []string{"assets", "asset", "data", "none"}},
	{"config", []string{"clear", "no-secret-here", "masked", "masked-all", "reserialised", "omitted", "empty", "null", "broken", "object"}},
	{"notfound", []string{"400", "404", "other"}},
	{"components", []string{"new", "old"}},
	{"schema", []string{"string", "array", "null", "absent", "other"}},
	{"offset", []string{"record", "page", "ignored"}},
	{"order", []string{"created", "newest", "updated", "stale", "none"}},
	{"times", []string{"own", "shared"}},
	{"maxlimit", []string{"as-asked", "less", "one"}},
	{"workspace", []string{"403", "400", "404", "other"}},
	{"code", []string{"empty", "number", "text", "zeros", "prefixed", "word", "null", "absent", "other"}},
	{"candelete", []string{"present", "absent"}},
	{"defense", []string{"listed", "unlisted"}},
	{"filter", []string{"substring", "exact", "ignored"}},
	{"nulls", []string{"empty", "null", "absent"}},
	{"updatetime", []string{"present", "absent"}},
	{"timeformat", []string{"zoned", "millis", "rfc3339", "offset", "bare", "epoch", "opaque"}},
	{"status", []string{"upper", "lower", "mixed", "absent", "unknown"}},
	{"workspaces", []string{"none", "one", "several"}},
	{"rate", []string{"limited"}},
	{"ratescope", []string{"user", "ip", "other"}},
}

// Unasked are the questions that only a write, or a clock, would answer.
func Unasked() []string {
	return []string{"contenttype", "duplicates", "quota", "lag", "names", "equalput", "writes", "latency"}
}

// note adds a word to a question, once and in the order of the vocabulary.
func (s Seen) note(question, word string) {
	if words := vocabulary(question); slices.Contains(words, word) {
		s[question] = added(s[question], word, words)
	}
}

// added is some words with one more, once and in the order of a vocabulary.
func added(to []string, word string, vocabulary []string) []string {
	if slices.Contains(to, word) {
		return to
	}
	to = append(to, word)
	slices.SortFunc(to, func(a, b string) int { return slices.Index(vocabulary, a) - slices.Index(vocabulary, b) })
	return to
}

// Has tells whether one of some words was seen, or any where none is named.
func (s Seen) Has(question string, words ...string) bool {
	return slices.ContainsFunc(s[question], func(w string) bool { return len(words) == 0 || slices.Contains(words, w) })
}

// list notes what the first page shows, and gives its connections.
func (s Seen) list(c Call) []object {
	body := objectOf(c.Raw.Body)
	if c.Err != nil && c.Raw.Status != http.StatusOK || body == nil || !c.Asked {
		return nil
	}
	s.note("code", codeForm(body["code"]))
	name, items := listed(c.Raw)
	total, counted := total(body)
	if name == "" {
		s.note("list", "none")
		return nil
	}
	s.note("list", name)
	s.note("connections", amount(max(len(items), total)))
	if counted && len(items) > 0 && len(items) < mostItems {
		s.limit(len(items), total)
	}
	s.order(items)
	s.times(items)
	for _, item := range items {
		s.connection(item)
	}
	s.masks(items)
	s.defense(items)
	return items
}

func total(body object) (int, bool) {
	n, err := strconv.Atoi(body.text("total"))
	return n, err == nil
}

func amount(n int) string { return []string{"none", "one", "several"}[min(n, 2)] }

// limit notes whether a page has as much as was asked for.
func (s Seen) limit(items, total int) {
	switch {
	case items >= total:
		s.note("maxlimit", "as-asked")
	case items == 1:
		s.note("maxlimit", "one")
	default:
		s.note("maxlimit", "less")
	}
}

// connection notes the forms of one connection's members.
func (s Seen) connection(item object) {
	s.presence("candelete", item["can_be_deleted"])
	s.presence("updatetime", item["update_time"])
	s.note("status", statusForm(item["status"]))
	for _, name := range []string{"create_time", "update_time"} {
		if text := item.text(name); text != "" {
			s.note("timeformat", timeForm(text))
		}
	}
	for _, name := range blank {
		switch raw := item[name]; {
		case kind(raw) == "":
			s.note("nulls", "absent")
		case kind(raw) == "null":
			s.note("nulls", "null")
		case kind(raw) == "string" && item.text(name) == "":
			s.note("nulls", "empty")
		}
	}
}

func (s Seen) presence(question string, raw json.RawMessage) {
	if k := kind(raw); k == "" || k == "null" {
		s.note(question, "absent")
		return
	}
	s.note(question, "present")
}

func (s Seen) defense(items []object) {
	if len(items) == 0 {
		return
	}
	if slices.ContainsFunc(items, func(o object) bool { return o.text("defense_type") != "" }) {
		s.note("defense", "listed")
		return
	}
	s.note("defense", "unlisted")
}

// offset compares the first two items with two from offset 1.
func (s Seen) offset(first, second []string) {
	switch {
	case len(first) < 2 || slices.Contains(first, "") || slices.Contains(second, ""):
	case slices.Equal(first, second):
		s.note("offset", "ignored")
	case len(second) > 0 && second[0] == first[1]:
		s.note("offset", "record")
	case !slices.Contains(second, first[0]) && !slices.Contains(second, first[1]):
		s.note("offset", "page")
	}
}

// filter looks at a list asked for by a part of a connection's name.
func (s Seen) filter(a secmaster.Answer, id, part string) {
	name, items := listed(a)
	found, others := false, false
	for _, item := range items {
		found = found || item.text("id") == id
		others = others || !strings.Contains(item.text("name"), part)
	}
	n, counted := total(objectOf(a.Body))
	switch {
	case name == "":
	case others:
		s.note("filter", "ignored")
	case found:
		s.note("filter", "substring")
	case counted && n <= len(items):
		s.note("filter", "exact")
	}
}

// unknown notes the answer for an unknown id.
func (s Seen) unknown(c Call) {
	if !c.Asked || c.Raw.Status == 0 || c.denied() {
		return
	}
	s.status("notfound", c.Raw.Status)
}

// elsewhere notes the answer for a missing workspace. A 403 for want of the permission says nothing of it.
func (s Seen) elsewhere(c Call) {
	if !c.Asked || c.Raw.Status == 0 || c.denied() {
		return
	}
	s.status("workspace", c.Raw.Status)
}

func (s Seen) status(question string, status int) {
	if word := strconv.Itoa(status); slices.Contains(vocabulary(question), word) {
		s.note(question, word)
		return
	}
	s.note(question, "other")
}

// denied tells whether a call was refused for want of a permission.
func (c Call) denied() bool {
	code := objectOf(c.Raw.Body).text("error_code")
	return c.Raw.Status == http.StatusUnauthorized || c.Raw.Status == http.StatusForbidden && strings.HasPrefix(code, "APIGW.")
}

// plugins notes how plugins are spelled.
func (s Seen) plugins(c Call) {
	if !c.Asked || c.Err != nil {
		return
	}
	items, _ := objectsOf(objectOf(c.Raw.Body)["data"])
	for _, item := range items {
		for name, word := range map[string]string{"versions": "new", "component_versions": "old"} {
			versions, ok := objectsOf(item[name])
			if ok {
				s.note("components", word)
			}
			for _, v := range versions {
				s.note("schema", schemaForm(v["connection_config"]))
			}
		}
	}
}

func schemaForm(raw json.RawMessage) string {
	switch k := kind(raw); k {
	case "":
		return "absent"
	case "string", "array", "null":
		return k
	}
	return "other"
}

// workspaces notes how many there are, and gives their ids; false where they cannot be told.
func (s Seen) workspaces(c Call) ([]string, bool) {
	if !c.Asked || c.Err != nil {
		return nil, false
	}
	items, ok := objectsOf(objectOf(c.Raw.Body)["workspaces"])
	if !ok {
		return nil, false
	}
	ids := []string{}
	for _, item := range items {
		if kind(item["is_view"]) != "boolean" || string(item["is_view"]) == "false" {
			ids = append(ids, item.text("id"))
		}
	}
	s.note("workspaces", amount(len(ids)))
	return ids, true
}

func vocabulary(question string) []string {
	for _, q := range questions {
		if q.Name == question {
			return q.Words
		}
	}
	return nil
}
