package secmaster

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Workspace is a workspace of a project.
type Workspace struct{ ID, Name string }

// maxWorkspaces is more than a project can have: five.
const maxWorkspaces = 100

// Workspaces are those that the credentials show in a region's project, in order of name, with the project's id. What the options say of a workspace
// does not count.
func Workspaces(ctx context.Context, o Options) (project string, found []Workspace, err error) {
	const op = opWorkspaces
	o.WorkspaceID = "none"
	r, err := NewReader(o)
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	if project, err = r.ProjectID(ctx); err != nil {
		return "", nil, err
	}
	a, _, err := r.do(ctx, call{op: op, method: http.MethodGet, url: r.workspacesOf(project)})
	if err != nil {
		return project, nil, err
	}
	var b struct {
		Workspaces []struct {
			ID   lenient `json:"id"`
			Name lenient `json:"name"`
			View flag    `json:"is_view"` // of other workspaces: it has no connections of its own
		} `json:"workspaces"`
	}
	if json.Unmarshal(a.body, &b) != nil {
		return project, nil, &Error{Op: op, Status: a.status, RequestID: a.requestID, Message: "the answer cannot be read"}
	}
	for _, w := range b.Workspaces {
		if pathSafe.MatchString(string(w.ID)) && !w.View.is() {
			found = append(found, Workspace{string(w.ID), printable(string(w.Name), maxMessage)})
		}
	}
	slices.SortStableFunc(found, func(a, b Workspace) int { return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID) })
	return project, found, nil
}
