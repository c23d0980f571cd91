package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/secrets"
)

// fragile panics once, with a secret in hand, in one of its methods: before or after the request.
type fragile struct {
	apply.Writer
	in    string
	after bool
}

const inHand = "canary-in-hand"

func (f *fragile) at(method string, after bool) {
	if f.in == method && f.after == after {
		f.in = ""
		panic(errors.New(inHand))
	}
}

func (f *fragile) List(ctx context.Context) ([]secmaster.Connection, error) {
	f.at("list", false)
	return f.Writer.List(ctx)
}

func (f *fragile) Create(ctx context.Context, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	f.at("create", false)
	defer f.at("create", true)
	return f.Writer.Create(ctx, b)
}

func (f *fragile) Update(ctx context.Context, id string, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	f.at("update", false)
	defer f.at("update", true)
	return f.Writer.Update(ctx, id, b)
}

func (f *fragile) Show(ctx context.Context, id string) (secmaster.Connection, error) {
	f.at("show", false)
	return f.Writer.Show(ctx, id)
}

// A panic in a request ends that request: its outcome is unclear, so the list decides, and nothing is made twice.
func TestAPanicInARequestIsAnUnclearOutcome(t *testing.T) {
	for _, c := range []struct {
		after bool
		want  string
		there int
	}{{false, "created b, unknown a", 1}, {true, "created a, created b", 2}} {
		t.Run(fmt.Sprint(c.after), func(t *testing.T) {
			s := staged(t, "a", "b")
			s.client = func(w apply.Writer) apply.Writer { return &onlyA{fragile{Writer: w, in: "create", after: c.after}} }
			r := s.sync()
			s.expect(r, c.want, c.there, c.there)
			for _, res := range r.Results {
				if res.Err != nil && (!errors.Is(res.Err, secrets.ErrPanic) || strings.Contains(res.Err.Error(), inHand)) {
					t.Errorf("%s: %v", res.Name, res.Err)
				}
			}
			s.client = nil
			if !c.after {
				s.expect(s.sync(), "created a, unchanged b", 2, 2)
			}
		})
	}
}

// onlyA is fragile about the connection named a.
type onlyA struct{ fragile }

func (o *onlyA) Create(ctx context.Context, b secmaster.Body) (secmaster.Connection, secmaster.Sent, error) {
	if b.Name == "a" {
		return o.fragile.Create(ctx, b)
	}
	return o.Writer.Create(ctx, b)
}

// A panic while a known connection is asked for, or while a file is opened, is told as what it is.
func TestAPanicInAGoroutineIsContained(t *testing.T) {
	s := staged(t, "a")
	s.sync()
	s.client = func(w apply.Writer) apply.Writer { return &fragile{Writer: silent{w}, in: "show"} }
	if _, session, err := s.prepare(context.Background()); !errors.Is(err, secrets.ErrPanic) || strings.Contains(err.Error(), inHand) {
		t.Errorf("%v", err)
	} else {
		_ = session.Close()
	}
}
