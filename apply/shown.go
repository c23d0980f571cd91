package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"connsync/apply/secmaster"
	"connsync/secrets"
)

// Shown is one connection of a workspace with as much of its config as SecMaster shows.
type Shown struct {
	secmaster.Connection
	// Settings are the config: map[string]any, []any, string, bool or json.Number, and nil for what is masked. It is nil where nothing of it is
	// shown. It may hold secrets in the clear.
	Settings map[string]any
}

// shownOnce is how many connections are asked for at a time.
const shownOnce = 4

// ShownOf is a connection with its settings as far as its config shows them.
func ShownOf(c secmaster.Connection) Shown { return Shown{c, unmasked(c.Config)} }

// Ordered sorts connections by name and id.
func Ordered(all []Shown) []Shown {
	slices.SortStableFunc(all, func(a, b Shown) int { return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID) })
	return all
}

// ShownConnections are all connections of a workspace, in order of name and id. What the list leaves out of a config is asked for by id.
func ShownConnections(ctx context.Context, r Reader) ([]Shown, error) {
	listed, err := r.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Shown, len(listed))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(shownOnce)
	for i, c := range listed {
		out[i] = ShownOf(c)
		if !c.Config.IsZero() {
			continue
		}
		g.Go(secrets.Contained(func() error {
			one, err := r.Show(gctx, c.ID)
			switch {
			case errors.Is(err, secmaster.ErrNotFound):
			case err != nil:
				return err
			case one.ID == c.ID:
				out[i] = ShownOf(one)
			}
			return nil
		}))
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return Ordered(out), nil
}

// unmasked is a shown config without its masks.
func unmasked(config secrets.Value) map[string]any {
	m := object(config)
	for k, v := range m {
		m[k] = withoutMasks(v)
	}
	return m
}

// withoutMasks puts nil where a value says nothing: only asterisks, or some in a row, as where a part of it is hidden.
func withoutMasks(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			v[k] = withoutMasks(child)
		}
	case []any:
		for i, child := range v {
			v[i] = withoutMasks(child)
		}
	case string:
		if strings.Contains(v, "***") || v != "" && strings.Trim(v, "*") == "" {
			return nil
		}
	}
	return v
}
