package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"connsync/apply/secmaster/emulator"
	"connsync/cmd/connsync/render"
)

// demoCmd shows the main job with real commands against an emulated SecMaster.
type demoCmd struct {
	answerFormat

	Keep bool `help:"Leave the repository and the server up, to go on by hand."`
}

func (demoCmd) Help() string {
	return "Makes a temporary Git repository with an age key and SOPS-encrypted manifests, serves an emulated SecMaster on loopback, and runs " +
		"the real commands. It touches nothing else, and needs no network.\n\n" + examples("connsync demo", "connsync demo --keep")
}

// demo is a demonstration under way.
type demo struct {
	ctx   context.Context
	w     world
	g     *globals
	p     *render.Printer
	repo  *demoRepo
	serve *served
	exe   string
}

// Run shows the story from an empty workspace to a rotated secret.
func (c demoCmd) Run(ctx context.Context, w world, g *globals) error {
	server, err := emulator.New(emulator.Options{})
	if err != nil {
		return err
	}
	d := &demo{ctx: ctx, w: w, g: g, p: g.printer(w)}
	if d.serve, err = serve("127.0.0.1:0", server); err != nil {
		return err
	}
	defer d.serve.stop()
	if d.exe, err = os.Executable(); err != nil {
		return err
	}
	d.repo, err = newDemoRepo(emulator.DefaultRegion, emulator.DefaultProject, emulator.DefaultWorkspace)
	if d.repo != nil && !c.Keep {
		defer os.RemoveAll(filepath.Dir(d.repo.dir))
	}
	if err != nil {
		return err
	}
	if err := d.story(); err != nil {
		return err
	}
	w.give(&demonstrated{render.NewAnswer(), true})
	d.onByHand(c.Keep)
	if c.Keep {
		<-ctx.Done()
	}
	return nil
}

func (d *demo) story() error {
	for _, step := range []func() error{
		d.seals,
		d.says("Three encrypted manifests in Git, and a SecMaster without them."),
		d.runs("validate"), d.runs("diff"), d.runs("sync"),
		d.says("All there: a second look only lists, and decrypts nothing."),
		d.runs("diff", "--exit-code"),
		d.says("A password is rotated with `sops set`. The firewall moves and gets a new token.", "That its secrets may go there is signed."),
		d.rotates, d.runs("seal", "--yes"), d.commits("rotate the EDR's password, move the firewall"), d.runs("diff"), d.runs("sync"), d.runs("diff", "--exit-code"),
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) says(lines ...string) func() error {
	return func() error {
		d.p.Out.Line("")
		for _, l := range lines {
			d.p.Out.Line("%s", render.Cyan("# "+l))
		}
		return nil
	}
}

// runs runs a command of this very program, in a process of its own, as a user would.
func (d *demo) runs(args ...string) func() error {
	return func() error {
		d.p.Out.Line("\n%s", render.Bold("$ connsync "+strings.Join(args, " ")))
		if d.p.Coloured() {
			args = append(args[:len(args):len(args)], "--color=always")
		}
		return d.run(args, false)
	}
}

// run runs a command, and shows what it says unless it is to be quiet.
func (d *demo) run(args []string, quiet bool) error {
	cmd := exec.CommandContext(d.ctx, d.exe)
	cmd.Args = append([]string{"connsync"}, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = d.repo.dir, d.w.stdout, d.w.stderr
	if quiet || d.w.answers != nil {
		cmd.Stdout = nil
	}
	cmd.Env = append(d.environment(), "PATH="+d.w.env("PATH"), "HOME="+filepath.Dir(d.repo.dir), "TMPDIR="+os.TempDir())
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitWith(exit.ExitCode())
	}
	return err
}

// seals signs where the secrets may go, as the person who sets the project up does.
func (d *demo) seals() error {
	if err := d.run([]string{"seal", "--yes"}, true); err != nil {
		return err
	}
	return d.repo.commit("seal the connections")
}

func (d *demo) commits(message string) func() error {
	return func() error { return d.repo.commit(message) }
}

// environment is everything connsync needs to know: where SecMaster is, who asks, and the key.
func (d *demo) environment() []string {
	var out []string
	for _, line := range surroundings(d.serve.url) {
		out = append(out, strings.TrimPrefix(line, "export "))
	}
	return append(out, "SOPS_AGE_KEY_FILE="+d.repo.keyFile)
}

func (d *demo) rotates() error { return d.repo.rotate(d.ctx) }

// onByHand says how to go on.
func (d *demo) onByHand(kept bool) {
	if !kept {
		d.p.Out.Line("\n%s", render.Cyan("# Go on by hand: connsync demo --keep leaves repository and server up."))
		return
	}
	d.p.Out.Line("\n%s\n\ncd %s", render.Cyan("# To go on by hand, in another terminal (Ctrl-C here ends the server):"), d.repo.dir)
	for _, v := range d.environment() {
		d.p.Out.Line("export %s", v)
	}
	d.p.Out.Line("\n# change a manifest, commit, and then:  connsync diff\n# all of it is in %s: remove it when you are done", filepath.Dir(d.repo.dir))
}
