package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/manifest/gitfs"
)

// initCmd writes what a repository begins with.
type initCmd struct {
	answerFormat

	Region    string   `placeholder:"REGION" help:"The region of the workspace, as in cn-north-4."`
	Workspace string   `placeholder:"ID" help:"The workspace. Where credentials are at hand it may be left out: those of the region are listed."`
	Project   string   `placeholder:"ID" help:"The region's project; looked up where it is not given."`
	Recipient []string `sep:"none" placeholder:"KEY" help:"Who can open the secrets (repeatable): an age recipient, an SSH public key, a file of either, a PGP fingerprint, or the id of a KMS key. Default: the age keys at hand."`
	NewKey    string   `completes:"files" placeholder:"FILE" help:"Make a new age key and keep it in this file, outside of the repository. Default, where no key is at hand: where sops looks for one."`
	CI        string   `enum:"auto,github,gitlab,bitbucket,azure,jenkins,none" default:"auto" placeholder:"HOST" help:"The workflow of this host: github, gitlab, bitbucket, azure, jenkins or none. Default: the host that the repository shows."`
	Import    bool     `help:"Then import what the workspace has."`
	DryRun    bool     `help:"Say what would be written, and write nothing."`
}

func (initCmd) Help() string {
	return "Writes what a repository for connsync begins with: connsync.yaml, .sops.yaml, a first manifest, the CI workflow, JSON Schema and settings for editors, and the line for the merge driver in .gitattributes. " +
		"What is there already is left as it is. On a terminal it asks for what no flag says. --target names the target (default prod).\n\n" +
		examples("connsync init", "connsync init --region cn-north-4 --dry-run", "connsync init --region cn-north-4 --recipient keys/team.pub --import")
}

// starting is one run of init.
type starting struct {
	cmd  initCmd
	g    *globals
	w    world
	p    *render.Printer
	top  string
	tree *gitfs.Worktree
	git  bool // the folder is in a Git repository

	existing   *manifest.Project // nil where there is none yet
	target     manifest.Target
	recipients []recipient
	newKey     *newKey  // nil for none
	keys       []string // of settings in the clear
	did        []begunFile
}

// Run asks for what is missing, and writes what is not there.
func (c initCmd) Run(ctx context.Context, w world, g *globals) error {
	s := &starting{cmd: c, g: g, w: w, p: g.printer(w)}
	switch {
	case g.Repo != "" || g.Ref != "":
		return &usageError{"files are written into the worktree: not with --repo or --ref"}
	case g.Config != manifest.ProjectFile:
		return &usageError{"init writes " + manifest.ProjectFile + ": not with --config or CONNSYNC_CONFIG"}
	case len(g.Target) > 1:
		return &usageError{"one target to begin with: name one --target"}
	}
	if err := s.open(); err != nil {
		return err
	}
	defer s.tree.Close()
	for _, step := range []func(context.Context) error{s.place, s.who} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	files, err := s.files()
	if err != nil {
		return err
	}
	if err := s.write(files); err != nil {
		return err
	}
	if c.Import && !c.DryRun {
		err := s.taken(ctx)
		begun := s.answer()
		begun.Import = w.gave()
		w.give(begun)
		return err
	}
	w.give(s.answer())
	s.next()
	return nil
}

// taken imports what the workspace has. If it has nothing, the repository has a first manifest all the same.
func (s *starting) taken(ctx context.Context) error {
	g := *s.g
	g.Target = []string{s.target.Name}
	err := importCmd{Layout: importLayout, Yes: true}.Run(ctx, s.w, &g)
	if project, failed := manifest.LoadProject(s.tree.FS(), manifest.ProjectFile); failed == nil && !s.hasManifests(project) {
		first := s.first(project)
		return errors.Join(err, s.tree.Create(first.name, []byte(first.text)))
	}
	return err
}

// open finds the top of the repository; a folder in none will be one.
func (s *starting) open() error {
	top, err := gitfs.Top(s.g.Dir)
	s.git = err == nil
	if err != nil {
		top, err = filepath.Abs(s.g.Dir)
	}
	if err != nil {
		return &fromFlag{"-C", err}
	}
	s.top = top
	if s.tree, err = gitfs.OpenWorktree(top); err != nil {
		return &fromFlag{"-C", err}
	}
	return nil
}

// write writes the missing files, after the key to open their secrets with.
func (s *starting) write(files []startFile) error {
	if s.newKey != nil && !s.cmd.DryRun {
		if err := s.newKey.write(); err != nil {
			return err
		}
	}
	written := 0
	for _, f := range files {
		was, err := fs.ReadFile(s.tree.FS(), f.name)
		switch {
		case err == nil:
			s.there(f, string(was))
			continue
		case !errors.Is(err, fs.ErrNotExist):
			return &fileError{"init", f.name, err}
		case s.cmd.DryRun:
			s.did = append(s.did, begunFile{f.name, "written"})
			s.p.Out.Line("  %s %s   %s", render.Green("+"), f.name, f.about)
			continue
		}
		if err := s.tree.Create(f.name, []byte(f.text)); err != nil {
			return &fileError{"init", f.name, err}
		}
		written++
		s.did = append(s.did, begunFile{f.name, "written"})
		s.p.Out.Line("  %s %s   %s", render.Green("+"), f.name, f.about)
	}
	s.openers()
	if s.cmd.DryRun {
		s.p.Out.Line("\nNothing was written.")
		return nil
	}
	s.p.Out.Line("\nWrote %s.", view.Count(written, "file"))
	if s.host() == "" {
		s.p.Note("no CI workflow was written: the repository shows no host. Name it: github, gitlab, bitbucket, azure or jenkins:  %s", s.g.again("connsync init --ci github"))
	}
	return nil
}

// exists tells whether the worktree has something of a name.
func (s *starting) exists(name string) bool {
	_, err := os.Lstat(filepath.Join(s.top, filepath.FromSlash(name)))
	return err == nil
}

// shownLines are how many lines are shown of a file init would have written.
const shownLines = 40

// there says what init would have written in the place of a file.
func (s *starting) there(f startFile, was string) {
	if f.used || f.line != "" && strings.Contains("\n"+was+"\n", "\n"+f.line+"\n") || was == f.text {
		s.did = append(s.did, begunFile{f.name, "used"})
		s.p.Out.Line("  = %s   is there, and is used", f.name)
		return
	}
	s.did = append(s.did, begunFile{f.name, "left"})
	s.p.Out.Line("  %s %s   is there, and is left as it is; init would have written:", render.Yellow("="), f.name)
	lines := strings.Split(strings.TrimSuffix(f.text, "\n"), "\n")
	for _, l := range lines[:min(len(lines), shownLines)] {
		s.p.Out.Line("      %s", l)
	}
	if more := len(lines) - shownLines; more > 0 {
		s.p.Out.Line("      … and %d more lines", more)
	}
}

// openers says who can open the secrets, and where a new key is.
func (s *starting) openers() {
	for _, r := range s.recipients {
		s.p.Out.Words("  ", "secrets can be opened by  "+r.kind+" "+r.id+"   ("+r.from+")")
	}
	if s.newKey == nil {
		return
	}
	did := "a new key is in"
	if s.cmd.DryRun {
		did = "a new key would be in"
	}
	s.p.Out.Words("  ", did+"  "+s.newKey.file+"   Keep a copy in a safe place, and give it to CI as the secret SOPS_AGE_KEY.")
	if s.newKey.file != s.newKey.usual {
		s.p.Out.Line("  sops finds it there by:  export SOPS_AGE_KEY_FILE=%s", manifest.ShellWord(s.newKey.file))
	}
}

// next says what to do now.
func (s *starting) next() {
	if s.cmd.DryRun {
		return
	}
	var begin []string
	if !s.git {
		begin = []string{s.g.again("git init -b main")}
	}
	if s.cmd.CI == "auto" || !s.wants() { // --ci adds a workflow to what is there
		begin = append(begin, s.g.again("connsync import --dry-run"), s.g.again("connsync import"))
	}
	s.p.Next(append(begin, s.g.again("connsync validate")))
}

// place is the region, the project and the workspace.
func (s *starting) place(ctx context.Context) error {
	if begun, err := s.begun(); begun || err != nil {
		return err
	}
	s.target = manifest.Target{Name: "prod", Region: s.cmd.Region, ProjectID: s.cmd.Project, WorkspaceID: s.cmd.Workspace}
	if len(s.g.Target) == 1 {
		s.target.Name = s.g.Target[0]
	}
	if s.target.Region == "" {
		s.target.Region = s.ask(ctx, "Region of the workspace, as in cn-north-4:")
	}
	if s.target.Region == "" {
		return &advised{&usageError{"which region?"}, []string{"connsync init --region REGION"}}
	}
	if strings.ContainsAny(s.target.Name+s.target.Region, " \t\n\r#:\"'{}[]&*!|>%@`,") {
		return &usageError{"--target and --region are one word each"}
	}
	return s.live(ctx)
}

// begun takes the target from the existing project file; false where none is.
func (s *starting) begun() (bool, error) {
	if !s.exists(manifest.ProjectFile) {
		return false, nil
	}
	project, err := manifest.LoadProject(s.tree.FS(), manifest.ProjectFile)
	if err == nil {
		err = s.g.checkTargets(project)
	}
	if err != nil {
		return true, err
	}
	s.existing = &project
	s.target = s.g.selected(project, manifest.Set{})[0].Target
	return true, nil
}

// ask is what a person types at a terminal; "" without a person.
func (s *starting) ask(ctx context.Context, question string) string {
	if !render.IsTerminal(s.w.stdin) {
		return ""
	}
	out, done := s.g.toPerson(s.w)
	defer done()
	out.AskWords(question)
	return strings.TrimSpace(line(ctx, s.w.stdin))
}
