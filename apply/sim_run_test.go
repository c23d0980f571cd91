package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/apply/secmaster/emulator"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// simRun is one syncing process: what the command does, without its words.
type simRun struct {
	s           *sim
	number      int
	at          *machine
	revision    *revision
	prune       bool
	reviewed    bool
	rewrite     bool
	parallelism int
	expires     time.Duration
	lockWait    time.Duration
	sealedFile  string            // a manifest that cannot be opened
	only        func(string) bool // nil: all names
	shuffled    uint64            // decides the order of the manifests; 0: their own
	previews    bool              // it only plans
	rested      int               // connections of files that it did not read

	crashAt, interruptAt int // the effects at which it dies or is interrupted; 0 for none
	crashAfter           bool
	effects              int
	dead                 bool
	killed               chan struct{}
	ctx                  context.Context
	cancel               context.CancelFunc

	calls    atomic.Int64 // of the client
	requests []*effect
	done     bool
	session  *state.Session
	planned  *apply.Prepared
	foreseen diff.Plan
	began    state.Snapshot // what it planned from
	report   *apply.Report
	final    state.Snapshot  // when it gave the lock back
	err      error           // what kept it from carrying out its plan
	mute     map[string]bool // ids with an update answered with nothing
	meddled  map[string]bool // ids written by others meanwhile
	posted   map[string]bool
	creates  map[string][]string              // the ids made by its creates, by name
	seen     map[string][]emulator.Connection // what its lists showed, by id
}

var (
	errSimDead  = errors.New("the process is dead")
	errSimOlder = errors.New("the commit is older than the one last applied")
	errSealed   = errors.New("the file does not open")
)

func (r *simRun) main() {
	if err := r.park("start", nil); err != nil {
		r.err = err
	} else {
		_ = r.sleep(r.ctx, time.Duration(r.number%97)*time.Millisecond) // no two poll a lock at the same time
		r.err = r.work()
	}
	r.s.finished(r)
}

func (r *simRun) work() error {
	if r.previews {
		return r.preview()
	}
	return r.sync()
}

// sync is the way of the command: lock, plan, carry out; and plan again where another machine was first.
func (r *simRun) sync() error {
	defer r.close()
	deadline := time.Now().Add(r.lockWait)
	if err := r.prepare(); err != nil {
		return err
	}
	for {
		now := time.Now()
		r.planned.Start(now, now.Add(r.expires))
		report := r.planned.Run(r.ctx)
		if !errors.Is(report.Err, apply.ErrNotAnnounced) || !errors.Is(report.Err, state.ErrReplaced) || now.After(deadline) || r.ctx.Err() != nil {
			r.report = &report
			return nil
		}
		r.close()
		if err := r.prepare(); err != nil {
			return err
		}
	}
}

// close gives the lock back. A dead process has lost it already.
func (r *simRun) close() {
	if r.session == nil {
		return
	}
	if err := r.park("close", nil); err == nil {
		if r.final, err = r.s.snapshot(r.at); err != nil {
			r.s.fail(fmt.Sprint("known state cannot be read after a run: ", err))
		}
	}
	_ = r.session.Close()
	r.session = nil
}

func (r *simRun) prepare() error {
	session, err := r.s.store(r, r.at).Lock(r.ctx, r.lockWait)
	if err != nil {
		return err
	}
	r.session, r.began = session, session.Snapshot()
	r.s.model.took(r.s.running, r.began)
	if r.began.Applied > r.revision.name() {
		return errSimOlder
	}
	now, client := time.Now(), unasked{r.client()}
	var listed *apply.AheadReader
	if r.number%2 == 0 { // every other run asks for its list as soon as it has the lock
		listed = apply.ListAhead(r.ctx, client, r.number, apply.Clock{Sleep: r.sleep})
		defer listed.Stop()
	}
	r.planned, err = apply.Prepare(r.ctx, apply.Sync{
		Target: r.target(), Client: client, Listed: listed, State: session, Files: r.revision.files, Open: r.open, Parallelism: r.parallelism, Openers: 2,
		Run:   state.Run{ID: fmt.Sprint("run", r.number), Started: now, Expires: now.Add(r.expires)},
		Clock: apply.Clock{Sleep: r.sleep},
	})
	return err
}

// preview is what a dry run and a diff do.
func (r *simRun) preview() error {
	target := r.target()
	var err error
	if target.Known, err = r.s.snapshot(r.at); err != nil {
		return err
	}
	r.foreseen, err = apply.Preview(r.ctx, unasked{r.client()}, target)
	return err
}

func (r *simRun) target() apply.Target {
	t := apply.Target{
		Name: "prod", Destinations: manifest.Reviewed, Commit: r.revision.name(), Prune: r.prune, Reviewed: r.reviewed, Limit: apply.Limit{Most: 100, Percent: true, Empty: true}, Rewrite: r.rewrites(), Only: r.only,
		Place: diff.Place{Region: emulator.DefaultRegion, ProjectID: emulator.DefaultProject, WorkspaceID: emulator.DefaultWorkspace},
	}
	r.wanted(&t)
	return t
}

func (r *simRun) client() apply.Writer {
	client, err := secmaster.NewClient(secmaster.Options{
		Region: emulator.DefaultRegion, ProjectID: emulator.DefaultProject, WorkspaceID: emulator.DefaultWorkspace,
		Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
		Parallelism: r.parallelism, Sleep: r.sleepRounded, Wrap: func(http.RoundTripper) http.RoundTripper { return simTransport{r} },
	})
	if err != nil {
		panic(err)
	}
	return &numbered{client, r}
}

func (r *simRun) rewrites() func(string) bool {
	if !r.rewrite {
		return nil
	}
	return func(string) bool { return true }
}

// open is an effect like others: a run dies or is interrupted before it or after it, and some files do not open.
func (r *simRun) open(_ context.Context, name string, _ []byte) (map[secrets.Path]secrets.Value, string, error) {
	if err := r.park("open "+name, nil); err != nil {
		return nil, "", err
	}
	if name == r.sealedFile {
		return nil, "", errSealed
	}
	values, at := r.revision.open(name)
	return values, at, nil
}

// sleep lets time pass, as long as the process lives.
func (r *simRun) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.killed:
		return errSimDead
	}
}

// sleepRounded is sleep, for pauses the client draws at random below a bound: up to the bound, so that a seed replays.
func (r *simRun) sleepRounded(ctx context.Context, d time.Duration) error {
	bound := 250 * time.Millisecond
	for bound < d {
		bound *= 2
	}
	return r.sleep(ctx, bound)
}
