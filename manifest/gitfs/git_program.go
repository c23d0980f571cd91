package gitfs

import (
	"os/exec"
	"strconv"
	"sync"

	"connsync/lazy"
)

// leastGit is the oldest Git able to take its configuration from the environment, and from nothing else.
const leastGit = 2*1000 + 32

var gitVersion = lazy.New(`^git version (\d+)\.(\d+)`)

// lookUp finds a program on PATH; tests of go-git's line find none.
var lookUp = exec.LookPath

// findGit is the Git on PATH; "" where none is new enough, with the reason.
func findGit() (program, why string) {
	program, err := lookUp("git")
	if err != nil {
		return "", "no git is on PATH"
	}
	known, ok := rejected.Load(program)
	if !ok {
		known = unusable(program)
		rejected.Store(program, known)
	}
	if why = known.(string); why != "" {
		return "", why
	}
	return program, ""
}

// rejected is why a program is not used, by its path; "" where it is.
var rejected sync.Map

// unusable says why a program cannot be used; "" where it can.
func unusable(program string) string {
	cmd := exec.Command(program, "version")
	cmd.Env = environ()
	out, err := cmd.Output()
	v := gitVersion.Regexp().FindSubmatch(out)
	if err != nil || v == nil {
		return "git does not tell its version"
	}
	major, _ := strconv.Atoi(string(v[1]))
	minor, _ := strconv.Atoi(string(v[2]))
	if major*1000+minor < leastGit {
		return "git " + string(v[1]) + "." + string(v[2]) + " is older than 2.32"
	}
	return ""
}
