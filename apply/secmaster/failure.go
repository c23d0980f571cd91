package secmaster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxMessage   = 200      // characters of a server's message
	mostRead     = 4 << 10  // bytes of it
	maxCode      = 40       // of its code
	maxID        = 80       // of its name for a request
	largestError = 32 << 10 // bytes of a page of a list that is looked at for more than its code

	maxSkew = 15*time.Minute - 10*time.Second // from which on a signature is refused, or will be very soon
)

// workspaceCodes mean: the project or the workspace cannot be had (docs/api.md, C6).
var workspaceCodes = map[string]bool{
	"SecMaster.20010001": true, "SecMaster.20041001": true, "SecMaster.20041003": true, "SecMaster.20011003": true, "APIGW.0101": true,
}

// invalidParameter is also what SecMaster answers for an unknown id (C3).
const invalidParameter = "SecMaster.20041002"

// failure is what is wrong with an answer; nil where it stands. Whether a 2xx holds what its caller needs is not asked here.
func (r *Reader) failure(c call, a answer, left bool, err error) *Error {
	if err != nil {
		return noAnswer(c, left, err)
	}
	good := a.status >= 200 && a.status < 300
	switch {
	case good && a.flaw != nil:
		return &Error{Op: c.op, Status: a.status, RequestID: a.requestID, Message: a.flaw.Error(), Class: ErrUnclear}
	case good && isPage(a): // something else wrote it, not SecMaster
		return &Error{Op: c.op, Status: a.status, RequestID: a.requestID, Message: plainStatus(a), Class: ErrUnclear}
	}
	if good && c.budget != nil && len(a.body) > largestError {
		return nil // a page of a list; its reader looks at the code too: reading it twice takes time
	}
	says := saidIn(a.body)
	if a.requestID == "" {
		a.requestID = r.requestID(c, says.requestID)
	}
	if good && !refuses(says.code) {
		return nil
	}
	e := &Error{Op: c.op, Status: a.status, Code: r.code(c, says.code), Message: r.message(c, a, says), RequestID: a.requestID}
	e.Class = classify(c, a.status, says.code)
	if good && hasContent(a.body) {
		e.Class = ErrUnclear // it says both: it failed, and what it did
	}
	if e.Class == ErrDenied {
		e.Message = printable(r.skew(a)+e.Message, maxMessage)
	}
	return e
}

// skew says how far this machine's clock is from the server's where the distance is why a signature is refused; else "".
func (r *Reader) skew(a answer) string {
	at, err := http.ParseTime(a.header.Get("Date"))
	if err != nil || !r.held().Token.IsZero() {
		return ""
	}
	off := r.options.Now().Sub(at)
	switch minutes := int(off.Abs().Round(time.Minute) / time.Minute); {
	case off.Abs() < maxSkew:
		return ""
	case off > 0:
		return fmt.Sprintf("this machine's clock is %d minutes ahead of the server's: ", minutes)
	default:
		return fmt.Sprintf("this machine's clock is %d minutes behind the server's: ", minutes)
	}
}

// noAnswer tells a request that never left from one perhaps executed.
func noAnswer(c call, left bool, err error) *Error {
	e := &Error{Op: c.op, Message: "no answer", Class: ErrUnclear}
	var timeout net.Error
	if errors.Is(err, errTooSlow) || errors.As(err, &timeout) && timeout.Timeout() {
		e.Message = errTooSlow.Error()
	}
	if left {
		return e
	}
	e.Class, e.Message = ErrUnreachable, "cannot be reached"
	var dns *net.DNSError
	var certificate *url.Error
	switch {
	case errors.As(err, &dns):
		e.Message = "the host name cannot be resolved"
	case errors.As(err, &certificate) && strings.Contains(certificate.Err.Error(), "certificate"):
		e.Message = "the server's certificate is not trusted"
	case strings.Contains(err.Error(), "connection refused"):
		e.Message = "connection refused"
	}
	return e
}

func classify(c call, status int, code string) error {
	switch {
	case status == http.StatusTooManyRequests:
		return ErrThrottled
	case status >= 500, status == http.StatusRequestTimeout:
		return ErrUnclear
	case (status == 400 || status == 403 || status == 404) && workspaceCodes[code]:
		return ErrWorkspace
	case status == 401 || status == 403:
		return ErrDenied
	case c.byID && (status == 404 && code != "" || code == invalidParameter):
		return ErrNotFound // a 404 without a code is a proxy's; a proxy knows of no connections
	}
	return nil
}

// hasContent tells whether a body has a member of an answer to a call, beside code and message.
func hasContent(body []byte) bool {
	var b map[string]json.RawMessage
	if json.Unmarshal(body, &b) != nil {
		return false
	}
	for _, k := range []string{"asset", "assets", "data", "projects"} {
		if v, ok := b[k]; ok && string(v) != "null" {
			return true
		}
	}
	return false
}

// plainStatus stands in for a message: nothing is quoted of a body other than JSON.
func plainStatus(a answer) string {
	switch {
	case a.status >= 300 && a.status < 400:
		return "a redirect, which is not followed"
	case isPage(a):
		return "a page instead of an answer: a proxy or a load balancer speaks here"
	}
	return strings.ToLower(http.StatusText(a.status))
}

// isPage tells an HTML page from an answer.
func isPage(a answer) bool {
	return strings.Contains(a.header.Get("Content-Type"), "html") && len(a.body) > 0 && !json.Valid(a.body)
}
