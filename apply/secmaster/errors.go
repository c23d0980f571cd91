package secmaster

import (
	"errors"
	"fmt"
	"strings"
)

// The classes of failure for a caller to decide by, matched with errors.Is.
var (
	// ErrUnclear: the request may have been executed (timeout, reset, 5xx, a 2xx that
	// cannot be read). A create with this error is never sent again; a list decides.
	ErrUnclear = errors.New("outcome unknown")
	// ErrNotFound: SecMaster says there is no such connection, or says what it also says for that (400
	// SecMaster.20041002). Only a complete list confirms it.
	ErrNotFound = errors.New("not found")
	// ErrDenied: credentials are missing, wrong or not allowed (401, 403); the whole run ends.
	ErrDenied = errors.New("denied")
	// ErrWorkspace: the project or workspace is not accessible; the whole run ends.
	ErrWorkspace = errors.New("workspace not accessible")
	// ErrIncomplete: a list was cut short, changed while it was read, or had no array under a known name.
	ErrIncomplete = errors.New("list incomplete")
	// ErrThrottled: still 429 when the time was up. Nothing was executed.
	ErrThrottled = errors.New("throttled")
	// ErrEnough: as many requests were sent as may be for something only good to know, or it took as long as it may.
	ErrEnough = errors.New("enough was asked for")
	// ErrUnreachable: no byte of the request left (DNS, dial, TLS). Nothing was executed.
	ErrUnreachable = errors.New("cannot be reached")
)

// Error is one failed call, in our own words: of what the server said it holds only the status, the code,
// the request id and a message made safe to print, and never a body.
type Error struct {
	Op        string // "create connection", "list connections", …
	Status    int    // 0: no response
	Code      string // SecMaster.20041002, APIGW.0301, …; "" where there was none
	Message   string // the server's or our own; printable, at most 200 characters
	RequestID string
	Class     error // one of the errors above, or nil: a clear refusal of this request
}

// Error is op: status code: message (request id).
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op + ": ")
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d ", e.Status)
	}
	if e.Code != "" {
		b.WriteString(e.Code + " ")
	}
	b.WriteString(e.Message)
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", e.RequestID)
	}
	return b.String()
}

// Unwrap is the class.
func (e *Error) Unwrap() error { return e.Class }
