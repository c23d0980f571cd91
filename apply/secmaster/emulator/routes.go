package emulator

import (
	"net/http"
	"strings"
)

// route is one call of the API.
type route struct {
	name      string
	method    string
	path      string // with {project}, {workspace} and {id}
	workspace bool   // project and workspace of the path must be ours
	serve     func(*exchange)
}

const connectionsPath = "/v1/{project}/workspaces/{workspace}/soc/assetcredentials"
const componentsPath = "/v1/{project}/workspaces/{workspace}/soc/components"

// The routes, by the names under which requests are counted and faults are set.
const (
	RouteList       = "list connections"
	RouteCreate     = "create connection"
	RouteShow       = "show connection"
	RouteUpdate     = "update connection"
	RouteDelete     = "delete connection"
	RouteComponents = "list components"
	RouteComponent  = "show component"
	RouteWorkspaces = "list workspaces"
	RouteWorkspace  = "show workspace"
	RouteProject    = "look up project"
)

func routes() []route {
	return []route{
		{RouteList, http.MethodGet, connectionsPath, true, (*exchange).list},
		{RouteCreate, http.MethodPost, connectionsPath, true, (*exchange).create},
		{RouteShow, http.MethodGet, connectionsPath + "/{id}", true, (*exchange).show},
		{RouteUpdate, http.MethodPut, connectionsPath + "/{id}", true, (*exchange).update},
		{RouteDelete, http.MethodDelete, connectionsPath + "/{id}", true, (*exchange).remove},
		{RouteComponents, http.MethodGet, componentsPath, true, (*exchange).listComponents},
		{RouteComponent, http.MethodGet, componentsPath + "/{id}", true, (*exchange).showComponent},
		{RouteWorkspaces, http.MethodGet, "/v1/{project}/workspaces", false, (*exchange).listWorkspaces},
		{RouteWorkspace, http.MethodGet, "/v1/{project}/workspaces/{workspace}", true, (*exchange).showWorkspace},
		{RouteProject, http.MethodGet, "/v3/projects", false, (*exchange).projects},
	}
}

// find gives the route of a request and the id in its path.
func (s *Server) find(r *http.Request) (route, string) {
	for _, candidate := range routes() {
		if r.Method != candidate.method {
			continue
		}
		if values, ok := match(candidate.path, r.URL.Path); ok {
			return candidate, values["{id}"]
		}
	}
	return route{}, ""
}

func match(pattern, path string) (map[string]string, bool) {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	values := map[string]string{}
	for i, w := range want {
		switch {
		case strings.HasPrefix(w, "{") && have[i] != "":
			values[w] = have[i]
		case w != have[i]:
			return nil, false
		}
	}
	return values, true
}

// rightPlace refuses another project or workspace (docs/api.md, C6).
func (x *exchange) rightPlace() bool {
	values, _ := match(x.route.path, x.r.URL.Path)
	o := x.s.options
	if values["{project}"] == o.ProjectID && values["{workspace}"] == o.WorkspaceID {
		return true
	}
	status := http.StatusForbidden
	if x.s.is("workspace", "400") {
		status = http.StatusBadRequest
	}
	x.fail(status, "SecMaster.20010001", "Workspace not found")
	return false
}
