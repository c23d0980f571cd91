package secmaster

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"connsync/lazy"
)

// Caller is whom credentials belong to, as STS says.
type Caller struct {
	Account string // its id; "" where it is not shown
	Kind    string // user, agency, assumed-agency, …; "" for an unknown kind
	Name    string // of the user or agency; "" where it is not shown
}

var (
	principal = lazy.New(`^(?:iam|sts)::[A-Za-z0-9_-]{1,64}:([a-z-]{1,32}):([A-Za-z0-9_.+=,@/ -]{1,128})$`)
	accountID = lazy.New(`^[0-9a-f]{32}$`)
)

var principals = []string{"user", "agency", "assumed-agency", "federated-user", "root"}

// WhoIs asks STS whom credentials belong to. Where they are temporary, or a token, STS was sent a secret, and its texts could repeat it: then
// no name is given.
func WhoIs(ctx context.Context, o FindOptions, c Credentials) (Caller, error) {
	var said struct {
		Account lenient `json:"account_id"`
		URN     lenient `json:"principal_urn"`
	}
	if err := o.askSTS(ctx, c, http.MethodGet, "/v5/caller-identity", nil, &said); err != nil {
		return Caller{}, err
	}
	m := principal.FindStringSubmatch(string(said.URN))
	if m == nil {
		return Caller{}, &CredentialsError{stsSource, "its answer cannot be understood"}
	}
	who := Caller{Name: m[2]}
	if accountID.MatchString(string(said.Account)) && !spells(string(said.Account)) {
		who.Account = string(said.Account)
	}
	if slices.Contains(principals, m[1]) {
		who.Kind = m[1]
	}
	if c.tells() {
		who.Name = ""
	}
	return who, nil
}

// tells whether credentials send a secret with a request.
func (c Credentials) tells() bool { return !c.Token.IsZero() || !c.SecurityToken.IsZero() }

// Decode has STS say what the encoded message beside a refusal says, where the credentials may: which of the actions known to connsync it
// names.
func Decode(ctx context.Context, o FindOptions, c Credentials, encoded string) ([]string, error) {
	var said struct {
		Message lenient `json:"decoded_message"`
	}
	if err := o.askSTS(ctx, c, http.MethodPost, "/v5/decode-authorization-message", object{"encoded_message": encoded}, &said); err != nil {
		return nil, err
	}
	var out []string
	for _, name := range append(append(ActionNames(JobPrune), UsesNames()...), "secmaster:component:get", "secmaster:workspace:list", "secmaster:workspace:get") {
		if strings.Contains(string(said.Message), name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// askSTS sends STS a signed request, and reads its answer.
func (o FindOptions) askSTS(ctx context.Context, c Credentials, method, path string, body, into any) error {
	f, err := newFinder(o)
	if err != nil {
		return err
	}
	defer f.close()
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body) // encoding texts cannot fail
	}
	a, err := f.send(ctx, method, f.sts+path, text, func(r *http.Request, text []byte) { authorize(r, c, text, f.Now()) })
	if err != nil || a.status != http.StatusOK {
		return refusedKeys(stsSource, a, err)
	}
	if json.Unmarshal(a.body, into) != nil {
		return &CredentialsError{stsSource, "its answer cannot be understood"}
	}
	return nil
}

// EncodedMessage is the text beside a refusal for STS to decode; "" for none.
func (a Answer) EncodedMessage() string {
	var b struct {
		Encoded lenient `json:"encoded_authorization_message"`
	}
	if json.Unmarshal(a.Body, &b) != nil || len(b.Encoded) > 16<<10 {
		return ""
	}
	return strings.TrimSpace(string(b.Encoded))
}
