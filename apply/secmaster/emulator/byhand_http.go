package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"connsync/apply/secmaster"
)

// editPath takes an Edit, signed like every other request, so that no page in a browser can make one.
const editPath = "/emulator/edit"

// ErrNoEmulator says that no emulator answers at an address.
var ErrNoEmulator = errors.New("no emulator answers there")

// editByHand serves an Edit.
func (x *exchange) editByHand() {
	var e Edit
	d := json.NewDecoder(bytes.NewReader(x.body))
	d.DisallowUnknownFields()
	switch reason := x.denied(); {
	case reason != "":
		x.gateway(http.StatusUnauthorized, "APIGW.0301", reason)
		return
	case x.r.Method != http.MethodPost || d.Decode(&e) != nil:
		x.reply(http.StatusBadRequest, object{"emulator": "not an edit"})
		return
	}
	done, err := x.s.ByHand(e)
	if err != nil {
		x.reply(http.StatusConflict, object{"emulator": err.Error()})
		return
	}
	x.reply(http.StatusOK, object{"emulator": "edited", "workspace": done.Workspace, "id": done.ID, "name": done.Name, "outcome": done.Outcome})
}

// Ask has the emulator at an address make an edit. Its errors are an EditError and ErrNoEmulator. It asks no proxy.
func Ask(ctx context.Context, url string, e Edit) (Edited, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return Edited{}, EditError("a value is not JSON")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+editPath, bytes.NewReader(body))
	if err != nil {
		return Edited{}, ErrNoEmulator
	}
	signEdit(r, body)
	client := &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if err != nil {
		return Edited{}, ErrNoEmulator
	}
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		Emulator string `json:"emulator"`
		Edited
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	switch {
	case err != nil || json.Unmarshal(text, &said) != nil || said.Emulator == "":
		return Edited{}, ErrNoEmulator
	case answer.StatusCode != http.StatusOK:
		return Edited{}, EditError(said.Emulator)
	}
	return said.Edited, nil
}

// signEdit signs with the keys taken by every emulator of the command.
func signEdit(r *http.Request, body []byte) {
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Sdk-Date", time.Now().UTC().Format("20060102T150405Z"))
	const signed = "host;x-sdk-date"
	canonical := secmaster.Canonical(r, []string{"host", "x-sdk-date"}, body)
	signature := secmaster.Signature(DefaultSecretKey, r.Header.Get("X-Sdk-Date"), canonical)
	r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+DefaultAccessKey+", SignedHeaders="+signed+", Signature="+signature)
}
