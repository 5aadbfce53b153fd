package jobconf

import (
	"cmp"
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
	open        bool   // it ends in a backslash, as the last line of the file
}

// propertyLines reads text as java.util.Properties does, which Spark reads spark-defaults.conf with: comments with # and !,
// lines that go on after a backslash, escapes, and =, : or a blank between name and value.
func propertyLines(text string) []line {
	var list []line
	for at, number := 0, 1; at < len(text); {
		first, begin, end, open := number, at, at, true
		for open { // the logical line, up to a line end without a backslash before it
			next := strings.IndexAny(text[end:], "\r\n")
			if next < 0 {
				end, at = len(text), len(text)
				open = continues(strings.TrimRight(text[begin:end], "\r\n"))
				break
			}
			end += next
			at = end + 1
			if strings.HasPrefix(text[end:], "\r\n") {
				at++
			}
			number++
			if open = continues(text[begin:end]) && !isComment(text[begin:end]); open {
				end = at
			}
		}
		logical := text[begin:end]
		skipped := len(logical) - len(strings.TrimLeft(logical, " \t\f\r"))
		logical = logical[skipped:]
		if logical == "" || isComment(logical) {
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
			start: begin + skipped + valueAt, end: begin + skipped + len(logical), separator: logical[nameEnd:valueAt], open: open,
		})
	}
	return list
}

func isComment(line string) bool {
	line = strings.TrimLeft(line, " \t\f")
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "!")
}

// continues reports whether a line ends in an odd number of backslashes.
func continues(line string) bool {
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
	if !c.addLines(c.lines, 0, "") && len(c.lines) > 0 {
		return errNothing
	}
	return nil
}

// addLines adds the properties of a file of lines, which may be in a file within a file, and reports whether there are any. If so, it
// says which lines Spark ignores.
func (c *Conf) addLines(lines []line, above int, path string) bool {
	var ignored []string
	where := ""
	place := func(l line) string {
		if path != "" {
			return fmt.Sprintf("line %d, %s", above+l.number, path)
		}
		return fmt.Sprintf("line %d", above+l.number)
	}
	found := false
	for _, l := range lines {
		name := l.name
		switch {
		case strings.HasPrefix(name, "fs.s3"): // of a core-site
			name = "spark.hadoop." + name
		case !isRead(name):
			ignored = append(ignored, quoteJSON(name))
			where = cmp.Or(where, place(l))
			continue
		}
		found = true
		c.Properties = append(c.Properties, Property{Name: name, Value: l.value, Where: place(l), Unknown: hasTemplate(l.value), at2: &l})
	}
	if found && len(ignored) > 0 {
		c.Unread = append(c.Unread, Unread{where, strings.Join(ignored, ", ") + ignoredBySpark, ignoredHint})
	}
	return found
}

// isRead reports whether Spark, or Hudi, reads a property of that name.
func isRead(name string) bool {
	return strings.HasPrefix(name, "spark.") || strings.HasPrefix(name, "hoodie.")
}

const (
	ignoredBySpark = `, which Spark ignores: the name does not begin with "spark."`
	ignoredHint    = "take it out, or write the name that was meant"
)
