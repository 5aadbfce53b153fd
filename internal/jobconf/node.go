package jobconf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A node is a value of JSON, YAML or HCL, with its place in the file.
type node struct {
	kind    kind
	text    string // of a scalar, as it is read
	members []member
	items   []*node

	path       string // $.spec.sparkConf
	line       int    // from 1
	start, end int    // bytes of the value, in JSON only
	yaml       *yaml.Node
	document   *yaml.Node // with the comments of a whole document, on its root only
	shared     bool       // an alias or merge key of YAML brought it here, or has it elsewhere
}

type kind int

const (
	scalar kind = iota
	object
	list
	dynamic // known only when something else has replaced it
)

type member struct {
	name  string
	value *node
}

// newMember makes a member. What Step Functions replaces, NAME.$, is known only then.
func newMember(name string, value *node) member {
	if strings.HasSuffix(name, ".$") && value.kind == scalar {
		value.kind = dynamic
	}
	return member{name, value}
}

// find returns the value of a name, or nil. Of two it returns the last one, as readers of JSON do.
func (n *node) find(name string) *node {
	if n == nil {
		return nil
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].name == name {
			return n.members[i].value
		}
	}
	return nil
}

// like returns the value of a name that is written in camelCase, PascalCase or snake_case.
func (n *node) like(name string) *node {
	if n == nil {
		return nil
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if plainName(n.members[i].name) == plainName(name) {
			return n.members[i].value
		}
	}
	return nil
}

// plainName is a name without what the forms of JSON differ in: EntryPoint, entryPoint, entry_point and EntryPoint.$ are one.
func plainName(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(name, ".$"), "_", ""))
}

// text of a scalar, or "".
func (n *node) string() string {
	if n == nil || n.kind != scalar {
		return ""
	}
	return n.text
}

// below is the path of a member.
func below(path, name string) string {
	if strings.ContainsAny(name, ". []'") {
		return path + "['" + name + "']"
	}
	return path + "." + name
}

// parseJSON reads one value of JSON.
func parseJSON(data []byte) (*node, error) {
	var whole any
	if err := json.Unmarshal(data, &whole); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("line %d: it is not JSON: %w", 1+bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n")), err)
		}
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	p := jsonParser{data: data, Decoder: d}
	for i, b := range data {
		if b == '\n' {
			p.ends = append(p.ends, i)
		}
	}
	return p.value("$")
}

type jsonParser struct {
	data []byte
	ends []int // of lines
	*json.Decoder
}

func (p jsonParser) line(offset int) int {
	i, _ := slices.BinarySearch(p.ends, offset)
	return i + 1
}

func (p jsonParser) value(path string) (*node, error) {
	start := int(p.InputOffset())
	for start < len(p.data) && bytes.IndexByte([]byte(" \t\r\n:,"), p.data[start]) >= 0 {
		start++
	}
	token, err := p.Token()
	if err != nil {
		return nil, err
	}
	n := &node{path: path, start: start, line: p.line(start)}
	switch token {
	case json.Delim('{'):
		n.kind = object
		for p.More() {
			name, err := p.Token()
			if err != nil {
				return nil, err
			}
			value, err := p.value(below(path, name.(string)))
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, newMember(name.(string), value))
		}
		_, err = p.Token()
	case json.Delim('['):
		n.kind = list
		for p.More() {
			item, err := p.value(fmt.Sprintf("%s[%d]", path, len(n.items)))
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		_, err = p.Token()
	case nil:
		n.text = ""
	default:
		n.text = fmt.Sprint(token)
	}
	n.end = int(p.InputOffset())
	return n, err
}

// parseYAML reads the documents of a YAML file.
func parseYAML(data []byte) ([]*node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var documents []*node
	for {
		var document yaml.Node
		switch err := d.Decode(&document); {
		case err != nil && err.Error() == "EOF":
			return documents, nil
		case err != nil:
			return nil, fmt.Errorf("it is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		}
		c := yamlConverter{left: maxNodes, aliased: map[*yaml.Node]bool{}}
		n := c.node(&document, "$", 0)
		n.document = &document
		c.share(n, false)
		switch {
		case c.left <= 0:
			return nil, fmt.Errorf("with its aliases expanded it has more than %d values, or more than %d levels", maxNodes, maxDepth)
		case c.template > 0:
			return nil, fmt.Errorf("line %d: it is a template, and this reads what becomes of it: helm template, for example", c.template)
		}
		documents = append(documents, n)
	}
}

// maxNodes and maxDepth bound what aliases of YAML can expand to. A job has a few hundred nodes.
const (
	maxNodes = 100_000
	maxDepth = 200
)

type yamlConverter struct {
	left, shared, template int
	aliased                map[*yaml.Node]bool
}

// share marks what stands in more than one place.
func (c *yamlConverter) share(n *node, shared bool) {
	n.shared = n.shared || shared || c.aliased[n.yaml]
	for _, m := range n.members {
		c.share(m.value, n.shared)
	}
	for _, item := range n.items {
		c.share(item, n.shared)
	}
}

func (c *yamlConverter) node(y *yaml.Node, path string, depth int) *node {
	c.left--
	n := &node{path: path, line: y.Line, yaml: y, shared: c.shared > 0}
	if depth > maxDepth {
		c.left = 0
	}
	if c.left <= 0 {
		return n
	}
	switch y.Kind {
	case yaml.DocumentNode:
		return c.node(y.Content[0], path, depth+1)
	case yaml.AliasNode:
		c.aliased[y.Alias] = true
		c.shared++
		aliased := c.node(y.Alias, path, depth+1)
		c.shared--
		return aliased
	case yaml.MappingNode:
		n.kind = object
		for i := 0; i+1 < len(y.Content); i += 2 {
			name, value := y.Content[i], y.Content[i+1]
			if name.Kind != yaml.ScalarNode && name.Kind != yaml.AliasNode { // {{ … }} is a map as a key
				c.template = name.Line
				continue
			}
			if name.Tag == "!!merge" {
				c.merge(n, value, depth)
				continue
			}
			n.members = append(n.members, newMember(name.Value, c.node(value, below(path, name.Value), depth+1)))
		}
	case yaml.SequenceNode:
		n.kind = list
		for i, item := range y.Content {
			n.items = append(n.items, c.node(item, fmt.Sprintf("%s[%d]", path, i), depth+1))
		}
	default:
		if y.Tag != "!!null" {
			n.text = y.Value
		}
	}
	return n
}

// merge puts the members of a merge key before the own ones, which come before them.
func (c *yamlConverter) merge(n *node, from *yaml.Node, depth int) {
	merged := c.node(from, n.path, depth+1)
	for _, item := range append([]*node{merged}, merged.items...) {
		n.members = append(item.members[:len(item.members):len(item.members)], n.members...)
	}
}
