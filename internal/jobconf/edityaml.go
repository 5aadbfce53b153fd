package jobconf

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The YAML library keeps nodes, their order and comments, but not blank lines and indentation. So each change is made twice: in
// the library's nodes, and in the text. The text is taken if the library reads the same in it, and otherwise what it writes itself.

// addYAML adds members at the end of a mapping.
func (e *editor) addYAML(n *node, members []pair) {
	y, before := n.yaml, n.yaml.Content
	y.Content = append(slices.Clone(before), yamlValue(members).Content...)
	block := func(indent string) string { return yamlBlock(members, indent) }
	if len(before) == 0 || y.Style&yaml.FlowStyle != 0 {
		e.addFlow(y, len(before) == 0, yamlFlow(members), block)
		return
	}
	column := before[0].Column - 1
	at, newline := e.entryEnd(before[len(before)-2].Line, column)
	e.insert(at, newline+block(strings.Repeat(" ", column)))
}

// addItemYAML adds an object at the end of a list.
func (e *editor) addItemYAML(n *node, members []pair) {
	y, before := n.yaml, n.yaml.Content
	y.Content = append(slices.Clone(before), yamlValue(members))
	block := func(indent, gap string) string {
		inner := indent + " " + gap
		return indent + "-" + gap + strings.TrimPrefix(yamlBlock(members, inner), inner)
	}
	if len(before) == 0 || y.Style&yaml.FlowStyle != 0 {
		e.addFlow(y, len(before) == 0, "{"+yamlFlow(members)+"}", func(indent string) string { return block(indent, " ") })
		return
	}
	last := before[len(before)-1]
	start := e.offset(last)
	prefix := string(e.c.data[bytes.LastIndexByte(e.c.data[:start], '\n')+1 : start])
	column := strings.LastIndexByte(prefix, '-')
	if column < 0 || strings.Trim(prefix, " -") != "" {
		e.rewrite = true
		return
	}
	at, newline := e.entryEnd(last.Line, column)
	e.insert(at, newline+block(strings.Repeat(" ", column), prefix[column+1:]))
}

// addFlow adds to a mapping or list in braces or brackets: text before the closing one. If it is empty, and the value of a key in a
// block, it becomes a block, indented deeper than the key.
func (e *editor) addFlow(y *yaml.Node, empty bool, text string, block func(indent string) string) {
	if empty {
		y.Style = 0
	}
	start := e.offset(y)
	end, found := flowEnd(e.c.data, start)
	if !found {
		e.rewrite = true
		return
	}
	inner := strings.TrimRight(string(e.c.data[start+1:end]), " \t\r\n")
	prefix, suffix := lineAround(e.c.data, start, end+1)
	key, isKey := strings.CutSuffix(strings.TrimRight(prefix, " "), ":")
	isKey = isKey && inner == "" && !strings.ContainsAny(key, "{[")
	if suffix = strings.TrimLeft(suffix, " \t\r"); empty && isKey && (suffix == "" || suffix[0] == '#') {
		line := end + 1 + bytes.IndexByte(append(e.c.data[end+1:len(e.c.data):len(e.c.data)], '\n'), '\n')
		newline := ""
		if line == len(e.c.data) {
			newline = "\n"
		}
		e.splices = append(e.splices, splice{start - 1, end + 1, ""})
		e.insert(min(line+1, len(e.c.data)), newline+block(strings.Repeat(" ", indentOfKey(prefix))+indentation(e.c.data, "  ")))
		return
	}
	at := start + 1 + len(inner)
	if strings.Contains(" "+inner[strings.LastIndexByte(inner, '\n')+1:], " #") { // perhaps a comment, behind which nothing can stand
		at = end
	}
	switch {
	case empty:
		e.splices = append(e.splices, splice{at, end, text}) // instead of the blanks
	case strings.HasSuffix(inner, ","):
		e.insert(at, " "+text)
	default:
		e.insert(at, ", "+text)
	}
}

// insert puts text at a place, behind what goes there already. A last line without an end gets one once.
func (e *editor) insert(at int, text string) {
	if slices.ContainsFunc(e.splices, func(s splice) bool { return s.start == at && strings.HasSuffix(s.text, "\n") }) {
		text = strings.TrimPrefix(text, "\n")
	}
	e.splices = append(e.splices, splice{at, at, text})
}

// replaceYAML writes another text in the place of a scalar.
func (e *editor) replaceYAML(n *node, value string) {
	y := n.yaml
	start, end, rest, found := e.scalar(y)
	y.Value, y.Tag, y.Style = value, "!!str", yaml.DoubleQuotedStyle
	if !found {
		e.rewrite = true
		return
	}
	e.splices = append(e.splices, splice{start, end, quoteJSON(value) + rest})
}

// yamlBytes returns the edited text, or what the library writes if that is not the same.
func (e *editor) yamlBytes() ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	for _, document := range e.c.documents {
		if err := encoder.Encode(document.document); err != nil {
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
	if comment := lostComment(e.c.data, b.Bytes()); comment != "" {
		return nil, refuse(e.c.File, "the place of the change cannot be edited, and written anew the file would lose the comment "+quoteJSON(comment), "write the map or list in which the change goes in block style, without a tag")
	}
	for _, document := range e.c.documents { // what the library writes has to be what its nodes say
		c := yamlConverter{left: maxNodes, aliased: map[*yaml.Node]bool{}}
		again := c.node(document.document, "$", 0)
		if len(want) == 0 || !same(again, want[0]) {
			return nil, errors.New(e.c.File + ": cannot be written without a change elsewhere in it")
		}
		want = want[1:]
	}
	return b.Bytes(), nil
}

// lostComment returns a comment, or what looks like one, that is in a YAML file before and not after; "" if there is none. The library
// does not know all of them.
func lostComment(before, after []byte) string {
	for line := range strings.Lines(string(before)) {
		i := strings.IndexByte(line, '#')
		if i > 0 && strings.TrimLeft(line[:i], " \t") != "" {
			i = strings.Index(line, " #")
		}
		if i >= 0 && !bytes.Contains(after, []byte(strings.TrimSpace(line[i:]))) {
			return strings.TrimSpace(line[i:])
		}
	}
	return ""
}

// same reports whether two values are equal, in the same order.
func same(a, b *node) bool {
	if a.kind != b.kind || a.text != b.text || a.yaml != nil && b.yaml != nil && a.kind == scalar && a.yaml.ShortTag() != b.yaml.ShortTag() {
		return false
	}
	return slices.EqualFunc(a.members, b.members, func(x, y member) bool { return x.name == y.name && same(x.value, y.value) }) &&
		slices.EqualFunc(a.items, b.items, same)
}
