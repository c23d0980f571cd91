package plugins

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// kind is what a type of SecMaster asks of a value. No list of its types is published: these are the words that schemas of forms have, and
// what is none of them asks for nothing.
type kind int

const (
	anything kind = iota
	text
	password
	number
	boolean
	choice
	list
	mapping
)

var kinds = map[string]kind{
	"input": text, "text": text, "string": text, "textarea": text, "url": text, "email": text, "ip": text,
	"password": password, "secret": password, "passwd": password, "encrypted": password,
	"number": number, "int": number, "integer": number, "float": number, "double": number, "long": number, "port": number,
	"boolean": boolean, "bool": boolean, "switch": boolean, "checkbox": boolean,
	"select": choice, "choice": choice, "enum": choice, "radio": choice, "dropdown": choice,
	"array": list, "list": list,
	"object": mapping, "map": mapping,
}

func (s Setting) kind() kind {
	switch k := kinds[strings.ToLower(strings.TrimSpace(s.Type))]; {
	case len(s.Settings) > 0:
		return mapping
	case k == anything && len(s.Choices) > 0:
		return choice
	default:
		return k
	}
}

// Secret tells whether its value is a secret by its type.
func (s Setting) Secret() bool { return s.kind() == password }

// wants says what a value has to be; "" where it is that. What a form sends is text, so numbers and booleans may be texts too.
func (s Setting) wants(v any) string {
	words, isText := v.(string)
	switch s.kind() {
	case text, password:
		if !isText {
			return "must be text"
		}
	case number:
		if _, is := v.(json.Number); !is && (!isText || !isNumber(words)) {
			return "must be a number"
		}
	case boolean:
		if _, is := v.(bool); !is && !slices.Contains([]string{"true", "false"}, strings.ToLower(words)) {
			return "must be true or false"
		}
	case choice:
		if len(s.Choices) > 0 && !slices.Contains(s.Choices, plain(v)) {
			return "must be one of " + strings.Join(s.Choices, ", ")
		}
	case list:
		if _, is := v.([]any); !is && !isText {
			return "must be a list"
		}
	}
	return ""
}

// wantsOf is wants of an encrypted value, of which the type stands beside the ciphertext: str, int, float or bool.
func (s Setting) wantsOf(sealed string) string {
	switch k := s.kind(); {
	case (k == text || k == password) && sealed != "str":
		return "must be text, and was encrypted as " + typeNames[sealed]
	case k == number && sealed == "bool":
		return "must be a number, and was encrypted as a boolean"
	case k == boolean && (sealed == "int" || sealed == "float"):
		return "must be true or false, and was encrypted as a number"
	}
	return ""
}

var typeNames = map[string]string{"int": "a number", "float": "a number", "bool": "a boolean"}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil
}

// plain is a scalar as a choice shows it.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
