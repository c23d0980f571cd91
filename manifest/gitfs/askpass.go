package gitfs

import (
	"cmp"
	"io"
	"net"
	"strings"
)

// AskVariable makes this program the one Git and ssh start to ask: it holds the name of the socket where questions are answered.
const AskVariable = "CONNSYNC_ASKPASS"

// Answered is the whole program in that case: it hands over a question, prints the answer, and gives the exit code. Where there is none it prints nothing, and
// fails, by which Git and ssh know.
func Answered(env func(string) string, args []string, stdout io.Writer) (code int) {
	at, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: env(AskVariable), Net: "unix"})
	if err != nil {
		return 1
	}
	defer at.Close()
	_, err = io.WriteString(at, env("SSH_ASKPASS_PROMPT")+"\x00"+strings.Join(args, " ")+"\x00")
	if err != nil {
		return 1
	}
	answer, err := io.ReadAll(at)
	text, ok := strings.CutPrefix(string(answer), "+")
	if err != nil || !ok {
		return 1
	}
	if _, err = io.WriteString(stdout, text+"\n"); err != nil {
		return 1
	}
	return 0
}

// asking is the environment of a Git command whose questions arrive at the counter. The user's own choice of a program for Git or ssh to ask goes first:
// only where there is none is it this one. ssh asks a user's program only where that program can show itself, or where it is told to.
func (c *counter) asking(env []string, forward settings) []string {
	get := func(name string) (value string) {
		for _, pair := range env {
			if v, ok := strings.CutPrefix(pair, name+"="); ok {
				value = v
			}
		}
		return value
	}
	theirs := get("SSH_ASKPASS")
	env = append(env, AskVariable+"="+c.socket.Addr().String())
	if get("GIT_ASKPASS") == "" && len(forward.all("core.askpass")) == 0 {
		env = append(env, "GIT_ASKPASS="+cmp.Or(theirs, c.desk.program))
	}
	require := get("SSH_ASKPASS_REQUIRE")
	shown := require == "force" || require == "prefer" || require == "" && cmp.Or(get("DISPLAY"), get("WAYLAND_DISPLAY")) != ""
	if theirs != "" && shown {
		return env
	}
	return append(env, "SSH_ASKPASS="+c.desk.program, "SSH_ASKPASS_REQUIRE=force")
}
