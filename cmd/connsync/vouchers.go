package main

import (
	"fmt"
	"io/fs"
	"maps"
	"runtime/debug"
	"slices"
	"sync"

	"connsync/apply"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// vouchers are the known states, by target, that vouch for files which were applied as they stand: such a file is not read. They are taken as they are found: before
// anything is planned, they are compared with what is known then.
type vouchers struct {
	states map[string]state.Snapshot
	read   func() map[string]state.Snapshot // gives states once they are read, in the background; nil where they are there

	mu    sync.Mutex
	rules string                      // by which the following was found
	files map[string]manifest.Vouched // those with exactly one vouching target
}

// checksOf names the checks of this program under some rules: a file that another one passed, or under others, is read once more. "" is for rules that are
// not known.
func checksOf(rules string) string {
	if rules == "" {
		return ""
	}
	info, _ := debug.ReadBuildInfo()
	b := buildOf(info)
	return secrets.Digest(fmt.Sprintf("%d %s %s %s", manifest.Checks, b.Version, b.Commit, rules))
}

// await waits for the states.
func (by *vouchers) await() {
	if by.read != nil {
		by.states, by.read = by.read(), nil
	}
}

// vouched are the files with exactly one vouching target.
func (by *vouchers) vouched(rules string) map[string]manifest.Vouched {
	by.await()
	by.mu.Lock()
	defer by.mu.Unlock()
	if by.files == nil || by.rules != rules {
		by.rules, by.files = rules, by.find(checksOf(rules))
	}
	return by.files
}

// but are the vouched files but for some. Those that rested in a survey are not looked at again.
func (by *vouchers) but(some []string, resting []manifest.Rested) func(rules string) map[string]manifest.Vouched {
	return func(rules string) map[string]manifest.Vouched {
		out := maps.Clone(by.vouched(rules))
		for _, c := range resting {
			if v, ok := out[c.File.Path]; ok {
				v.Seen = v.Blob == c.File.Blob
				out[c.File.Path] = v
			}
		}
		for _, file := range some {
			delete(out, file)
		}
		return out
	}
}

// find takes all records apart: of many targets that is done once.
func (by *vouchers) find(checks string) map[string]manifest.Vouched {
	out := map[string]manifest.Vouched{}
	var again []string
	for target, snap := range by.states {
		for file, v := range diff.Resting(snap.Known, checks) {
			if _, other := out[file]; other {
				again = append(again, file)
			}
			v.Target = target
			out[file] = v
		}
	}
	for _, file := range again {
		delete(out, file)
	}
	return out
}

// survey reads the manifests. Where something is wrong, all of them are read: what is said must not depend on what was read before.
func (by *vouchers) survey(files fs.FS, p manifest.Project) (manifest.Set, manifest.Mistakes, error) {
	set, found, err := manifest.SurveyBut(files, p, nil, by.vouched)
	by.await()
	if err == nil && len(set.Resting) > 0 && len(set.WithRules(slices.Clone(found)).Fatal()) > 0 {
		return manifest.Survey(files, p, nil)
	}
	return set, found, err
}

// reread reads more and more of one target's files.
func (by *vouchers) reread(files fs.FS, p manifest.Project, t wanted, resting []manifest.Rested) apply.Reread {
	var but []string
	return func(more []string) (want []manifest.Connection, rest []manifest.Rested, err error) {
		but = append(but, more...)
		set, found, err := manifest.SurveyBut(files, p, nil, by.but(but, resting))
		if err != nil {
			return nil, nil, err
		}
		of, any := set.Apart(set.WithRules(found), p)
		switch wrong := append(any, of[t.Name]...); {
		case len(wrong) > 0:
			return nil, nil, wrong.Once()
		case checksOf(set.RulesDigest) != t.checks:
			return nil, nil, apply.ErrFileChanged
		}
		return set.Target(t.Name), set.RestingOf(t.Name), nil
	}
}
