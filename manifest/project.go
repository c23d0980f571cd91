package manifest

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"connsync/lazy"
	"connsync/manifest/strict"
	"connsync/secrets"
)

var (
	validTarget = lazy.New(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	validRegion = lazy.New(`^[a-z]{2}-[a-z]+-[0-9]{1,3}$`)
	validRemote = lazy.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
)

// DefaultSecrets are the rules for secrets where the project file says nothing.
func DefaultSecrets() SecretsPolicy { return SecretsPolicy{Allow: []string{"age", "pgp", "hckms"}} }

// LoadProject reads the project file. Its error is Mistakes, or a *ReadError where the file cannot be read.
func LoadProject(fsys fs.FS, name string) (Project, error) {
	text, err := strict.ReadFile(fsys, name)
	if err != nil {
		return emptyProject(name), err
	}
	return ReadProject(name, text)
}

func emptyProject(name string) Project {
	return Project{File: name, Manifests: []string{"connections"}, Targets: map[string]Target{}, Secrets: DefaultSecrets()}
}

// ReadProject is LoadProject of a text. Its error is Mistakes.
func ReadProject(name string, text []byte) (Project, error) {
	p := emptyProject(name)
	d := read(name, text)
	if d.Root != nil {
		d.project(&p)
	}
	if len(d.Mistakes()) > 0 {
		return p, strict.Sorted(d.Mistakes())
	}
	p.Digest = secrets.DigestOf(text)
	return p, nil
}

func (d *document) project(p *Project) {
	for _, e := range strict.Entries(d.Root) {
		switch e.Key.Value {
		case "manifests":
			p.Manifests = d.manifests(e.Value)
		case "targets":
			if d.Mapping(e.Value, "targets") {
				d.projectTargets(p, e.Value)
			}
		case "secrets":
			if d.Mapping(e.Value, "secrets") {
				d.secretsPolicy(&p.Secrets, e.Value)
			}
		case "state":
			if d.Mapping(e.Value, "state") {
				d.statePolicy(&p.State, e.Value)
			}
		default:
			d.Unknown(e.Key, "field", "manifests", "targets", "secrets", "state")
		}
	}
	if len(p.Targets) == 0 && strict.Child(d.Root, "targets") == nil {
		d.Wrong(d.Root, "no targets").Hint("targets: {prod: {region: …, workspace_id: …}}")
	}
}

// strings are the texts of a list.
func (d *document) strings(n *strict.Node, field string) []*strict.Node {
	if n.Kind != strict.Sequence || len(n.Content) == 0 {
		d.Wrong(n, "%s must be a list", field)
		return nil
	}
	var out []*strict.Node
	for _, item := range n.Content {
		if _, ok := d.str(item, field); ok {
			out = append(out, item)
		}
	}
	return out
}

func (d *document) manifests(n *strict.Node) []string {
	var out []string
	for _, item := range d.strings(n, "manifests") {
		clean := path.Clean(item.Value)
		if !fs.ValidPath(clean) || strings.Contains(item.Value, `\`) || strings.Contains(item.Value, "://") {
			d.WrongName(item, "not a path inside the repository").Hint("a file or directory of this repository, as in  manifests: [connections]")
			continue
		}
		out = append(out, clean)
	}
	return out
}

func (d *document) projectTargets(p *Project, n *strict.Node) {
	places := map[[3]string]string{}
	for _, e := range strict.Entries(n) {
		if !validTarget.MatchString(e.Key.Value) {
			d.WrongName(e.Key, "not a valid target name").Hint("a target's name is made of small letters, digits, _ and -, at most 63")
		}
		if !d.Mapping(e.Value, "target "+e.Key.Value) {
			continue
		}
		t := d.projectTarget(e)
		place := t.place()
		if other, ok := places[place]; ok && t.WorkspaceID != "" {
			d.WrongName(e.Key, "targets %s and %s are the same workspace", other, t.Name).Hint("one workspace is one target: two would undo each other's work")
		}
		places[place] = t.Name
		p.Targets[t.Name] = t
	}
}

func (d *document) projectTarget(e strict.Entry) Target {
	t := Target{Name: e.Key.Value, Pos: d.At(e.Key)}
	for _, f := range strict.Entries(e.Value) {
		switch f.Key.Value {
		case "region":
			t.Region, _ = d.str(f.Value, "region")
		case "project_id":
			t.ProjectID = d.id(f.Value, "project_id")
		case "workspace_id":
			t.WorkspaceID = d.id(f.Value, "workspace_id")
		case "endpoint":
			t.Endpoint = d.address(f.Value, "endpoint")
		case "iam_endpoint":
			t.IAMEndpoint = d.address(f.Value, "iam_endpoint")
		case "ca":
			t.CA = d.authorities(f.Value)
		case "max_age":
			t.MaxAge = d.maxAge(f.Value, true)
		default:
			d.Unknown(f.Key, "field", "region", "project_id", "workspace_id", "endpoint", "iam_endpoint", "ca", "max_age")
		}
	}
	d.checkAddress(e, t)
	for _, required := range []string{"region", "workspace_id"} {
		if strict.Child(e.Value, required) == nil {
			d.WrongName(e.Key, "target %s has no %s", t.Name, required)
		}
	}
	return t
}

func (d *document) secretsPolicy(p *SecretsPolicy, n *strict.Node) {
	for _, e := range strict.Entries(n) {
		switch e.Key.Value {
		case "allow":
			p.Allow = d.allow(e.Value)
		case "mac":
			s, ok := d.str(e.Value, "mac")
			if ok && s != "any" && s != "full" {
				d.WrongName(e.Value, "mac must be any or full")
			}
			p.FullMAC = s == "full"
		case "rule":
			s, ok := d.str(e.Value, "rule")
			if ok && s != "refuse" && s != "warn" {
				d.WrongName(e.Value, "rule must be refuse or warn")
			}
			p.RuleWarn = s == "warn"
		case "destinations":
			s, ok := d.str(e.Value, "destinations")
			if ok && s != Sealed && s != Reviewed {
				d.WrongName(e.Value, "destinations must be sealed or reviewed")
			}
			p.Destinations = s
		case "max_age":
			p.MaxAge = d.maxAge(e.Value, false)
		default:
			d.Unknown(e.Key, "field", "allow", "mac", "rule", "destinations", "max_age")
		}
	}
}

func (d *document) allow(n *strict.Node) []string {
	var out []string
	for _, item := range d.strings(n, "allow") {
		if !slices.Contains(secrets.KeyTypes, item.Value) {
			d.Unknown(item, "key type", secrets.KeyTypes...)
			continue
		}
		out = append(out, item.Value)
	}
	return out
}

func (d *document) statePolicy(p *StatePolicy, n *strict.Node) {
	for _, e := range strict.Entries(n) {
		if e.Key.Value != "remote" {
			d.Unknown(e.Key, "field", "remote")
			continue
		}
		s, ok := d.str(e.Value, "remote")
		if ok && !validRemote.MatchString(s) {
			d.Wrong(e.Value, "not the name of a remote").Hint("the name of a remote that the clone has, or none; an address is set by a flag only, never by a file")
		}
		p.Remote = s
	}
}
