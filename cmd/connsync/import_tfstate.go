package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/lazy"
	"connsync/secrets"
)

// tfType is the resource of the vendor's provider for Terraform.
const tfType = "huaweicloud_secmaster_operation_connection"

// maxState bounds a state file.
const maxState = 64 << 20

// tfOwned is one connection in a state of Terraform. Its config holds secrets in the clear.
type tfOwned struct {
	resource string // its address without keys, as a block  removed  names it
	address  string // and with them
	region   string
	shown    apply.Shown
}

// tfState is what is read of a state file, version 4.
type tfState struct {
	Version   json.Number     `json:"version"`
	Encrypted json.RawMessage `json:"encrypted_data"` // of OpenTofu
	Format    json.RawMessage `json:"format_version"` // of  terraform show -json
	Resources []tfResource    `json:"resources"`
}

type tfResource struct {
	Module    string       `json:"module"`
	Mode      string       `json:"mode"`
	Type      string       `json:"type"`
	Name      string       `json:"name"`
	Instances []tfInstance `json:"instances"`
}

type tfInstance struct {
	Key        json.RawMessage `json:"index_key"`
	Deposed    string          `json:"deposed"`
	Attributes json.RawMessage `json:"attributes"`
}

// readState reads the connections of a state file. Nothing of the text is in its error but the place.
func readState(file string, text []byte) ([]tfOwned, error) {
	var s tfState
	d := json.NewDecoder(bytes.NewReader(text))
	err := d.Decode(&s)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return nil, &usageError{jsonPlace(file, text, err) + ": no state file: it is not the JSON that Terraform writes"}
	}
	switch {
	case len(s.Encrypted) > 0:
		return nil, &advised{&usageError{file + ": the state is encrypted by OpenTofu"}, []string{"tofu state pull  prints it opened: give that on standard input, with --from-terraform -"}}
	case len(s.Format) > 0:
		return nil, &advised{&usageError{file + ": what  terraform show -json  prints is no state"}, []string{"terraform state pull  prints the state: give that on standard input, with --from-terraform -"}}
	case s.Version != "4":
		return nil, &usageError{file + ": not version 4 of a state file, which Terraform since 0.12 and OpenTofu write"}
	}
	var out []tfOwned
	for _, r := range s.Resources {
		if r.Type != tfType || r.Mode != "managed" {
			continue
		}
		for n, i := range r.Instances {
			o, err := r.owned(i)
			if err != nil {
				return nil, &usageError{fmt.Sprintf("%s: instance %d of %s: %s", file, n+1, r.said(), err)}
			}
			if o != nil {
				out = append(out, *o)
			}
		}
	}
	return out, nil
}

// jsonPlace is where a text stops being what is expected.
func jsonPlace(file string, text []byte, err error) string {
	at := int64(len(text))
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	before := text[:max(0, min(at, int64(len(text))))]
	return fmt.Sprintf("%s:%d:%d", file, 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'))
}

// said is a resource in a message: by its address, or by no more than its type.
func (r tfResource) said() string {
	if address, ok := r.address(); ok {
		return address
	}
	return "a resource " + tfType
}

var (
	tfName   = lazy.New(`^[A-Za-z_][A-Za-z0-9_-]{0,200}$`)
	tfModule = lazy.New(`^module\.([A-Za-z_][A-Za-z0-9_-]*)(\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\])?(\.|$)`)
)

// address is the resource without keys: a block  removed  takes none.
func (r tfResource) address() (string, bool) {
	var b strings.Builder
	for rest := r.Module; rest != ""; {
		m := tfModule.Regexp().FindStringSubmatch(rest)
		if m == nil || m[3] == "." && len(m[0]) == len(rest) {
			return "", false
		}
		b.WriteString("module." + m[1] + ".")
		rest = rest[len(m[0]):]
	}
	return b.String() + tfType + "." + r.Name, tfName.MatchString(r.Name)
}

// owned is an instance as a connection; nil if Terraform is only about to destroy it.
func (r tfResource) owned(i tfInstance) (*tfOwned, error) {
	resource, ok := r.address()
	key, keyed := tfKey(i.Key)
	switch {
	case !ok:
		return nil, errors.New("it has no address that Terraform could give it")
	case !keyed:
		return nil, errors.New("its index_key is neither a number nor a text")
	case i.Deposed != "":
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(i.Attributes))
	d.UseNumber()
	var attributes map[string]any
	if d.Decode(&attributes) != nil {
		return nil, errors.New("its attributes cannot be read")
	}
	text := func(key string) string { s, _ := attributes[key].(string); return s }
	for _, needed := range []string{"id", "name", "workspace_id", "component_id", "component_version_id"} {
		if text(needed) == "" {
			return nil, errors.New("it has no " + needed)
		}
	}
	c := secmaster.Connection{
		ID: text("id"), Name: text("name"), Description: text("description"), WorkspaceID: text("workspace_id"), ProjectID: text("project_id"),
		ComponentID: text("component_id"), ComponentVersionID: text("component_version_id"), CreatorName: text("creator_name"), DefenseType: text("defense_type"),
	}
	if config := text("config"); config != "" {
		c.Config = secrets.Hide(config)
	}
	prefix := ""
	if r.Module != "" {
		prefix = r.Module + "."
	}
	return &tfOwned{resource, prefix + tfType + "." + r.Name + key, text("region"), apply.ShownOf(c)}, nil
}

// tfKey is the key of an instance in its address.
func tfKey(raw json.RawMessage) (string, bool) {
	var n json.Number
	var s string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", true
	case json.Unmarshal(raw, &s) == nil:
		quoted := strconv.Quote(s)
		return "[" + strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quoted) + "]", true
	case json.Unmarshal(raw, &n) == nil:
		k, err := strconv.ParseUint(n.String(), 10, 31)
		return fmt.Sprintf("[%d]", k), err == nil
	}
	return "", false
}
