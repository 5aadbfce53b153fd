// Hclcheck reads a Terraform module with HashiCorp's parser, and evaluates what needs no provider: locals, and the
// attributes of resources and outputs. It prints them as JSON, for tests.
//
//	hclcheck DIRECTORY <VALUES
//
// VALUES is JSON with "var", the variables that are set, and for each other root ("data", "aws_iam_role") what a provider would
// have known of it. It is in the module of the tools because the parser brings its own modules.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "hclcheck:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: hclcheck DIRECTORY <VALUES")
	}
	blocks, err := parse(args[0])
	if err != nil {
		return err
	}
	scope, err := scopeOf(args[0], stdin)
	if err != nil {
		return err
	}
	if err := defaults(scope, blocks); err != nil {
		return err
	}
	if err := locals(scope, blocks); err != nil {
		return err
	}
	found := map[string]map[string]json.RawMessage{}
	for _, b := range blocks {
		if b.Type != "resource" && b.Type != "output" && b.Type != "data" {
			continue
		}
		name := b.Type + "." + strings.Join(b.Labels, ".")
		found[name] = map[string]json.RawMessage{}
		within := scope.NewChild()
		if b.Body.Attributes["for_each"] != nil {
			within.Variables = map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"value": cty.StringVal("EACH"), "key": cty.StringVal("EACH")})}
		}
		for key, attr := range b.Body.Attributes {
			if key == "depends_on" || key == "provider" { // references, not values
				continue
			}
			value, diags := attr.Expr.Value(within)
			if diags.HasErrors() {
				return fmt.Errorf("%s.%s: %w", name, key, diags)
			}
			text, err := ctyjson.Marshal(value, value.Type())
			if err != nil {
				return fmt.Errorf("%s.%s: %w", name, key, err)
			}
			found[name][key] = text
		}
	}
	return json.NewEncoder(stdout).Encode(found)
}

// parse returns the blocks of all files of the module.
func parse(dir string) ([]*hclsyntax.Block, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s has no .tf files", dir)
	}
	if err != nil {
		return nil, err
	}
	var blocks []*hclsyntax.Block
	parser := hclparse.NewParser()
	for _, name := range names {
		file, diags := parser.ParseHCLFile(name)
		if diags.HasErrors() {
			return nil, diags
		}
		blocks = append(blocks, file.Body.(*hclsyntax.Body).Blocks...)
	}
	return blocks, nil
}

// scopeOf has the values that were given, and the functions.
func scopeOf(dir string, values io.Reader) (*hcl.EvalContext, error) {
	var given map[string]json.RawMessage
	if err := json.NewDecoder(values).Decode(&given); err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	scope := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: functions()}
	for name, text := range given {
		t, err := ctyjson.ImpliedType(text)
		if err != nil {
			return nil, fmt.Errorf("values: %s: %w", name, err)
		}
		if scope.Variables[name], err = ctyjson.Unmarshal(text, t); err != nil {
			return nil, fmt.Errorf("values: %s: %w", name, err)
		}
	}
	scope.Variables["path"] = cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(dir)})
	return scope, nil
}

// defaults gives the variables that were not set their defaults. It is an error to set no value where there is no default, or a
// variable that the module does not have.
func defaults(scope *hcl.EvalContext, blocks []*hclsyntax.Block) error {
	set := map[string]cty.Value{}
	if v, there := scope.Variables["var"]; there && v.LengthInt() > 0 {
		set = v.AsValueMap()
	}
	known := map[string]bool{}
	for _, b := range blocks {
		if b.Type != "variable" {
			continue
		}
		name := b.Labels[0]
		known[name] = true
		if _, there := set[name]; there {
			continue
		}
		attr := b.Body.Attributes["default"]
		if attr == nil {
			return fmt.Errorf("variable %s is not set", name)
		}
		value, diags := attr.Expr.Value(nil)
		if diags.HasErrors() {
			return diags
		}
		set[name] = value
	}
	for name := range set {
		if !known[name] {
			return fmt.Errorf("there is no variable %s", name)
		}
	}
	scope.Variables["var"] = cty.ObjectVal(set)
	return nil
}

// locals evaluates all locals, each when those that it refers to are there.
func locals(scope *hcl.EvalContext, blocks []*hclsyntax.Block) error {
	left := map[string]hclsyntax.Expression{}
	for _, b := range blocks {
		if b.Type == "locals" {
			for name, attr := range b.Body.Attributes {
				left[name] = attr.Expr
			}
		}
	}
	done := map[string]cty.Value{}
	scope.Variables["local"] = cty.EmptyObjectVal
	for len(left) > 0 {
		var problems []error // all of them: one that another causes may come first
		before := len(left)
		for name, expr := range left {
			value, diags := expr.Value(scope)
			if diags.HasErrors() {
				problems = append(problems, fmt.Errorf("local %s: %w", name, diags))
				continue
			}
			done[name] = value
			delete(left, name)
		}
		scope.Variables["local"] = cty.ObjectVal(done)
		if len(left) == before {
			return errors.Join(problems...)
		}
	}
	return nil
}
