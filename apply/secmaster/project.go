package secmaster

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// ProjectID is the project's id: the given one, or else IAM's for the region, which is then remembered.
func (r *Reader) ProjectID(ctx context.Context) (string, error) {
	if id := r.knownProject(); id != "" {
		return id, nil
	}
	id, err := r.lookUpProject(ctx)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.project = id
	return id, nil
}

func (r *Reader) knownProject() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.project
}

func (r *Reader) lookUpProject(ctx context.Context) (string, error) {
	const op = "look up project"
	if r.iam == "" {
		return "", errNoIAM
	}
	a, _, err := r.do(ctx, call{op: op, method: http.MethodGet, url: r.iam + "/v3/projects" + encode(url.Values{"name": {r.options.Region}})})
	if err != nil {
		return "", err
	}
	var b struct {
		Projects []struct {
			ID lenient `json:"id"`
		} `json:"projects"`
	}
	if json.Unmarshal(a.body, &b) != nil {
		return "", &Error{Op: op, Status: a.status, RequestID: a.requestID, Message: "the answer cannot be read"}
	}
	if len(b.Projects) != 1 || !pathSafe.MatchString(string(b.Projects[0].ID)) {
		return "", &Error{Op: op, Status: a.status, RequestID: a.requestID, Message: "IAM does not show exactly one project for the region", Class: ErrWorkspace}
	}
	return string(b.Projects[0].ID), nil
}
