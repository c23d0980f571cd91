package main

import (
	"context"
	"slices"
	"strings"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/manifest/draft"
	"connsync/secrets/sops"
)

// importCmd writes manifests for what workspaces have already.
type importCmd struct {
	answerFormat

	Layout        string   `default:"${layout}" placeholder:"PATH" help:"Where a manifest goes; {target}, {name} and {plugin} are filled in (default ${default})."`
	Plugin        []string `placeholder:"NAME" help:"Only connections of this plugin (repeatable)."`
	FromTerraform string   `completes:"files" placeholder:"FILE" help:"Read ids and configs from this state file of Terraform or OpenTofu ( - : standard input), and not from SecMaster. The command that gives it:  terraform state pull ."`
	BuiltIn       bool     `help:"Also what came with the workspace, and connections of emergency policies. Otherwise only where --only names one exactly."`
	Protect       bool     `help:"Write  protect: true  into each: sync --prune never deletes it."`
	DryRun        bool     `help:"Say what would be written, and write nothing."`
	Ask           bool     `help:"Then ask on the terminal for each value that SecMaster hides. What is typed is not shown; an empty line leaves one out."`
	Yes           bool     `help:"Do not ask which connections, and whether."`
}

func (importCmd) Help() string {
	return "Writes a manifest, with  adopt: ID , for each connection that a workspace has and neither Git nor known state names. Secrets that SecMaster shows are encrypted in memory, by the rule in .sops.yaml; " +
		"what it hides becomes a setting without a value, and the connection is incomplete until  connsync set  gave it one. The files of connections without secrets stay unencrypted. Nothing is written to SecMaster.\n\n" +
		examples("connsync import --dry-run", "connsync import --target prod --only 'edr_*'", "connsync import --plugin EdrVendor --layout 'connections/{target}/{plugin}/{name}.yaml'")
}

// importing is one run of import.
type importing struct {
	*editing
	cmd      importCmd
	recorded map[string]bool // the ids in known state, with --from-terraform
	owned    []tfOwned       // of --from-terraform
	found    []candidate
	written  []imported
	adopted  []adopted
	amended  []amended
	plugins  map[string][]manifest.Plugin // of each target read
	left     []leftOut
	had      int             // connections in Git or known state already
	builtIn  int             // built-in connections, left out
	names    map[string]bool // taken paths, in one case
}

// candidate is a connection an import could take.
type candidate struct {
	shown apply.Shown
	draft draft.Connection
}

// imported is a manifest to be written.
type imported struct {
	file  string
	draft draft.Connection
	text  []byte
}

// leftOut is a connection without a manifest, and why.
type leftOut struct{ target, name, id, why string }

// Run makes all manifests in memory, shows what they are, asks, and writes them.
func (c importCmd) Run(ctx context.Context, w world, g *globals) error {
	if c.Ask && (c.DryRun || !render.IsTerminal(w.stdin)) {
		return &advised{&usageError{"--ask is for a terminal, and not with --dry-run"}, []string{"a value from elsewhere:  connsync set TARGET/NAME.SETTING < FILE"}}
	}
	e, err := g.edit(w, c.DryRun)
	if err != nil {
		return err
	}
	defer e.close()
	i := &importing{editing: e, cmd: c, names: map[string]bool{}, plugins: map[string][]manifest.Plugin{}, recorded: map[string]bool{}}
	if err := i.checkLayout(); err != nil {
		return err
	}
	code, err := i.gather(ctx)
	if err != nil {
		return err
	}
	if err := i.make(ctx); err != nil {
		return err
	}
	i.show()
	if err := i.write(ctx); err != nil {
		return err
	}
	if c.Ask {
		if err := i.ask(ctx); err != nil {
			return err
		}
	}
	w.giveIf(code == exitDone || len(i.written)+len(i.adopted)+len(i.left) > 0, i.answer())
	if err := i.next(); err != nil {
		return err
	}
	return ended(code)
}

// gather finds what could be imported. What fails for one target is said, and hides no other's.
func (i *importing) gather(ctx context.Context) (code int, err error) {
	if i.cmd.FromTerraform != "" {
		return exitDone, i.terraform(ctx)
	}
	for _, t := range i.g.selected(i.project, i.set) {
		if err := i.target(ctx, t.Target); err != nil {
			code = heavier(code, fail(i.p, targetError(t.Name, err)))
		}
	}
	return code, nil
}

// make makes the manifests of what was found and picked.
func (i *importing) make(ctx context.Context) error {
	if err := i.pick(ctx); err != nil {
		return err
	}
	for _, c := range i.found {
		if err := i.add(ctx, c.shown, c.draft); err != nil {
			return targetError(c.draft.Target, err)
		}
	}
	var err error
	i.amended, err = i.edits(ctx)
	return err
}

// write writes the manifests, if the person at the terminal agrees.
func (i *importing) write(ctx context.Context) error {
	n := i.count()
	if n == 0 || i.cmd.DryRun {
		return nil
	}
	if !i.g.agreed(ctx, i.w, i.cmd.Yes, "Write %s?", view.Count(n, "manifest")) {
		return &refusal{"not confirmed; nothing was written", nil}
	}
	for _, m := range i.written {
		if err := i.src.worktree.Create(m.file, m.text); err != nil {
			return &fileError{"--layout", m.file, err}
		}
	}
	for _, f := range i.amended {
		if err := i.src.worktree.Replace(f.file, f.was, f.is); err != nil {
			return err
		}
	}
	i.p.Out.Line("Wrote %s. Look at them before you commit them.", view.Count(n, "manifest"))
	return nil
}

// count is how many manifests are written or changed.
func (i *importing) count() int { return len(i.written) + len(i.adopted) }

// target makes the manifests of one workspace.
func (i *importing) target(ctx context.Context, t manifest.Target) error {
	options, err := i.g.client(ctx, i.w, t, need{job: secmaster.JobDiff})
	if err != nil {
		return err
	}
	reader, err := secmaster.NewReader(options)
	if err != nil {
		return err
	}
	defer reader.Close()
	shown, err := apply.ShownConnections(ctx, reader)
	if err != nil {
		return err
	}
	components, err := reader.Components(ctx)
	if err != nil {
		return err
	}
	known, err := i.known(ctx, t.Name)
	if err != nil {
		return err
	}
	i.plugins[t.Name] = pluginsOf(components)
	return i.consider(t.Name, shown, known)
}

// consider finds what of a workspace could be imported.
func (i *importing) consider(target string, shown []apply.Shown, known map[string]bool) error {
	names := map[string]bool{}
	for _, s := range shown {
		d := draftOf(target, s, i.plugins[target])
		if i.named(s) && !known[s.ID] {
			if err := i.adopt(target, s); err != nil {
				return err
			}
		}
		switch {
		case !i.picks(s, d):
			if builtIn(s) {
				i.builtIn++
			}
			continue
		case known[s.ID] || i.managed(target, s):
			i.had++
			continue
		}
		if why := unfit(s.Name, names); why != "" {
			i.leave(target, s, why)
			continue
		}
		names[s.Name] = true
		i.found = append(i.found, candidate{s, d})
	}
	return nil
}

func (i *importing) leave(target string, s apply.Shown, why string) {
	i.left = append(i.left, leftOut{target, s.Name, s.ID, why})
}

// known are the ids in a target's known state. Where there is none to be had, no id is known.
func (i *importing) known(ctx context.Context, target string) (map[string]bool, error) {
	out := map[string]bool{}
	store, err := i.g.store(i.w, i.src, i.project.State, target)
	if err != nil {
		notes(i.p, []error{targetError(target, &unseen{"imported without known state", err})})
		return out, nil
	}
	snap, err := store.ReadShared(ctx)
	for _, k := range snap.Known {
		out[k.ID] = true
	}
	return out, err
}

// managed tells whether Git names a connection already, by its id or by its name.
func (i *importing) managed(target string, s apply.Shown) bool {
	return slices.ContainsFunc(i.set.Target(target), func(c manifest.Connection) bool { return c.Name == s.Name || c.Adopt == s.ID })
}

// picks tells whether the command line selects a connection.
func (i *importing) picks(s apply.Shown, d draft.Connection) bool {
	if only := matcher(i.g.Only); only != nil && !only(s.Name) {
		return false
	}
	if len(i.cmd.Plugin) > 0 && !slices.Contains(i.cmd.Plugin, d.Component) && !slices.Contains(i.cmd.Plugin, s.ComponentID) {
		return false
	}
	return i.cmd.BuiltIn || !builtIn(s) || slices.Contains(i.g.Only, s.Name) || slices.Contains(i.g.Only, manifest.PatternOf(s.Name))
}

// builtIn tells whether a connection came with the workspace, or belongs to an emergency policy.
func builtIn(s apply.Shown) bool {
	return s.DefenseType != "" || strings.EqualFold(s.CreatorName, "system")
}

// why says why nothing is imported: what there is, and is not taken.
func (i *importing) why() {
	if i.had > 0 {
		i.p.Out.Words("  ", view.Count(i.had, "connection")+" in Git or in known state already")
	}
	if i.builtIn > 0 {
		i.p.Out.Words("  ", view.Count(i.builtIn, "connection")+" built in, or of an emergency policy: --built-in takes them")
	}
}

// show says what was made, and what was left out.
func (i *importing) show() {
	out, incomplete := i.p.Out, 0
	for _, m := range i.written {
		state := ""
		if m.draft.Incomplete() {
			state, incomplete = "   incomplete", incomplete+1
		}
		out.Line("  + %s/%s   %s%s", m.draft.Target, render.Bold(m.draft.Name), m.file, render.Yellow(state))
	}
	for _, l := range i.left {
		out.Line("  %s %s/%s (%s): %s", render.Yellow("left out:"), l.target, l.name, l.id, l.why)
	}
	for _, a := range i.adopted {
		out.Line("  ~ %s/%s   %s   adopt: %s", a.target, render.Bold(a.name), a.file, a.id)
	}
	if i.count() == 0 {
		out.Line("Nothing to import.")
		i.why()
		return
	}
	if len(i.written) == 0 {
		return
	}
	out.Line("\n%s to write, %d incomplete, %d left out.", view.Count(len(i.written), "manifest"), incomplete, len(i.left))
	if rule, err := sops.RuleFor(i.top, i.written[0].file); err == nil {
		out.Words("", "Secrets are encrypted for:  "+strings.Join(rule.Recipients(), ", "))
	}
}
