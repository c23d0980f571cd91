package main

import (
	"encoding/json"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// recordedBuild is what Go records of a build in a clone.
func recordedBuild() *debug.BuildInfo {
	return &debug.BuildInfo{
		Main:     debug.Module{Version: "v0.0.0-20261126100000-0123456789ab"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789ab"}, {Key: "vcs.time", Value: "2026-11-26T10:00:00Z"}, {Key: "vcs.modified", Value: "true"}},
		Deps:     []*debug.Module{{Path: "github.com/getsops/sops", Version: "v1.0.0"}, {Path: sopsModule, Version: "v3.13.3"}},
	}
}

func TestTheVersionSaysWhatGoRecorded(t *testing.T) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	if have, want := buildOf(recordedBuild()), (build{
		Schema: 1, Version: "v0.0.0-20261126100000-0123456789ab", Commit: "0123456789ab", Date: "2026-11-26T10:00:00Z", Modified: true,
		Go: runtime.Version(), Platform: platform, SOPS: "v3.13.3",
	}); have != want {
		t.Errorf("%+v", have)
	}
	replaced := recordedBuild()
	replaced.Main.Version, replaced.Settings = "(devel)", nil
	replaced.Deps[1].Replace = &debug.Module{Path: "example.org/sops", Version: "v3.99.0"}
	if have, want := buildOf(replaced), (build{Schema: 1, Version: "devel", Go: runtime.Version(), Platform: platform, SOPS: "v3.99.0"}); have != want {
		t.Errorf("%+v", have)
	}
	if have := buildOf(nil); have.Version != "devel" || have.SOPS != "unknown" {
		t.Errorf("%+v", have)
	}
}

// What a release build sets goes before what Go recorded. The test runs alone: it sets the variables.
func TestTheVersionSaysWhatAReleaseSet(t *testing.T) {
	defer func() { version, revision, revisionDate = "", "", "" }()
	version, revision, revisionDate = "1.2.3", "fedcba", "2026-12-01T00:00:00Z"
	b := buildOf(recordedBuild())
	if b.Version != "1.2.3" || b.Commit != "fedcba" || b.Date != "2026-12-01T00:00:00Z" || versionText() != "1.2.3" {
		t.Errorf("%+v, %s", b, versionText())
	}
	code, stdout, _ := inProcess(nil, "version")
	for _, line := range []string{"connsync 1.2.3 (" + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")\n", "commit fedcba of 2026-12-01T00:00:00Z", "\nSOPS "} {
		if code != exitDone || !strings.Contains(stdout, line) {
			t.Errorf("exit %d, no %q in:\n%s", code, line, stdout)
		}
	}
	code, stdout, _ = inProcess(nil, "version", "--format", "json")
	var have map[string]any
	if err := json.Unmarshal([]byte(stdout), &have); err != nil || code != exitDone || len(have) != 8 || have["schema"] != 1.0 || have["version"] != "1.2.3" || have["commit"] != "fedcba" {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
}

// The module looked for is the one required by go.mod: with another major version it would be another path.
func TestTheVersionLooksForTheSOPSThatIsRequired(t *testing.T) {
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(sopsModule) + ` v`).Match(text) {
		t.Errorf("go.mod does not require %s", sopsModule)
	}
}
