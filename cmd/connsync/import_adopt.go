package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"connsync/apply"
)

// adopted is a connection already named by a manifest. Its manifest gets the line to take it over.
type adopted struct {
	connectionPlace
	id, file string
}

// amended is a manifest before and after its lines were added.
type amended struct {
	file    string
	was, is []byte
}

// named tells whether the command line names exactly this connection.
func (i *importing) named(s apply.Shown) bool { return slices.Contains(i.g.Only, s.Name) }

// adopt adds the line  adopt: ID  to a connection wanted by Git by its name alone, and asked for by its name. Of several in SecMaster none is
// chosen.
func (i *importing) adopt(target string, s apply.Shown) error {
	place := connectionPlace{target, s.Name}
	want, err := i.find(place)
	if err != nil || want == nil || want.Adopt != "" {
		return err
	}
	if n := slices.IndexFunc(i.adopted, func(a adopted) bool { return a.connectionPlace == place }); n >= 0 {
		first := i.adopted[n].id
		i.adopted = slices.Delete(i.adopted, n, n+1)
		return &refusal{fmt.Sprintf("%s: SecMaster has several connections of this name: %s and %s", place.String(), first, s.ID), []string{"choose one: add  adopt: ID  at " + want.Pos.String()}}
	}
	i.adopted = append(i.adopted, adopted{place, s.ID, want.File.Path})
	return nil
}

// edits are the files of what is taken over: each is changed once, by all its new lines.
func (i *importing) edits(ctx context.Context) ([]amended, error) {
	lines := map[string][]adopted{}
	for _, a := range i.adopted {
		lines[a.file] = append(lines[a.file], a)
	}
	var out []amended
	for _, file := range slices.Sorted(maps.Keys(lines)) {
		e, err := i.amend(ctx, file, lines[file])
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// amend adds its lines to one file, and looks at the outcome as validate does.
func (i *importing) amend(ctx context.Context, file string, lines []adopted) (amended, error) {
	was, ed, err := i.open(ctx, file, i.opener)
	for _, a := range lines {
		if err == nil {
			err = ed.Set(append(a.path(), "adopt"), a.id)
		}
	}
	if err != nil {
		return amended{}, err
	}
	is, err := ed.Done()
	if err == nil {
		err = i.check(file, was, is)
	}
	return amended{file, was, is}, err
}
