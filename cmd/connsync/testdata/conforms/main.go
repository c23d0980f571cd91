// Command conforms compares JSON documents with schemas for the tests of connsync: the library for it prepares itself for a hundredth of
// a second in every process with it linked, and tests start thousands. It answers each question with one JSON text: "", or what is wrong.
package main

import (
	"bytes"
	"encoding/json"
	"os"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func main() {
	questions, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var q struct {
			Schema   string // a file, with # and what is meant in it
			Document []byte
		}
		if questions.Decode(&q) != nil {
			return
		}
		said := ""
		if err := compare(q.Schema, q.Document); err != nil {
			said = err.Error()
		}
		if answers.Encode(said) != nil {
			return
		}
	}
}

var compiled = map[string]*jsonschema.Schema{}

func compare(name string, document []byte) error {
	schema := compiled[name]
	if schema == nil {
		var err error
		if schema, err = jsonschema.NewCompiler().Compile(name); err != nil {
			return err
		}
		compiled[name] = schema
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}
