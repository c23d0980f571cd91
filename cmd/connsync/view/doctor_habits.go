package view

// habits say what each word of each question is, and what it means; "" where connsync takes it as any other.
var habits = map[string]map[string][2]string{
	"connections": {
		"none":    {"the workspace shows no connection", "most questions stay open until there are some"},
		"one":     {"the workspace shows one connection", "some questions stay open until there are more"},
		"several": {"the workspace shows several connections", ""},
	},
	"list": {
		"assets": {"a list is in the member assets", ""},
		"asset":  {"a list is in the member asset", ""},
		"data":   {"a list is in the member data", ""},
		"none":   {"a list has no array under a known name", "connsync concludes nothing from it: diff and sync fail"},
	},
	"config": {
		"clear":          {"a config is shown whole, secrets in the clear", ""},
		"no-secret-here": {"a config is shown, and none of them has a secret", ""},
		"masked":         {"secrets in a config are masked", ""},
		"masked-all":     {"all texts in a config are masked", ""},
		"reserialised":   {"a config is shown with white space, so it may be written anew", "connsync compares values, and no texts"},
		"omitted":        {"a config is not shown", ""},
		"empty":          {"a config is shown empty", ""},
		"null":           {"a config is shown as null", ""},
		"broken":         {"a config is shown as something that is no JSON object", ""},
		"object":         {"a config is an object, and no text", ""},
	},
	"notfound": {
		"400":   {"a connection that does not exist is answered with 400, as an invalid parameter is", "a connection counts as gone only if a complete list agrees"},
		"404":   {"a connection that does not exist is answered with 404", "a connection counts as gone only if a complete list agrees"},
		"other": {"a connection that does not exist is answered with another status than 400 or 404", "connsync may not know a deleted connection by its id; please report it"},
	},
	"components": {
		"new": {"a plugin has versions", ""},
		"old": {"a plugin has component_versions", ""},
	},
	"schema": {
		"string": {"a plugin's settings are in a text", ""},
		"array":  {"a plugin's settings are in an array", ""},
		"null":   {"a plugin's settings are null", "manifests cannot be checked against such plugins"},
		"absent": {"a plugin's settings are not shown", "manifests cannot be checked against such plugins"},
		"other":  {"a plugin's settings are in an unknown form", "manifests cannot be checked against such plugins; please report it"},
	},
	"offset": {
		"record":  {"offset counts connections", ""},
		"page":    {"offset counts pages", "lists of more than a page are read twice"},
		"ignored": {"offset is ignored", "a list of more than one page cannot be read: diff and sync fail then"},
	},
	"order": {
		"created": {"a list begins with the oldest", ""},
		"newest":  {"a list begins with the newest", ""},
		"updated": {"a list begins with what was changed last", ""},
		"stale":   {"a list ends with what was changed last", ""},
		"none":    {"a list is in no order of times", ""},
	},
	"times": {
		"own":    {"no two connections have the same time of creation", ""},
		"shared": {"two connections have the same time of creation", "an update within the second of another change may not show in its time"},
	},
	"maxlimit": {
		"as-asked": {"a page has as many connections as are asked for", ""},
		"less":     {"a page has fewer connections than are asked for", "lists take more requests"},
		"one":      {"a page has one connection", "lists take as many requests as there are connections"},
	},
	"workspace": {
		"403":   {"a workspace that does not exist is answered with 403", ""},
		"400":   {"a workspace that does not exist is answered with 400", ""},
		"404":   {"a workspace that does not exist is answered with 404", ""},
		"other": {"a workspace that does not exist is answered with another status than 400, 403 or 404", "a wrong workspace_id may be told in other words"},
	},
	"code": {
		"empty":    {"the code of a success is empty", ""},
		"number":   {"the code of a success is the number 0", ""},
		"text":     {"the code of a success is \"0\"", ""},
		"zeros":    {"the code of a success is a row of zeros", ""},
		"prefixed": {"the code of a success is zeros behind a prefix", ""},
		"word":     {"the code of a success is a word", ""},
		"null":     {"the code of a success is null", ""},
		"absent":   {"a success has no code", ""},
		"other":    {"the code of a success is in an unknown form", "connsync may take a success for an error; please report it"},
	},
	"candelete": {
		"present": {"can_be_deleted is shown", ""},
		"absent":  {"can_be_deleted is not shown", "connsync cannot tell before a delete that a connection is in use: SecMaster decides"},
	},
	"defense": {
		"listed":   {"connections of emergency policies are in the list", ""},
		"unlisted": {"no connection of an emergency policy is in the list", ""},
	},
	"filter": {
		"substring": {"a filter by name finds parts of names", ""},
		"exact":     {"a filter by name finds whole names only", ""},
		"ignored":   {"a filter by name is ignored", ""},
	},
	"nulls": {
		"empty":  {"empty texts are shown as \"\"", ""},
		"null":   {"empty texts are shown as null", ""},
		"absent": {"empty texts are not shown", ""},
	},
	"updatetime": {
		"present": {"update_time is shown", ""},
		"absent":  {"update_time is not shown", "an update that shows in nothing else stays unconfirmed"},
	},
	"timeformat": {
		"zoned":   {"times are like 2026-01-02T03:04:05Z+0800", ""},
		"millis":  {"times have fractions of a second", ""},
		"rfc3339": {"times are like 2026-01-02T03:04:05Z", ""},
		"offset":  {"times are like 2026-01-02T03:04:05+0800", ""},
		"bare":    {"times have no zone", ""},
		"epoch":   {"times are numbers", ""},
		"opaque":  {"times are in an unknown form", "connsync compares them, and cannot tell how old they are: an update that shows nothing stays unconfirmed"},
	},
	"status": {
		"upper":   {"a status is written in capitals", ""},
		"lower":   {"a status is written in small letters", ""},
		"mixed":   {"a status is written with one capital", ""},
		"absent":  {"a status is not shown", "connsync cannot say that a connection is FAILED"},
		"unknown": {"a status is neither SUCCESS nor FAILED", "connsync does not know what it means"},
	},
	"workspaces": {
		"none":    {"the project shows no workspace", ""},
		"one":     {"the project shows one workspace", ""},
		"several": {"the project shows several workspaces", ""},
	},
	"rate": {
		"limited": {"the rate of requests is limited", "syncs of many connections take longer"},
	},
	"ratescope": {
		"user":  {"requests are counted for each user", ""},
		"ip":    {"requests are counted for each address", "all runners behind one address share the rate"},
		"other": {"by what requests are counted is not known", ""},
	},
}
