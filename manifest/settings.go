package manifest

import (
	"sort"

	"connsync/secrets"
)

// Setting is one leaf of a config: a scalar, an empty mapping or an empty list.
type Setting struct {
	Path   secrets.Path // from the connection: config.auth.password
	Value  any          // string, bool, json.Number, or an empty map[string]any or []any; nil for a secret
	Secret *secrets.Ref // nil for a setting in the clear
}

// Settings flattens a config into its leaves, in order of their paths. root is the path of
// config itself. It serves wanted configs (whose leaves may be secrets.Ref) and live ones
// (whose leaves may also be nil, for JSON's null) alike.
func Settings(root secrets.Path, config map[string]any) []Setting {
	var out []Setting
	flatten(root, config, &out)
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

func flatten(at secrets.Path, v any, out *[]Setting) {
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			flatten(at.Key(k), child, out)
		}
		if len(v) > 0 {
			return
		}
	case []any:
		for i, child := range v {
			flatten(at.Index(i), child, out)
		}
		if len(v) > 0 {
			return
		}
	case secrets.Ref:
		*out = append(*out, Setting{Path: at, Secret: &v})
		return
	}
	*out = append(*out, Setting{Path: at, Value: v})
}
