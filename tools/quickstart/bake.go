package main

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// bake returns the tags of a target of a bake file, with the variables that the environment overrides. It knows as much of
// the format as the project's bake file uses: variables, targets, and a matrix of lists with a name.
func bake(file, wanted string, lookup func(string) (string, bool)) (tags []string, err error) {
	parsed, diags := hclparse.NewParser().ParseHCLFile(file)
	if diags.HasErrors() {
		return nil, diags
	}
	scope := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: map[string]function.Function{"replace": stdlib.ReplaceFunc}}
	blocks := parsed.Body.(*hclsyntax.Body).Blocks
	for _, b := range blocks {
		if b.Type != "variable" {
			continue
		}
		value, diags := b.Body.Attributes["default"].Expr.Value(nil)
		if diags.HasErrors() {
			return nil, diags
		}
		if text, set := lookup(b.Labels[0]); set && value.Type() == cty.String {
			value = cty.StringVal(text)
		}
		scope.Variables[b.Labels[0]] = value
	}
	for _, b := range blocks {
		if b.Type != "target" || b.Body.Attributes["tags"] == nil {
			continue
		}
		cells, err := matrix(b, scope)
		if err != nil {
			return nil, err
		}
		for _, cell := range cells {
			name := b.Labels[0]
			if attr := b.Body.Attributes["name"]; attr != nil {
				value, diags := attr.Expr.Value(cell)
				if diags.HasErrors() {
					return nil, diags
				}
				name = value.AsString()
			}
			if name != wanted {
				continue
			}
			list, diags := b.Body.Attributes["tags"].Expr.Value(cell)
			if diags.HasErrors() {
				return nil, diags
			}
			for _, tag := range list.AsValueSlice() {
				tags = append(tags, tag.AsString())
			}
			return tags, nil
		}
	}
	return nil, fmt.Errorf("%s has no target %s", file, wanted)
}

// matrix is a scope for each combination of a target's matrix, or the one of all where it has none.
func matrix(b *hclsyntax.Block, scope *hcl.EvalContext) ([]*hcl.EvalContext, error) {
	cells := []*hcl.EvalContext{scope}
	attr := b.Body.Attributes["matrix"]
	if attr == nil {
		return cells, nil
	}
	lists, diags := attr.Expr.Value(scope)
	if diags.HasErrors() {
		return nil, diags
	}
	for key, values := range lists.AsValueMap() {
		var more []*hcl.EvalContext
		for _, cell := range cells {
			for _, value := range values.AsValueSlice() {
				within := cell.NewChild()
				within.Variables = map[string]cty.Value{key: value}
				more = append(more, within)
			}
		}
		cells = more
	}
	return cells, nil
}
