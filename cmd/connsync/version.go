package main

import (
	"runtime"
	"runtime/debug"

	"connsync/cmd/connsync/render"
)

// version is set by release builds; other builds say what Go knows of them.
var version = ""

type versionCmd struct{}

// Run prints one line: the version, the Go release, and the platform.
func (versionCmd) Run(w world) error {
	render.New(w.stdout, w.stderr, render.Options{}).Out.Line("connsync %s (%s, %s/%s)", versionText(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

func versionText() string {
	if version != "" {
		return version
	}
	build, ok := debug.ReadBuildInfo()
	if !ok || build.Main.Version == "" || build.Main.Version == "(devel)" {
		return "devel"
	}
	return build.Main.Version
}
