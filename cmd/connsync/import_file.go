package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"connsync/apply"
	"connsync/lazy"
	"connsync/manifest"
	"connsync/manifest/draft"
	"connsync/secrets"
	"connsync/secrets/seal"
	"connsync/secrets/sops"
)

// importLayout is where manifests go where nothing else is said.
const importLayout = "connections/{target}/{name}.yaml"

// checkLayout refuses a layout if no command would read its files.
func (i *importing) checkLayout() error {
	l := i.cmd.Layout
	switch sample := fill(l, "target", "name", "plugin"); {
	case !fs.ValidPath(sample) || strings.Contains(l, `\`) || path.Ext(l) != ".yaml" && path.Ext(l) != ".yml":
		return &usageError{"--layout: a path inside the repository that ends in .yaml, as in " + importLayout}
	case !strings.Contains(l, "{name}"):
		return &usageError{"--layout: {name} is missing: each connection has a file of its own"}
	case !slices.ContainsFunc(i.project.Manifests, func(root string) bool { return below(root, sample) }):
		return &usageError{"--layout: outside of " + strings.Join(i.project.Manifests, ", ") + ", where " + i.project.File + " has manifests looked for"}
	case !slices.ContainsFunc(i.project.Manifests, func(root string) bool {
		return below(root, sample) && !strings.Contains("/"+strings.TrimPrefix(path.Dir(sample)+"/", root+"/"), "/.")
	}):
		return &usageError{"--layout: a folder whose name begins with a dot, into which no command looks"}
	}
	return nil
}

// below tells whether a file is under a folder.
func below(folder, file string) bool { return folder == "." || strings.HasPrefix(file, folder+"/") }

func fill(layout, target, name, plugin string) string {
	return strings.NewReplacer("{target}", target, "{name}", name, "{plugin}", plugin).Replace(layout)
}

var (
	unsafeInName = lazy.New(`[^A-Za-z0-9_-]+`)
	deviceName   = lazy.New(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])$`) // Windows opens a device by it
)

// fileName is a name shown by SecMaster, as a part of a path: it leads nowhere else, on no system.
func fileName(name string) string {
	name = strings.Trim(unsafeInName.Regexp().ReplaceAllString(name, "_"), "-")
	if name == "" || deviceName.MatchString(name) {
		name += "_"
	}
	return name[:min(len(name), 100)]
}

// path is the new file of a connection. It is not there yet, and its name differs from every other's by more than case.
func (i *importing) path(d draft.Connection) string {
	plugin := d.Component
	if plugin == "" {
		plugin = d.ComponentID
	}
	for n := 1; ; n++ {
		name := fileName(d.Name)
		if n > 1 {
			name += "_" + strconv.Itoa(n)
		}
		file := fill(i.cmd.Layout, fileName(d.Target), name, fileName(plugin))
		key := strings.ToLower(file)
		if i.names[key] || slices.ContainsFunc(i.set.Files, func(f manifest.File) bool { return strings.ToLower(f.Path) == key }) || i.there(file) {
			continue
		}
		i.names[key] = true
		return file
	}
}

// there tells whether the worktree has something of that name.
func (i *importing) there(file string) bool {
	_, err := fs.Stat(i.src.files, file)
	return !errors.Is(err, fs.ErrNotExist)
}

// add makes the manifest of one connection: encrypted in memory, and as validate wants it.
func (i *importing) add(ctx context.Context, s apply.Shown, d draft.Connection) error {
	d.Protect = d.Protect || i.cmd.Protect
	file := i.path(d)
	text, why, err := i.sealed(ctx, file, d)
	switch {
	case err != nil:
		return err
	case why != "":
		i.leave(d.Target, s, why)
		return nil
	}
	i.written = append(i.written, imported{file, d, text})
	return nil
}

// sealed is a draft as a file: its secrets are encrypted by the file's rule. why says what kept it from being one.
func (i *importing) sealed(ctx context.Context, file string, d draft.Connection) (text []byte, why string, err error) {
	likeCiphertexts := map[secrets.Path]string{}
	looksEncrypted("config", d.Config, likeCiphertexts)
	plain := d.Text()
	rule, err := i.rule(file)
	if err != nil {
		return nil, "", err
	}
	ed, err := i.opener.Edit(ctx, file, plain)
	if err == nil && rule != nil {
		_, err = ed.Reseal(ctx, i.opener, rule, nil)
	}
	for at, value := range likeCiphertexts {
		if steps, ok := steps("." + string(at)); ok && err == nil {
			err = ed.SetSecret(append(connectionPlace{d.Target, d.Name}.path(), steps...), value)
		}
	}
	if err == nil {
		err = i.sealFirst(ctx, file, connectionPlace{d.Target, d.Name}, ed)
	}
	if err == nil {
		text, err = ed.Done()
	}
	if err != nil {
		message, _ := explain(err)
		return nil, message, nil
	}
	_, found := manifest.Read(file, text, i.project)
	wrong := manifest.Mistakes(found).Fatal()
	switch {
	case len(wrong) > 0 && rule == nil:
		return nil, "no rule in " + manifest.RulesFile + " fits " + file + ", and without one: " + wrong[0].Message, nil
	case len(wrong) > 0:
		return nil, fmt.Sprintf("its manifest would have a mistake: %s", wrong[0].Message), nil
	}
	return text, "", nil
}

// sealFirst seals a connection with secrets and without a seal, where the project wants one: of what was imported or typed just now, a person has
// seen where it goes.
func (e *editing) sealFirst(ctx context.Context, file string, place connectionPlace, ed *sops.Editor) error {
	set, _ := manifest.Read(file, ed.Text(), e.project)
	n := slices.IndexFunc(set.Connections, func(c manifest.Connection) bool { return c.Target == place.target && c.Name == place.name })
	if e.project.Secrets.Destinations != manifest.Sealed || n < 0 || !set.Connections[n].HasSecrets() || ed.Sealed(place.path()) != "" {
		return nil
	}
	s, err := e.sealing(&set.Connections[n], "")
	if err != nil {
		return err
	}
	s.next.N = seal.Next(time.Now(), 0, e.knownN(ctx, s.connectionPlace))
	_, err = ed.Seal(s.path(), s.next.Text())
	return err
}
