package gitfs_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// A server unable to answer many questions at once, as Azure's: what is new is fetched from it all the same.
func TestAServerWithoutMultiAck(t *testing.T) {
	for line, prepare := range lines {
		t.Run(line, func(t *testing.T) {
			prepare(t)
			var hidden atomic.Int32
			exchanges(t, func(t *testing.T, bare, _ string) (string, map[string]string) {
				return between(t, hosted(t, bare), func(w http.ResponseWriter, r *http.Request, on http.Handler) {
					r.Header.Del("Git-Protocol") // the second version has it always
					if !strings.Contains(r.URL.RawQuery, "git-upload-pack") {
						on.ServeHTTP(w, r)
						return
					}
					answer := httptest.NewRecorder()
					on.ServeHTTP(answer, r)
					text := answer.Body.Bytes()
					if bytes.Contains(text, []byte("multi_ack")) {
						hidden.Add(1)
					}
					for name, values := range answer.Header() {
						w.Header()[name] = values
					}
					w.WriteHeader(answer.Code)
					_, _ = w.Write(bytes.ReplaceAll(text, []byte("multi_ack"), []byte("nobody_do"))) // as long, since its line says how long it is
				}), withToken
			})
			if hidden.Load() == 0 {
				t.Error("nothing was hidden")
			}
		})
	}
}
