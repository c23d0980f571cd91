package render

import (
	"io"
	"strings"
)

// Job is a job of a CI system: the variable that says which part of the targets it is for, and the part.
type Job struct{ Variable, Part string }

// name is what a job is called. The word before the part keeps it from being a word that GitLab's configuration has a meaning for, from beginning with a
// dot (this would hide it), and from being read as a number.
func (j Job) name() string { return strings.ToLower(j.Variable) + " " + j.Part }

const gitlabHead = "# A child pipeline, made by connsync (docs/scaling.md). Each job extends .connsync, which its other file has.\n"

// noJob stands where no target has anything to do: GitLab refuses a pipeline without a job.
const noJob = `"no target":
  extends: .connsync
  variables: {GIT_STRATEGY: none}
  before_script: []
  script: ["echo 'nothing to do'"]
`

// GitLab writes the jobs of a child pipeline of GitLab, in their order.
func GitLab(w io.Writer, jobs []Job) error {
	var b strings.Builder
	b.WriteString(gitlabHead)
	for _, j := range jobs {
		b.WriteString(gitlabText(j.name()) + ":\n  extends: .connsync\n  variables: {" + gitlabText(j.Variable) + ": " + gitlabText(strings.ReplaceAll(j.Part, "$", "$$")) + "}\n")
	}
	if len(jobs) == 0 {
		b.WriteString(noJob)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// gitlabText is a text in the quotes of JSON; YAML has the same.
func gitlabText(s string) string {
	var b strings.Builder
	_ = JSON(&b, s) // writing a text into memory cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}
