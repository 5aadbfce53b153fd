package jobconf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/exit"
)

// A pair is a member to be written: its value is a string, []pair or []any.
type pair struct {
	name  string
	value any
}

// A splice replaces bytes of a file.
type splice struct {
	start, end int
	text       string
}

// apply returns data with the splices made, with the file's line ends. Of those at one place the first comes first.
func apply(data []byte, splices []splice) []byte {
	if bytes.Contains(data, []byte("\r\n")) {
		for i := range splices {
			splices[i].text = strings.ReplaceAll(splices[i].text, "\n", "\r\n")
		}
	}
	slices.SortStableFunc(splices, func(a, b splice) int { return a.start - b.start })
	var b bytes.Buffer
	at := 0
	for _, s := range splices {
		b.Write(data[at:s.start])
		b.WriteString(s.text)
		at = s.end
	}
	b.Write(data[at:])
	return b.Bytes()
}

// An editor collects the changes to a file of JSON or YAML.
type editor struct {
	c       *Conf
	splices []splice
	nulls   []splice // what is written in the place of nulls first
	changed bool
	rewrite bool // the layout cannot be kept: the YAML library writes the file
	err     error
}

// merge gives an object members, each in the place of what it has of that name in any form's spelling: a map gets what it lacks.
func (e *editor) merge(n *node, members []pair) {
	var missing []pair
	for _, m := range members {
		there := n.like(m.name)
		inner, isMap := m.value.([]pair)
		switch {
		case there == nil:
			missing = append(missing, m)
		case isMap && there.kind == object:
			e.merge(there, inner)
		case isMap:
			e.add(there, inner...)
		default:
			e.replace(there, m.value.(string))
		}
	}
	if len(missing) > 0 { // behind what has gone into its own, where both are at one place
		e.add(n, missing...)
	}
}

func (e *editor) refuse(n *node, problem, hint string) {
	if e.err == nil {
		e.err = exit.Because(exit.Conflict, fmt.Errorf("%s: %s", e.c.where(n.place()), problem), hint)
	}
}

const aliased = "this is an alias, or has one, and a change would be in other places as well"

// add adds members at the end of an object.
func (e *editor) add(n *node, members ...pair) {
	switch {
	case !e.takes(n, object, "map", "{}"):
	case n.yaml != nil:
		e.addYAML(n, members)
	default:
		e.splices = append(e.splices, jsonMembers(e.c.data, n, members))
	}
}

// addItem adds an object at the end of a list.
func (e *editor) addItem(n *node, members []pair) {
	switch {
	case !e.takes(n, list, "list", "[]"):
	case n.yaml != nil:
		e.addItemYAML(n, members)
	default:
		e.splices = append(e.splices, jsonItem(e.c.data, n, members))
	}
}

// takes reports whether n, of a kind with that name, can be added to now. empty is how one without anything is written.
func (e *editor) takes(n *node, of kind, word, empty string) bool {
	switch {
	case e.fill(n, empty):
	case n.kind != of:
		e.refuse(n, "this is not a "+word+", and cannot be added to", "take it out, or make it a "+word)
	case n.shared:
		e.refuse(n, aliased, "write it out in this place")
	default:
		e.changed = true
		return true
	}
	return false
}

// replace writes another text.
func (e *editor) replace(n *node, value string) {
	switch {
	case e.fill(n, `""`):
	case n.shared:
		e.refuse(n, aliased, "write it out in this place")
	case n.kind != scalar:
		e.refuse(n, "this cannot be edited in its place", "write it out as a text")
	case n.yaml != nil:
		e.changed = true
		e.replaceYAML(n, value)
	case n.end == 0:
		e.refuse(n, "this stands in a text within the file, and cannot be edited there", "write it into spark-defaults, as "+value)
	default:
		e.changed = true
		e.splices = append(e.splices, splice{n.start, n.end, quoteJSON(value)})
	}
}

// bytes returns the file.
func (e *editor) bytes() ([]byte, error) {
	if !e.changed {
		return e.c.data, nil
	}
	if e.c.documents[0].yaml == nil {
		return apply(e.c.data, e.splices), nil
	}
	return e.yamlBytes()
}

func quoteJSON(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(err) // a string cannot fail
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// A layout is how a file of JSON is written.
type layout struct {
	lines       bool // each member on a line of its own
	indent, per string
	colon       string
}

// jsonMembers writes members behind the last one of an object, laid out as the first one.
func jsonMembers(data []byte, n *node, members []pair) splice {
	l := layout{lines: bytes.IndexByte(data, '\n') >= 0 && strings.TrimSpace(string(data)) != "", per: "  ", colon: ": "}
	l.per = indentation(data, l.per)
	if len(n.members) == 0 {
		own := lineIndent(data, n.start)
		l.indent = own + l.per
		text := l.members(members)
		if l.lines {
			return splice{n.start + 1, n.end - 1, "\n" + l.indent + text + "\n" + own}
		}
		return splice{n.start + 1, n.end - 1, text}
	}
	key := skipBlanks(data, n.start+1)
	between := string(data[n.start+1 : key])
	l.lines = strings.Contains(between, "\n")
	l.indent = between[strings.LastIndexByte(between, '\n')+1:]
	l.colon = string(data[stringEnd(data, key):n.members[0].value.start])
	last := n.members[len(n.members)-1].value.end
	if l.lines {
		return splice{last, last, ",\n" + l.indent + l.members(members)}
	}
	return splice{last, last, ", " + l.members(members)}
}

// jsonItem writes an object behind the last item of a list.
func jsonItem(data []byte, n *node, members []pair) splice {
	l := layout{lines: bytes.IndexByte(data, '\n') >= 0, per: indentation(data, "  "), colon: ": "}
	own := lineIndent(data, n.start)
	l.indent = own + l.per
	if len(n.items) == 0 {
		if l.lines {
			return splice{n.start + 1, n.end - 1, "\n" + l.indent + l.value(members) + "\n" + own}
		}
		return splice{n.start + 1, n.end - 1, l.value(members)}
	}
	first, last := n.items[0], n.items[len(n.items)-1].end
	between := string(data[n.start+1 : first.start])
	if !strings.Contains(between, "\n") {
		l.indent = lineIndent(data, first.start)
		return splice{last, last, ", " + l.value(members)}
	}
	l.indent = between[strings.LastIndexByte(between, '\n')+1:]
	return splice{last, last, ",\n" + l.indent + l.value(members)}
}

// members are those of an object, each with the layout's indent but for the first.
func (l layout) members(members []pair) string {
	var all []string
	for _, m := range members {
		all = append(all, quoteJSON(m.name)+l.colon+l.value(m.value))
	}
	if l.lines {
		return strings.Join(all, ",\n"+l.indent)
	}
	return strings.Join(all, ", ")
}

func (l layout) value(value any) string {
	inner := l
	inner.indent += l.per
	open, text, end := "{", "", "}"
	switch v := value.(type) {
	case string:
		return quoteJSON(v)
	case []pair:
		text = inner.members(v)
	case []any:
		open, text, end = "[", inner.value(v[0]), "]" // of one item: more are not written
	}
	if l.lines {
		return open + "\n" + inner.indent + text + "\n" + l.indent + end
	}
	return open + text + end
}

// indentation is that of the first line that has one.
func indentation(data []byte, otherwise string) string {
	for l := range strings.Lines(string(data)) {
		if rest := strings.TrimLeft(l, " \t"); rest != l && strings.TrimSpace(rest) != "" {
			return l[:len(l)-len(rest)]
		}
	}
	return otherwise
}

func lineIndent(data []byte, at int) string {
	begin := bytes.LastIndexByte(data[:at], '\n') + 1
	return string(data[begin:skipBlanks(data, begin)])
}

func skipBlanks(data []byte, at int) int {
	for at < len(data) && bytes.IndexByte([]byte(" \t\r\n"), data[at]) >= 0 {
		at++
	}
	return at
}

// stringEnd returns the end of the text in quotes that begins at a place.
func stringEnd(data []byte, at int) int {
	for at++; at < len(data) && data[at] != '"'; at++ {
		if data[at] == '\\' {
			at++
		}
	}
	return at + 1
}
