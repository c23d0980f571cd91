package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"connsync/apply/secmaster/doctor"
)

// betrayer is a hostile SecMaster. It puts secrets wherever an answer has a place: names and values of members and headers, codes, messages, ids, times,
// statuses, and settings, in the clear.
type betrayer struct {
	t       *testing.T
	secrets []canary
	asked   atomic.Int64
	how     int
}

func (b *betrayer) secret() string {
	return b.secrets[int(b.asked.Add(1))%len(b.secrets)].text
}

// token is a secret fit for the name of a header.
func (b *betrayer) token() string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(marks, r) {
			return '-'
		}
		return r
	}, b.secret())
}

func (b *betrayer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header["X-"+b.token()] = []string{b.token()}
	header["X-Request-Id"], header["Server"], header["Content-Type"] = []string{b.token()}, []string{b.token()}, []string{"application/json"}
	config, _ := json.Marshal(map[string]any{"password": b.secret(), b.secret(): b.secret(), "list": []any{b.secret(), 4}})
	item := map[string]any{
		"id": "id-" + b.token()[:18], b.secret(): b.secret(), "name": b.secret(), "status": b.secret(), "config": string(config), "create_time": b.secret(), "update_time": b.secret(),
		"description": b.secret(), "type": map[string]any{b.secret(): b.secret()}, "can_be_deleted": b.secret(), "defense_type": b.secret(), "component_id": b.secret(),
	}
	body := map[string]any{
		"code": []any{"", b.secret(), "SecMaster." + b.secret(), "SecMaster.20040516", 0, b.secrets[len(b.secrets)-1].text}[b.how%6], "message": b.secret(), "total": 2, b.secret(): b.secret(),
		"assets": []any{item, map[string]any{"id": b.token()}}, "asset": item, "data": []any{item}, "workspaces": []any{item},
		"request_id": b.secret(), "encoded_authorization_message": b.secret(), "decoded_message": b.secret(), "account_id": b.secret(), "principal_urn": "iam::" + b.token() + ":user:" + b.secret(),
	}
	if r.Method == http.MethodPost || b.how%7 == 6 {
		body["error_code"] = b.secret()
	}
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Error(err)
	}
	w.WriteHeader([]int{200, 200, 403, 400, 404, 200, 418}[b.how%7])
	_, _ = w.Write(text)
}

// A record holds nothing of what a server sent, wherever it put it: each text in it is one of a vocabulary, and no secret is found in it in any
// form. Neither is one in what is printed, save where the server said it as its message.
func TestARecordHoldsNoValue(t *testing.T) {
	t.Parallel() // without a key: that of a test's own would be in the environment of all
	dir := t.TempDir()
	lock(t, dir)
	_, env, _ := emulated(t)
	var secrets []canary
	for i := range 7 {
		secrets = append(secrets, newCanary(fmt.Sprint("recorded", i)))
	}
	secrets = append(secrets, newNumber("recorded number"))
	scan := newScanner(secrets)
	var mu sync.Mutex
	unlike := map[string]bool{}
	t.Run("records", func(t *testing.T) {
		for how := range 14 {
			t.Run(fmt.Sprint(how), func(t *testing.T) {
				t.Parallel() // most of it is waiting for a list that does not settle
				text := recordOfABetrayer(t, &betrayer{t: t, secrets: secrets, how: how}, dir, env, scan)
				mu.Lock()
				defer mu.Unlock()
				unlike[text] = true
			})
		}
	})
	if scan.bytes.Load() < 14*1000 || len(unlike) < 5 {
		t.Errorf("%d bytes of %d records were looked at", scan.bytes.Load(), len(unlike))
	}
}

// recordOfABetrayer is the doctor's record of a betrayer, after a search for secrets in the record and in all output.
func recordOfABetrayer(t *testing.T, b *betrayer, dir string, env map[string]string, scan *scanner) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "t.json")
	h := httptest.NewServer(b)
	code, stdout, stderr := inProcess(env, "doctor", "-C", dir, "--endpoint", h.URL, "--record", file)
	h.Close()
	text, err := os.ReadFile(file)
	if err != nil || code == exitUsage {
		t.Fatalf("exit %d: %v\n%s%s", code, err, stdout, stderr)
	}
	for _, hit := range scan.scan("the record", text) {
		t.Error(hit)
	}
	if _, err := doctor.ReadTranscript(text); err != nil {
		t.Errorf("what is recorded is not of the vocabulary: %v\n%s", err, text)
	}
	if strings.Contains(stdout+stderr, "internal error") {
		t.Error(stderr)
	}
	for i, line := range strings.Split(stdout, "\n") {
		if hits := scan.scan("a line", []byte(line)); len(hits) > 0 && !strings.Contains(line, "list connections: ") && !strings.Contains(line, "see one connection: ") && !strings.Contains(line, "list plugins: ") && !strings.Contains(line, "list workspaces: ") && !strings.Contains(line, "whole list: ") && !strings.Contains(line, "hint: the project shows") && !strings.Contains(line, "caller: user ") {
			t.Errorf("line %d: %v: %s", i, hits, line)
		}
	}
	return string(text)
}
