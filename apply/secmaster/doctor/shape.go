package doctor

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"

	"connsync/apply/secmaster"
	"connsync/lazy"
)

// Shape is the form of an answer. Every text in it is one of the vocabulary: what a server calls a member, a header or a code of its own could be
// a secret, so it is only "?".
type Shape struct {
	Status  int      `json:"status"` // 0: one unknown to HTTP
	Code    string   `json:"code"`   // of a success, its form; of an error, a documented one, or its prefix and "?"
	Content string   `json:"content"`
	Headers []string `json:"headers"`
	Members []Member `json:"members"`
	Items   []Member `json:"items,omitempty"`    // of the objects in it: connections, plugins or workspaces
	Within  []Member `json:"versions,omitempty"` // of the versions of plugins
}

// Member is a member of JSON objects. Of a member in blank only types other than a text's are told.
type Member struct {
	Name  string   `json:"name"`
	Types []string `json:"types"`
	Shown string   `json:"shown,omitempty"` // always or sometimes
}

// blank are the members of a connection that may be empty.
var blank = []string{
	"description", "modifier_name", "modifier_id", "defense_type", "target_project_id", "target_project_name", "target_enterprise_id", "target_enterprise_name",
	"region_id", "region_name",
}

// The documented members.
var (
	envelope = []string{
		"code", "message", "total", "count", "success", "request_id", "size", "page", "offset", "limit", "error_code", "error_msg", "error",
		"encoded_authorization_message", "details", "asset", "assets", "data", "workspaces", "workspace",
	}
	connectionMembers = append([]string{
		"id", "project_id", "workspace_id", "name", "component_id", "component_name", "component_version_id", "type", "status", "config", "enabled",
		"create_time", "creator_id", "creator_name", "update_time", "can_be_deleted",
	}, blank...)
	pluginMembers = []string{
		"id", "name", "dev_language", "dev_language_version", "alliance_id", "alliance_name", "description", "logo", "label", "create_time", "update_time", "creator_id",
		"creator_name", "modifier_id", "modifier_name", "component_type", "operation_history", "operate_history", "versions", "component_versions",
	}
	versionMembers   = []string{"id", "version_num", "version_desc", "status", "package_name", "component_attachment_id", "sub_version_id", "connection_config"}
	workspaceMembers = []string{
		"id", "name", "description", "project_id", "project_name", "domain_id", "domain_name", "enterprise_project_id", "enterprise_project_name", "region_id",
		"is_view", "view_bind_id", "view_bind_name", "create_time", "update_time", "creator_id", "creator_name", "modifier_id", "modifier_name", "workspace_agency_list",
	}
	headers = []string{
		"cache-control", "content-encoding", "content-language", "content-security-policy", "content-type", "date", "etag", "expires", "pragma", "retry-after", "server",
		"set-cookie", "strict-transport-security", "vary", "via", "x-content-type-options", "x-frame-options", "x-request-id", "x-xss-protection",
	}
	passing = []string{"connection", "content-length", "keep-alive", "transfer-encoding"} // they depend on how long an answer is
	types   = []string{"string", "number", "boolean", "object", "array", "null"}
)

// other stands for every undocumented text of the server.
const other = "?"

// shapeOf is the form of an answer to a call.
func shapeOf(name string, a secmaster.Answer) Shape {
	body := objectOf(a.Body)
	s := Shape{Status: a.Status, Content: contentOf(a), Headers: headersOf(a.Header), Members: membersOf([]object{body}, envelope, nil)}
	if http.StatusText(a.Status) == "" {
		s.Status = 0
	}
	if body == nil {
		return s
	}
	s.Code = errorCode(body)
	if a.Status < 300 {
		s.Code = codeForm(body["code"])
	}
	items, known := itemsOf(name, body)
	s.Items = membersOf(items, known, blank)
	if name == CallPlugins {
		s.Within = membersOf(versionsOf(items), versionMembers, nil)
	}
	return s
}

// itemsOf are the objects in an answer, and the documented members of them.
func itemsOf(name string, body object) (items []object, known []string) {
	switch name {
	case CallPlugins:
		items, _ = objectsOf(body["data"])
		return items, pluginMembers
	case CallWorkspaces:
		items, _ = objectsOf(body["workspaces"])
		return items, workspaceMembers
	}
	if one := objectOf(body["asset"]); one != nil {
		return []object{one}, connectionMembers
	}
	_, items = listedIn(body)
	return items, connectionMembers
}

func versionsOf(plugins []object) []object {
	var out []object
	for _, p := range plugins {
		for _, n := range []string{"versions", "component_versions"} {
			found, _ := objectsOf(p[n])
			out = append(out, found...)
		}
	}
	return out
}

// membersOf are the members of some objects: documented ones by name and in order, all others as one.
func membersOf(objects []object, known, maybe []string) []Member {
	out := []Member{}
	for _, name := range known {
		m := Member{Name: name}
		n := 0
		for _, o := range objects {
			if k := kind(o[name]); k != "" {
				n++
				m.add(k)
			}
		}
		if slices.Contains(maybe, name) {
			m.Types = slices.DeleteFunc(m.Types, func(k string) bool { return k == "string" || k == "null" })
		} else {
			m.Shown = often(n, len(objects))
		}
		if n > 0 && len(m.Types) > 0 {
			out = append(out, m)
		}
	}
	if m := unknownIn(objects, known); len(m.Types) > 0 {
		out = append(out, m)
	}
	return out
}

func often(n, of int) string {
	if n == of {
		return "always"
	}
	return "sometimes"
}

func unknownIn(objects []object, known []string) Member {
	m := Member{Name: other}
	for _, o := range objects {
		for name, raw := range o {
			if !slices.Contains(known, name) {
				m.add(kind(raw))
			}
		}
	}
	return m
}

// add notes a type, once and in order.
func (m *Member) add(k string) { m.Types = added(m.Types, k, types) }

func headersOf(h http.Header) []string {
	out := []string{}
	unknown := false
	for name := range h {
		switch name = strings.ToLower(name); {
		case slices.Contains(headers, name):
			out = append(out, name)
		case !slices.Contains(passing, name):
			unknown = true
		}
	}
	slices.Sort(out)
	if unknown {
		out = append(out, other)
	}
	return out
}

func contentOf(a secmaster.Answer) string {
	media, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch {
	case len(a.Body) == 0:
		return "nothing"
	case media == "application/json" && json.Valid(a.Body):
		return "json"
	case strings.Contains(media, "html"):
		return "html"
	case json.Valid(a.Body):
		return "json of another type"
	}
	return other
}

var contents = []string{"nothing", "json", "html", "json of another type", other}

var (
	zeros    = lazy.New(`^0{2,}$`)
	prefixed = lazy.New(`^[A-Za-z][A-Za-z0-9]*\.0+$`)
	word     = lazy.New(`^[A-Za-z][A-Za-z_. -]*$`)
	prefix   = lazy.New(`^(SecMaster|APIGW|IAM|STS5|CSB|csb|common)\.`)
)

// codeForm is the form of the code of a success.
func codeForm(raw json.RawMessage) string {
	text := object{"code": raw}.text("code")
	switch k := kind(raw); {
	case k == "":
		return "absent"
	case k == "null":
		return "null"
	case k == "number" && text == "0":
		return "number"
	case k != "string":
		return "other"
	case text == "":
		return "empty"
	case text == "0":
		return "text"
	case zeros.MatchString(text):
		return "zeros"
	case prefixed.MatchString(text):
		return "prefixed"
	case word.MatchString(text):
		return "word"
	}
	return "other"
}

// errorCode is the code of an error: a documented one, or its prefix.
func errorCode(body object) string {
	text := body.text("code")
	for _, t := range []string{body.text("error_code"), objectOf(body["error"]).text("code")} {
		if text == "" {
			text = t
		}
	}
	switch m := prefix.FindStringSubmatch(text); {
	case text == "":
		return ""
	case secmaster.Documented(text):
		return text
	case m != nil:
		return m[0] + other
	}
	return other
}
