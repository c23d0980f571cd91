package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/secrets"
	"connsync/secrets/seal"
	"connsync/secrets/sops"
)

// sealCmd signs where the secrets of connections may go.
type sealCmd struct {
	answerFormat

	Files  []string `completes:"files" arg:"" optional:"" name:"file" help:"Manifests: their connections are sealed anew, whatever they are sealed as. Default: all connections with secrets whose seals do not fit."`
	Yes    bool     `short:"y" help:"Do not ask. Without a terminal, nothing is sealed unless this says so."`
	DryRun bool     `help:"Say what would be signed, and change nothing."`
}

func (sealCmd) Help() string {
	return "A seal says, under the file's own key, where the secrets of a connection may go: its settings in the clear, its plugin and its target's workspace. A sync compares it before it sends anything, so that nobody " +
		"without the key can have secrets sent elsewhere. This shows line by line what it would sign, against what was signed before, and asks. Read it: what stands there is what you vouch for.\n\n" +
		examples("connsync seal connections/prod/edr.yaml", "connsync seal --dry-run", "connsync seal --target prod --yes")
}

// Run seals one file after the other. The first failure ends it.
func (c sealCmd) Run(ctx context.Context, w world, g *globals) error {
	e, err := g.edit(w, c.DryRun)
	if err != nil {
		return err
	}
	defer e.close()
	files, err := c.files(e)
	if err != nil {
		return err
	}
	done := signedFiles{Answer: render.NewAnswer(), DryRun: c.DryRun, Files: []signedFile{}}
	for _, file := range files {
		names, err := c.one(ctx, e, file)
		if len(names) > 0 {
			done.Files = append(done.Files, signedFile{file, names})
		}
		w.giveIf(err == nil || len(done.Files) > 0, &done)
		if err != nil {
			return err
		}
	}
	if len(done.Files) == 0 {
		w.give(&done)
		e.p.Out.Line("nothing to seal: every connection that has secrets is sealed as it stands")
	}
	return nil
}

// files are the manifests of the command line, or all manifests of connections with secrets.
func (c sealCmd) files(e *editing) ([]string, error) {
	var out []string
	for _, name := range c.Files {
		file, err := e.fileOf(name)
		if err != nil {
			return nil, err
		}
		out = append(out, file)
	}
	if len(c.Files) > 0 {
		return out, nil
	}
	for i := range e.set.Connections {
		if w := &e.set.Connections[i]; w.HasSecrets() || w.Seal != nil {
			out = append(out, w.File.Path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// sealing is one connection to be sealed.
type sealing struct {
	connectionPlace
	at       manifest.Position
	was      string // the text of its seal; "" for none
	next     seal.Seal
	differs  []seal.Difference
	withheld func(name string) bool
}

// one seals the connections of a file that are not sealed as they stand.
func (c sealCmd) one(ctx context.Context, e *editing, file string) (sealed []string, err error) {
	text, ed, err := e.open(ctx, file, e.opener)
	if err != nil {
		return nil, err
	}
	all, err := c.unsealed(ctx, e, file, text, ed)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	for _, s := range all {
		s.show(e.p.Out)
	}
	if err := c.confirm(ctx, e, file, len(all)); err != nil {
		return nil, err
	}
	extended := false
	for _, s := range all {
		more, err := ed.Seal(s.path(), s.next.Text())
		if err != nil {
			return nil, err
		}
		extended = extended || more
		sealed = append(sealed, s.String())
	}
	if _, err := e.write(file, text, ed); err != nil {
		return nil, err
	}
	e.p.Out.Line("%s %s of %s", e.said("sealed", "would seal"), view.Count(len(all), "connection"), render.Bold(file))
	if extended {
		e.noteRule(ed)
	}
	return sealed, nil
}

// noteRule says that a file's selector is more than its rule: sops itself encrypts a new file by the rule.
func (e *editing) noteRule(ed *sops.Editor) {
	e.p.Note("the file encrypts its seals now: %s. Write the same into its rule in %s, or what sops encrypts anew has its seals in the clear", manifest.SaidSelector(ed.Selector()), sops.RulesFile)
}

// unsealed are the connections of a file whose seals do not say what stands there. Of a named file, all: an older seal that came back says that, too.
func (c sealCmd) unsealed(ctx context.Context, e *editing, file string, text []byte, ed *sops.Editor) ([]sealing, error) {
	set, _ := manifest.Read(file, text, e.project)
	var out []sealing
	for i := range set.Connections {
		w := &set.Connections[i]
		place := connectionPlace{w.Target, w.Name}
		was := ed.Sealed(place.path())
		if !e.g.selects(w.Target) || !w.HasSecrets() && was == "" {
			continue
		}
		s, err := e.sealing(w, was)
		if err != nil {
			return nil, err
		}
		if s.differs == nil && was != "" && len(c.Files) == 0 {
			continue
		}
		s.next.N = seal.Next(time.Now(), s.next.N, e.knownN(ctx, place))
		out = append(out, s)
	}
	return out, nil
}

// sealing compares a connection with its seal. Its next counter is the one in the file.
func (e *editing) sealing(w *manifest.Connection, was string) (sealing, error) {
	lines, ok := w.Bound(e.project.Targets[w.Target])
	if !ok {
		return sealing{}, &refusal{fmt.Sprintf("%s: %s has a value that must not be sent, so it cannot be sealed", w.File.Path, w.Name), []string{"connsync validate  says which"}}
	}
	s := sealing{connectionPlace: connectionPlace{w.Target, w.Name}, at: w.Pos, was: was, next: seal.Seal{Lines: lines}}
	old, err := seal.Parse(was)
	if err == nil {
		s.next.N = old.N
	}
	s.differs = seal.Compare(old.Lines, lines)
	hidden := map[string]bool{}
	for _, x := range manifest.Settings("config", w.Config) {
		hidden[string(x.Path)] = x.Secret == nil && x.Suspicious()
	}
	s.withheld = func(name string) bool { return hidden[name] }
	return s, nil
}

// knownN is the largest counter of a connection in this clone's known state; 0 where there is none.
func (e *editing) knownN(ctx context.Context, c connectionPlace) int64 {
	store, err := e.g.store(e.w, e.src, manifest.StatePolicy{Remote: "none"}, c.target)
	if err != nil {
		return 0
	}
	snap, err := store.Read(ctx)
	if err != nil {
		return 0
	}
	n := snap.Past[c.name].N
	if k := snap.Of(c.name).Seal; k != nil {
		n = max(n, k.N)
	}
	return n
}

// show says what is signed, and what of it was signed otherwise.
func (s sealing) show(out *render.Stream) {
	out.Line("%s   %s", render.Bold(s.String()), s.at.String())
	changed := map[string]seal.Difference{}
	for _, d := range s.differs {
		changed[string(d.Name)] = d
	}
	for _, l := range s.next.Lines {
		name := string(l.Name)
		d, differs := changed[name]
		delete(changed, name)
		switch {
		case !differs || s.was == "":
			out.Line("    %s  %s", name, s.value(name, l.Value))
		case d.Sealed == "":
			out.Line("  + %s  %s", name, s.value(name, l.Value))
		default:
			out.Line("  ~ %s  %s -> %s", name, s.value(name, d.Sealed), s.value(name, l.Value))
		}
	}
	for _, d := range s.differs {
		if _, gone := changed[string(d.Name)]; gone && d.Sealed != "" && s.was != "" {
			out.Line("  - %s  %s", string(d.Name), s.value(string(d.Name), d.Sealed))
		}
	}
}

// value is a line's value for people; of what looks like a secret, nothing.
func (s sealing) value(name, v string) string {
	plain := strings.Trim(v, `"`)
	looks := manifest.Setting{Path: "config", Value: plain}.Suspicious()
	if v != "<secret>" && strings.HasPrefix(name, "config") && (s.withheld(name) || looks || (manifest.Setting{Path: secrets.Path(name), Value: plain}).Suspicious()) {
		return "(not shown)"
	}
	if v == "<secret>" {
		return "(encrypted)"
	}
	return view.Spelled(v)
}

// confirm asks at a terminal; elsewhere --yes must have been given.
func (c sealCmd) confirm(ctx context.Context, e *editing, file string, n int) error {
	switch {
	case c.DryRun || c.Yes:
		return nil
	case !render.IsTerminal(e.w.stdin):
		return &refusal{"not sealed: there is no terminal to ask at whether the secrets may go there", []string{"read it, and sign it:  connsync seal --yes " + manifest.ShellWord(file)}}
	case e.g.agreed(ctx, e.w, false, "Sign %s?", view.Count(n, "connection")):
		return nil
	}
	return &refusal{"not confirmed; nothing was sealed", nil}
}
