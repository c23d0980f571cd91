package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/cmd/connsync/render"
)

// emulatorCmds are what serves an emulated SecMaster, and what plays its console.
type emulatorCmds struct {
	Serve emulatorCmd  `cmd:"" default:"withargs" alone:"" help:"Serve an emulated SecMaster on loopback. The word may be left out."`
	Edit  emulatorEdit `cmd:"" takes:"endpoint" help:"Play the console: change a connection of a running emulator by hand."`
}

func (emulatorCmds) Help() string {
	return "Without another word it serves, and takes the flags of emulator serve.\n\n" + examples("connsync emulator", "connsync emulator --data /tmp/secmaster.json --switch config=masked", "connsync emulator edit edr_prod --set endpoint=https://by-hand.example")
}

// emulatorCmd serves an emulated SecMaster until it is interrupted.
type emulatorCmd struct {
	Addr      string   `default:"127.0.0.1:8480" placeholder:"HOST:PORT" help:"Listen here; loopback only (default ${default})."`
	Seed      string   `completes:"files" placeholder:"FILE" help:"Plugins and connections to begin with (JSON)."`
	Data      string   `completes:"files" placeholder:"FILE" help:"Keep connections and plugins in this file. It holds secrets: it is readable by its owner only."`
	Workspace []string `placeholder:"ID" help:"Serve this workspace (repeatable). Default: those of --data or --seed, or else one."`
	Replay    string   `completes:"files" placeholder:"FILE" help:"Behave as a record of the doctor says (docs/doctor.md)."`
	Switch    []string `placeholder:"NAME=VALUE" help:"Behave differently (repeatable): see docs/emulator.md."`
	Deny      []string `placeholder:"ACTION" help:"Refuse what needs this permission (repeatable), as in secmaster:connection:delete."`
	Fault     []string `placeholder:"ROUTE:KIND" help:"Go wrong (repeatable), as in 'create connection:reset:after'."`
}

func (emulatorCmd) Help() string {
	return examples("connsync emulator", "connsync emulator --data /tmp/secmaster.json --switch config=masked", "connsync emulator --workspace 11111111-2222-4333-8444-555555555555 --workspace 22222222-3333-4444-8555-666666666666",
		"connsync emulator --fault 'create connection:reset:after'", "connsync emulator --replay secmaster.json")
}

// Run serves, and says how to use what it serves.
func (c *emulatorCmd) Run(ctx context.Context, w world) error {
	plan, err := c.plan()
	if err != nil {
		return err
	}
	s, err := c.server(plan)
	if err != nil {
		return err
	}
	served, err := serve(c.Addr, s)
	if err != nil {
		return err
	}
	defer served.stop()
	out := render.New(w.stdout, w.stderr, render.Options{}).Out
	out.Line("Serving an emulated SecMaster at %s   (Ctrl-C ends it)\n", served.url)
	for _, v := range surroundings(served.url) {
		out.Line("%s", v)
	}
	plan.says(out)
	out.Line("\nIn connsync.yaml:\n  region: %s", emulator.DefaultRegion)
	for _, id := range s.Workspaces() {
		out.Line("  workspace_id: %s", id)
	}
	<-ctx.Done()
	return nil
}

// surroundings are the variables with which connsync uses an emulator.
func surroundings(url string) []string {
	return []string{
		"export CONNSYNC_ENDPOINT=" + url,
		"export HUAWEICLOUD_SDK_AK=" + emulator.DefaultAccessKey,
		"export HUAWEICLOUD_SDK_SK=" + emulator.DefaultSecretKey,
	}
}

// server is what the flags ask for.
func (c *emulatorCmd) server(plan *replaying) (*emulator.Server, error) {
	o, seed, err := c.options(plan)
	if err != nil {
		return nil, err
	}
	s, err := emulator.New(o)
	if err != nil {
		return nil, &usageError{"--data: " + err.Error()}
	}
	if plan != nil && c.Data == "" && c.Seed == "" {
		plan.Fill(s)
	}
	if len(s.Connections()) == 0 {
		plant(s, seed)
	}
	return s, c.spoil(s, plan)
}

// options are what a server begins with, and the seed to plant in it.
func (c *emulatorCmd) options(plan *replaying) (o emulator.Options, seed emulator.Seed, err error) {
	for _, id := range c.Workspace {
		if !emulator.IsWorkspace(id) {
			return o, seed, &usageError{"--workspace: letters, digits and - only, as in " + emulator.DefaultWorkspace}
		}
	}
	o = emulator.Options{Data: c.Data, Workspaces: c.Workspace}
	for _, s := range append(plan.switches(), c.Switch...) {
		if err := o.Switches.Set(s); err != nil {
			return o, seed, &usageError{"--switch: " + err.Error()}
		}
	}
	if c.Seed == "" {
		return o, seed, nil
	}
	text, err := os.ReadFile(c.Seed)
	if err != nil {
		return o, seed, &fileError{"--seed", c.Seed, err}
	}
	if seed, err = emulator.ReadSeed(text); err != nil {
		return o, seed, &usageError{"--seed: " + err.Error()}
	}
	o.Plugins = seed.Plugins
	if len(o.Workspaces) == 0 {
		o.Workspaces = seed.Workspaces
	}
	return o, seed, nil
}

// spoil has a server refuse permissions and go wrong.
func (c *emulatorCmd) spoil(s *emulator.Server, plan *replaying) error {
	for _, action := range c.Deny {
		if !slices.Contains(emulator.EnforcedActions(), action) {
			return &usageError{"--deny: there are " + strings.Join(emulator.EnforcedActions(), ", ")}
		}
	}
	s.Deny(append(plan.denies(), c.Deny...)...)
	for _, text := range c.Fault {
		f, err := emulator.ParseFault(text)
		if err != nil {
			return &usageError{"--fault: " + err.Error()}
		}
		s.Fail(f)
	}
	return nil
}

// plant puts into a workspace what a seed has beside plugins.
func plant(s *emulator.Server, seed emulator.Seed) {
	for _, conn := range seed.Connections {
		s.Put(conn)
	}
	for _, flow := range seed.Workflows {
		s.PutWorkflow(flow)
	}
	for _, policy := range seed.Policies {
		s.PutPolicy(policy)
	}
}

// served is a server on loopback.
type served struct {
	url  string
	http *http.Server
}

// serve listens on a loopback address: what is served takes secrets over plain http.
func serve(addr string, h http.Handler) (*served, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !secmaster.IsLoopback(host) {
		return nil, &usageError{"--addr: a loopback address and a port, such as 127.0.0.1:8480"}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, &refusal{message: "cannot listen on " + addr, hints: []string{"is another one running? --addr 127.0.0.1:0 takes any free port"}}
	}
	s := &served{url: "http://" + l.Addr().String(), http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}}
	go func() {
		if err := s.http.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close()
		}
	}()
	return s, nil
}

func (s *served) stop() { _ = s.http.Close() }
