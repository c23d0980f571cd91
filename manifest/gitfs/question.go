package gitfs

import (
	"context"
	"strings"
)

// Question is what Git or ssh asks. Its text is a stranger's: a server may have written it.
type Question struct {
	Text string
	Kind QuestionKind
}

// QuestionKind is how a question is answered.
type QuestionKind int

// The kinds.
const (
	AskSecret QuestionKind = iota // a password, a passphrase, a PIN: typed unseen
	AskOpen                       // a user's name, or a yes or no: typed for all to see
	AskNotice                     // not by typing: a key is to be touched. It stands until the context ends
)

// Ask puts a question to the person at the terminal. An error is an unanswered question.
type Ask func(ctx context.Context, q Question) (string, error)

// questionOf tells what is asked for. ssh says so itself where it wants a key touched, and where it asks for leave; what is neither a
// user's name nor a yes or no is a secret.
func questionOf(hint, text string) Question {
	switch {
	case hint == "none":
		return Question{text, AskNotice}
	case hint == "confirm" || agrees(text) || strings.HasPrefix(text, "Username for '"):
		return Question{text, AskOpen}
	}
	return Question{text, AskSecret}
}

// lastLine is where a text of several lines asks.
func lastLine(text string) string {
	return text[strings.LastIndex(strings.TrimSpace(text), "\n")+1:]
}

// agrees tells whether a text is one of ssh's own questions for a yes or no. What a server asks begins with the user and the host in brackets.
func agrees(text string) bool {
	last := lastLine(text)
	return !strings.HasPrefix(text, "(") && (strings.Contains(last, "(yes/no") || strings.HasPrefix(last, "Please type 'yes', 'no' or the fingerprint"))
}

// lasts tells whether an answer holds for the next program that asks the same: a yes is given once, and a code a server asks for by a word
// alone may be another one's.
func (q Question) lasts() bool {
	return strings.HasPrefix(q.Text, "Username for '") || q.Kind == AskSecret && strings.ContainsAny(lastLine(q.Text), "'@/")
}
