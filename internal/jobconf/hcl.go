package jobconf

import (
	"fmt"
	"strings"
)

// readHCL reads Terraform's resources, as far as they are texts, lists and maps. What an expression becomes is not known, and
// where a job would have it, it is said.
func (c *Conf) readHCL() error {
	p := hclParser{text: string(c.data), line: 1}
	n, err := p.body("$", false)
	if err != nil {
		return fmt.Errorf("line %d: it is not Terraform: %w", p.line, err)
	}
	c.readEMR(n)
	c.overlooked(n, true)
	c.Form, c.job, c.editable = "Terraform", nil, false // it is not edited here
	return nil
}

type hclParser struct {
	text     string
	at, line int
}

// space skips blanks and comments, and line ends if lines is true.
func (p *hclParser) space(lines bool) {
	for p.at < len(p.text) {
		rest := p.text[p.at:]
		switch {
		case rest[0] == '\n' && lines:
			p.line++
			p.at++
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r' || rest[0] == ',' && lines:
			p.at++
		case rest[0] == '#' || strings.HasPrefix(rest, "//"):
			p.until("\n")
		case strings.HasPrefix(rest, "/*"):
			p.until("*/")
			p.at = min(p.at+2, len(p.text))
		default:
			return
		}
	}
}

// until goes on to the next end, or to the end of the text.
func (p *hclParser) until(end string) string {
	rest := p.text[p.at:]
	i := strings.Index(rest, end)
	if i < 0 {
		i = len(rest)
	}
	p.line += strings.Count(rest[:i], "\n")
	p.at += i
	return rest[:i]
}

func (p *hclParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *hclParser) name() string {
	start := p.at
	for p.at < len(p.text) && (isWordByte(p.text[p.at]) || p.text[p.at] == '-' || p.text[p.at] == '.') {
		p.at++
	}
	return p.text[start:p.at]
}

func isWordByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// body reads attributes and blocks, up to a closing brace if inner is true. A map is read in the same way.
func (p *hclParser) body(path string, inner bool) (*node, error) {
	n := &node{kind: object, path: path, line: p.line}
	for {
		p.space(true)
		switch {
		case p.peek() == 0 && !inner:
			return n, nil
		case p.peek() == 0:
			return nil, fmt.Errorf("a brace is not closed")
		case p.peek() == '}' && inner:
			p.at++
			return n, nil
		}
		name, err := p.key()
		if err != nil {
			return nil, err
		}
		p.space(false)
		for p.peek() == '"' { // labels of a block
			label, err := p.quoted(path)
			if err != nil {
				return nil, err
			}
			name += "." + label.text
			p.space(false)
		}
		var value *node
		switch p.peek() {
		case '{':
			p.at++
			value, err = p.body(below(path, name), true)
		case '=', ':':
			p.at++
			p.space(false)
			value, err = p.expression(below(path, name))
		default:
			return nil, fmt.Errorf("%q is followed by neither = nor {", name)
		}
		if err != nil {
			return nil, err
		}
		n.members = append(n.members, member{name, value})
	}
}

func (p *hclParser) key() (string, error) {
	switch p.peek() {
	case '"':
		n, err := p.quoted("")
		if err != nil {
			return "", err
		}
		return n.text, nil
	case '(':
		p.at++
		name := p.until(")")
		p.at = min(p.at+1, len(p.text))
		return name, nil
	}
	name := p.name()
	if name == "" {
		return "", fmt.Errorf("%q is not a name", p.peek())
	}
	return name, nil
}

// expression reads a value. What is neither text, list nor map is dynamic.
func (p *hclParser) expression(path string) (*node, error) {
	start, line := p.at, p.line
	n, known := &node{path: path, line: line}, true
	var err error
	switch b := p.peek(); {
	case b == '"':
		n, err = p.quoted(path)
	case strings.HasPrefix(p.text[p.at:], "<<"):
		n = p.heredoc(path)
	case b == '{':
		p.at++
		n, err = p.body(path, true)
	case b == '[':
		p.at++
		n.kind = list
		for p.space(true); p.peek() != ']'; p.space(true) {
			if p.peek() == 0 {
				return nil, fmt.Errorf("a bracket is not closed")
			}
			before := p.at
			item, err := p.expression(fmt.Sprintf("%s[%d]", path, len(n.items)))
			if err != nil {
				return nil, err
			}
			if p.at == before {
				return nil, fmt.Errorf("%q is no value", p.peek())
			}
			n.items = append(n.items, item)
		}
		p.at++
	default:
		if name := p.name(); name == "jsonencode" && p.peek() == '(' || name == "join" && p.peek() == '(' {
			return p.call(name, path)
		} else if p.space(false); name != "" && strings.IndexByte("\n,]})#\x00", p.peek()) >= 0 && isLiteral(name) {
			n.text = name
			return n, nil
		}
		known = false
	}
	if err != nil {
		return nil, err
	}
	// Something that goes on, such as a condition or an operator, is not what was read.
	if p.space(false); strings.IndexByte("\n,]})\x00", p.peek()) < 0 || !known {
		err := p.skip()
		return &node{kind: dynamic, path: path, line: line, text: strings.TrimSpace(p.text[start:p.at])}, err
	}
	return n, nil
}

func isLiteral(name string) bool {
	return name == "true" || name == "false" || strings.Trim(name, "0123456789.-") == ""
}

// call reads jsonencode(VALUE), and join(SEPARATOR, LIST) as the list.
func (p *hclParser) call(name, path string) (*node, error) {
	p.at++
	p.space(true)
	n, err := p.expression(path)
	if p.space(true); err == nil && name == "join" {
		separator := n.text
		if n, err = p.expression(path); err == nil && n.kind == list {
			for _, item := range n.items {
				if item.kind == dynamic {
					n.kind = dynamic
				}
			}
			if n.kind == list {
				n.kind, n.text = scalar, texts(n, separator)
			}
		}
		p.space(true)
	}
	if err == nil && p.peek() != ')' {
		n, err = &node{kind: dynamic, path: path, line: p.line}, p.skip()
	}
	if p.peek() == ')' {
		p.at++
	}
	return n, err
}

// skip goes on to the end of an expression that is not understood.
func (p *hclParser) skip() error {
	for depth := 0; p.at < len(p.text); {
		switch b := p.peek(); {
		case b == '"':
			if _, err := p.quoted(""); err != nil {
				return err
			}
			continue
		case strings.IndexByte("([{", b) >= 0:
			depth++
		case strings.IndexByte(")]}", b) >= 0:
			if depth--; depth < 0 {
				return nil
			}
		case depth == 0 && (b == '\n' || b == ','):
			return nil
		}
		if p.peek() == '\n' {
			p.line++
		}
		p.at++
	}
	return nil
}

// quoted reads a text in quotes. With a template in it, it is what it is in the file.
func (p *hclParser) quoted(path string) (*node, error) {
	n := &node{path: path, line: p.line}
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			n.text = b.String()
			return n, nil
		case c == '\n':
			return nil, fmt.Errorf("a text is not closed")
		case c == '\\' && p.at+1 < len(p.text):
			p.at++
			b.WriteString(map[byte]string{'n': "\n", 't': "\t", 'r': "\r"}[p.text[p.at]])
			if strings.IndexByte("ntr", p.text[p.at]) < 0 {
				b.WriteByte(p.text[p.at])
			}
		case c == '$' && strings.HasPrefix(p.text[p.at:], "${"):
			template := p.until("}")
			b.WriteString(template + "}")
		default:
			b.WriteByte(c)
		}
	}
	return nil, fmt.Errorf("a text is not closed")
}

// heredoc reads <<END and <<-END.
func (p *hclParser) heredoc(path string) *node {
	n := &node{path: path, line: p.line}
	mark := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(p.until("\n"), "<<"), "-"))
	var b strings.Builder
	for p.at < len(p.text) {
		p.at++
		p.line++
		line := p.until("\n")
		if strings.TrimSpace(line) == mark {
			break
		}
		b.WriteString(line + "\n")
	}
	n.text = b.String()
	return n
}
