package rolemap

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// A reader goes through the nodes of a file and collects what is wrong with them.
type reader struct {
	file     string
	problems []error
	visits   int
	stopped  bool // what comes is not read any more
}

// maxVisits is how many nodes a file may have with its aliases written out. One of 1 MiB without any has fewer.
const maxVisits = 600_000

// maxProblems is how many are told of one file.
const maxProblems = 50

// fail says what is wrong at a node.
func (r *reader) fail(n *yaml.Node, hint, format string, args ...any) {
	r.failAt(n.Line, n.Column, hint, fmt.Sprintf(format, args...))
}

func (r *reader) failAt(line, column int, hint, problem string) {
	if r.stopped = r.stopped || len(r.problems) == maxProblems; r.stopped {
		return
	}
	r.problems = append(r.problems, exit.Because(exit.BadSetting, fmt.Errorf("ROLE_CHAIN_ROLE_MAP: %q, line %d, column %d: %s", r.file, line, column, problem), hint))
}

// resolve returns the node that n is or leads to. ok is false when the file is not read any more.
func (r *reader) resolve(n *yaml.Node) (at *yaml.Node, ok bool) {
	if r.visits++; r.visits == maxVisits {
		r.fatal(n, "the file is too large with all its aliases written out")
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n, !r.stopped
}

// fatal is fail for what makes the rest of the file not worth reading.
func (r *reader) fatal(n *yaml.Node, problem string) {
	r.fail(n, "write out what the aliases stand for", "%s", problem)
	r.stopped = true
}

// A field is a key that a mapping may have, and what reads its value.
type field struct {
	key  string
	read func(*yaml.Node)
}

// mapping reads a mapping that may have the given fields and no others. It returns the keys that it has.
func (r *reader) mapping(n *yaml.Node, what string, fields ...field) map[string]bool {
	var known []string
	for _, f := range fields {
		known = append(known, f.key)
	}
	return r.entries(n, what, func(key *yaml.Node, value *yaml.Node) {
		i := slices.Index(known, key.Value)
		if i >= 0 {
			fields[i].read(value)
			return
		}
		hint := "there are " + strings.Join(known, ", ")
		if meant := settings.Nearest(key.Value, known); meant != "" {
			hint = "did you mean " + meant + "? " + hint
		}
		r.fail(key, hint, "%s has no key %q", what, key.Value)
	})
}

// entries calls read for each entry of a mapping, whose keys it returns.
func (r *reader) entries(n *yaml.Node, what string, read func(key, value *yaml.Node)) map[string]bool {
	n, ok := r.resolve(n)
	if !ok {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "", "%s must be a mapping, not %s", what, kindOf(n))
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, ok := r.resolve(n.Content[i])
		switch {
		case !ok:
			return seen
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			r.fail(n.Content[i], "write the keys out; an alias can stand for a whole value", "%s has a key that is not a plain word", what)
		case seen[key.Value]:
			r.fail(n.Content[i], "", "%s has %q twice", what, key.Value)
		default:
			seen[key.Value] = true
			read(key, n.Content[i+1])
		}
	}
	return seen
}

// need says which of the keys are not there.
func (r *reader) need(n *yaml.Node, what string, has map[string]bool, keys ...string) {
	for _, key := range keys {
		if has != nil && !has[key] && !r.stopped {
			r.fail(n, "", "%s has no %s", what, key)
		}
	}
}

// text reads a scalar as it is written. It is "" after a problem.
func (r *reader) text(n *yaml.Node, what string) string {
	n, ok := r.resolve(n)
	switch {
	case !ok:
		return ""
	case n.Kind != yaml.ScalarNode || n.Tag == "!!null" || !slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}, n.Tag):
		hint := ""
		if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 { // {pod}, most likely
			hint = "put a text that begins with { in quotes"
		}
		r.fail(n, hint, "%s must be a text, not %s", what, kindOf(n))
		return ""
	case n.Value == "":
		r.fail(n, "give it a value, or leave the key out", "%s is empty", what)
	}
	return n.Value
}

// checked is text that is good for an option, or "".
func (r *reader) checked(n *yaml.Node, what, option string) string {
	value := r.text(n, what)
	if value == "" {
		return ""
	}
	if problem, hint := settings.CheckOption(option, value); problem != "" {
		r.fail(n, hint, "%s: %q %s", what, value, problem)
		return ""
	}
	return value
}

// list calls read for each item of a sequence; one scalar is a list of one.
func (r *reader) list(n *yaml.Node, what string, read func(*yaml.Node)) {
	at, ok := r.resolve(n)
	switch {
	case !ok:
	case at.Kind == yaml.ScalarNode && at.Tag != "!!null":
		read(n)
	case at.Kind != yaml.SequenceNode:
		r.fail(at, "", "%s must be a list, not %s", what, kindOf(at))
	case len(at.Content) == 0:
		r.fail(at, "leave the key out, or give it an item", "%s is an empty list", what)
	default:
		for _, item := range at.Content {
			if r.stopped {
				return
			}
			read(item)
		}
	}
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	case n.Kind == yaml.ScalarNode:
		return fmt.Sprintf("%s %q", strings.TrimLeft(n.Tag, "!"), n.Value)
	}
	return "an alias"
}
