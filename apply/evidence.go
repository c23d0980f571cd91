package apply

import (
	"connsync/diff"
	"connsync/secrets"
)

// evidence is what a list says of an answered update: an answer alone proves nothing, since a proxy can give one.
type evidence int

const (
	silent       evidence = iota // nothing shown could tell
	proven                       // it was executed
	contradicted                 // the connection is as it was: whatever answered, it was not executed
)

// evidence compares a connection before an update, as it was sent, and afterwards. The update time decides where it moved, then any
// setting moved to what was sent, and last an unmoved time older than the update.
func (w *write) evidence(after diff.Have) evidence {
	before := w.change.Have
	if before == nil { // a create found, or told to another run: it is there
		return proven
	}
	was, is := shownTime(before.UpdateTime), shownTime(after.UpdateTime)
	timed := was != "" && is != ""
	changed, stayed, all := w.settingsSeen(*before, after)
	switch {
	case timed && is != was, changed, all:
		return proven
	case stayed, timed && was.olderThan(w.sent.At):
		return contradicted
	}
	return silent
}

// settingsSeen tells whether a sent setting is shown to have moved, whether a setting due to move is shown as it was,
// and whether every sent setting is shown as it was sent, and none that was there is left over: an update replaces the config.
func (w *write) settingsSeen(before, after diff.Have) (changed, stayed, all bool) {
	sent := w.settingsSent()
	changing := w.changing()
	all = true
	for p, want := range sent {
		was, shown := before.Shows(p)
		is, shows := after.Shows(p)
		all = all && shows && is == want
		switch {
		case shows && (is == want && was != want || shown && is != was), changing[p] && before.Settings != nil && !before.Holds(p) && after.Holds(p):
			changed = true
		case shows && shown && is != want && changing[p] && !after.Settings.Of(p).PartlyMasked():
			stayed = true
		}
	}
	for _, s := range before.Settings {
		if _, wanted := sent[s.Path]; !wanted && after.Holds(s.Path) {
			all = false
		}
	}
	for p := range changing { // what is to go
		if _, wanted := sent[p]; !wanted && before.Holds(p) && after.Settings != nil {
			changed, stayed = changed || !after.Holds(p), stayed || after.Holds(p)
		}
	}
	return changed, stayed, all
}

// settingsSent are the digests of all sent settings, by path; in memory only, since a digest of a secret is a guess away from it.
func (w *write) settingsSent() map[secrets.Path]string {
	if w.shown != nil {
		return w.shown
	}
	sent := diff.Have{
		Name: w.body.Name, Description: w.body.Description, Settings: settings(w.body.Config),
		Plugin: diff.Plugin{ComponentID: w.body.ComponentID, VersionID: w.body.ComponentVersionID},
	}
	out := map[secrets.Path]string{}
	for _, s := range sent.Settings {
		out[s.Path], _ = sent.Shows(s.Path)
	}
	for _, p := range diff.Fixed() {
		out[p], _ = sent.Shows(p)
	}
	return out
}

// changing are the settings an update is sent for. What it sends beside them may be shown differently all along: a server may
// normalise what it is sent.
func (w *write) changing() map[secrets.Path]bool {
	out := map[secrets.Path]bool{}
	for _, f := range w.change.Fields {
		for _, p := range f.Paths() {
			out[p] = true
		}
	}
	for _, s := range w.change.Secrets {
		if s.Word != diff.Same && s.Word != diff.Unverified {
			out[s.Path] = true
		}
	}
	return out
}
