package emulator

import (
	"net/http"
	"strings"
	"sync"
)

// route is one call of the API.
type route struct {
	name      string
	method    string
	path      string // with {project}, {workspace} and {id}
	workspace bool   // project and workspace of the path must be ours
	serve     func(*exchange)
	action    string // that a policy has to allow; "" for none
}

const connectionsPath = "/v1/{project}/workspaces/{workspace}/soc/assetcredentials"
const workflowsPath = "/v1/{project}/workspaces/{workspace}/soc/workflows"
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
	RouteWorkflows  = "list workflows"
	RouteVersion    = "show workflow version"
	RoutePolicies   = "search emergency policies"
	RouteWorkspaces = "list workspaces"
	RouteWorkspace  = "show workspace"
	RouteProject    = "look up project"
	RouteCaller     = "show caller"
	RouteDecode     = "decode refusal"
)

func routes() []route {
	return []route{
		{RouteList, http.MethodGet, connectionsPath, true, (*exchange).list, "secmaster:connection:list"},
		{RouteCreate, http.MethodPost, connectionsPath, true, (*exchange).create, "secmaster:connection:create"},
		{RouteShow, http.MethodGet, connectionsPath + "/{id}", true, (*exchange).show, "secmaster:connection:get"},
		{RouteUpdate, http.MethodPut, connectionsPath + "/{id}", true, (*exchange).update, "secmaster:connection:update"},
		{RouteDelete, http.MethodDelete, connectionsPath + "/{id}", true, (*exchange).remove, "secmaster:connection:delete"},
		{RouteComponents, http.MethodGet, componentsPath, true, (*exchange).listComponents, "secmaster:component:list"},
		{RouteComponent, http.MethodGet, componentsPath + "/{id}", true, (*exchange).showComponent, "secmaster:component:get"},
		{RouteWorkflows, http.MethodGet, workflowsPath, true, (*exchange).listWorkflows, "secmaster:workflow:list"},
		{RouteVersion, http.MethodGet, workflowsPath + "/versions/{id}", true, (*exchange).showVersion, "secmaster:workflow:get"},
		{RoutePolicies, http.MethodPost, "/v1/{project}/workspaces/{workspace}/soc/policys/search", true, (*exchange).searchPolicies, "secmaster:policy:list"},
		{RouteWorkspaces, http.MethodGet, "/v1/{project}/workspaces", false, (*exchange).listWorkspaces, "secmaster:workspace:list"},
		{RouteWorkspace, http.MethodGet, "/v1/{project}/workspaces/{workspace}", true, (*exchange).showWorkspace, "secmaster:workspace:get"},
		{RouteProject, http.MethodGet, "/v3/projects", false, (*exchange).projects, ""},
		{RouteCaller, http.MethodGet, "/v5/caller-identity", false, (*exchange).callerIdentity, ""},
		{RouteDecode, http.MethodPost, "/v5/decode-authorization-message", false, (*exchange).decodeRefusal, ""},
	}
}

// paths is the mux for finding the routes of requests.
var paths = sync.OnceValue(func() *http.ServeMux {
	mux := http.NewServeMux()
	for _, known := range routes() {
		mux.Handle(known.method+" "+known.path, known)
	}
	return mux
})

// ServeHTTP makes a route usable in a mux; what serves it is serve.
func (route) ServeHTTP(http.ResponseWriter, *http.Request) {}

// find gives the route of a request and the id in its path, its last part.
func find(r *http.Request) (route, string) {
	handler, _ := paths().Handler(r)
	known, ok := handler.(route)
	if !ok || !strings.HasSuffix(known.path, "/{id}") {
		return known, ""
	}
	return known, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
}

// rightPlace refuses another project or workspace (docs/api.md, C6).
func (x *exchange) rightPlace() bool {
	o := x.s.options
	for _, workspace := range o.Workspaces {
		if strings.HasPrefix(x.r.URL.Path+"/", "/v1/"+o.ProjectID+"/workspaces/"+workspace+"/") {
			x.workspace = workspace
			return true
		}
	}
	status := http.StatusForbidden
	if x.s.is("workspace", "400") {
		status = http.StatusBadRequest
	}
	x.fail(status, "SecMaster.20010001", "Workspace not found")
	return false
}
