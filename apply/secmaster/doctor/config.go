package doctor

import (
	"bytes"
	"encoding/json"
	"strings"

	"connsync/lazy"
)

// The bounds of a config to look into, as those of a sync.
const (
	mostConfig = 256 << 10
	deepest    = 64
)

var (
	secretKey = lazy.New(`(?i)password|passwd|secret|token|key$|credential`)
	maskLike  = lazy.New(`^\*+$`)
)

// leaves counts what the values of configs look like. No value is kept.
type leaves struct {
	texts, masked, shownSecrets int
}

// masks notes the forms of the shown configs. A config can hold secrets in the clear: it is counted, and forgotten.
func (s Seen) masks(items []object) {
	var l leaves
	whole := false
	for _, item := range items {
		form, config := configForm(item)
		if form != "" {
			s.note("config", form)
		}
		if config != nil {
			whole = true
			l.count(config, false, deepest)
		}
	}
	switch {
	case !whole:
	case l.texts > 0 && l.masked == l.texts:
		s.note("config", "masked-all")
	case l.masked > 0:
		s.note("config", "masked")
	case l.shownSecrets > 0:
		s.note("config", "clear")
	default:
		s.note("config", "no-secret-here")
	}
}

// configForm is what is special about a config as it is shown, and the config, where it is one.
func configForm(item object) (string, any) {
	raw := item["config"]
	var text string
	switch k := kind(raw); {
	case k == "":
		return "omitted", nil
	case k == "null":
		return "null", nil
	case k == "object":
		return "object", configOf(string(raw))
	case json.Unmarshal(raw, &text) != nil:
		return "broken", nil
	case text == "":
		return "empty", nil
	}
	config := configOf(text)
	if config == nil && len(text) <= mostConfig {
		return "broken", nil
	}
	if compact(text) != text {
		return "reserialised", config
	}
	return "", config
}

// configOf is a config, if it is a JSON object and not too large; nil for any other.
func configOf(text string) any {
	var config map[string]any
	if len(text) > mostConfig || json.Unmarshal([]byte(text), &config) != nil || config == nil {
		return nil
	}
	return config
}

func (l *leaves) count(v any, secret bool, depth int) {
	if depth == 0 {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			l.count(child, secret || secretKey.MatchString(k), depth-1)
		}
	case []any:
		for _, child := range v {
			l.count(child, secret, depth-1)
		}
	case string:
		l.text(v, secret)
	case nil:
	default:
		if secret {
			l.shownSecrets++
		}
	}
}

func (l *leaves) text(v string, secret bool) {
	switch {
	case v == "":
		return
	case maskLike.MatchString(strings.TrimSpace(v)):
		l.masked++
	case secret:
		l.shownSecrets++
	}
	l.texts++
}

// compact is JSON without white space between its parts.
func compact(text string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}
