package gitfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asks is what Git or ssh tells the program it starts to ask.
func asks(c *counter, hint, text string) string {
	env := map[string]string{AskVariable: c.socket.Addr().String(), "SSH_ASKPASS_PROMPT": hint}
	var out bytes.Buffer
	code := Answered(func(k string) string { return env[k] }, []string{text}, &out)
	return fmt.Sprint(code, " ", strings.TrimSuffix(out.String(), "\n"))
}

// answering is a person who gives each answer in turn, and what they were asked.
func answering(answers ...string) (*Desk, *[]Question) {
	var asked []Question
	return NewDesk("connsync", func(_ context.Context, q Question) (string, error) {
		asked = append(asked, q)
		if len(answers) == 0 {
			return "", errors.New("no answer")
		}
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	}), &asked
}

func TestHowAQuestionIsAnswered(t *testing.T) {
	for _, c := range []struct {
		hint, text string
		kind       QuestionKind
		lasts      bool
	}{
		{"", "Username for 'https://git.example': ", AskOpen, true},
		{"", "Password for 'https://emma@git.example': ", AskSecret, true},
		{"", "Enter passphrase for key '/home/emma/.ssh/id_ed25519': ", AskSecret, true},
		{"", "Enter PIN for ED25519-SK key /home/emma/.ssh/id_sk: ", AskSecret, true},
		{"", "emma@git.example's password: ", AskSecret, true},
		{"", "(emma@git.example) Password: ", AskSecret, true},
		{"", "Verification code: ", AskSecret, false},
		{"", "Password: ", AskSecret, false},
		{"", "The authenticity of host 'h' can't be established.\nAre you sure you want to continue connecting (yes/no/[fingerprint])? ", AskOpen, false},
		{"", "Are you sure you want to continue connecting (yes/no)? ", AskOpen, false},
		{"", "Please type 'yes', 'no' or the fingerprint: ", AskOpen, false},
		{"", "(emma@git.example) Password, are you sure (yes/no)? ", AskSecret, true}, // a server's
		{"", "Are you sure (yes/no)?\nPassword: ", AskSecret, false},
		{"confirm", "Allow shared connection to git.example? ", AskOpen, false},
		{"none", "Confirm user presence for key ED25519-SK SHA256:x", AskNotice, false},
	} {
		if q := questionOf(c.hint, c.text); q.Kind != c.kind || q.lasts() != c.lasts {
			t.Errorf("%q: kind %d, lasts %t", c.text, q.Kind, q.lasts())
		}
	}
}

// An answer is told to the next command that asks the same of the same address, once; and to no other.
func TestAnAnswerIsRemembered(t *testing.T) {
	d, asked := answering("wrong", "right", "theirs", "yes", "no", "ok", "new")
	const key, sure = "Enter passphrase for key '/id': ", "Are you sure (yes/no)? "
	var after func() // what is looked at once a command has ended
	command := func(address string, tell func(c *counter)) {
		t.Helper()
		c := d.open(t.Context(), t.TempDir(), address)
		if c == nil {
			t.Fatal("no counter")
		}
		after = nil
		tell(c)
		c.close() // from here on nothing is answered, and what was noted can be read
		if after != nil {
			after()
		}
	}
	told := func(c *counter, hint, text, want string, n int) {
		t.Helper()
		if got := asks(c, hint, text); got != want {
			t.Errorf("%q: told %q, want %q", text, got, want)
		}
		after = func() {
			if len(*asked) != n {
				t.Errorf("%q: %d questions, want %d", text, len(*asked), n)
			}
		}
	}
	command("ssh://a", func(c *counter) {
		told(c, "", key, "0 wrong", 1)
		told(c, "", key, "0 right", 2) // it asks again: the first was wrong
	})
	command("ssh://a", func(c *counter) { told(c, "", key, "0 right", 2) })
	command("ssh://b", func(c *counter) { told(c, "", key, "0 theirs", 3) })
	for i, want := range []string{"0 yes", "0 no"} {
		command("ssh://a", func(c *counter) { told(c, "", sure, want, 4+i) })
	}
	command("ssh://a", func(c *counter) {
		told(c, "confirm", "Allow it? ", "1 ", 6) // anything but a yes is none
		after = func() {
			if len(*asked) != 6 || !c.declined {
				t.Errorf("%d questions; it passes for answered: %v", len(*asked), !c.declined)
			}
		}
	})
	command("ssh://a", func(c *counter) {
		told(c, "", key, "0 right", 6)
		c.forget() // it was told in vain
	})
	command("ssh://a", func(c *counter) {
		told(c, "", key, "0 new", 7)
		told(c, "", key, "1 ", 8)
	})
}

// What is no whole question is not asked, and without a place for a socket no person is asked.
func TestNoQuestionIsMadeUp(t *testing.T) {
	d, asked := answering("x")
	c := d.open(t.Context(), t.TempDir(), "")
	if got := asks(c, "", strings.Repeat("x", mostAsked)); got != "1 " || len(*asked) > 0 {
		t.Errorf("told %q after %d questions", got, len(*asked))
	}
	c.close()
	if got := asks(c, "", "Password: "); got != "1 " || len(*asked) > 0 {
		t.Errorf("told %q after %d questions, by nobody", got, len(*asked))
	}
	if d.open(t.Context(), filepath.Join(t.TempDir(), strings.Repeat("long", 50)), "") != nil {
		t.Error("a socket with such a name")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	c = d.open(ended, t.TempDir(), "")
	defer c.close()
	if got := asks(c, "", "Password: "); got != "1 " || len(*asked) > 0 {
		t.Errorf("told %q after the end", got)
	}
}

// No time passes while a person is asked; afterwards as much is left as was before.
func TestTimeStandsStillWhileAPersonIsAsked(t *testing.T) {
	const all = 100 * time.Millisecond
	ctx, cancel := withPatience(t.Context(), all)
	defer cancel()
	first, second := standsStill(ctx), standsStill(ctx)
	first()
	select {
	case <-ctx.Done():
		t.Fatal("it ended during a question")
	case <-time.After(2 * all):
	}
	second()
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) || !strings.Contains(remoteError(ctx, ctx.Err()).Error(), "no answer in time") {
		t.Errorf("%v: %v", context.Cause(ctx), remoteError(ctx, ctx.Err()))
	}
	parent, interrupt := context.WithCancel(t.Context())
	ctx, cancel = withPatience(parent, time.Hour)
	defer cancel()
	interrupt()
	if err := remoteError(ctx, ctx.Err()); !errors.Is(err, context.Canceled) {
		t.Errorf("an interruption is %v", err)
	}
	standsStill(t.Context())() // nothing to stop
}
