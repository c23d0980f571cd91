package replay

import (
	"bytes"
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"connsync/apply/secmaster"
	"connsync/apply/secmaster/doctor"
	"connsync/apply/secmaster/emulator"
	"connsync/secrets"
)

// Lost is what of a transcript the emulated SecMaster does not do: it is examined, and what it does compared, a line each. A transcript of the
// emulator loses nothing.
func (p Plan) Lost(ctx context.Context, t doctor.Transcript) ([]string, error) {
	clock := &clock{at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s, err := p.Server(emulator.Options{Clock: clock.now, Sleep: clock.sleep})
	if err != nil {
		return nil, err
	}
	r, err := doctor.Examine(ctx, Options(s, clock.now, clock.sleep))
	if err != nil {
		return nil, err
	}
	is, err := doctor.ReadTranscript(r.Transcript().Text())
	if err != nil {
		return nil, err
	}
	return differences(t, is), nil
}

// Options reach a server of this process, without a network.
func Options(s http.Handler, now func() time.Time, sleep func(context.Context, time.Duration) error) secmaster.Options {
	return secmaster.Options{
		Endpoint: "http://127.0.0.1:1", Region: emulator.DefaultRegion, ProjectID: emulator.DefaultProject, WorkspaceID: emulator.DefaultWorkspace,
		Credentials: secmaster.Credentials{AccessKey: emulator.DefaultAccessKey, SecretKey: secrets.Hide(emulator.DefaultSecretKey)},
		Now:         now, Sleep: sleep, After: func(time.Duration, func()) func() bool { return func() bool { return true } },
		Wrap: func(http.RoundTripper) http.RoundTripper { return direct{s} },
	}
}

// differences are what a transcript has and another one lacks. The words are those of the vocabulary.
func differences(t, is doctor.Transcript) []string {
	var out []string
	for i, a := range t.Seen {
		if b := is.Seen[i]; !slices.Equal(a.Words, b.Words) {
			out = append(out, a.Question+": "+words(a.Words)+"; the emulator: "+words(b.Words))
		}
	}
	for i, c := range t.Calls {
		out = append(out, unlike(c.Call, c.Answer, is.Calls[i].Answer)...)
	}
	return out
}

func words(ws []string) string {
	if len(ws) == 0 {
		return "not seen"
	}
	return strings.Join(ws, ", ")
}

// unlike names the different parts of two answers.
func unlike(call string, a, b *doctor.Shape) []string {
	if a == nil || b == nil {
		if a != b {
			return []string{call + ": whether it is answered"}
		}
		return nil
	}
	var parts []string
	left, right := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for i := range left.NumField() {
		if !reflect.DeepEqual(left.Field(i).Interface(), right.Field(i).Interface()) {
			parts = append(parts, strings.ToLower(left.Type().Field(i).Name))
		}
	}
	if parts == nil {
		return nil
	}
	return []string{call + ": " + strings.Join(parts, ", ") + " of the answer"}
}

// clock goes on only during a sleep.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return ctx.Err()
}

// direct hands requests to a handler.
type direct struct{ to http.Handler }

// RoundTrip is the handler's answer.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := &kept{header: http.Header{}, status: http.StatusOK}
	d.to.ServeHTTP(w, r)
	return &http.Response{StatusCode: w.status, Header: w.header, Body: w, Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// kept is an answer not sent to any client.
type kept struct {
	bytes.Buffer
	header http.Header
	status int
}

func (k *kept) Header() http.Header    { return k.header }
func (k *kept) WriteHeader(status int) { k.status = status }
func (k *kept) Close() error           { return nil }
