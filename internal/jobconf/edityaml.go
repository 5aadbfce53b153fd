package jobconf

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The YAML library keeps nodes, their order and comments, but not blank lines and indentation. So each change is made twice: in
// the library's nodes, and in the text. The text is taken if the library reads the same in it, and otherwise what it writes itself.

// addYAML adds members at the end of a mapping.
func (e *editor) addYAML(n *node, members []pair) {
	before := slices.Clone(n.yaml.Content)
	n.yaml.Content = append(n.yaml.Content, yamlValue(members).Content...)
	if len(before) == 0 || n.yaml.Style&yaml.FlowStyle != 0 {
		n.yaml.Style = 0
		e.rewrite = true
		return
	}
	column := before[0].Column - 1
	at, newline := e.mappingEnd(before[len(before)-2].Line, column)
	indent := strings.Repeat(" ", column)
	text := newline
	for _, m := range members {
		text += yamlText(m, indent)
	}
	e.splices = append(e.splices, splice{at, at, text})
}

// mappingEnd returns where the entry that begins on a line ends, in a mapping of a column: behind the last line that is its own.
// newline is "\n" if that line has no end.
func (e *editor) mappingEnd(line, column int) (at int, newline string) {
	number, offset := 0, 0
	for l := range strings.Lines(string(e.c.data)) {
		number++
		offset += len(l)
		text := strings.TrimLeft(l, " ")
		switch {
		case number < line:
			continue
		case number == line:
		case strings.TrimSpace(text) == "":
			continue // may be within the entry, or behind it
		case strings.HasPrefix(text, "#") && len(l)-len(text) >= column: // a comment behind the entry
		case len(l)-len(text) <= column && !(len(l)-len(text) == column && strings.HasPrefix(text, "- ")):
			return at, "" // the next entry, a comment before it, or something outside
		}
		at = offset
		if !strings.HasSuffix(l, "\n") {
			newline = "\n"
		}
	}
	return at, newline
}

// yamlText is a member as block YAML.
func yamlText(m pair, indent string) string {
	name := m.name
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
		name = quoteJSON(name)
	}
	members, isMap := m.value.([]pair)
	if !isMap {
		if items, isList := m.value.([]any); isList {
			inner := ""
			for _, m := range items[0].([]pair) {
				inner += yamlText(m, indent+"    ")
			}
			return indent + name + ":\n" + indent + "  - " + strings.TrimPrefix(inner, indent+"    ")
		}
		return indent + name + ": " + quoteJSON(m.value.(string)) + "\n"
	}
	text := indent + name + ":\n"
	for _, inner := range members {
		text += yamlText(inner, indent+"  ")
	}
	return text
}

// replaceYAML writes another text in the place of a scalar.
func (e *editor) replaceYAML(n *node, value string) {
	y := n.yaml
	start, end, found := e.scalar(y)
	y.Value, y.Tag, y.Style = value, "!!str", yaml.DoubleQuotedStyle
	if !found {
		e.rewrite = true
		return
	}
	e.splices = append(e.splices, splice{start, end, quoteJSON(value)})
}

// scalar returns the bytes of a scalar that is written on one line.
func (e *editor) scalar(y *yaml.Node) (start, end int, found bool) {
	for range y.Line - 1 {
		next := bytes.IndexByte(e.c.data[start:], '\n')
		if next < 0 {
			return 0, 0, false
		}
		start += next + 1
	}
	for range y.Column - 1 { // columns are characters
		_, size := utf8.DecodeRune(e.c.data[start:])
		start += size
	}
	rest := e.c.data[start:]
	switch {
	case y.Style&yaml.DoubleQuotedStyle != 0 && len(rest) > 0 && rest[0] == '"':
		end = stringEnd(rest, 0)
	case y.Style&yaml.SingleQuotedStyle != 0 && len(rest) > 0 && rest[0] == '\'':
		for end = 1; end < len(rest) && (rest[end] != '\'' || bytes.HasPrefix(rest[end:], []byte("''"))); end++ {
			if rest[end] == '\'' {
				end++
			}
		}
		end++
	case y.Style == 0 && bytes.HasPrefix(rest, []byte(y.Value)):
		end = len(y.Value)
	default:
		return 0, 0, false
	}
	return start, start + end, end <= len(rest)
}

// yamlBytes returns the edited text, or what the library writes if that is not the same.
func (e *editor) yamlBytes() ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	var want []*node
	for _, document := range e.c.documents {
		if err := encoder.Encode(document.yaml); err != nil {
			return nil, err
		}
	}
	if err := encoder.Close(); err != nil {
		return nil, err
	}
	want, err := parseYAML(b.Bytes())
	if err != nil {
		return nil, err
	}
	if !e.rewrite {
		text := apply(e.c.data, e.splices)
		if got, err := parseYAML(text); err == nil && slices.EqualFunc(got, want, same) {
			return text, nil
		}
	}
	for _, document := range e.c.documents { // what the library writes has to be what its nodes say
		c := yamlConverter{left: maxNodes}
		again := c.node(document.yaml, "$", 0)
		if len(want) == 0 || !same(again, want[0]) {
			return nil, errors.New(e.c.File + ": cannot be written without a change elsewhere in it")
		}
		want = want[1:]
	}
	return b.Bytes(), nil
}

// same reports whether two values are equal, in the same order.
func same(a, b *node) bool {
	if a.kind != b.kind || a.text != b.text || a.yaml != nil && b.yaml != nil && a.kind == scalar && a.yaml.ShortTag() != b.yaml.ShortTag() {
		return false
	}
	return slices.EqualFunc(a.members, b.members, func(x, y member) bool { return x.name == y.name && same(x.value, y.value) }) &&
		slices.EqualFunc(a.items, b.items, same)
}
