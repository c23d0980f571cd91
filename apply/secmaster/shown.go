package secmaster

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"connsync/lazy"
)

// What of an answer is shown. Where the request held a secret, no text of the server is: it could repeat the secret, in any form. A code and
// the name of a request are, in the forms that they have; and our own words for what a code means.

// codeWords say what the documented codes mean (docs/api.md, "Errors").
var codeWords = map[string]string{
	"SecMaster.20010001": "no such workspace", "SecMaster.20011003": "no such workspace", "SecMaster.20041001": "no such workspace",
	"SecMaster.20030002": "no such project", "SecMaster.20041003": "no such project",
	"SecMaster.20040001": "a parameter is not accepted", "SecMaster.20041002": "a parameter is not accepted, or there is no such connection",
	"SecMaster.20040516": "a field is too long", "SecMaster.20039999": "SecMaster gives no reason", "SecMaster.20040000": "SecMaster gives no reason",
	"SecMaster.00041003": "an object is missing", "SecMaster.00041004": "an object is missing", "common.00000500": "SecMaster has failed", "csb.00180001": "the service is busy",
	"APIGW.0101": "no such address in this region", "APIGW.0201": "the gateway cannot read the request, or it is too large", "APIGW.0301": "the signature or the token is not accepted",
	"APIGW.0302": "not allowed at the gateway", "APIGW.0306": "not allowed at the gateway", "APIGW.0310": "not allowed at the gateway", "APIGW.0802": "not allowed at the gateway",
	"APIGW.0307": "the token has expired", "APIGW.0308": "too many requests", "APIGW.0601": "the gateway has failed", "APIGW.0610": "SecMaster did not answer the gateway in time", "APIGW.0613": "the gateway has failed",
}

// Documented tells whether a code is one that the vendor documents.
func Documented(code string) bool { return codeWords[code] != "" }

var (
	usualCode = lazy.New(`^(?:(?:SecMaster|APIGW|IAM|STS5|CSB|csb|common)\.[0-9]{4,8}|[0-9]{1,3})$`)
	usualID   = lazy.New(`^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$`)
)

// secret tells whether a request holds a secret beside its signature.
func (r *Reader) secret(c call) bool {
	k := r.held()
	return c.secret || !k.Token.IsZero() || !k.SecurityToken.IsZero()
}

// message is what an answer says, or what its code means.
func (r *Reader) message(c call, a answer, says said) string {
	text := printable(says.message, maxMessage)
	if r.secret(c) {
		text = codeWords[says.code]
	}
	if text == "" {
		return plainStatus(a)
	}
	return text
}

// code is an answer's code, as far as it is shown.
func (r *Reader) code(c call, code string) string {
	if r.secret(c) && !usualCode.MatchString(code) {
		return ""
	}
	return printable(code, maxCode)
}

// requestID is the name of a request, as far as it is shown. What follows it, a time and a host, is not needed.
func (r *Reader) requestID(c call, id string) string {
	if !r.secret(c) {
		return printable(id, maxID)
	}
	if id = id[:min(len(id), len("00000000-0000-4000-8000-000000000000"))]; usualID.MatchString(id) && !spells(id) {
		return id
	}
	return ""
}

// spells tells whether an id is a text in hexadecimal digits: a random one never is.
func spells(id string) bool {
	bytes, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	return err == nil && !slices.ContainsFunc(bytes, func(b byte) bool { return b < ' ' || b > '~' })
}

// printable is a foreign text without control and format characters, at most n characters long.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.TrimSpace(s[:min(len(s), mostRead)]))
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
