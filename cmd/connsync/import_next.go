package main

import (
	"slices"
	"strings"

	"connsync/manifest"
)

// next says what comes next: what was looked at is carried out, what is missing is asked for, and what is whole is checked.
func (i *importing) next() error {
	switch {
	case i.cmd.DryRun && i.count() > 0:
		from := ""
		if i.cmd.FromTerraform == "-" {
			from = "terraform state pull | "
		}
		i.p.Next([]string{from + strings.Join(append([]string{i.g.same("connsync import")}, i.cmd.flags()...), " ")})
		return nil
	case i.count() == 0 && !i.cmd.Ask && len(i.owned) == 0:
		if len(i.set.Connections) == 0 && i.cmd.FromTerraform == "" {
			i.p.Next([]string{i.g.again("connsync plugins")}) // the first manifest is written by hand
		}
		return nil
	}
	set, _, err := manifest.Survey(i.src.files, i.project, nil)
	if noManifests(i.src.files, i.project, set, nil, err) {
		return nil
	}
	if err != nil {
		return err
	}
	i.disown(set)
	holes := func(c manifest.Connection) bool { return len(c.Missing) > 0 }
	if slices.ContainsFunc(set.Connections, holes) && !i.cmd.Ask {
		i.p.Next([]string{i.g.again("connsync import --ask"), i.g.again("connsync validate")})
		return nil
	}
	i.onward(set)
	return nil
}

// flags are those of the command line that choose and place, as a shell reads them.
func (c importCmd) flags() []string {
	var out []string
	add := func(flag string, values ...string) {
		for _, v := range values {
			out = append(out, flag, manifest.ShellWord(v))
		}
	}
	add("--plugin", c.Plugin...)
	switch c.FromTerraform {
	case "":
	case "-":
		out = append(out, "--from-terraform", "-")
	default:
		add("--from-terraform", c.FromTerraform)
	}
	if c.Layout != importLayout {
		add("--layout", c.Layout)
	}
	for _, f := range []struct {
		name string
		on   bool
	}{{"--built-in", c.BuiltIn}, {"--protect", c.Protect}, {"--yes", c.Yes}} {
		if f.on {
			out = append(out, f.name)
		}
	}
	return out
}
