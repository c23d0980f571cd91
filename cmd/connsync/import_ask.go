package main

import (
	"context"
	"os"
	"slices"
	"strings"

	"connsync/cmd/connsync/render"
	"connsync/cmd/connsync/view"
	"connsync/manifest"
	"connsync/secrets"
)

// asking is one person who fills in what SecMaster hides.
type asking struct {
	*importing
	out                  *render.Stream
	terminal             *os.File
	filled, left, within int // values, and their connections
}

// ask asks for each missing value of the selected manifests, also of an earlier import. Each is written at once, so that nothing is typed
// again after an interruption.
func (i *importing) ask(ctx context.Context) error {
	set, _, err := manifest.Survey(i.src.files, i.project, nil)
	if err != nil {
		return err
	}
	terminal, _ := i.w.stdin.(*os.File)
	out, done := i.g.toPerson(i.w)
	defer done()
	a := &asking{importing: i, out: out, terminal: terminal}
	only := matcher(i.g.Only)
	for _, c := range set.Connections {
		if len(c.Missing) == 0 || !i.g.selects(c.Target) || only != nil && !only(c.Name) {
			continue
		}
		if err := a.connection(ctx, c); err != nil {
			return err
		}
	}
	i.p.Out.Line("Filled in %s of %s; %d left.", view.Count(a.filled, "value"), view.Count(a.within, "connection"), a.left)
	return nil
}

// connection asks for the missing values of one connection, after it said where they will go.
func (a *asking) connection(ctx context.Context, c manifest.Connection) error {
	place, err := a.sealing(&c, "")
	if err != nil {
		return err
	}
	a.out.Line("")
	place.show(a.out)
	missing, before := slices.Clone(c.Missing), a.filled
	for _, at := range c.Missing {
		filled, err := a.hole(ctx, c, at, missing)
		switch {
		case err != nil:
			return err
		case filled:
			a.filled++
			missing = slices.DeleteFunc(missing, func(m secrets.Path) bool { return m == at })
		default:
			a.left++
		}
	}
	if a.filled > before {
		a.within++
	}
	return nil
}

// hole asks for one value until one fits, or the line is empty.
func (a *asking) hole(ctx context.Context, c manifest.Connection, at secrets.Path, missing []secrets.Path) (bool, error) {
	path, ok := steps("." + string(at))
	if !ok || len(path) < 2 {
		a.out.Line("  nothing of its config is shown: write its settings at %s", c.At(at).String())
		return false, nil
	}
	place := connectionPlace{c.Target, c.Name}
	s := &settingEdit{editing: a.editing, connectionPlace: place, file: c.File.Path, at: at, path: append(place.path(), path...), incomplete: true, missing: missing, seen: true}
	text, ed, err := s.open(ctx, s.file, s.opener)
	if err != nil {
		return false, err
	}
	secret, fresh, err := s.encrypts(ed)
	if err != nil {
		return false, err
	}
	v, err := a.value(ctx, c, at, secret)
	if err != nil || v == nil {
		return false, err
	}
	_, err = s.put(ctx, text, ed, fresh, v)
	return err == nil, err
}

// value is what is typed, in the type wanted by the plugin; nil for an empty line.
func (a *asking) value(ctx context.Context, c manifest.Connection, at secrets.Path, secret bool) (any, error) {
	kind := a.kind(c, at)
	for {
		typed, err := a.typed(ctx, string(at), secret)
		if err != nil || typed == "" {
			return nil, err
		}
		v, err := valueAs(typed, kind)
		if err == nil {
			return v, nil
		}
		a.out.Line("  %s", err.Error())
	}
}

// typed is what is typed: a secret unseen and twice, anything else once.
func (a *asking) typed(ctx context.Context, what string, secret bool) (string, error) {
	for ctx.Err() == nil {
		if !secret {
			a.out.Ask("  %s (nothing leaves it out): ", what)
			text, err := acceptable([]byte(strings.TrimSpace(line(ctx, a.terminal))))
			if err == nil && ctx.Err() == nil {
				return text, nil
			}
			continue
		}
		first, same, err := typedTwice(ctx, a.out, a.terminal, "  "+what+" (it is not shown; nothing leaves it out): ", "  once more: ")
		if err != nil || len(first) == 0 {
			return "", err
		}
		text, err := acceptable(first)
		switch {
		case !same:
			a.out.Line("  the two are not the same")
		case err != nil:
			a.out.Line("  %s", err.Error())
		default:
			return text, nil
		}
	}
	return "", ctx.Err()
}

// kind is the type wanted by the plugin, as SecMaster shows it. Text is right for everything else.
func (a *asking) kind(c manifest.Connection, at secrets.Path) string {
	path, _ := steps("." + string(at))
	s := settingAt(c.PluginSettings(a.plugins[c.Target]), path[1:])
	switch {
	case s == nil:
	case s.Shape() == manifest.PluginNumber:
		return "number"
	case s.Shape() == manifest.PluginBoolean:
		return "boolean"
	}
	return "text"
}

// settingAt is a setting at a path; nil where the plugin names none.
func settingAt(settings []manifest.PluginSetting, path []any) *manifest.PluginSetting {
	for i, s := range settings {
		switch {
		case s.Key != path[0]:
		case len(path) == 1:
			return &settings[i]
		default:
			return settingAt(s.Settings, path[1:])
		}
	}
	return nil
}
