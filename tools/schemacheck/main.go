// Schemacheck checks YAML files by a JSON schema, as an editor does, and prints what is wrong with each. It exits with 1 if
// anything is.
//
//	schemacheck SCHEMA FILE...
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: schemacheck SCHEMA FILE...")
		os.Exit(2)
	}
	code, err := check(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemacheck:", err)
		code = 2
	}
	os.Exit(code)
}

func check(schemaFile string, files []string) (code int, err error) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		data, err := yaml.YAMLToJSON(text)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		if err := schema.Validate(value); err != nil {
			fmt.Printf("%s: %v\n", file, err)
			code = 1
		}
	}
	return code, nil
}
