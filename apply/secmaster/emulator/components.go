package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

func (x *exchange) listComponents() {
	s := x.s
	s.mu.Lock()
	all := s.options.Plugins
	from, to := x.bounds(len(all))
	items := []object{}
	for _, p := range all[from:to] {
		items = append(items, s.component(p))
	}
	s.mu.Unlock()
	x.succeed(object{"success": true, "request_id": x.requestID, "total": len(all), "size": to - from, "page": 0, "data": items})
}

func (x *exchange) showComponent() {
	x.s.mu.Lock()
	var found object
	for _, p := range x.s.options.Plugins {
		if p.ID() == x.id {
			found = x.s.component(p)
		}
	}
	x.s.mu.Unlock()
	if found == nil {
		x.notFound()
		return
	}
	x.succeed(object{"success": true, "request_id": x.requestID, "data": found})
}

// component is a plugin as it is shown, in the new or the old spelling (C4). The caller holds the lock.
func (s *Server) component(p Plugin) object {
	versions := []object{}
	for _, v := range p.Versions {
		versions = append(versions, object{
			"id": v.ID(p), "version_num": v.Number, "version_desc": "", "status": "published",
			"connection_config": s.schema(v),
		})
	}
	c := object{"id": p.ID(), "name": p.Name, "component_type": p.Type, "description": "", "logo": "data:image/png;base64,AAAA"}
	if s.options.Switches.value("components") == "old" {
		c["component_versions"], c["operate_history"] = versions, []object{}
		return c
	}
	c["versions"], c["operation_history"] = versions, []object{}
	return c
}

// schema is a version's connection schema, in the form of the switch "schema" (C4). The caller holds the lock.
func (s *Server) schema(v Version) any {
	items := lines(v.Settings)
	switch s.options.Switches.value("schema") {
	case "array":
		return items
	case "null":
		return nil
	}
	text, _ := json.Marshal(items)
	return string(text)
}

func lines(settings []Setting) []object {
	items := []object{}
	for _, s := range settings {
		line := object{
			"key": s.Key, "name": s.Key, "description": s.Description, "type": s.Type, "value": "", "default_value": s.Default,
			"required": s.Required, "readonly": s.ReadOnly,
		}
		if s.Options != nil {
			line["options"] = s.Options
		}
		if s.Children != nil {
			line["children"] = lines(s.Children)
		}
		items = append(items, line)
	}
	return items
}

func (x *exchange) shownWorkspace(id string) object {
	o := x.s.options
	name := "emulated"
	if n := slices.Index(o.Workspaces, id); n > 0 {
		name += "-" + strconv.Itoa(n+1)
	}
	return object{"id": id, "name": name, "project_id": o.ProjectID, "project_name": o.Region, "region_id": o.Region}
}

func (x *exchange) listWorkspaces() {
	q := x.r.URL.Query()
	if q.Get("offset") == "" || q.Get("limit") == "" {
		x.fail(http.StatusBadRequest, "SecMaster.20041002", "Invalid parameter: offset and limit are required")
		return
	}
	found := []object{}
	shown, _ := strconv.Atoi(x.s.value("workspaces"))
	served := x.s.options.Workspaces
	if shown == 0 {
		served = nil
	}
	for _, id := range served {
		found = append(found, x.shownWorkspace(id))
	}
	for n := len(served); n < shown; n++ {
		w := x.shownWorkspace(idOf("workspace", strconv.Itoa(n)))
		w["name"] = "another"
		found = append(found, object{"id": idOf("view", strconv.Itoa(n)), "name": "a view", "is_view": true}, w)
	}
	x.succeed(object{"workspaces": found, "count": float64(len(found))})
}

func (x *exchange) showWorkspace() { x.succeed(object{"workspace": x.shownWorkspace(x.workspace)}) }

// projects is IAM's look-up by name; the name is the region's.
func (x *exchange) projects() {
	o := x.s.options
	found := []object{}
	if name := x.r.URL.Query().Get("name"); name == "" || name == o.Region {
		found = append(found, object{"id": o.ProjectID, "name": o.Region, "enabled": true, "is_domain": false, "links": object{}})
	}
	x.reply(http.StatusOK, object{"projects": found, "links": object{}})
}
