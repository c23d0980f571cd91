package emulator

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"connsync/lazy"
)

// body is that of a create or an update.
type body struct {
	Name, ComponentID, ComponentVersionID, Config string
	Description                                   *string
}

func (b body) onto(c *Connection) {
	c.Name, c.ComponentID, c.ComponentVersionID, c.Config = b.Name, b.ComponentID, b.ComponentVersionID, b.Config
	if b.Description != nil { // without one, the old one stays (U5)
		c.Description = *b.Description
	}
}

var (
	nameRule = lazy.New(`^[A-Za-z0-9_]{1,64}$`)
	maskLike = lazy.New(`^\*+$`)
)

// read reads and checks a body. Messages name members, never values.
func (x *exchange) read() (body, bool) {
	mediaType, _, _ := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if mediaType != "application/json" && !x.s.is("contenttype", "any") {
		x.fail(http.StatusUnsupportedMediaType, "SecMaster.20041002", "Content type must be application/json")
		return body{}, false
	}
	b, wrong := parse(x.body)
	there := x.there()
	switch {
	case wrong != "":
	case !x.takesName(b.Name) && b.Name != there.Name: // a connection with such a name may keep it
		wrong = "name"
	case b.Description != nil && utf8.RuneCountInString(*b.Description) > 64 && *b.Description != there.Description: // likewise
		wrong = "description is too long"
	}
	if wrong == "" {
		if _, ok := x.s.pluginOf(b.ComponentID, b.ComponentVersionID); !ok {
			wrong = "component_id and component_version_id do not belong together"
		}
	}
	if wrong != "" {
		x.fail(http.StatusBadRequest, "SecMaster.20041002", "Invalid parameter: "+wrong)
	}
	return b, wrong == ""
}

// takesName tells whether a connection may be given a name, by the switch "names".
func (x *exchange) takesName(name string) bool {
	if nameRule.MatchString(name) {
		return true
	}
	unfit := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	return x.s.is("names", "printable") && utf8.RuneCountInString(name) <= 64 && !strings.ContainsFunc(name, unfit)
}

// there is a request's connection, as it is; the zero Connection where there is none yet.
func (x *exchange) there() Connection {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if c := x.connection(); c != nil {
		return *c
	}
	return Connection{}
}

func parse(text []byte) (body, string) {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return body{}, "the body is not a JSON object"
	}
	var b body
	for _, m := range []struct {
		name  string
		value *string
	}{{"name", &b.Name}, {"component_id", &b.ComponentID}, {"component_version_id", &b.ComponentVersionID}, {"config", &b.Config}} {
		if json.Unmarshal(members[m.name], m.value) != nil || *m.value == "" {
			return b, m.name + " must be a string"
		}
	}
	if raw, ok := members["description"]; ok {
		b.Description = new(string)
		if json.Unmarshal(raw, b.Description) != nil || raw[0] != '"' {
			return b, "description must be a string"
		}
	}
	return b, badConfig(b.Config)
}

func badConfig(text string) string {
	var config map[string]any
	if json.Unmarshal([]byte(text), &config) != nil || config == nil {
		return "config must be a JSON object in a string"
	}
	if hasMask(config) {
		return "config holds a masked value"
	}
	return ""
}

// hasMask finds a value read masked and written back.
func hasMask(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, child := range v {
			if hasMask(child) {
				return true
			}
		}
	case []any:
		if slices.ContainsFunc(v, hasMask) {
			return true
		}
	case string:
		return maskLike.MatchString(strings.TrimSpace(v))
	}
	return false
}
