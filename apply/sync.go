package apply

import (
	"context"
	"io/fs"
	"time"

	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// Open decrypts one manifest in memory. It gives every encrypted value by its path from the
// document's root, and the authenticated time of the file's last encryption.
type Open func(ctx context.Context, name string, data []byte) (map[secrets.Path]secrets.Value, string, error)

// Sync is a sync of one target: who writes, how, and until when.
type Sync struct {
	Target
	Client      Writer
	Listed      *AheadReader   // the first list, asked for under the lock by that client; nil: it is asked for when it is needed
	State       *state.Session // locked; Target.Known is its snapshot
	Files       fs.FS          // the tree Want was read from
	Open        Open
	Versions    Versions      // of the manifests before Commit; nil: none are in sight
	Run         state.Run     // after Run.Expires nothing is sent
	Parallelism int           // writes at a time; default 8
	Openers     int           // files opened at a time; default: one for each core
	Settle      time.Duration // how long an unconfirmed create may take to appear; default 60 s
	Message     state.Message // trailers of the state commits; Subject and Lines are filled in
	Progress    func(Progress)
	Clock       Clock
}

// Progress is how far a sync is.
type Progress struct {
	Target      string
	Phase       string // "waiting", "revealing", "writing", "settling", "verifying"
	Done, Total int
	Until       time.Time // when a "waiting" or "settling" ends at the latest; zero for others
}

// Prepared is a plan together with everything needed to carry it out.
type Prepared struct {
	sync   Sync
	seen   *observation
	opened map[string]opened // files opened to compare their secrets, by path
	Plan   diff.Plan

	// What its opened files told, by name.
	refused       map[string]error
	equal         map[string]*write // writes without any change: recorded, and not sent
	authenticated map[string]bool   // connections recorded and not written, with an opened file
	seals         map[string]*diff.Seal
}

// Prepare observes and plans. It waits for an interrupted create not in the list, until
// it shows or its settle window has passed: before that, sending it again could make two.
func Prepare(ctx context.Context, s Sync) (*Prepared, error) {
	if s.Parallelism <= 0 {
		s.Parallelism = 8
	}
	if s.Settle <= 0 {
		s.Settle = time.Minute
	}
	s.Known = s.State.Snapshot()
	first, asked := s.first()
	o, err := observe(ctx, first, s.Target)
	if err != nil {
		return nil, err
	}
	o.asked = asked
	if err := s.awaitCreates(ctx, o); err != nil {
		return nil, err
	}
	p, err := o.plan(ctx, s.Client, s.Target)
	if err != nil {
		return nil, err
	}
	prepared := &Prepared{sync: s, seen: o, Plan: p}
	err = prepared.compare(ctx)
	o.uses(ctx, s.Client, s.Target, &prepared.Plan)
	return prepared, err
}

// first is what gives the first list, and when that is asked for, at the earliest.
func (s Sync) first() (Reader, time.Time) {
	if s.Listed.pending() {
		return s.Listed, s.Listed.asked
	}
	return s.Client, s.Clock.now()
}

// OnlyRecord leaves of the plan what is recorded and not written: the connections taken over as they are.
func (p *Prepared) OnlyRecord() {
	recorded := map[string]bool{}
	for i := range p.Plan.Changes {
		c := &p.Plan.Changes[i]
		recorded[c.Name] = c.Action == diff.Adopt && !c.Write
	}
	p.Plan.Keep(func(name string) bool { return recorded[name] })
}

// awaitCreates waits for the creates announced by an earlier run. The kernel lock on the state
// shows that the announcing run, if of this machine, is dead, so the window begins now at the latest. Its end counts
// from when a list was asked for: what was executed while the answer was under way is not in it.
func (s Sync) awaitCreates(ctx context.Context, o *observation) error {
	start := o.asked
	until := func(i state.Intent) time.Time {
		if i.Expires.Before(start) {
			return i.Expires.Add(s.Settle)
		}
		return start.Add(s.Settle)
	}
	o.settled = func(i state.Intent) bool { return !o.asked.Before(until(i)) }
	for pause := time.Second; ; pause *= 2 {
		end := o.lastWindow(until)
		if !o.asked.Before(end) {
			return nil
		}
		s.wait("waiting", 0, end)
		if err := s.Clock.sleep(ctx, max(0, min(end.Sub(s.Clock.now()), pause))); err != nil {
			return err
		}
		var err error
		o.asked = s.Clock.now()
		if o.have, err = look(ctx, s.Client, o.known.Known); err != nil {
			return err
		}
	}
}

// lastWindow is when the last announced and unseen create has settled; the zero time where there is none.
func (o *observation) lastWindow(until func(state.Intent) time.Time) time.Time {
	shown := make(map[string]bool, len(o.have))
	for _, h := range o.have {
		shown[h.Name] = shown[h.Name] || !h.Defense
	}
	var last time.Time
	for name, i := range o.known.Intents {
		if end := until(i); i.Kind == diff.IntentCreate && !shown[name] && end.After(last) {
			last = end
		}
	}
	return last
}

func (s Sync) progress(phase string, done, total int) {
	s.tell(Progress{Target: s.Name, Phase: phase, Done: done, Total: total})
}

// wait tells of a pause with a possible early end.
func (s Sync) wait(phase string, total int, until time.Time) {
	s.tell(Progress{Target: s.Name, Phase: phase, Total: total, Until: until})
}

func (s Sync) tell(p Progress) {
	if s.Progress != nil {
		s.Progress(p)
	}
}

// files are the manifests of some connections, each once.
func files(cs []*diff.Change) map[string]manifest.File {
	out := make(map[string]manifest.File)
	for _, c := range cs {
		if c.Want != nil && c.Want.File.Sops != nil {
			out[c.Want.File.Path] = c.Want.File
		}
	}
	return out
}
