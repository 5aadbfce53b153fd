package jobconf

import (
	"fmt"
	"strconv"
	"strings"
)

// A line is a property in a file of properties, with what it takes to edit it.
type line struct {
	name, value string
	number      int    // of its first line, from 1
	start, end  int    // bytes of the value, with its escapes and line continuations
	separator   string // between name and value
}

// propertyLines reads text as java.util.Properties does, which Spark reads spark-defaults.conf with: comments with # and !,
// lines that go on after a backslash, escapes, and =, : or a blank between name and value.
func propertyLines(text string) []line {
	var list []line
	for at, number := 0, 1; at < len(text); {
		first, begin := number, at
		end := at
		for { // the logical line, up to a line end without a backslash before it
			next := strings.IndexByte(text[end:], '\n')
			if next < 0 {
				end = len(text)
				break
			}
			end += next
			number++
			comment := strings.HasPrefix(strings.TrimLeft(text[begin:end], " \t\f"), "#") || strings.HasPrefix(strings.TrimLeft(text[begin:end], " \t\f"), "!")
			if comment || !continues(text[begin:end]) {
				break
			}
			end++
		}
		at = end + 1
		logical := strings.TrimSuffix(text[begin:end], "\r")
		skipped := len(logical) - len(strings.TrimLeft(logical, " \t\f\r"))
		logical = logical[skipped:]
		if logical == "" || logical[0] == '#' || logical[0] == '!' {
			continue
		}
		nameEnd := 0
		for nameEnd < len(logical) && !strings.ContainsRune("=: \t\f", rune(logical[nameEnd])) {
			if logical[nameEnd] == '\\' {
				nameEnd++
			}
			nameEnd++
		}
		nameEnd = min(nameEnd, len(logical))
		rest := strings.TrimLeft(logical[nameEnd:], " \t\f")
		if rest != "" && (rest[0] == '=' || rest[0] == ':') {
			rest = strings.TrimLeft(rest[1:], " \t\f")
		}
		valueAt := len(logical) - len(rest)
		list = append(list, line{
			name: unescape(logical[:nameEnd]), value: strings.TrimSpace(unescape(rest)), number: first,
			start: begin + skipped + valueAt, end: begin + skipped + len(logical), separator: logical[nameEnd:valueAt],
		})
	}
	return list
}

// continues reports whether a line ends in an odd number of backslashes.
func continues(line string) bool {
	line = strings.TrimSuffix(line, "\r")
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// unescape takes the escapes of java.util.Properties out of a text.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			if text[i] != '\\' {
				b.WriteByte(text[i])
			}
			continue
		}
		i++
		switch text[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 'f':
			b.WriteByte('\f')
		case 'u':
			if code, err := strconv.ParseUint(text[min(i+1, len(text)):min(i+5, len(text))], 16, 16); err == nil && i+5 <= len(text) {
				b.WriteRune(rune(code))
				i += 4
			}
		case '\r', '\n': // the line goes on, without its blanks
			for i+1 < len(text) && strings.IndexByte(" \t\f\r\n", text[i+1]) >= 0 {
				i++
			}
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

func (c *Conf) readLines() error {
	c.Form, c.editable = "spark-defaults.conf", true
	c.lines = propertyLines(string(c.data))
	for _, l := range c.lines {
		c.addLine(l, 0, "")
	}
	if len(c.Properties) == 0 && len(c.lines) > 0 {
		return errNothing
	}
	return nil
}

// addLine adds the property of a line, which may be in a file within a file.
func (c *Conf) addLine(l line, above int, path string) {
	name := l.name
	switch {
	case strings.HasPrefix(name, "fs.s3"): // of a core-site
		name = "spark.hadoop." + name
	case !strings.HasPrefix(name, "spark.") && !strings.HasPrefix(name, "hoodie."):
		return // Spark ignores it
	}
	where := fmt.Sprintf("line %d", above+l.number)
	if path != "" {
		where += ", " + path
	}
	c.Properties = append(c.Properties, Property{Name: name, Value: l.value, Where: where, Unknown: hasTemplate(l.value), at2: &l})
}
