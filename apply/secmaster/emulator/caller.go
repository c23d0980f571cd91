package emulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
)

// account is the one account of all callers.
const account = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

// callerIdentity is STS's answer to who signed the request.
func (x *exchange) callerIdentity() {
	access, _, _, _ := authorization(x.r.Header.Get("Authorization"))
	urn := "iam::" + account + ":user:" + x.caller()
	if k, _ := x.s.key(access); !k.expires.IsZero() {
		urn = "sts::" + account + ":assumed-agency:connsync/connsync"
	}
	x.reply(http.StatusOK, object{"account_id": account, "principal_urn": urn, "principal_id": "u-" + x.caller()})
}

// encoded is what stands beside a refusal, and only STS can read.
func encoded(action string) string { return base64.StdEncoding.EncodeToString([]byte(action)) }

// decodeRefusal is STS's way to read it.
func (x *exchange) decodeRefusal() {
	var b struct {
		Message string `json:"encoded_message"`
	}
	_ = json.Unmarshal(x.body, &b) // what is no JSON holds no message
	action, err := base64.StdEncoding.DecodeString(b.Message)
	if err != nil || !slices.Contains(EnforcedActions(), string(action)) {
		x.reply(http.StatusBadRequest, object{"error_code": "STS5.0001", "error_msg": "encoded_message is not as it should be"})
		return
	}
	text, _ := json.Marshal(object{"allowed": false, "explicit_deny": false, "context": object{"action": string(action)}})
	x.reply(http.StatusOK, object{"decoded_message": string(text)})
}
