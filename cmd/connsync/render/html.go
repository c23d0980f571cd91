package render

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	htmltemplate "html/template"
	"io"
	"strings"

	"connsync/cmd/connsync/view"
	"connsync/diff"
)

//go:embed page.html
var pageTemplate string

//go:embed ages.html
var agesTemplate string

//go:embed run.html
var runTemplate string

//go:embed parts.html
var partsTemplate string

//go:embed page.css
var pageStyle string

// asHTML lays a diff out as a page of one file. Nothing in it loads anything or runs anything, and its policy tells the
// browser so; html/template escapes every text for where it stands, and before that every text is made harmless.
func asHTML(w io.Writer, d view.Diff) error { return writePage(w, d.Page(false)) }

// agesHTML lays secrets and their ages out in the same way.
func agesHTML(w io.Writer, a view.Ages) error {
	t, err := page(agesTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, harmless(a))
}

// runHTML lays a sync out in the same way.
func runHTML(w io.Writer, p view.RunPage) error {
	t, err := page(runTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, harmless(p))
}

// page is one of the pages, with the shared parts.
func page(template string) (*htmltemplate.Template, error) {
	return htmltemplate.New("page").Funcs(htmltemplate.FuncMap{
		"sentence": view.Sentence, "join": strings.Join, "mark": view.Mark, "class": class, "runMark": view.RunMark, "lostHint": func() string { return view.LostHint },
		"style": func() htmltemplate.CSS { return htmltemplate.CSS(pageStyle) }, "styleHash": styleHash,
	}).Parse(template + partsTemplate)
}

func writePage(w io.Writer, p view.Page) error {
	t, err := page(pageTemplate)
	if err != nil {
		return err
	}
	p = harmless(p)
	if p.Offline {
		leaveOutGit(p)
	}
	return t.Execute(w, p)
}

// styleHash is how the page's policy names its one style, byte for byte.
func styleHash() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// leaveOutGit leaves out a cause common to everything between two commits.
func leaveOutGit(p view.Page) {
	for _, c := range p.Changes() {
		for i := range c.Fields {
			if c.Fields[i].Cause == string(diff.Git) {
				c.Fields[i].Cause = ""
			}
		}
	}
}

// class is the page's class for a secret's word, or for the mark of a line.
func class(of any) string {
	switch of {
	case diff.Set:
		return "fresh"
	case diff.Same:
		return "kept"
	case diff.Removed, "-":
		return "gone"
	case diff.Changed, diff.Reencrypted, diff.Unverified, diff.Differs:
		return "moved"
	case "+":
		return "new"
	}
	return "same"
}
