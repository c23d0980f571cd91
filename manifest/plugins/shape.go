package plugins

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Shape is what a type of SecMaster asks of a value. No list of its types is published: these are the words in schemas of forms, and
// what is none of them asks for nothing.
type Shape int

// The shapes.
const (
	Anything Shape = iota
	Text
	Password
	Number
	Boolean
	Choice
	List
	Mapping
)

var shapes = map[string]Shape{
	"input": Text, "text": Text, "string": Text, "textarea": Text, "url": Text, "email": Text, "ip": Text,
	"password": Password, "secret": Password, "passwd": Password, "encrypted": Password,
	"number": Number, "int": Number, "integer": Number, "float": Number, "double": Number, "long": Number, "port": Number,
	"boolean": Boolean, "bool": Boolean, "switch": Boolean, "checkbox": Boolean,
	"select": Choice, "choice": Choice, "enum": Choice, "radio": Choice, "dropdown": Choice,
	"array": List, "list": List,
	"object": Mapping, "map": Mapping,
}

// Shape is what its type asks of its value.
func (s Setting) Shape() Shape {
	switch k := shapes[strings.ToLower(strings.TrimSpace(s.Type))]; {
	case len(s.Settings) > 0:
		return Mapping
	case k == Anything && len(s.Choices) > 0:
		return Choice
	default:
		return k
	}
}

// Single tells whether its value is known to be one value, and no secret.
func (s Setting) Single() bool {
	k := s.Shape()
	return k == Text || k == Number || k == Boolean || k == Choice
}

// Secret tells whether its value is a secret by its type.
func (s Setting) Secret() bool { return s.Shape() == Password }

// wants says what a value has to be; "" where it is that. What a form sends is text, so numbers and booleans may be texts too.
func (s Setting) wants(v any) string {
	words, isText := v.(string)
	switch s.Shape() {
	case Text, Password:
		if !isText {
			return "must be text"
		}
	case Number:
		if _, is := v.(json.Number); !is && (!isText || !isNumber(words)) {
			return "must be a number"
		}
	case Boolean:
		if _, is := v.(bool); !is && !slices.Contains([]string{"true", "false"}, strings.ToLower(words)) {
			return "must be true or false"
		}
	case Choice:
		if len(s.Choices) > 0 && !slices.Contains(s.Choices, plain(v)) {
			return "must be one of " + strings.Join(s.Choices, ", ")
		}
	case List:
		if _, is := v.([]any); !is && !isText {
			return "must be a list"
		}
	}
	return ""
}

// wantsOf is wants of an encrypted value, with its type beside the ciphertext: str, int, float or bool.
func (s Setting) wantsOf(sealed string) string {
	switch k := s.Shape(); {
	case (k == Text || k == Password) && sealed != "str":
		return "must be text, and was encrypted as " + typeNames[sealed]
	case k == Number && sealed == "bool":
		return "must be a number, and was encrypted as a boolean"
	case k == Boolean && (sealed == "int" || sealed == "float"):
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
