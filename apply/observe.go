package apply

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"connsync/apply/scan"
	"connsync/apply/secmaster"
	"connsync/apply/state"
	"connsync/diff"
	"connsync/manifest"
	"connsync/secrets"
)

// observation is everything a decision needs, read at one time.
type observation struct {
	place     diff.Place
	want      []diff.Want
	rest      []manifest.Rested // wanted besides, in unread files
	have      []diff.Have
	asked     time.Time // when have was asked for, at the earliest; set for a sync
	known     state.Snapshot
	plugins   map[release]diff.Plugin // whose ids are known
	abandoned abandoned
	settled   func(state.Intent) bool
	compared  diff.Compared // set for a sync
}

// observe reads the workspace completely, or fails: an untrustworthy list is never
// taken for an empty one.
func observe(ctx context.Context, r Reader, t Target) (*observation, error) {
	project, err := r.ProjectID(ctx)
	if err != nil {
		return nil, err
	}
	o := &observation{place: t.Place, settled: func(state.Intent) bool { return false }}
	o.place.ProjectID = project
	if o.known, o.abandoned, err = knownFor(t, o.place); err != nil {
		return nil, err
	}
	o.plugins = resolved(o.known.Known)
	plugins, stop := withPlugins(ctx, r, t.Want, o.plugins)
	defer stop()
	if o.have, err = look(ctx, r, o.known.Known); err != nil {
		return nil, err
	}
	if unvouched := o.unvouched(t); len(unvouched) > 0 {
		return o, o.reread(ctx, plugins, t, unvouched)
	}
	return o, o.wants(ctx, plugins, t.Want, t.Rest)
}

// intents are the open intents as package diff reads them.
func (o *observation) intents() map[string]diff.Intent {
	out := make(map[string]diff.Intent, len(o.known.Intents))
	for name, i := range o.known.Intents {
		out[name] = diff.Intent{Name: name, Kind: i.Kind, ID: i.ID, Run: i.Run, Settled: o.settled(i)}
	}
	return out
}

// ids are the connections present at the time of the plan.
func (o *observation) ids() map[string]bool {
	out := make(map[string]bool, len(o.have))
	for _, h := range o.have {
		out[h.ID] = true
	}
	return out
}

// look lists the workspace, and asks by id for every known connection not in the list: only
// where both agree is a connection gone.
func look(ctx context.Context, r Reader, known map[string]*diff.Known) ([]diff.Have, error) {
	all, err := listed(ctx, r, len(known))
	if err != nil {
		return nil, err
	}
	missing := missingIDs(all, known)
	shown := make([]*secmaster.Connection, len(missing))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, id := range missing {
		g.Go(secrets.Contained(func() error {
			c, err := r.Show(gctx, id)
			if err == nil {
				shown[i] = &c
			}
			if errors.Is(err, secmaster.ErrNotFound) {
				return nil
			}
			return err
		}))
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var found []secmaster.Connection
	for _, c := range shown {
		if c != nil {
			found = append(found, *c)
		}
	}
	more, err := haves(found)
	return append(all, more...), err
}

func missingIDs(listed []diff.Have, known map[string]*diff.Known) []string {
	seen := make(map[string]bool, len(listed))
	for i := range listed {
		seen[listed[i].ID] = true
	}
	var missing []string
	for _, k := range known {
		if !seen[k.ID] {
			missing = append(missing, k.ID)
		}
	}
	slices.Sort(missing)
	return missing
}

// haves are connections as package diff reads them. Configs that are too much together are an error: what each is would be taken for not shown.
func haves(listed []secmaster.Connection) ([]diff.Have, error) {
	out := make([]diff.Have, len(listed))
	var settings atomic.Int64
	return out, secrets.InParts(len(listed), func(from, to int) error {
		for i := from; i < to; i++ {
			out[i] = have(listed[i])
			if settings.Add(int64(len(out[i].Settings))) > mostSettings {
				return &secmaster.Error{Op: "list connections", Message: "it shows more settings than any workspace has", Class: secmaster.ErrIncomplete}
			}
		}
		return nil
	})
}

// have is a connection as package diff reads it. Its config is taken apart here, and every
// value in it is hidden again at once: SecMaster may show secrets in the clear.
func have(c secmaster.Connection) diff.Have {
	return diff.Have{
		ID: c.ID, Name: c.Name, Description: c.Description,
		Plugin:       diff.Plugin{ComponentID: c.ComponentID, VersionID: c.ComponentVersionID, Component: c.ComponentName},
		Settings:     settings(c.Config),
		UpdateTime:   c.UpdateTime,
		ModifierName: c.ModifierName,
		CanBeDeleted: c.CanBeDeleted,
		Defense:      c.DefenseType != "",
		Failed:       c.Failed(),
		Disabled:     c.Enabled != nil && !*c.Enabled,
	}
}

// The bounds of what is taken apart of shown configs. A manifest nests 32 levels, and the API documents 1,024 characters.
const (
	mostConfig   = 256 << 10 // bytes of one
	mostDepth    = 64
	mostPaths    = 1 << 20   // bytes of the paths of all its settings
	mostSettings = 1_000_000 // of all connections together
)

// settings are the leaves of a shown config; nil where none was shown, it is not a JSON object, or it is larger or deeper than the bounds
// allow.
func settings(config secrets.Value) secrets.Table[diff.Seen] {
	if text, _ := config.Expose().(string); len(text) <= mostConfig {
		if out, ok := flat(text); ok {
			return out
		}
	}
	m := object(config)
	if m == nil {
		return nil
	}
	leaves := manifest.Settings("config", m)
	out := make(secrets.Table[diff.Seen], 0, len(leaves))
	for _, l := range leaves {
		out = append(out, secrets.Cell[diff.Seen]{Path: l.Path, Is: seen(l.Value)})
	}
	return out.Sorted()
}

// flat reads a config that is an object of scalars, as nearly all are, in one pass; false for another one.
func flat(config string) (secrets.Table[diff.Seen], bool) {
	out, text := make(secrets.Table[diff.Seen], 0, strings.Count(config, ":")), scan.Of(config)
	text.Object(func(name string) {
		v, ok := scan.Scalar(text.Value())
		if !ok {
			text.Fail()
			return
		}
		out = append(out, secrets.Cell[diff.Seen]{Path: secrets.Path("config").Key(name), Is: seen(v)})
	})
	return out.Sorted(), text.Whole() && len(out) > 0
}

// object is a shown config with its numbers as they are written; nil where none was shown or it is not a JSON object within bounds.
func object(config secrets.Value) map[string]any {
	text, _ := config.Expose().(string)
	if len(text) > mostConfig {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if d.Decode(&m) != nil {
		return nil
	}
	if _, err := d.Token(); err != io.EOF {
		return nil
	}
	if left := mostPaths; !within(m, len("config"), mostDepth, &left) {
		return nil
	}
	return m
}

// within tells whether the paths of all leaves under a value at a path of so many bytes are no longer than what is left, and none is
// deeper than depth.
func within(v any, above, depth int, left *int) bool {
	if depth == 0 {
		return false
	}
	leaf := true
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			if leaf = false; !within(child, above+1+len(key), depth-1, left) {
				return false
			}
		}
	case []any:
		for _, child := range v {
			if leaf = false; !within(child, above+len("[00000]"), depth-1, left) {
				return false
			}
		}
	}
	if leaf {
		*left -= above
	}
	return *left >= 0
}

func seen(v any) diff.Seen {
	if s, ok := v.(string); v == nil || ok && strings.Trim(s, "*") == "" {
		return diff.Seen{Masked: true}
	}
	return diff.Seen{Digest: manifest.ValueDigest(v), Value: secrets.Hide(v)}
}
