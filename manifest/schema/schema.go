// Package schema tells editors what the files of a repository may hold, as JSON Schema (draft 7, for yaml-language-server): keys are
// completed, descriptions shown, and mistakes marked while people type. What only connsync can tell stays with connsync validate.
package schema

import (
	"maps"
	"slices"

	"connsync/manifest"
	"connsync/secrets"
)

// Object is a JSON object. It is written with its keys in order.
type Object map[string]any

const draft = "http://json-schema.org/draft-07/schema#"

// Project is the schema of connsync.yaml.
func Project() Object {
	target := closed(Object{
		"region":       described("SecMaster's region; its address follows from it.", Object{"type": "string", "pattern": `^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`, "examples": []any{"cn-north-4"}}),
		"project_id":   described("The project's id. Without it the project of the region's name is taken.", id()),
		"workspace_id": described("The workspace's id.", id()),
		"endpoint":     described("SecMaster's address in a cloud of your own. A command goes there only where its domain was allowed (--domain).", Object{"type": "string", "pattern": `^https://`}),
		"iam_endpoint": described("The address of that cloud's IAM, which the project is looked up in.", Object{"type": "string", "pattern": `^https://`}),
		"ca":           described("Who signs that cloud's certificates, in PEM.", Object{"type": "string", "maxLength": 64 << 10}),
		"max_age":      described("How old a value of its secrets may become, or none.", Object{"type": "string", "pattern": `^([1-9][0-9]{0,4}d|none)$`, "examples": []any{"90d"}}),
	}, "region", "workspace_id")
	target["if"], target["then"], target["else"] = Object{"required": []string{"endpoint"}},
		Object{"anyOf": []any{Object{"required": []string{"project_id"}}, Object{"required": []string{"iam_endpoint"}}}},
		Object{"properties": Object{"region": Object{"pattern": `^[a-z]{2}-[a-z]+-[0-9]{1,3}$`}, "iam_endpoint": false, "ca": false}}
	policy := closed(Object{
		"allow":        described("The types of keys that may decrypt. Without it: age, pgp, hckms.", Object{"type": "array", "minItems": 1, "items": Object{"enum": secrets.KeyTypes}}),
		"mac":          described("full refuses files whose MAC covers encrypted values only.", Object{"enum": []string{"any", "full"}}),
		"rule":         described("warn makes a warning of a value in the clear that its rule in .sops.yaml encrypts, for the time of a migration.", Object{"enum": []string{"refuse", "warn"}}),
		"destinations": described("What lets secrets go to another place: a seal of a key holder, or review alone.", Object{"enum": []string{manifest.Sealed, manifest.Reviewed}}),
		"max_age":      described("How old the value of a secret may become.", Object{"type": "string", "pattern": `^[1-9][0-9]{0,4}d$`, "examples": []any{"90d"}}),
	})
	out := closed(Object{
		"manifests": described("Files and folders with manifests. Without it: connections.", Object{"type": "array", "minItems": 1, "items": Object{"type": "string"}}),
		"targets": described("The workspaces, each under a name of yours.", Object{
			"type": "object", "minProperties": 1, "propertyNames": Object{"pattern": `^[a-z0-9][a-z0-9_-]{0,62}$`}, "additionalProperties": target,
		}),
		"secrets": described("How secrets are kept.", policy),
		"state":   described("Where known state is shared.", closed(Object{"remote": described("The name of a Git remote, or none.", Object{"type": "string"})})),
	}, "targets")
	out["$schema"], out["title"] = draft, "connsync.yaml: the project file"
	return out
}

// Manifest is the schema of the manifests of a project, with what its plugins take where that was saved.
func Manifest(p manifest.Project, c manifest.Catalog) Object {
	targets := Object{}
	for _, name := range slices.Sorted(maps.Keys(p.Targets)) {
		connection := connectionOf(c.Of(name))
		targets[name] = described("Target "+name+": "+p.Targets[name].Region+", workspace "+p.Targets[name].WorkspaceID, Object{
			"type": "object", "additionalProperties": connection, "propertyNames": Object{"maxLength": 64},
		})
	}
	out := closed(Object{
		"connections": described("The wanted connections: target, then name.", closed(targets)),
		"sops":        described("Written by sops.", Object{"type": "object"}),
	}, "connections")
	out["$schema"], out["title"] = draft, "A manifest: operation connections"
	return out
}

// Fields are the fields of a connection with what an editor shows of them.
func Fields() Object {
	return Object{
		"description":          described("One line of at most 64 characters.", Object{"type": "string", "maxLength": 64}),
		"component":            described("The plugin by its name.", Object{"type": "string", "minLength": 1}),
		"version":              described("The plugin's version. A text: quote it.", Object{"type": "string", "minLength": 1}),
		"component_id":         described("The plugin by its id, instead of component.", id()),
		"component_version_id": described("The plugin's version by its id, instead of version.", id()),
		"config":               described("The settings that the plugin takes.", Object{"type": "object"}),
		"previously":           described("The name that the connection had until now; for one sync.", Object{"type": "string"}),
		"adopt":                described("Take over exactly this existing connection.", id()),
		"protect":              described("true: never deleted by --prune.", Object{"type": "boolean"}),
		"cleartext":            described("Settings that look like secrets and are none, with the reason.", entries("setting", "reason")),
		"incomplete":           described("true: settings may stand without a value for now; the connection is not written before all have one.", Object{"type": "boolean"}),
		"exposed":              described("Secrets that stood in the clear in a commit and are others now.", entries("setting", "commit", "reason")),
		"seal":                 described("What a holder of the file's key signed of it.", Object{"type": "string", "pattern": `^ENC\[`}),
	}
}

func connectionOf(plugins []manifest.Plugin) Object {
	fields := Fields()
	out := closed(fields, "config")
	out["oneOf"] = []any{Object{"required": []string{"component", "version"}}, Object{"required": []string{"component_id", "component_version_id"}}}
	if len(plugins) == 0 {
		return out
	}
	names, rules := []string{}, []any{}
	for _, p := range plugins {
		names = append(names, p.Name)
		versions := []string{}
		for _, v := range p.Versions {
			versions = append(versions, v.Number)
			if len(v.Settings) > 0 {
				rules = append(rules, when(Object{"component": p.Name, "version": v.Number}, Object{"config": configOf(p.Name+" "+v.Number, v)}))
			}
		}
		rules = append(rules, when(Object{"component": p.Name}, Object{"version": Object{"enum": versions}}))
	}
	fields["component"] = described("The plugin by its name.", Object{"enum": slices.Compact(names)})
	out["allOf"] = rules
	return out
}

// when holds properties for those with some values.
func when(have Object, then Object) Object {
	is, needed := Object{}, []string{}
	for key, value := range have {
		is[key] = Object{"const": value}
		needed = append(needed, key)
	}
	slices.Sort(needed)
	return Object{"if": Object{"properties": is, "required": needed}, "then": Object{"properties": then}}
}

// closed is an object with these properties and no others.
func closed(properties Object, required ...string) Object {
	out := Object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func described(text string, o Object) Object {
	out := maps.Clone(o)
	out["description"] = text
	return out
}

func id() Object { return Object{"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"} }

// entries are a list of objects with these texts.
func entries(fields ...string) Object {
	properties := Object{}
	for _, f := range fields {
		properties[f] = Object{"type": "string"}
	}
	return Object{"type": "array", "items": closed(properties, fields...)}
}
