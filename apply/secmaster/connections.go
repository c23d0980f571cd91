package secmaster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// ErrInUse says that SecMaster shows the connection as not deletable; nothing was sent.
var ErrInUse = errors.New("in use: SecMaster does not allow to delete it")

// Show is one connection. An id unknown to SecMaster is an error of class ErrNotFound.
func (r *Reader) Show(ctx context.Context, id string) (Connection, error) {
	c, err := r.byID(ctx, "show connection", http.MethodGet, id)
	if err != nil {
		return Connection{}, err
	}
	a, _, err := r.do(ctx, c)
	if err != nil {
		return Connection{}, err
	}
	conn, ok := one(a.body)
	if !ok {
		return Connection{}, &Error{Op: c.op, Status: a.status, RequestID: a.requestID, Message: noConnection}
	}
	if conn.ID != id {
		return Connection{}, &Error{Op: c.op, Status: a.status, RequestID: a.requestID, Message: anotherConnection}
	}
	return conn, nil
}

const (
	noConnection      = "the answer holds no connection"
	anotherConnection = "the server answered for another connection"
)

func (r *Reader) byID(ctx context.Context, op, method, id string) (call, error) {
	if !pathSafe.MatchString(id) {
		return call{}, &Error{Op: op, Message: "not an id", Class: ErrNotFound}
	}
	u, err := r.inWorkspace(ctx, nil, "assetcredentials", id)
	return call{op: op, method: method, url: u, byID: true}, err
}

// wireBody is Table 3 of the API's page; every member is always sent, since an update replaces all of them.
type wireBody struct {
	Name               string `json:"name"`
	Description        string `json:"description"`
	ComponentID        string `json:"component_id"`
	ComponentVersionID string `json:"component_version_id"`
	Config             string `json:"config"`
}

func (b Body) encode() []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(wireBody{b.Name, b.Description, b.ComponentID, b.ComponentVersionID, text(b.Config)}) // encoding strings cannot fail
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Create sends one POST. It is never sent again once a byte of it may have left, except after a 429, because then it was
// not executed. An error of class ErrUnclear leaves open whether the connection exists.
func (c *Client) Create(ctx context.Context, b Body) (Connection, Sent, error) {
	u, err := c.inWorkspace(ctx, nil, "assetcredentials")
	if err != nil {
		return Connection{}, Sent{}, err
	}
	return c.write(ctx, call{op: "create connection", method: http.MethodPost, url: u, body: b.encode(), secret: !b.Public}, "", b)
}

// Update replaces all of a connection. It may be sent more than once: the result is the same.
func (c *Client) Update(ctx context.Context, id string, b Body) (Connection, Sent, error) {
	w, err := c.byID(ctx, "update connection", http.MethodPut, id)
	if err != nil {
		return Connection{}, Sent{}, err
	}
	w.body, w.secret = b.encode(), !b.Public
	return c.write(ctx, w, id, b)
}

// write sends a create, without an id, or an update, and believes no answer about something else.
func (c *Client) write(ctx context.Context, w call, id string, b Body) (Connection, Sent, error) {
	a, sent, err := c.do(ctx, w)
	if err != nil {
		return Connection{}, sent, err
	}
	conn, ok := one(a.body)
	unclear := &Error{Op: w.op, Status: a.status, RequestID: a.requestID, Class: ErrUnclear}
	switch {
	case !ok && id != "" && saysNothing(a.body):
		return Connection{ID: id}, sent, nil // the vendor's own provider ignores the body too
	case !ok:
		unclear.Message = noConnection
		return Connection{}, sent, unclear
	case id != "" && conn.ID != id, !c.shows(conn, b):
		unclear.Message = anotherConnection
		return Connection{}, sent, unclear
	}
	return conn, sent, nil
}

// shows tells whether a connection is the one sent, as far as it is shown.
func (c *Client) shows(conn Connection, b Body) bool {
	said := func(shown, sent string) bool { return shown == "" || strings.EqualFold(shown, sent) }
	return conn.Name == b.Name && said(conn.ComponentID, b.ComponentID) && said(conn.ComponentVersionID, b.ComponentVersionID) &&
		said(conn.WorkspaceID, c.options.WorkspaceID)
}

// saysNothing tells an empty answer, or an object without a connection, from something other than an answer.
func saysNothing(body []byte) bool {
	var members map[string]json.RawMessage
	return len(bytes.TrimSpace(body)) == 0 || json.Unmarshal(body, &members) == nil
}

// Delete removes a connection if SecMaster allows it. One that is gone already is no error.
func (c *Client) Delete(ctx context.Context, id string) (Sent, error) {
	w, err := c.byID(ctx, "delete connection", http.MethodDelete, id)
	if err != nil {
		return Sent{}, err
	}
	shown, err := c.Show(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return Sent{}, nil
	case err != nil:
		return Sent{}, err
	case shown.CanBeDeleted != nil && !*shown.CanBeDeleted:
		return Sent{}, ErrInUse
	}
	_, sent, err := c.do(ctx, w)
	if errors.Is(err, ErrNotFound) {
		err = nil // an earlier try of this very request was executed
	}
	return sent, err
}
