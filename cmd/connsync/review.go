package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"time"

	"connsync/diff"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// side is what one commit wants: its project, its manifests with all their mistakes, and its rules for sops.
type side struct {
	commit   gitfs.Commit
	project  manifest.Project
	set      manifest.Set
	mistakes []manifest.Mistake
	rules    manifest.Rules
	fresh    bool // of a base without a project: there is nothing to compare the head's with
	unread   bool // of a base whose project file has mistakes
}

// review compares two sides. It asks nobody.
type review struct {
	g          *globals
	repo       *gitfs.Repository
	base, head side
	cache      manifest.Cache
	plans      map[string]diff.Plan // by target, all of them
	moves      []manifest.Move
}

// readHead reads the head under the stricter of both projects' policies: a branch cannot relax the rules that it is looked at by.
func (r *review) readHead(files fs.FS, policy manifest.SecretsPolicy) (err error) {
	strict := r.head.project
	strict.Secrets = stricter(strict.Secrets, policy)
	if r.head.set, r.head.mistakes, err = manifest.Survey(files, strict, &r.cache); err != nil {
		return err
	}
	var unread []manifest.Mistake
	if r.head.rules, unread, err = manifest.LoadRules(files, r.head.set.Files); err != nil {
		return err
	}
	r.head.mistakes = append(append(r.head.mistakes, unread...), r.head.set.Check(strict, r.head.rules)...)
	return nil
}

// stricter allows what both allow, and asks for a full MAC where either does.
func stricter(a, b manifest.SecretsPolicy) manifest.SecretsPolicy {
	out := manifest.SecretsPolicy{FullMAC: a.FullMAC || b.FullMAC}
	for _, kind := range a.Allow {
		if slices.Contains(b.Allow, kind) {
			out.Allow = append(out.Allow, kind)
		}
	}
	return out
}

// readBase reads the base. Its mistakes are not the branch's, which may be there to mend them.
func (r *review) readBase(files fs.FS, project manifest.Project) (err error) {
	if !r.base.fresh {
		r.base.project = project
	}
	r.base.set, _, err = manifest.Survey(files, project, &r.cache)
	var missing *manifest.ReadError
	if errors.As(err, &missing) && missing.Missing { // no manifests yet
		return nil
	}
	if err == nil {
		r.base.rules, _, err = manifest.LoadRules(files, r.base.set.Files)
	}
	return err
}

// view is the comparison.
func (r *review) view() (view, error) {
	v := view{offline: true, alarms: r.alarms()}
	r.compare()
	for _, name := range sortedKeys(r.plans) {
		if p := r.plans[name]; r.g.wants(name) {
			if only := matcher(r.g.Only); only != nil {
				p.Keep(only)
			}
			v.plans = append(v.plans, p)
		}
	}
	v.files = r.fileNotes(v.plans)
	findings, err := r.findings()
	v.findings = findings
	return v, err
}

// repointed are the destinations that a sync would not change, since nobody needed a key to change them.
func (r *review) repointed() []manifest.Mistake {
	var out []manifest.Mistake
	for _, p := range r.plans {
		for i := range p.Changes {
			c := &p.Changes[i]
			for _, risk := range c.Risks {
				if risk.Kind == diff.RiskRepointed {
					out = append(out, manifest.Mistake{
						Pos:     c.Want.At(risk.Path),
						Message: string(risk.Path) + " of " + c.Name + " changed, and sops did not write the file since the base: a sync refuses to send its secrets elsewhere without a sign that somebody held the file's key",
						Hints:   []string{"undo the edit and make it with  sops edit " + c.Pos.File + ",  or write the same value once more with  sops set"},
					})
				}
			}
		}
	}
	return out
}

// alarms are the changes of the rules by which everything else is judged.
func (r *review) alarms() []string {
	out := ruleChanges(r.base.rules, r.head.rules)
	switch {
	case r.base.unread:
		return append([]string{r.head.project.File + " had mistakes before, so what changes in it cannot be told"}, out...)
	case r.base.fresh:
		return out
	}
	return append(policyChanges(r.base.project, r.head.project), out...)
}

// compare plans every target of either side.
func (r *review) compare() {
	if r.plans != nil {
		return
	}
	r.plans = map[string]diff.Plan{}
	r.moves = r.head.set.Moves(r.base.set)
	for _, p := range []manifest.Project{r.base.project, r.head.project} {
		for name, t := range p.Targets {
			plan := diff.Compare(name, wish{Target: t}.place(), r.base.set.Target(name), r.head.set.Target(name))
			plan.WantCommit, plan.KnownCommit = r.head.commit.Hash, r.base.commit.Hash
			plan.Mark(r.moves)
			r.plans[name] = plan // the head's place holds
		}
	}
}

// findings are what a sync would refuse, and secrets that the branch exposed, in order of their places.
func (r *review) findings() ([]finding, error) {
	r.compare()
	var out []finding
	add := func(fatal bool, ms ...manifest.Mistake) {
		for _, m := range ms {
			out = append(out, finding{m, fatal})
		}
	}
	add(true, r.head.mistakes...)
	add(true, r.head.set.CheckSince(r.base.set, r.moves)...)
	add(true, r.repointed()...)
	exposed, old, complete, err := r.exposed()
	if err != nil {
		return nil, err
	}
	add(true, exposed...)
	add(false, old...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i].Pos, out[j].Pos
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	if !complete {
		add(false, manifest.Mistake{
			Pos:     manifest.Position{File: r.head.project.File},
			Message: "the history is cut off or very long: not every commit of the branch was searched for secrets in the clear",
			Hints:   []string{"fetch more of it: git fetch --deepen=100"},
		})
	}
	return out, nil
}

// fileNotes say, for each target, which files are open to others than at the base.
func (r *review) fileNotes(plans []diff.Plan) map[string][]fileNote {
	before := make(map[string]manifest.File, len(r.base.set.Files))
	for _, f := range r.base.set.Files {
		before[f.Path] = f
	}
	notes := map[string]fileNote{}
	for _, f := range r.head.set.Files {
		if b, ok := before[f.Path]; ok && b.Digest != f.Digest {
			if n := noteOf(b, f); len(n.words) > 0 {
				notes[f.Path] = n
			}
		}
	}
	out := map[string][]fileNote{}
	told := map[[2]string]bool{}
	for _, p := range plans {
		for _, c := range r.head.set.Target(p.Target) {
			n, ok := notes[c.File.Path]
			if key := [2]string{p.Target, c.File.Path}; ok && !told[key] {
				told[key] = true
				out[p.Target] = append(out[p.Target], n)
			}
		}
		sort.Slice(out[p.Target], func(i, j int) bool { return out[p.Target][i].path < out[p.Target][j].path })
	}
	return out
}

// noteOf says how the encryption of a file changes.
func noteOf(before, after manifest.File) fileNote {
	n := fileNote{path: after.Path}
	switch b, a := before.Sops, after.Sops; {
	case b == nil && a == nil:
	case b == nil:
		n.words = append(n.words, "encrypted now")
	case a == nil:
		n.words, n.risky = append(n.words, "not encrypted any more"), true
	default:
		for _, x := range manifest.Missing(a.Recipients, b.Recipients) {
			n.words, n.risky = append(n.words, "recipient added: "+x.String()), true
		}
		for _, x := range manifest.Missing(b.Recipients, a.Recipients) {
			n.words = append(n.words, "recipient removed: "+x.String()+" (it can still open older versions: rotate the secrets)")
		}
		if a.MACOnlyEncrypted && !b.MACOnlyEncrypted {
			n.words, n.risky = append(n.words, "the MAC covers encrypted values only now"), true
		}
		if !a.MACOnlyEncrypted && b.MACOnlyEncrypted {
			n.words = append(n.words, "the MAC covers all values now")
		}
		if words := olderWords(b.LastModified, a.LastModified); words != "" {
			n.words, n.risky = append(n.words, words), true
		}
	}
	return n
}

// olderWords say that sops wrote the file before it wrote the base's, and so that old secrets come back; "" where it did not, or where a
// time cannot be read. The MAC authenticates the time, but not that it is the newest.
func olderWords(before, after string) string {
	was, err := time.Parse(time.RFC3339, before)
	is, err2 := time.Parse(time.RFC3339, after)
	if err != nil || err2 != nil || !is.Before(was) {
		return ""
	}
	return fmt.Sprintf("an older version: sops wrote it on %s, and the base's on %s", is.UTC().Format(time.DateTime), was.UTC().Format(time.DateTime))
}
