package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"connsync/cmd/connsync/render"
	"connsync/manifest"
	"connsync/manifest/gitfs"
	"connsync/secrets/sops"
)

// editing is a worktree. Its manifests are changed, one by one.
type editing struct {
	w       world
	g       *globals
	p       *render.Printer
	src     *source
	top     string
	project manifest.Project
	set     manifest.Set
	opener  *sops.Opener
	dry     bool
}

// edit opens the worktree. Manifests with mistakes can be changed, since a change may be what mends them.
func (g *globals) edit(w world, dry bool) (*editing, error) {
	if g.Repo != "" || g.Ref != "" {
		return nil, &usageError{"files are changed in the worktree: not with --repo or --ref"}
	}
	src, err := g.openWorktree()
	if err != nil {
		return nil, err
	}
	e := &editing{w: w, g: g, p: g.printer(w), src: src, dry: dry}
	if e.top, err = gitfs.Top(g.Dir); err != nil {
		e.top, err = filepath.Abs(g.Dir)
	}
	if err == nil {
		e.project, err = g.project(src)
	}
	if err == nil {
		e.set, _, err = manifest.Survey(src.files, e.project, nil)
	}
	var missing *manifest.ReadError
	if errors.As(err, &missing) && missing.Missing && e.project.Targets != nil {
		err = nil // there may be no manifest yet
	}
	if err != nil {
		src.close()
		return nil, err
	}
	e.opener = sops.New(sops.Options{Allow: e.project.Secrets.Allow, FullMAC: e.project.Secrets.FullMAC, Lend: w.lend})
	return e, nil
}

func (e *editing) close() { e.src.close() }

// place is a connection by target and name.
type connectionPlace struct{ target, name string }

func (c connectionPlace) String() string { return c.target + "/" + c.name }

func (c connectionPlace) path() []any { return []any{"connections", c.target, c.name} }

// find is the one connection of a target and a name; nil where there is none.
func (e *editing) find(c connectionPlace) (*manifest.Connection, error) {
	var found *manifest.Connection
	for i := range e.set.Connections {
		w := &e.set.Connections[i]
		switch {
		case w.Target != c.target || w.Name != c.name:
		case found != nil:
			return nil, &refusal{fmt.Sprintf("%s is wanted twice: at %s and at %s", c.String(), found.Pos.String(), w.Pos.String()), []string{"remove one of them first"}}
		default:
			found = w
		}
	}
	return found, nil
}

// wanted is find where there must be one.
func (e *editing) wanted(c connectionPlace) (*manifest.Connection, error) {
	found, err := e.find(c)
	if err != nil || found != nil {
		return found, err
	}
	hints := []string{"a file that cannot be read is not looked into:  connsync validate  names those"}
	if _, known := e.project.Targets[c.target]; !known {
		names := slices.Sorted(maps.Keys(e.project.Targets))
		hints = []string{"targets of " + e.project.File + ": " + strings.Join(names[:min(len(names), 10)], ", ")}
	}
	return nil, &refusal{fmt.Sprintf("no connection %s in the manifests", c.String()), hints}
}

// open reads a manifest and opens it for changes.
func (e *editing) open(ctx context.Context, file string, o *sops.Opener) (text []byte, ed *sops.Editor, err error) {
	if text, err = readFile(e.src, file); err != nil {
		return nil, nil, err
	}
	ed, err = o.Edit(ctx, file, text)
	return text, ed, err
}

// rule is the rule of a file; nil where there is none.
func (e *editing) rule(file string) (*sops.Rule, error) {
	r, err := sops.RuleFor(e.top, file)
	switch {
	case errors.Is(err, sops.ErrNoRule):
		return nil, nil
	case err != nil:
		return nil, &refusal{file + ": " + err.Error(), []string{"connsync validate  says what is wrong with it"}}
	}
	return r, nil
}

// write signs a changed file, looks at it as validate does, and puts it in the place of what was read.
func (e *editing) write(file string, was []byte, ed *sops.Editor) (is []byte, err error) {
	is, err = ed.Done()
	if err != nil {
		return nil, err
	}
	if err := e.check(file, was, is); err != nil || e.dry || string(was) == string(is) {
		return is, err
	}
	return is, e.src.worktree.Replace(file, was, is)
}

// check refuses a mistake that was not there before. A warning is none: validate says it.
func (e *editing) check(file string, was, is []byte) error {
	_, before := manifest.Read(file, was, e.project)
	_, after := manifest.Read(file, is, e.project)
	had := map[string]int{}
	for _, m := range before {
		had[m.Message]++
	}
	for _, m := range after {
		if had[m.Message]--; had[m.Message] < 0 && !m.Warning {
			return &refusal{"not changed, since it would be a mistake: " + m.Message, m.Hints}
		}
	}
	return nil
}

// said is the beginning of a line about what was done, or would be.
func (e *editing) said(done, would string) string {
	if e.dry {
		return would
	}
	return done
}

// parsePlace reads TARGET/NAME, where the name may be quoted in brackets, and what stands behind the name.
func parsePlace(text string) (c connectionPlace, rest string, err error) {
	target, name, ok := strings.Cut(text, "/")
	if strings.HasPrefix(name, `["`) {
		name, rest, ok = quotedName(name)
	} else if i := strings.IndexAny(name, ".["); i >= 0 {
		name, rest = name[:i], name[i:]
	}
	if !ok || target == "" || name == "" {
		return c, "", &usageError{text + ": not TARGET/NAME, as in prod/edr_prod"}
	}
	return connectionPlace{target, name}, rest, nil
}

// quotedName reads a name in brackets, as manifest.PlaceOf writes it, and gives what stands behind it.
func quotedName(text string) (name, rest string, ok bool) {
	quoted, err := strconv.QuotedPrefix(text[1:])
	if err != nil {
		return "", "", false
	}
	name, err = strconv.Unquote(quoted)
	rest, closed := strings.CutPrefix(text[1+len(quoted):], "]")
	return name, rest, err == nil && closed
}

// editableFields are the members of a connection that set can change, besides its config.
var editableFields = []string{"description", "component", "version", "component_id", "component_version_id", "previously", "adopt", "protect"}

// settingPath reads .SETTING as plans print it: .config.auth.password, .config.hosts[0], .config["a.b"], or a field of the connection. What
// begins with no field's name is a setting of the config.
func settingPath(text string) ([]any, error) {
	if text == "" {
		return nil, &usageError{"a connection alone: name the setting behind it, as in prod/edr_prod.config.password"}
	}
	wrong := &usageError{strings.TrimPrefix(text, ".") + ": not a setting, as in config.auth.password, config.hosts[0] or config[\"a.b\"]"}
	path, ok := steps(text)
	if !ok || len(path) == 0 {
		return nil, wrong
	}
	first, _ := path[0].(string)
	switch {
	case first == "config" && len(path) > 1:
		return path, nil
	case slices.Contains(editableFields, first) && len(path) == 1:
		return path, nil
	case first == "config" || first == "cleartext" || first == "seal" || first == "":
		return nil, wrong
	}
	return append([]any{"config"}, path...), nil
}

// readFile reads a file of the worktree; its error is in our words.
func readFile(s *source, file string) ([]byte, error) { return fs.ReadFile(s.files, file) }

// explainEdit says why a file cannot be changed.
func explainEdit(err error) (string, []string, bool) {
	var refused *sops.EditError
	switch {
	case errors.As(err, &refused):
		return refused.Error(), []string{"sops edit " + manifest.ShellWord(refused.File) + "  changes what cannot be changed in place"}, true
	case errors.Is(err, gitfs.ErrChanged):
		return gitfs.ErrChanged.Error() + "; nothing was written", []string{"repeat"}, true
	}
	return "", nil, false
}
