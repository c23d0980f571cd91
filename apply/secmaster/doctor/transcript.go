package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"connsync/apply/secmaster"
	"connsync/lazy"
)

// Version is that of transcripts.
const Version = 1

// Transcript is what a server does, without its contents. Every text in it is one of the vocabulary.
type Transcript struct {
	Version int        `json:"connsync_transcript"`
	Seen    []Answered `json:"seen"`
	Calls   []Recorded `json:"calls"`
}

// Answered is what was seen of a question; no words: nothing.
type Answered struct {
	Question string   `json:"question"`
	Words    []string `json:"words"`
}

// Recorded is the form of the answer to a call; missing where there was none.
type Recorded struct {
	Call   string `json:"call"`
	Answer *Shape `json:"answer"`
}

// Transcript is the report as a transcript.
func (r *Report) Transcript() Transcript {
	t := Transcript{Version: Version}
	for _, q := range questions {
		t.Seen = append(t.Seen, Answered{q.Name, append([]string{}, r.Seen[q.Name]...)})
	}
	for _, name := range calls {
		c := Recorded{Call: name}
		if found := r.Call(name); found.Asked && found.Raw.Status != 0 {
			c.Answer = &found.Shape
		}
		t.Calls = append(t.Calls, c)
	}
	return t
}

var (
	innermost = lazy.New(`\{[^{}]*\}`)
	lineEnd   = lazy.New(`\s*\n\s*`)
)

// Text is the transcript as a file: the same for the same transcript, with a line for each question and member, so that people can read it.
func (t Transcript) Text() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(t) // encoding texts and numbers cannot fail
	return innermost.Regexp().ReplaceAllFunc(b.Bytes(), func(o []byte) []byte { return lineEnd.Regexp().ReplaceAll(o, []byte(" ")) })
}

// Words are the transcript's answers by question.
func (t Transcript) Words() Seen {
	s := Seen{}
	for _, a := range t.Seen {
		if len(a.Words) > 0 {
			s[a.Question] = a.Words
		}
	}
	return s
}

// Why a text is no transcript.
var (
	ErrNoTranscript = errors.New("not a transcript that connsync wrote by --record")
	ErrNewer        = errors.New("a transcript of a newer version of connsync")
)

const mostTranscript = 256 << 10

// ReadTranscript reads a file made by another user: any word outside of the vocabulary makes it none.
func ReadTranscript(text []byte) (Transcript, error) {
	var version struct {
		Version int `json:"connsync_transcript"`
	}
	var t Transcript
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	switch {
	case len(text) > mostTranscript || json.Unmarshal(text, &version) != nil || version.Version < 1:
		return t, ErrNoTranscript
	case version.Version > Version:
		return t, ErrNewer
	case d.Decode(&t) != nil || !t.sound():
		return Transcript{}, ErrNoTranscript
	}
	return t, nil
}

// sound tells whether the transcript has every question and call, in order and in words of the vocabulary.
func (t Transcript) sound() bool {
	if len(t.Seen) != len(questions) || len(t.Calls) != len(calls) {
		return false
	}
	for i, a := range t.Seen {
		if a.Question != questions[i].Name || !within(a.Words, questions[i].Words) {
			return false
		}
	}
	for i, c := range t.Calls {
		if c.Call != calls[i] || c.Answer != nil && !c.Answer.sound() {
			return false
		}
	}
	return true
}

func (s Shape) sound() bool {
	documented := []string{"", other}
	documented = append(documented, vocabulary("code")...)
	m := prefix.FindStringSubmatch(s.Code)
	code := slices.Contains(documented, s.Code) || secmaster.Documented(s.Code) || m != nil && s.Code == m[0]+other
	return (s.Status == 0 || http.StatusText(s.Status) != "") && code && slices.Contains(contents, s.Content) &&
		within(s.Headers, append([]string{other}, headers...)) && soundMembers(s.Members) && soundMembers(s.Items) && soundMembers(s.Within)
}

func soundMembers(ms []Member) bool {
	names := slices.Concat([]string{other}, envelope, connectionMembers, pluginMembers, versionMembers, workspaceMembers)
	return !slices.ContainsFunc(ms, func(m Member) bool {
		return !slices.Contains(names, m.Name) || !within(m.Types, types) || !slices.Contains([]string{"", "always", "sometimes"}, m.Shown)
	})
}

func within(words, all []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(all, w) })
}
