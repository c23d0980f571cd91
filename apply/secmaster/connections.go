package secmaster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"connsync/secrets"
)

// ErrInUse says that SecMaster shows the connection as one that cannot be deleted; nothing was sent.
var ErrInUse = errors.New("in use: SecMaster does not allow to delete it")

// Show is one connection. An id that SecMaster does not have is an error of class ErrNotFound.
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
		return Connection{}, &Error{Op: c.op, Status: a.status, RequestID: a.requestID, Message: "the answer holds no connection"}
	}
	return conn, nil
}

func (r *Reader) byID(ctx context.Context, op, method, id string) (call, error) {
	if !validID.MatchString(id) {
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
	_ = e.Encode(wireBody{b.Name, b.Description, b.ComponentID, b.ComponentVersionID, text(b.Config)}) // strings: nothing that can fail
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// secretsOf are the values that no message of the server may repeat: those that were named, or else the whole config.
func (b Body) secretsOf() []secrets.Value {
	if b.Secrets == nil {
		return []secrets.Value{b.Config}
	}
	return b.Secrets
}

// Create sends one POST. It is never sent again once a byte of it may have left, except after a 429, which says that it was
// not executed. An error of class ErrUnclear leaves open whether the connection exists.
func (c *Client) Create(ctx context.Context, b Body) (Connection, Sent, error) {
	u, err := c.inWorkspace(ctx, nil, "assetcredentials")
	if err != nil {
		return Connection{}, Sent{}, err
	}
	return c.write(ctx, call{op: "create connection", method: http.MethodPost, url: u, body: b.encode(), secret: b.secretsOf()})
}

// Update replaces all of a connection. It may be sent more than once: the result is the same.
func (c *Client) Update(ctx context.Context, id string, b Body) (Connection, Sent, error) {
	w, err := c.byID(ctx, "update connection", http.MethodPut, id)
	if err != nil {
		return Connection{}, Sent{}, err
	}
	w.body, w.secret = b.encode(), b.secretsOf()
	conn, sent, err := c.write(ctx, w)
	var e *Error
	if errors.As(err, &e) && e.Status >= 200 && e.Status < 300 && errors.Is(e.Class, ErrUnclear) && e.Code == "" {
		return Connection{ID: id}, sent, nil // the vendor's own provider ignores the body too
	}
	return conn, sent, err
}

func (c *Client) write(ctx context.Context, w call) (Connection, Sent, error) {
	a, sent, err := c.do(ctx, w)
	if err != nil {
		return Connection{}, sent, err
	}
	conn, ok := one(a.body)
	if !ok {
		return Connection{}, sent, &Error{Op: w.op, Status: a.status, RequestID: a.requestID, Message: "the answer holds no connection", Class: ErrUnclear}
	}
	return conn, sent, nil
}

// Delete removes a connection that SecMaster allows to remove. One that is gone already is no error.
func (c *Client) Delete(ctx context.Context, id string) (Sent, error) {
	shown, err := c.Show(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return Sent{}, nil
	case err != nil:
		return Sent{}, err
	case shown.CanBeDeleted != nil && !*shown.CanBeDeleted:
		return Sent{}, ErrInUse
	}
	w, err := c.byID(ctx, "delete connection", http.MethodDelete, id)
	if err != nil {
		return Sent{}, err
	}
	_, sent, err := c.do(ctx, w)
	if errors.Is(err, ErrNotFound) {
		err = nil // an earlier try of this very request was executed
	}
	return sent, err
}
