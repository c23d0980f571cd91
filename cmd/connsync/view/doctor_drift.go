package view

import "connsync/apply/secmaster/doctor"

// Drift says what of a change in the console a diff would see.
func Drift(seen doctor.Seen) []Check {
	const settings, secrets = "drift of settings", "drift of secrets"
	if !seen.Has("config") {
		text := "no connection was shown"
		return []Check{{Name: settings, Verdict: NotLooked, Text: text}, {Name: secrets, Verdict: NotLooked, Text: text}}
	}
	hidden := seen.Has("config", "masked-all", "omitted", "empty", "null", "broken")
	shown := seen.Has("config", "clear", "no-secret-here", "masked")
	var out []Check
	switch {
	case !hidden:
		out = append(out, Check{Name: settings, Verdict: Fine, Text: "a diff sees it: SecMaster shows them"})
	case shown:
		out = append(out, Check{Name: settings, Verdict: Doubtful, Text: "a diff sees it in some connections, since SecMaster shows their configs; of the others, " + byTime(seen)})
	default:
		out = append(out, Check{Name: settings, Verdict: Doubtful, Text: "SecMaster does not show them: " + byTime(seen)})
	}
	switch {
	case seen.Has("config", "clear") && !hidden:
		out = append(out, Check{Name: secrets, Verdict: Fine, Text: "SecMaster shows secrets in the clear: a sync compares them, with the key at hand; everybody who may read connections reads them, too"})
	case seen.Has("config", "no-secret-here") && !hidden:
		out = append(out, Check{Name: secrets, Verdict: NotLooked, Text: "no connection has a secret, so whether SecMaster shows them stays open"})
	default:
		out = append(out, Check{Name: secrets, Verdict: Doubtful, Text: "SecMaster does not show them: " + byTime(seen)})
	}
	return out
}

// byTime says what an update time tells of what is not shown.
func byTime(seen doctor.Seen) string {
	switch {
	case seen.Has("updatetime", "absent") && !seen.Has("updatetime", "present"):
		return "there is no update time either, so no change of them is seen"
	case seen.Has("updatetime", "absent"):
		return "that a connection changed shows in its update time, where there is one"
	}
	return "that a connection changed shows in its update time, and not what changed"
}
