package secmaster

import (
	"encoding/json"
	"strings"
	"unicode"
)

// refuses tells whether a code stands for a failed call: it has a number, and a digit of the number is not zero. Zeros are success, whatever
// stands before the last dots ("00000000", "SecMaster.00000000", "STS5.00000000"); a code without a number says nothing (docs/api.md, C7).
func refuses(code string) bool {
	for {
		prefix, number, found := strings.Cut(code, ".")
		if !found || !strings.ContainsFunc(prefix, unicode.IsLetter) {
			break
		}
		code = number
	}
	return strings.ContainsFunc(code, func(r rune) bool { return unicode.IsDigit(r) && r != '0' })
}

// said is what a body says beside its content, in any of the four known shapes (docs/api.md, "Errors").
type said struct{ code, message, requestID string }

func saidIn(body []byte) said {
	var b struct {
		Code      lenient     `json:"code"`
		Message   lenient     `json:"message"`
		ErrorCode lenient     `json:"error_code"`
		ErrorMsg  lenient     `json:"error_msg"`
		RequestID lenient     `json:"request_id"`
		Error     nestedError `json:"error"`
	}
	if json.Unmarshal(body, &b) != nil {
		return said{}
	}
	return said{firstCode(b.Code, b.ErrorCode, b.Error.Code), firstText(b.Message, b.ErrorMsg, b.Error.Message), string(b.RequestID)}
}

// nestedError is IAM's form. A text in its place, as other services have it, says nothing known.
type nestedError struct{ Code, Message lenient }

func (n *nestedError) UnmarshalJSON(b []byte) error {
	var members struct {
		Code    lenient `json:"code"`
		Message lenient `json:"message"`
	}
	_ = json.Unmarshal(b, &members)
	*n = nestedError(members)
	return nil
}

// codeAmong is the code among the members of an answer taken apart already.
func codeAmong(members map[string]string) string {
	var code, errorCode lenient
	var nested nestedError
	_ = json.Unmarshal([]byte(members["code"]), &code) // what is missing is ""
	_ = json.Unmarshal([]byte(members["error_code"]), &errorCode)
	_ = json.Unmarshal([]byte(members["error"]), &nested)
	return firstCode(code, errorCode, nested.Code)
}

// firstCode is the first code of a failed call, or else the first one.
func firstCode(codes ...lenient) string {
	for _, c := range codes {
		if refuses(string(c)) {
			return string(c)
		}
	}
	return firstText(codes...)
}

func firstText(texts ...lenient) string {
	for _, t := range texts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}
