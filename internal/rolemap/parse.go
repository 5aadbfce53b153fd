package rolemap

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"rolechain/internal/settings"
)

// Parse reads the role map in data, of a file whose name the problems quote.
func Parse(file string, data []byte) (Map, error) {
	r := &reader{file: file}
	m := Map{file: file, roles: map[string]settings.Granted{}}
	if top := r.document(data); top != nil {
		var rules []*yaml.Node
		has := r.mapping(top, "the role map",
			field{"roles", func(n *yaml.Node) {
				r.entries(n, "roles", func(name, value *yaml.Node) {
					if r.checked(name, "roles", "name") != "" {
						m.roles[name.Value] = r.role(name, value)
					}
				})
			}},
			field{"grants", func(n *yaml.Node) { r.list(n, "grants", func(item *yaml.Node) { rules = append(rules, item) }) }})
		r.need(top, "the role map", has, "roles", "grants")
		for _, n := range rules {
			m.rules = append(m.rules, r.rule(n, m.roles))
		}
	}
	return m, errors.Join(r.problems...)
}

// document returns the mapping that the file is, or nil after a problem.
func (r *reader) document(data []byte) *yaml.Node {
	var document, next yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	err := d.Decode(&document)
	if err == nil {
		if err = d.Decode(&next); err == nil {
			r.fail(&next, "one file is one role map", "has a second document")
			return nil
		}
	}
	switch {
	case err != nil && err != io.EOF:
		line, column := position(data, err)
		r.failAt(line, column, "the file must be YAML, in which a text that begins with {, * or & has to be in quotes", withoutLine(err))
	case len(document.Content) == 0 || document.Content[0].Tag == "!!null":
		r.failAt(1, 1, "", "is empty: it allows nobody anything")
	default:
		return document.Content[0]
	}
	return nil
}

// position finds where the library stops with err: behind the shortest text at the beginning of data with which it does. It tells
// the line itself, but no column, and the line not always.
func position(data []byte, err error) (line, column int) {
	stops := func(n int) bool {
		d := yaml.NewDecoder(bytes.NewReader(data[:n]))
		for {
			var document yaml.Node
			if again := d.Decode(&document); again != nil {
				return again.Error() == err.Error()
			}
		}
	}
	low, high := 0, len(data) // stops(high), as it did
	for low < high {
		if middle := (low + high) / 2; stops(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	before := data[:max(high-1, 0)]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
}

// withoutLine is the library's message without its name and line.
func withoutLine(err error) string {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, found := strings.CutPrefix(message, "line "); found {
		if _, message, found = strings.Cut(rest, ": "); !found {
			message = rest
		}
	}
	return message
}

// rule reads one item of grants.
func (r *reader) rule(n *yaml.Node, roles map[string]settings.Granted) rule {
	rule := rule{accounts: []string{"*"}}
	known := make([]string, 0, len(roles))
	for name := range roles {
		known = append(known, name)
	}
	slices.Sort(known)
	role := func(n *yaml.Node, what string) string {
		name := r.text(n, what)
		if name == "" || slices.Contains(known, name) {
			return name
		}
		hint := "there are " + strings.Join(known, ", ")
		if meant := settings.Nearest(name, known); meant != "" {
			hint = "did you mean " + meant + "? " + hint
		}
		r.fail(n, hint, "%s: there is no role %q", what, name)
		return ""
	}
	globs := func(into *[]string) func(*yaml.Node) {
		return func(n *yaml.Node) {
			*into = nil
			r.list(n, "a grant", func(n *yaml.Node) { *into = append(*into, r.glob(n)) })
		}
	}
	var fallback *yaml.Node
	has := r.mapping(n, "a grant",
		field{"namespaces", globs(&rule.namespaces)},
		field{"service_accounts", globs(&rule.accounts)},
		field{"roles", func(n *yaml.Node) {
			r.list(n, "roles", func(n *yaml.Node) { rule.roles = append(rule.roles, role(n, "roles")) })
		}},
		field{"default", func(n *yaml.Node) { fallback, rule.fallback = n, role(n, "default") }})
	r.need(n, "a grant", has, "namespaces", "roles")
	if rule.fallback != "" && has["roles"] && !slices.Contains(rule.roles, rule.fallback) {
		r.fail(fallback, "add it to them", "default: %q is not among the roles of the grant", rule.fallback)
	}
	return rule
}

// glob reads a pattern of names as Kubernetes has them.
func (r *reader) glob(n *yaml.Node) string {
	glob := r.text(n, "a pattern")
	if strings.Trim(glob, "abcdefghijklmnopqrstuvwxyz0123456789-.*?") != "" {
		r.fail(n, "lower case letters, digits, - and ., with * for any number of characters and ? for one", "%q is no pattern of names in Kubernetes", glob)
	}
	return glob
}
