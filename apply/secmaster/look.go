package secmaster

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Answer is one answer to a read as it came, for who looks at its form. Its body may hold secrets in the clear.
type Answer struct {
	Status int // 0: no answer
	Header http.Header
	Body   []byte
}

// Look reads something of the workspace, by the parts of its path, and gives the answer also where it is an error.
func (r *Reader) Look(ctx context.Context, op string, query url.Values, parts ...string) (Answer, error) {
	u, err := r.inWorkspace(ctx, query, parts...)
	if err != nil {
		return Answer{}, err
	}
	return r.look(ctx, op, u)
}

// LookAtWorkspaces reads the list of the project's workspaces.
func (r *Reader) LookAtWorkspaces(ctx context.Context) (Answer, error) {
	project, err := r.ProjectID(ctx)
	if err != nil {
		return Answer{}, err
	}
	return r.look(ctx, opWorkspaces, r.workspacesOf(project))
}

func (r *Reader) look(ctx context.Context, op, u string) (Answer, error) {
	a, _, err := r.do(ctx, call{op: op, method: http.MethodGet, url: u, most: maxPage})
	return Answer{Status: a.status, Header: a.header, Body: a.body}, err
}

const opWorkspaces = "list workspaces"

// workspacesOf is the address of the list of a project's workspaces.
func (r *Reader) workspacesOf(project string) string {
	query := url.Values{"offset": {"0"}, "limit": {strconv.Itoa(maxWorkspaces)}}
	return r.base + "/v1/" + escape(project) + "/workspaces" + encode(query)
}
