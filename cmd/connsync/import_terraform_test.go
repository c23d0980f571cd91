package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connsync/apply/secmaster/emulator"
)

// tfOf is a resource of a state file, with an instance for each connection. An instance is its key, as JSON, and its attributes.
func (h *handMade) tfOf(module, name string, instances ...[2]string) string {
	all := make([]string, len(instances))
	for i, x := range instances {
		key := ""
		if x[0] != "" {
			key = `"index_key": ` + x[0] + ", "
		}
		all[i] = fmt.Sprintf(`{%s"schema_version": 0, "attributes": %s, "sensitive_attributes": []}`, key, x[1])
	}
	if module != "" {
		module = fmt.Sprintf(`"module": %q, `, module)
	}
	return fmt.Sprintf(`{%s"mode": "managed", "type": "huaweicloud_secmaster_operation_connection", "name": %q, "provider": "provider[\"registry.terraform.io/huaweicloud/huaweicloud\"]", "instances": [%s]}`,
		module, name, strings.Join(all, ", "))
}

// tfAttributes are the attributes of the nth connection of the workspace, with a config.
func (h *handMade) tfAttributes(n int, config string) string {
	c := h.server.Connections()[n]
	return fmt.Sprintf(`{"id": %q, "name": %q, "description": "", "workspace_id": %q, "project_id": %q, "region": %q, "component_id": %q, "component_version_id": %q, "config": %q, "enabled": true}`,
		c.ID, c.Name, emulator.DefaultWorkspace, emulator.DefaultProject, emulator.DefaultRegion, c.ComponentID, c.ComponentVersionID, config)
}

func tfStateOf(resources ...string) string {
	other := `{"mode": "managed", "type": "huaweicloud_vpc", "name": "v", "instances": [{"attributes": {"id": "x", "secret": "canary-vpc"}}]}`
	data := `{"mode": "data", "type": "huaweicloud_secmaster_operation_connection", "name": "d", "instances": [{}]}`
	return `{"version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "l", "outputs": {"p": {"value": "canary-output", "type": "string"}}, "resources": [` +
		strings.Join(append(resources, other, data), ",\n") + `], "check_results": null}`
}

// From a state file to Git, with no one to ask: what Terraform has is encrypted, known by its id, and taken over; and the blocks that are printed end the
// other ownership of just these.
func TestAStateOfTerraformGoesToGit(t *testing.T) {
	h := newHandMade(t, 6)
	state := tfStateOf(
		h.tfOf("", "edr", [2]string{"", h.tfAttributes(0, manyConfig(0))}),
		h.tfOf(`module.soc["eu \"1\".x"].module.inner[0]`, "counted", [2]string{"0", h.tfAttributes(1, manyConfig(1))}, [2]string{"1", h.tfAttributes(2, manyConfig(2))}),
		h.tfOf("", "each", [2]string{`"a${b}"`, h.tfAttributes(3, manyConfig(3))}, [2]string{`"it's"`, strings.Replace(h.tfAttributes(4, manyConfig(4)), emulator.DefaultWorkspace, "elsewhere", 1)}),
	)
	file := filepath.Join(t.TempDir(), "terraform.tfstate")
	if err := os.WriteFile(file, []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK"} {
		delete(h.env, k)
	}
	h.run(exitDone, []string{"4 manifests to write, 0 incomplete, 1 left out", "\nNext:\n  connsync import " + h.place() + " --from-terraform " + file + "\n"}, "import", "--dry-run", "--from-terraform", file)
	if n := len(h.manifests()); n > 0 {
		t.Fatalf("%d files by a dry run", n)
	}
	blocks := "removed {\n  from = huaweicloud_secmaster_operation_connection.edr\n  lifecycle {\n    destroy = false\n  }\n}\n" +
		"removed {\n  from = module.soc.module.inner.huaweicloud_secmaster_operation_connection.counted\n  lifecycle {\n    destroy = false\n  }\n}\n"
	says := []string{
		"Wrote 4 manifests", "left out: ?/hand_004 (" + h.server.Connections()[4].ID + "): its workspace is no target of connsync.yaml", blocks,
		`  terraform state rm 'huaweicloud_secmaster_operation_connection.each["a$${b}"]'` + "\n", "\nNext:\n  connsync validate " + h.place() + "\n",
	}
	h.run(exitDone, says, "import", "--from-terraform", file)
	if _, out, _ := inProcess(h.env, "import", "-C", h.dir, "--from-terraform", file); strings.Contains(out, "it's") || !strings.Contains(out, "Nothing to import.") || !strings.Contains(out, blocks) {
		t.Errorf("a second import says %s", out)
	}
	terraformReads(t, blocks)
	h.opened()
	h.run(exitDone, []string{"valid: 4 connections"}, "validate")
	h.commit()

	h.env["HUAWEICLOUD_SDK_AK"], h.env["HUAWEICLOUD_SDK_SK"] = emulator.DefaultAccessKey, emulator.DefaultSecretKey
	h.run(exitDone, []string{"4 to adopt", "0 to create, 0 to update"}, "diff")
	h.run(exitDone, []string{"4 adopted"}, "sync")
	h.kept(6)
}

// terraformReads has Terraform itself read the blocks, where it is.
func terraformReads(t *testing.T, blocks string) {
	t.Helper()
	command, err := exec.LookPath("terraform")
	if err != nil {
		t.Log("no terraform here: it is not asked whether it reads the blocks")
		return
	}
	cmd := exec.Command(command, "fmt", "-check", "-")
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(blocks, "}\nremoved", "}\n\nremoved"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// A state comes by a pipe, so no plaintext touches the disk. What the state does not hold is a hole.
func TestAStateComesByAPipe(t *testing.T) {
	h := newHandMade(t, 1)
	state := tfStateOf(h.tfOf("", "edr", [2]string{"", h.tfAttributes(0, "")}))
	var out bytes.Buffer
	w := world{stdin: strings.NewReader(state), stdout: &out, stderr: &out, env: func(k string) string { return h.env[k] }}
	if code := Main(t.Context(), []string{"import", "-C", h.dir, "--from-terraform", "-", "--dry-run"}, w); code != exitDone ||
		!strings.Contains(out.String(), "incomplete") || !strings.Contains(out.String(), "\n  terraform state pull | connsync import -C "+h.dir+" --from-terraform -\n") {
		t.Errorf("exit code %d: %s", code, &out)
	}
}

// What is no state, or is a hostile one, is refused with its place, before anything is written. Nothing of its values is shown.
func TestWhatIsNoStateOfTerraform(t *testing.T) {
	h := newHandMade(t, 2)
	good := h.tfAttributes(0, manyConfig(0))
	without := func(key string) string { return strings.Replace(good, `"`+key+`"`, `"canary"`, 1) }
	one := func(resource string) string { return tfStateOf(resource) }
	address := "instance 1 of huaweicloud_secmaster_operation_connection.edr: "
	for name, c := range map[string]struct{ state, says string }{
		"nothing":                 {"", "S:1:1: no state file"},
		"no JSON":                 {"{\n  \"version\": 4,\n  canary", "S:3:4: no state file"},
		"cut off":                 {tfStateOf()[:50], "S:1:51: no state file"},
		"two values":              {tfStateOf() + "{}", "no state file"},
		"a list":                  {"[]", "S:1:2: no state file"},
		"another type":            {`{"version": 4, "resources": "canary"}`, "no state file: it is not the JSON that Terraform writes"},
		"version 3":               {`{"version": 3, "modules": []}`, "not version 4"},
		"no version":              {`{}`, "not version 4"},
		"terraform show -json":    {`{"format_version": "1.0", "values": {"canary": 1}}`, "terraform state pull"},
		"encrypted by OpenTofu":   {`{"serial": 1, "lineage": "x", "encrypted_data": "canary", "encryption_version": "v0"}`, "tofu state pull"},
		"no id":                   {one(h.tfOf("", "edr", [2]string{"", without("id")})), address + "it has no id"},
		"no workspace":            {one(h.tfOf("", "edr", [2]string{"", without("workspace_id")})), address + "it has no workspace_id"},
		"an id that is a number":  {one(h.tfOf("", "edr", [2]string{"", `{"id": 7}`})), address + "it has no id"},
		"attributes of no kind":   {one(h.tfOf("", "edr", [2]string{"", `"canary"`})), address + "its attributes cannot be read"},
		"a key of no kind":        {one(h.tfOf("", "edr", [2]string{`{"canary": 1}`, good})), address + "its index_key is neither"},
		"a key below zero":        {one(h.tfOf("", "edr", [2]string{`-1`, good})), address + "its index_key is neither"},
		"a name that is HCL":      {one(h.tfOf("", "x\n}\nprovider \"canary\" {", [2]string{"", good})), "instance 1 of a resource huaweicloud_secmaster_operation_connection: it has no address"},
		"a module that is HCL":    {one(h.tfOf("module.a\n}", "edr", [2]string{"", good})), "it has no address"},
		"a module with a dot":     {one(h.tfOf("module.a.", "edr", [2]string{"", good})), "it has no address"},
		"a module without a name": {one(h.tfOf("module.", "edr", [2]string{"", good})), "it has no address"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "S")
			if err := os.WriteFile(file, []byte(c.state), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, errs := inProcess(h.env, "import", "-C", h.dir, "--from-terraform", file)
			if code != exitUsage || !strings.Contains(errs, c.says) || strings.Contains(out+errs, "canary") || len(h.manifests()) > 0 {
				t.Errorf("exit code %d: %s%s", code, out, errs)
			}
		})
	}
	h.run(exitFailed, []string{"--from-terraform nowhere: no such file or directory"}, "import", "--from-terraform", "nowhere")
}

// What is in a state and cannot be in Git is listed: a second resource of one id, what Terraform is only about to destroy, and a name leading elsewhere
// has a file in its folder.
func TestWhatOfAStateIsNotImported(t *testing.T) {
	h := newHandMade(t, 2)
	deposed := strings.Replace(h.tfOf("", "old", [2]string{"", h.tfAttributes(1, "")}), `"schema_version"`, `"deposed": "00000001", "schema_version"`, 1)
	hostile := strings.Replace(h.tfAttributes(0, manyConfig(0)), `"hand_000"`, `"../../hand"`, 1)
	file := filepath.Join(h.dir, "terraform.tfstate")
	h.write("terraform.tfstate", tfStateOf(h.tfOf("", "a", [2]string{"", hostile}), h.tfOf("", "b", [2]string{"", h.tfAttributes(0, manyConfig(0))}), deposed))
	h.run(exitDone, []string{"left out: prod/hand_000 (", "another resource of the state has the same id", "+ prod/../../hand   connections/prod/_hand.yaml", "1 manifest to write",
		"holds secrets in the clear, and is in the repository: do not commit it"}, "import", "--from-terraform", file, "--dry-run")
}
