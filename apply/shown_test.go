package apply_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"connsync/apply"
	"connsync/apply/secmaster"
	"connsync/secrets"
)

// shownOnly is a workspace: a list, and what is shown by id.
type shownOnly struct {
	listed []secmaster.Connection
	shown  map[string]secmaster.Connection
	fails  error
}

func (w shownOnly) List(context.Context) ([]secmaster.Connection, error) { return w.listed, w.fails }

func (w shownOnly) Show(_ context.Context, id string) (secmaster.Connection, error) {
	c, ok := w.shown[id]
	switch {
	case id == "broken":
		return c, errors.New("no answer")
	case !ok:
		return c, secmaster.ErrNotFound
	}
	return c, nil
}

func (shownOnly) Expect(int) {}

func (shownOnly) Components(context.Context) ([]secmaster.Component, error) { return nil, nil }

func (shownOnly) Uses(context.Context, []string) secmaster.Usage { return secmaster.Usage{} }

func (shownOnly) ProjectID(context.Context) (string, error) { return "p", nil }

// What is masked has no value, what the list leaves out is asked for by id, and what cannot be read is not known.
func TestWhatAWorkspaceShows(t *testing.T) {
	connection := func(id, config string) secmaster.Connection {
		c := secmaster.Connection{ID: id, Name: id}
		if config != "" {
			c.Config = secrets.Hide(config)
		}
		return c
	}
	w := shownOnly{
		listed: []secmaster.Connection{
			connection("e", ""), connection("d", `not JSON`), connection("c", `{"a":1} {"b":2}`), connection("b", ""),
			connection("a", `{"password":"***","part":"AK***Z","empty":"","n":1,"deep":{"token":"******","list":["*","x",null]}}`),
		},
		shown: map[string]secmaster.Connection{"b": connection("b", `{"endpoint":"https://b"}`)},
	}
	found, err := apply.ShownConnections(context.Background(), w)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`a map[deep:map[list:[<nil> x <nil>] token:<nil>] empty: n:1 part:<nil> password:<nil>] false`, `b map[endpoint:https://b] false`, `c map[] true`, `d map[] true`, `e map[] true`,
	}
	for i, s := range found {
		if got := fmt.Sprintf("%s %v %v", s.Name, s.Settings, s.Settings == nil); got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
	if _, err := apply.ShownConnections(context.Background(), shownOnly{fails: errors.New("no list")}); err == nil {
		t.Error("a list that failed is a shownOnly")
	}
	if _, err := apply.ShownConnections(context.Background(), shownOnly{listed: []secmaster.Connection{connection("broken", "")}}); err == nil {
		t.Error("what could not be asked for is not there")
	}
}
