package review

import (
	"errors"
	"io/fs"
	"slices"

	"connsync/manifest"
)

// Side is what one version of the files wants, with everything wrong with it by itself.
type Side struct {
	Commit   string
	Files    fs.FS
	Project  manifest.Project
	Policy   manifest.SecretsPolicy // for its checks
	Set      manifest.Set
	Mistakes manifest.Mistakes // in order of place
}

// Check reads every manifest of a project and all rules for sops, and says every mistake they show without a key and without
// another version. An error comes from reading a file.
func Check(files fs.FS, p manifest.Project, policy manifest.SecretsPolicy, c *manifest.Cache) (Side, error) {
	out := Side{Files: files, Project: p, Policy: policy}
	p.Secrets = policy
	set, mistakes, err := manifest.Survey(files, p, c)
	if err != nil {
		return Side{}, err
	}
	out.Set = set
	out.Mistakes = manifest.Sorted(append(mistakes, set.Check(p)...))
	return out, nil
}

// survey is Check of a base: its mistakes are not the branch's (the branch may mend them), and it may have no manifests yet. Its rules are also those
// in force for the head's files: a rule is not new because its first file is.
func survey(files fs.FS, p manifest.Project, head manifest.Set, c *manifest.Cache) (Side, error) {
	out := Side{Project: p}
	var err error
	out.Set, _, err = manifest.Survey(files, p, c)
	var missing *manifest.ReadError
	if err != nil && !(errors.As(err, &missing) && missing.Missing) {
		return out, err
	}
	out.Set.Rules, err = manifest.RulesFor(files, slices.Concat(out.Set.Files, head.Files))
	return out, err
}

// stricter allows what both allow, and asks for a full MAC, and for files as their rules want them, where either does.
func stricter(a, b manifest.SecretsPolicy) manifest.SecretsPolicy {
	out := manifest.SecretsPolicy{FullMAC: a.FullMAC || b.FullMAC, RuleWarn: a.RuleWarn && b.RuleWarn}
	switch {
	case a.Destinations == manifest.Sealed || b.Destinations == manifest.Sealed:
		out.Destinations = manifest.Sealed
	case a.Destinations == b.Destinations:
		out.Destinations = a.Destinations
	}
	for _, kind := range a.Allow {
		if slices.Contains(b.Allow, kind) {
			out.Allow = append(out.Allow, kind)
		}
	}
	return out
}
