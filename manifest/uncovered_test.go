package manifest_test

import (
	"strings"
	"testing"
)

// sops looks at every key above a value. A name that an allowlist fits leaves everything below in the clear, so no target, connection or mapping
// may have one: by the rule, and by the file's own selector.
func TestNothingIsLeftInTheClearByTheNameOfWhatItStandsIn(t *testing.T) {
	const allow = "unencrypted_regex: ^(component|version|endpoint|url|hosts|empty|items|prod_|connections_)$"
	for _, c := range []struct{ name, selector, connection, config, wrong string }{
		{"keys of single values", allow, "edr", "endpoint: e.example\n        url: u.example", ""},
		{"a connection called endpoint", allow, "endpoint", "mode: canary", "3:5: the connection endpoint"},
		{"a connection called version", allow, "version", "mode: canary", "3:5: the connection version"},
		{"a connection called url", allow, "url", "url: u.example", "3:5: the connection url"},
		{"a part of a name is none", allow, "url_2", "endpoint: e.example", ""},
		{"letters of the other case", allow, "URL", "endpoint: e.example", ""},
		{"a mapping", allow, "edr", "url:\n          mode: canary", "7:9: the mapping config.url"},
		{"a mapping in a mapping", allow, "edr", "net:\n          endpoint:\n            mode: canary", "8:11: the mapping config.net.endpoint"},
		{"a mapping in a list", allow, "edr", "nets:\n          - url:\n              mode: canary", "8:13: the mapping config.nets[0].url"},
		{"a list of mappings", allow, "edr", "items:\n          - mode: canary", "7:9: the mapping config.items"},
		{"a list of lists of mappings", allow, "edr", "items:\n          - - mode: canary", "7:9: the mapping config.items"},
		{"a list of values", allow, "edr", "hosts:\n          - a.example", ""},
		{"an empty mapping", allow, "edr", "empty: {}\n        items: [{}]", ""},
		{"the target", "unencrypted_regex: ^prod$", "edr", "mode: canary", "2:3: the target prod"},
		{"the whole file", "unencrypted_regex: ^con", "edr", "mode: canary", "1:1: the whole file, under connections"},
		{"the config", "unencrypted_regex: ^config$", "edr", "mode: canary", "6:7: the mapping config"},
		{"a suffix", "unencrypted_suffix: _pt", "edr_pt", "mode: canary", "3:5: the connection edr_pt"},
		{"a mapping that says so by its suffix", "unencrypted_suffix: _pt", "edr", "net_pt:\n          mode: canary", ""},
		{"what is encrypted may be called so", "encrypted_regex: ^(edr|mode)$", "other", "mode: " + enc, ""},
	} {
		text := strings.Replace(connection("a", "        "+c.config+"\n"), "    a:", "    "+c.connection+":", 1)
		for where, pairs := range map[string][]string{
			"in its rule":       {".sops.yaml", rulesOf("    " + c.selector), "connections/a.yaml", text},
			"in the file":       {"connections/a.yaml", text + sealedBy("  "+c.selector+"\n")},
			"in the rule alone": {".sops.yaml", rulesOf("    " + c.selector), "connections/a.yaml", text + sealedBy("  encrypted_regex: ^x$\n")},
			"in both":           {".sops.yaml", rulesOf("    " + c.selector), "connections/a.yaml", text + sealedBy("  "+c.selector+"\n")},
		} {
			wrong, _ := checked(t, pairs...)
			told := ""
			for _, m := range wrong {
				if strings.Contains(m.Message, "would stand in the clear") {
					told += m.Error() + "\n"
				}
			}
			if c.wrong == "" && told != "" || c.wrong != "" && (strings.Count(told, "\n") != 1 || !strings.HasPrefix(told, "connections/a.yaml:"+c.wrong+" would stand")) {
				t.Errorf("%s, %s: %q", c.name, where, told)
			}
		}
	}
	text := strings.Replace(connection("a", "        mode: canary\n"), "    a:", "    db_unencrypted:", 1)
	if wrong, _ := checked(t, "connections/a.yaml", text+sealedBy("")); !strings.Contains(told(wrong), "the connection db_unencrypted would stand in the clear: the suffix _unencrypted fits its name") {
		t.Errorf("without a selector: %s", told(wrong))
	}
}
