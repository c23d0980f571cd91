package apply_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"connsync/secrets/sops/sopstest"
)

var sealCommand = flag.Bool("seal.command", false, "have the sops command make each change of the 74 scenarios, instead of its library")

// command has the sops command change a file of this text, for these recipients, and gives what it prints and the file.
func (s *sealScene) command(text string, recipients string, args ...string) (printed, file string) {
	s.t.Helper()
	dir := s.t.TempDir()
	name := filepath.Join(dir, filepath.Base(sealedFile))
	rules := fmt.Sprintf("stores: {yaml: {indent: 2}}\ncreation_rules:\n  - age: %s\n    encrypted_regex: %s\n    mac_only_encrypted: %v\n", recipients, sealedKeys, s.macOnly)
	s.must(os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte(rules), 0o600))
	s.must(os.WriteFile(name, []byte(text), 0o600))
	_, identity := sealKey()
	args = append([]string{args[0]}, append(args[1:], name)...)
	if args[0] == "set" { // the file stands before what is set
		args = append([]string{"set", name}, args[1:len(args)-1]...)
	}
	printed = sopstest.Run(s.t, dir, []string{"SOPS_AGE_KEY=" + identity}, args...)
	left, err := os.ReadFile(name)
	s.must(err)
	return printed, string(left)
}

// jsonOf writes a path, or a value, as the sops command takes it.
func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sopsPath(t testing.TB, path []any) string {
	t.Helper()
	out := ""
	for _, p := range path {
		out += "[" + jsonOf(t, p) + "]"
	}
	return out
}
