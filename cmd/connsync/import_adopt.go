package main

import (
	"context"
	"fmt"
	"slices"

	"connsync/apply"
)

// adopted is a manifest that names a connection already, and gets the line that takes it over.
type adopted struct {
	target, name, id, file string
	was, is                []byte
}

// named tells whether the command line names exactly this connection.
func (i *importing) named(s apply.Shown) bool { return slices.Contains(i.g.Only, s.Name) }

// adopt adds the line  adopt: ID  to a connection that Git wants by its name alone, and that is asked for by its name. Of several in SecMaster none is
// chosen.
func (i *importing) adopt(ctx context.Context, target string, s apply.Shown) error {
	place := connectionPlace{target, s.Name}
	want, err := i.find(place)
	if err != nil || want == nil || want.Adopt != "" {
		return err
	}
	if n := slices.IndexFunc(i.adopted, func(a adopted) bool { return a.target == target && a.name == s.Name }); n >= 0 {
		first := i.adopted[n].id
		i.adopted = slices.Delete(i.adopted, n, n+1)
		return &refusal{fmt.Sprintf("%s: SecMaster has several connections of this name: %s and %s", place.String(), first, s.ID), []string{"choose one: add  adopt: ID  at " + want.Pos.String()}}
	}
	was, ed, err := i.open(ctx, want.File.Path, i.opener)
	if err != nil {
		return err
	}
	if err := ed.Set(append(place.path(), "adopt"), s.ID); err != nil {
		return err
	}
	is, err := ed.Done()
	if err == nil {
		err = i.check(want.File.Path, was, is)
	}
	if err != nil {
		return err
	}
	i.adopted = append(i.adopted, adopted{target, s.Name, s.ID, want.File.Path, was, is})
	return nil
}
