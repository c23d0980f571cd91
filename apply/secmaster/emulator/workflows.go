package emulator

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Workflow is a workflow of the workspace with its active version.
type Workflow struct {
	Workspace   string   `json:"workspace,omitempty"` // "": the first that is served
	Name        string   `json:"name"`
	Enabled     bool     `json:"enabled"`
	Connections []string `json:"connections"`      // used by its nodes, by name or id
	Config      bool     `json:"config,omitempty"` // they stand in its taskconfig instead of its taskflow
	Status      string   `json:"status,omitempty"` // of the version; default activated
	Note        string   `json:"note,omitempty"`   // a text that stands in the taskflow and the taskconfig
	Taskflow    string   `json:"taskflow,omitempty"`
}

// EmergencyPolicy is a policy that blocks something by connections.
type EmergencyPolicy struct {
	Workspace   string   `json:"workspace,omitempty"` // "": the first that is served
	Target      string   `json:"target"`              // what it blocks
	Connections []string `json:"connections"`
}

// PutWorkflow adds a workflow.
func (s *Server) PutWorkflow(w Workflow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workflows = append(s.workflows, w)
	s.save()
}

// PutPolicy adds an emergency policy.
func (s *Server) PutPolicy(p EmergencyPolicy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies = append(s.policies, p)
	s.save()
}

// allWorkflows are those put into a workspace, and those of the switch "workflows". The caller holds the lock.
func (s *Server) allWorkflows(workspace string) []Workflow {
	out := slices.DeleteFunc(slices.Clone(s.workflows), func(w Workflow) bool { return cmp.Or(w.Workspace, s.options.WorkspaceID) != workspace })
	made, _ := strconv.Atoi(s.options.Switches.value("workflows"))
	for n := range made {
		out = append(out, Workflow{Name: fmt.Sprintf("playbook %d", n+1), Enabled: n%3 != 2, Connections: s.every(workspace), Config: n%2 == 1})
	}
	return out
}

// allPolicies are those put into a workspace, and those of the switch "policies". The caller holds the lock.
func (s *Server) allPolicies(workspace string) []EmergencyPolicy {
	out := slices.DeleteFunc(slices.Clone(s.policies), func(p EmergencyPolicy) bool { return cmp.Or(p.Workspace, s.options.WorkspaceID) != workspace })
	made, _ := strconv.Atoi(s.options.Switches.value("policies"))
	for n := range made {
		out = append(out, EmergencyPolicy{Target: fmt.Sprintf("192.0.2.%d", n+1), Connections: s.every(workspace)})
	}
	return out
}

// every are the ids of all connections that did not come with a workspace.
func (s *Server) every(workspace string) (out []string) {
	for _, c := range s.connections {
		if !c.BuiltIn && c.Workspace == workspace {
			out = append(out, c.ID)
		}
	}
	return out
}

// idsOf are the ids of a workspace's connections, given by name or already by id.
func (s *Server) idsOf(connections []string, workspace string) []string {
	out := slices.Clone(connections)
	for i, name := range out {
		if at := slices.IndexFunc(s.connections, func(c *Connection) bool { return c.Name == name && c.Workspace == workspace }); at >= 0 {
			out[i] = s.connections[at].ID
		}
	}
	return out
}

// unused answers for the switch "users" where nothing is shown.
func (x *exchange) unused() bool {
	switch x.s.value("users") {
	case "denied":
		x.refuse()
	case "absent":
		x.gateway(http.StatusNotFound, "APIGW.0101", "The API does not exist or has not been published in the environment")
	default:
		return false
	}
	return true
}

func (x *exchange) listWorkflows() {
	q := x.r.URL.Query()
	offset, _ := strconv.Atoi(q.Get("offset"))
	limit, err := strconv.Atoi(q.Get("limit"))
	switch {
	case x.unused():
		return
	case q.Get("limit") != "" && (err != nil || limit < 1 || limit > 100) || offset < 0 || offset > 10_000:
		x.fail(http.StatusBadRequest, "SecMaster.20040001", "Parameter error.")
		return
	}
	s := x.s
	s.mu.Lock()
	all := s.allWorkflows(x.workspace)
	from, to := x.bounds(len(all))
	items := []object{}
	for i, w := range all[from:to] {
		items = append(items, object{
			"id": w.id(from + i), "name": w.Name, "description": "", "enabled": w.Enabled, "version_id": w.versionID(from + i),
			"project_id": s.options.ProjectID, "workspace_id": x.workspace, "aop_type": "NORMAL", "engine_type": "public_engine",
		})
	}
	s.mu.Unlock()
	x.succeed(object{"success": true, "total": len(all), "offset": offset, "limit": limit, "data": items})
}

// id is that of the n-th workflow.
func (w Workflow) id(n int) string { return idOf("workflow", w.Name+" "+strconv.Itoa(n)) }

func (w Workflow) versionID(n int) string {
	return idOf("workflow version", w.Name+" "+strconv.Itoa(n))
}

func (x *exchange) showVersion() {
	if x.unused() {
		return
	}
	s := x.s
	s.mu.Lock()
	var found object
	for i, w := range s.allWorkflows(x.workspace) {
		if w.versionID(i) == x.id {
			found = s.version(i, w, x.workspace)
		}
	}
	s.mu.Unlock()
	if found == nil {
		x.notFound()
		return
	}
	x.succeed(object{"success": true, "data": found})
}

// version is a workflow's version as it is shown. The caller holds the lock.
func (s *Server) version(i int, w Workflow, workspace string) object {
	nodes, tasks := []object{}, object{}
	for n, id := range s.idsOf(w.Connections, workspace) {
		node := fmt.Sprintf("Activity_%d", n)
		if w.Config {
			tasks[node] = object{"asset_id": id}
			id = ""
		}
		nodes = append(nodes, object{"type": "element", "name": "bpmn2:serviceTask", "attributes": object{"id": node, "soar:asset": id, "soar:note": w.Note}})
	}
	flow, _ := json.Marshal(object{"elementType": "{}", "workflow": object{"elements": []object{{
		"type": "element", "name": "bpmn2:definitions", "attributes": object{"xmlns:soar": "https://soc.cloudsre.com/soar/v2"}, "elements": nodes,
	}}}})
	config, _ := json.Marshal(object{"trigger": object{"advanced": object{"note": w.Note}}, "node_info": tasks, "usertask_info": object{}})
	packed := base64.StdEncoding.EncodeToString(flow)
	switch {
	case s.options.Switches.value("users") == "broken":
		packed = "%% no base64 %%"
	case w.Taskflow != "":
		packed = w.Taskflow
	}
	return object{"id": w.versionID(i), "name": w.Name, "taskflow": packed, "taskconfig": string(config), "status": cmp.Or(w.Status, "activated")}
}

func (x *exchange) searchPolicies() {
	var b struct{ Offset, Limit int }
	if x.unused() {
		return
	}
	if json.Unmarshal(x.body, &b) != nil || x.r.Header.Get("X-Secmaster-Version") == "" {
		x.fail(http.StatusBadRequest, "SecMaster.20040001", "Parameter error.")
		return
	}
	s := x.s
	s.mu.Lock()
	all := s.allPolicies(x.workspace)
	from, to := x.part(b.Offset, b.Limit, len(all))
	items := []object{}
	for i, p := range all[from:to] {
		list := []object{}
		for _, id := range s.idsOf(p.Connections, x.workspace) {
			list = append(list, object{"defense_connection_id": id, "defense_type": "CFW", "region_id": s.options.Region})
		}
		id := idOf("emergency policy", strconv.Itoa(from+i))
		items = append(items, object{"id": id, "data_object": object{"id": id, "block_target": p.Target, "defense_policy_list": list}})
	}
	s.mu.Unlock()
	body := object{"success": true, "total": len(all), "data": items}
	if s.is("users", "broken") {
		body["total"], body["data"] = 1, "no list"
	}
	x.succeed(body)
}
