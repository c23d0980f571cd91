package main

import (
	"runtime"
	"runtime/debug"

	"connsync/cmd/connsync/render"
)

// Release builds set these (docs/releasing.md). Other builds say what Go recorded of them.
var version, revision, revisionDate string

// sopsModule is the module for reading and writing encrypted manifests.
const sopsModule = "github.com/getsops/sops/v3"

type versionCmd struct {
	Format string `enum:"text,json" default:"text" placeholder:"FORMAT" help:"text, or json (docs/json.md)."`
}

func (versionCmd) Help() string {
	return "Says which release this is, the commit it was built from, the Go release that built it, and the SOPS release in it.\n\n" +
		examples("connsync version", "connsync version --format json")
}

// Run prints the version as text or JSON.
func (c versionCmd) Run(w world) error {
	info, _ := debug.ReadBuildInfo()
	p, b := render.New(w.stdout, w.stderr, render.Options{}), buildOf(info)
	if c.Format == "json" {
		return render.JSON(w.stdout, b)
	}
	p.Out.Line("connsync %s (%s, %s)", b.Version, b.Go, b.Platform)
	if b.Commit != "" {
		changed := ""
		if b.Modified {
			changed = ", with uncommitted changes"
		}
		p.Out.Line("commit %s of %s%s", b.Commit, b.Date, changed)
	}
	p.Out.Line("SOPS %s", b.SOPS)
	return nil
}

// build is what this program was built from.
type build struct {
	Schema   int    `json:"schema"`
	Version  string `json:"version"`
	Commit   string `json:"commit"` // empty where the build has none
	Date     string `json:"date"`   // of the commit
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	SOPS     string `json:"sops"`
}

// buildOf is what release builds set, and else what Go recorded; info may be nil.
func buildOf(info *debug.BuildInfo) build {
	b := build{Schema: render.Schema, Version: "devel", SOPS: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info != nil {
		b.recorded(info)
	}
	for _, set := range []struct{ to, from *string }{{&b.Version, &version}, {&b.Commit, &revision}, {&b.Date, &revisionDate}} {
		if *set.from != "" {
			*set.to = *set.from
		}
	}
	return b
}

// recorded takes what Go recorded of a build.
func (b *build) recorded(info *debug.BuildInfo) {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	for _, d := range info.Deps {
		if d.Path == sopsModule {
			if d.Replace != nil {
				d = d.Replace
			}
			b.SOPS = d.Version
		}
	}
}

// versionText is the version alone.
func versionText() string {
	info, _ := debug.ReadBuildInfo()
	return buildOf(info).Version
}
