package manifest

import (
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	validTarget = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	validRegion = regexp.MustCompile(`^[a-z]{2}-[a-z]+-[0-9]{1,3}$`)
	validRemote = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
)

// LoadProject reads the project file. Its error is Mistakes, or a *ReadError where the file cannot be read.
func LoadProject(fsys fs.FS, name string) (Project, error) {
	p := Project{File: name, Manifests: []string{"connections"}, Targets: map[string]Target{}}
	p.Secrets.Allow = []string{"age", "pgp", "hckms"}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return p, readError(name, err)
	}
	d := read(name, text)
	if d.root != nil {
		d.project(&p)
	}
	if len(d.mistakes) > 0 {
		return p, Sorted(d.mistakes)
	}
	return p, nil
}

// ReadError says that a file or a directory of the repository cannot be read.
type ReadError struct {
	File    string
	Missing bool // it is not there
}

func (e *ReadError) Error() string {
	if e.Missing {
		return e.File + ": no such file or directory"
	}
	return e.File + ": cannot be read"
}

func (d *document) project(p *Project) {
	for _, e := range entries(d.root) {
		switch e.key.Value {
		case "manifests":
			p.Manifests = d.manifests(e.value)
		case "targets":
			if d.mapping(e.value, "targets") {
				d.projectTargets(p, e.value)
			}
		case "secrets":
			if d.mapping(e.value, "secrets") {
				d.secretsPolicy(&p.Secrets, e.value)
			}
		case "state":
			if d.mapping(e.value, "state") {
				d.statePolicy(&p.State, e.value)
			}
		default:
			d.unknown(e.key, "field", "manifests", "targets", "secrets", "state")
		}
	}
	if len(p.Targets) == 0 && child(d.root, "targets") == nil {
		d.wrong(d.root, false, []string{"targets: {prod: {region: …, workspace_id: …}}"}, "no targets")
	}
}

// strings are the texts of a list.
func (d *document) strings(n *yaml.Node, field string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		d.wrong(n, false, nil, "%s must be a list", field)
		return nil
	}
	var out []*yaml.Node
	for _, item := range n.Content {
		if _, ok := d.str(item, field); ok {
			out = append(out, item)
		}
	}
	return out
}

func (d *document) manifests(n *yaml.Node) []string {
	var out []string
	for _, item := range d.strings(n, "manifests") {
		clean := path.Clean(item.Value)
		if !fs.ValidPath(clean) || strings.Contains(item.Value, `\`) || strings.Contains(item.Value, "://") {
			d.wrong(item, true, []string{"a file or directory of this repository, as in  manifests: [connections]"}, "not a path inside the repository")
			continue
		}
		out = append(out, clean)
	}
	return out
}

func (d *document) projectTargets(p *Project, n *yaml.Node) {
	places := map[[3]string]string{}
	for _, e := range entries(n) {
		if !validTarget.MatchString(e.key.Value) {
			d.wrong(e.key, true, []string{"a target's name is made of small letters, digits, _ and -, at most 63"}, "not a valid target name")
		}
		if !d.mapping(e.value, "target "+e.key.Value) {
			continue
		}
		t := d.projectTarget(e)
		place := [3]string{t.Region, t.ProjectID, t.WorkspaceID}
		if other, ok := places[place]; ok && t.WorkspaceID != "" {
			d.wrong(e.key, true, []string{"one workspace is one target: two would undo each other's work"}, "targets %s and %s are the same workspace", other, t.Name)
		}
		places[place] = t.Name
		p.Targets[t.Name] = t
	}
}

func (d *document) projectTarget(e entry) Target {
	t := Target{Name: e.key.Value, Pos: d.at(e.key)}
	for _, f := range entries(e.value) {
		switch f.key.Value {
		case "region":
			t.Region = d.region(f.value)
		case "project_id":
			t.ProjectID = d.id(f.value, "project_id")
		case "workspace_id":
			t.WorkspaceID = d.id(f.value, "workspace_id")
		default:
			d.unknown(f.key, "field", "region", "project_id", "workspace_id")
		}
	}
	for _, required := range []string{"region", "workspace_id"} {
		if child(e.value, required) == nil {
			d.wrong(e.key, true, nil, "target %s has no %s", t.Name, required)
		}
	}
	return t
}

func (d *document) region(n *yaml.Node) string {
	s, ok := d.str(n, "region")
	if ok && !validRegion.MatchString(s) {
		d.wrong(n, false, []string{"a region is like cn-north-4; an address is set by CONNSYNC_ENDPOINT only, never by a file"}, "not a region")
	}
	return s
}

func (d *document) secretsPolicy(p *SecretsPolicy, n *yaml.Node) {
	for _, e := range entries(n) {
		switch e.key.Value {
		case "allow":
			p.Allow = d.allow(e.value)
		case "mac":
			s, ok := d.str(e.value, "mac")
			if ok && s != "any" && s != "full" {
				d.wrong(e.value, true, nil, "mac must be any or full")
			}
			p.FullMAC = s == "full"
		default:
			d.unknown(e.key, "field", "allow", "mac")
		}
	}
}

func (d *document) allow(n *yaml.Node) []string {
	var out []string
	for _, item := range d.strings(n, "allow") {
		known := false
		for _, k := range keyTypes {
			known = known || k == item.Value
		}
		if !known {
			d.unknown(item, "key type", keyTypes...)
			continue
		}
		out = append(out, item.Value)
	}
	return out
}

func (d *document) statePolicy(p *StatePolicy, n *yaml.Node) {
	for _, e := range entries(n) {
		if e.key.Value != "remote" {
			d.unknown(e.key, "field", "remote")
			continue
		}
		s, ok := d.str(e.value, "remote")
		if ok && !validRemote.MatchString(s) {
			d.wrong(e.value, false, []string{"the name of a remote that the clone has, or none; an address is set by a flag only, never by a file"}, "not the name of a remote")
		}
		p.Remote = s
	}
}

// Sorted puts mistakes in order of file and place.
func Sorted(ms []Mistake) Mistakes {
	sort.SliceStable(ms, func(i, j int) bool {
		a, b := ms[i].Pos, ms[j].Pos
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	return ms
}
