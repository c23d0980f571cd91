package emulator

import (
	"encoding/json"
	"net/http"
	"strings"

	"connsync/lazy"
)

type object map[string]any

// reply writes a JSON answer.
func (x *exchange) reply(status int, body object) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	x.w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(text)
}

// succeed adds the code of a success, in the form of the switch "code".
func (x *exchange) succeed(body object) {
	switch x.s.value("code") {
	case "empty":
		body["code"], body["message"] = "", ""
	case "number":
		body["code"], body["message"] = 0, "success"
	case "text":
		body["code"], body["message"] = "0", "success"
	case "zeros":
		body["code"], body["message"] = "00000000", "success"
	case "prefixed":
		body["code"], body["message"] = "SecMaster.00000000", "Success."
	case "word":
		body["code"], body["message"] = "success", "Success."
	}
	body["field_of_next_year"] = object{"nested": true} // clients must ignore what they do not know
	x.reply(http.StatusOK, body)
}

// fail answers in SecMaster's own form.
func (x *exchange) fail(status int, code, message string) {
	x.reply(status, object{"code": code, "message": message})
}

// gateway answers in the form of the gateway before SecMaster.
func (x *exchange) gateway(status int, code, message string) {
	x.w.Header().Set("Server", "api-gateway")
	x.reply(status, object{"error_code": code, "error_msg": message, "request_id": strings.ReplaceAll(x.requestID, "-", "")})
}

func (x *exchange) notFound() {
	if x.s.is("notfound", "404") {
		x.fail(http.StatusNotFound, "SecMaster.20041002", "Not found")
		return
	}
	x.fail(http.StatusBadRequest, "SecMaster.20041002", "Invalid parameter")
}

// asset is a connection as it is shown. The caller holds the lock.
func (s *Server) asset(c *Connection) object {
	o := s.options
	a := object{
		"id": c.ID, "project_id": o.ProjectID, "workspace_id": c.Workspace, "name": c.Name,
		"component_id": c.ComponentID, "component_version_id": c.ComponentVersionID,
		"type": "action_target", "enabled": !c.Disabled,
		"create_time": s.shownTime(c.CreateTime), "creator_id": "u-" + c.Creator, "creator_name": c.Creator,
		"extra_of_next_year": []int{1, 2},
	}
	if p, ok := s.pluginOf(c.ComponentID, c.ComponentVersionID); ok {
		a["component_name"] = p.Name
	}
	if o.Switches.value("candelete") == "present" {
		a["can_be_deleted"] = c.CanBeDeleted
	}
	if o.Switches.value("updatetime") == "present" {
		a["update_time"] = s.shownTime(c.UpdateTime)
	}
	if status, shown := shownStatus(o.Switches.value("status"), c.Status); shown {
		a["status"] = status
	}
	s.emptyTexts(a, c)
	if config, shown := shownConfig(o.Switches.value("config"), c.Config); shown {
		a["config"] = config
	}
	return a
}

// shownStatus is a status in the form of the switch "status"; false where none is shown.
func shownStatus(habit, status string) (string, bool) {
	switch habit {
	case "lower":
		return strings.ToLower(status), true
	case "mixed":
		return status[:min(1, len(status))] + strings.ToLower(status[min(1, len(status)):]), true
	}
	return status, habit != "absent"
}

// emptyTexts shows the members that may be empty: as "", as null, or not at all.
func (s *Server) emptyTexts(a object, c *Connection) {
	habit := s.options.Switches.value("nulls")
	for i, m := range []struct{ name, value string }{
		{"description", c.Description}, {"modifier_name", c.Modifier}, {"modifier_id", prefixed(c.Modifier)}, {"defense_type", c.DefenseType},
		{"target_project_id", ""}, {"target_project_name", ""}, {"target_enterprise_id", ""}, {"target_enterprise_name", ""},
		{"region_id", s.options.Region}, {"region_name", ""},
	} {
		switch {
		case m.value != "", habit == "empty", habit == "mixed" && i%3 == 0:
			a[m.name] = m.value
		case habit == "mixed" && i%3 == 1:
			a[m.name] = nil
		}
	}
}

func prefixed(name string) string {
	if name == "" {
		return ""
	}
	return "u-" + name
}

var secretKey = lazy.New(`(?i)password|secret|token|key$`)

// shownConfig is a config in the form of the switch "config"; false where none is shown.
func shownConfig(habit, config string) (any, bool) {
	switch habit {
	case "omitted":
		return nil, false
	case "null":
		return nil, true
	case "empty":
		return "", true
	case "broken":
		return `{"endpoint": `, true
	case "clear":
		return config, true
	}
	var v map[string]any
	d := json.NewDecoder(strings.NewReader(config))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return config, true
	}
	if habit == "reserialised" {
		text, _ := json.MarshalIndent(v, "", "  ")
		return string(text), true
	}
	text, _ := json.Marshal(masked(v, habit == "masked-all", false))
	return string(text), true
}

// masked replaces the values of secret-looking keys, or all texts.
func masked(v any, all, secret bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, child := range v {
			out[k] = masked(child, all, secret || secretKey.MatchString(k))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, child := range v {
			out[i] = masked(child, all, secret)
		}
		return out
	case string:
		if all || secret {
			return "******"
		}
	}
	if secret {
		return "******"
	}
	return v
}
