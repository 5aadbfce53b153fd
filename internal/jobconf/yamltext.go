package jobconf

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Where things are in the text of a YAML file, of which the library says only where each value begins, and how they are written. What
// is found here need not be right in every file: the editor compares what becomes of it with the library's nodes.

// offset returns where a value begins, in bytes.
func (e *editor) offset(y *yaml.Node) int {
	at := 0
	for range y.Line - 1 {
		next := bytes.IndexByte(e.c.data[at:], '\n')
		if next < 0 {
			return len(e.c.data)
		}
		at += next + 1
	}
	for range y.Column - 1 { // columns are characters
		_, size := utf8.DecodeRune(e.c.data[at:])
		at += size
	}
	return at
}

// lineAround returns the parts of a line before and behind a place.
func lineAround(data []byte, start, end int) (before, behind string) {
	line, _, _ := bytes.Cut(data[end:], []byte("\n"))
	return string(data[bytes.LastIndexByte(data[:start], '\n')+1 : start]), string(line)
}

// indentOfKey returns the column of the key with which a line begins, from 0. It may stand behind the dashes of lists.
func indentOfKey(line string) int { return len(line) - len(strings.TrimLeft(line, " -")) }

// entryEnd returns where the entry that begins on a line ends, in a mapping or list of a column: behind the last line that is its own.
// newline is "\n" if that line has no end.
func (e *editor) entryEnd(line, column int) (at int, newline string) {
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

// flowEnd returns where the brace or bracket is that closes the one at start.
func flowEnd(data []byte, start int) (end int, found bool) {
	if start >= len(data) || strings.IndexByte("{[", data[start]) < 0 {
		return 0, false
	}
	for depth, at := 0, start; at < len(data); at++ {
		switch b := data[at]; {
		case b == '"':
			at = stringEnd(data, at) - 1
		case b == '\'' && strings.IndexByte(" \t\r\n{[,:", data[at-1]) >= 0: // not within a word
			next := bytes.IndexByte(data[at+1:], '\'') // two of them stand for one, which is another text in quotes
			if next < 0 {
				return 0, false
			}
			for at += next + 1; at+1 < len(data) && data[at+1] == '\''; at += next + 2 {
				if next = bytes.IndexByte(data[at+2:], '\''); next < 0 {
					return 0, false
				}
			}
		case b == '#' && strings.IndexByte(" \t\n", data[at-1]) >= 0:
			next := bytes.IndexByte(data[at:], '\n')
			if next < 0 {
				return 0, false
			}
			at += next
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			if depth--; depth == 0 {
				return at, true
			}
		}
	}
	return 0, false
}

// scalar returns the bytes of a scalar. rest is what stands among them and has to stay: the comment of a block's first line.
func (e *editor) scalar(y *yaml.Node) (start, end int, rest string, found bool) {
	start = e.offset(y)
	data := e.c.data[start:]
	switch {
	case len(data) == 0:
	case y.Style&yaml.DoubleQuotedStyle != 0 && data[0] == '"':
		end = stringEnd(data, 0)
	case y.Style&yaml.SingleQuotedStyle != 0 && data[0] == '\'':
		for end = 1; end < len(data) && (data[end] != '\'' || bytes.HasPrefix(data[end:], []byte("''"))); end++ {
			if data[end] == '\'' {
				end++
			}
		}
		end++
	case y.Style == 0 && bytes.HasPrefix(data, []byte(y.Value)):
		end = len(y.Value)
	case y.Style == 0 || strings.IndexByte("|>", data[0]) >= 0:
		prefix, _ := lineAround(e.c.data, start, start)
		column := indentOfKey(prefix)
		if column == len(prefix) { // the key stands on a line before
			column--
		}
		end, rest = linesEnd(string(data), column, y.Style != 0)
	}
	return start, start + end, rest, end > 0 && end <= len(data)
}

// linesEnd returns the length of a text of several lines that belongs to a key at a column, without its last line end. rest is the
// comment behind the mark of a block.
func linesEnd(text string, column int, block bool) (end int, rest string) {
	first, inner := true, -1
	offset := 0
	for l := range strings.Lines(text) {
		line := strings.TrimRight(l, "\r\n")
		content := strings.TrimLeft(line, " ")
		indent := len(line) - len(content)
		switch {
		case first:
			if i := strings.Index(line, " #"); block && i >= 0 {
				rest = strings.TrimRight(line[i:], " ")
			}
		case strings.TrimSpace(content) == "":
			offset += len(l)
			continue
		case indent <= column, block && inner >= 0 && indent < inner, !block && content[0] == '#':
			return end, rest
		case inner < 0:
			inner = indent
		}
		first = false
		end = offset + len(line)
		offset += len(l)
	}
	return end, rest
}

// yamlValue is a value as a node of the library.
func yamlValue(value any) *yaml.Node {
	switch v := value.(type) {
	case []pair:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, m := range v {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: m.name}, yamlValue(m.value))
		}
		return n
	case []any:
		return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{yamlValue(v[0])}}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value.(string), Style: yaml.DoubleQuotedStyle}
}

// yamlBlock is members as block YAML.
func yamlBlock(members []pair, indent string) string {
	text := ""
	for _, m := range members {
		text += indent + yamlName(m.name) + ":"
		switch v := m.value.(type) {
		case []pair:
			text += "\n" + yamlBlock(v, indent+"  ")
		case []any:
			text += "\n" + indent + "  - " + strings.TrimPrefix(yamlBlock(v[0].([]pair), indent+"    "), indent+"    ")
		case string:
			text += " " + quoteJSON(v) + "\n"
		}
	}
	return text
}

// yamlFlow is members as they stand between braces.
func yamlFlow(members []pair) string {
	var all []string
	for _, m := range members {
		value := ""
		switch v := m.value.(type) {
		case []pair:
			value = "{" + yamlFlow(v) + "}"
		case []any:
			value = "[{" + yamlFlow(v[0].([]pair)) + "}]"
		case string:
			value = quoteJSON(v)
		}
		all = append(all, yamlName(m.name)+": "+value)
	}
	return strings.Join(all, ", ")
}

func yamlName(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
		return quoteJSON(name)
	}
	return name
}
