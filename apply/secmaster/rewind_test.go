package secmaster

import (
	"context"
	"net/http"
	"testing"

	"connsync/secrets"
)

func TestARequestCannotBeReadTwice(t *testing.T) {
	r, err := NewReader(Options{Region: "cn-north-4", WorkspaceID: "w", Credentials: Credentials{AccessKey: "a", SecretKey: secrets.Hide("s")}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := r.request(context.Background(), call{method: http.MethodPost, url: "https://h.example/", body: []byte("{}")})
	if err != nil || req.GetBody != nil || req.ContentLength != 2 {
		t.Errorf("%v: its body can be had again, or is of no known length", err)
	}
}
