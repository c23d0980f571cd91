package plugins

import "slices"

// Place is a setting of a plugin's version in a target. Without a plugin it is the whole target.
type Place struct{ Target, Plugin, Version, Setting string }

// Loosened are the places where a catalog checks less than it did: settings that were passwords and are none any more, and targets with
// no plugins in it any more. In order.
func (c Catalog) Loosened(was Catalog) []Place {
	var out []Place
	seen := map[Place]bool{}
	add := func(p Place) {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	for _, p := range was.Plugins {
		for _, target := range p.Targets {
			if !c.knows(target) {
				add(Place{Target: target})
				continue
			}
			for _, v := range p.Versions {
				_, now := c.Find(target, Use{Component: p.Name, Version: v.Number})
				if now == nil {
					continue // who wants it is told
				}
				for _, key := range missingPasswords("", v.Settings, now.Settings) {
					add(Place{target, p.Name, v.Number, key})
				}
			}
		}
	}
	return out
}

// missingPasswords are the former passwords among the settings.
func missingPasswords(above string, was, now []Setting) []string {
	var out []string
	for _, s := range was {
		i := slices.IndexFunc(now, func(n Setting) bool { return n.Key == s.Key })
		switch {
		case s.Secret() && (i < 0 || !now[i].Secret()):
			out = append(out, above+s.Key)
		case i >= 0:
			out = append(out, missingPasswords(above+s.Key+".", s.Settings, now[i].Settings)...)
		}
	}
	return out
}

// Stricter is a catalog: a former password still is one in it, and targets gone from it keep their former plugins.
func (c Catalog) Stricter(was Catalog) Catalog {
	out := Catalog{File: c.File}
	if c.File == "" {
		out.File = was.File
	}
	for _, p := range c.Plugins {
		for i, target := range p.Targets { // each may have been something else
			one := p
			one.Targets, one.Versions = p.Targets[i:i+1], slices.Clone(p.Versions)
			for j, v := range one.Versions {
				if _, before := was.Find(target, Use{Component: p.Name, Version: v.Number}); before != nil {
					one.Versions[j].Settings = stricter(v.Settings, before.Settings)
				}
			}
			out.Plugins = append(out.Plugins, one)
		}
	}
	for _, p := range was.Plugins {
		p.Targets = slices.DeleteFunc(slices.Clone(p.Targets), c.knows)
		if len(p.Targets) > 0 {
			out.Plugins = append(out.Plugins, p)
		}
	}
	return out
}

func stricter(now, was []Setting) []Setting {
	out := slices.Clone(now)
	for _, s := range was {
		i := slices.IndexFunc(out, func(n Setting) bool { return n.Key == s.Key })
		switch {
		case s.Secret() && i < 0:
			out = append(out, Setting{Key: s.Key, Type: s.Type})
		case s.Secret() && !out[i].Secret():
			out[i].Type, out[i].Choices, out[i].Settings = s.Type, nil, nil
		case i >= 0:
			out[i].Settings = stricter(out[i].Settings, s.Settings)
		}
	}
	return out
}
