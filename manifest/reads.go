package manifest

import (
	"path"
	"strings"
)

// Reads tells whether a project reads a file of this name: YAML under one of its manifests' folders, outside of hidden ones.
func (p Project) Reads(name string) bool {
	if !isManifest(name) {
		return false
	}
	for _, root := range p.Manifests {
		if name == root {
			return true
		}
		rest, under := strings.CutPrefix(name, root+"/")
		if root == "." {
			rest, under = name, true
		}
		if under && !hidden(path.Dir(rest)) {
			return true
		}
	}
	return false
}

// hidden tells whether a folder, or one above it, begins with a dot.
func hidden(dir string) bool {
	for dir != "." {
		if strings.HasPrefix(path.Base(dir), ".") {
			return true
		}
		dir = path.Dir(dir)
	}
	return false
}
