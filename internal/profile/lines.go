package profile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The SDKs' parsers differ (internal/sdktest/testdata has how, as observed). What is modelled here is Python's
// configparser, which botocore uses: it is the strictest about duplicates and has the most rules for indentation. Where
// another SDK reads a line in another way and an edit would depend on it, the file is refused.

// An entry is a run of lines that stays together: a key with the indented lines that belong to its value, a comment, or
// a blank line.
type entry struct {
	first  int      // number of its first line in the original file, from 1
	lines  []string // without the final newline
	key    string   // lower case, as botocore reads it; "" for comments and blank lines
	indent int      // columns before the key
}

// A section is a header with the entries below it. The first section of a file has no header and holds what comes
// before the first one.
type section struct {
	first   int    // number of the header's line, from 1
	header  string // the line; "" for the part before the first header
	name    string // between the brackets, as written
	entries []*entry
}

// A file is what parse makes of the bytes.
type file struct {
	cr       string // "\r" when its lines end in CR LF, judged by the first; lines keep theirs
	sections []*section
}

// A LineError is the reason why a file cannot be edited safely.
type LineError struct {
	Line   int // from 1
	Reason string
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// parse splits data, without a byte order mark, into sections and entries. Every byte but the line ends is
// in exactly one of them; a last line without an end gets one when it is written again.
func parse(data []byte) (*file, error) {
	f := &file{sections: []*section{{}}}
	if len(data) == 0 {
		return f, nil
	}
	lines := strings.Split(string(data), "\n")
	if strings.HasSuffix(lines[0], "\r") && len(lines) > 1 {
		f.cr = "\r"
	}
	if end := len(lines) - 1; lines[end] == "" {
		lines = lines[:end]
	} else {
		lines[end] += f.cr
	}
	for i, line := range lines {
		if err := f.add(i+1, line); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *file) add(number int, line string) error {
	current := f.sections[len(f.sections)-1]
	text := strings.TrimSuffix(line, "\r")
	if reason := unreadable(text); reason != "" {
		return &LineError{number, reason}
	}
	body := strings.TrimLeft(text, " \t")
	indent := len(text) - len(body)
	last := current.lastKey()
	switch {
	case strings.TrimSpace(text) == "" || strings.IndexByte("#;", body[0]) >= 0:
		if indent > 0 && body != "" && last != nil {
			// Java v2 takes an indented comment for a part of the value above it, so it stays with it.
			last.take(current, line)
			return nil
		}
		current.entries = append(current.entries, &entry{first: number, lines: []string{line}})
	case body[0] == '[' && (last == nil || indent <= last.indent):
		return f.addSection(number, line, body)
	case body[0] == '[':
		return &LineError{number, "is a section header that is indented below a key, so that botocore and Java v2 take it for a part of the value"}
	case last != nil && indent > last.indent:
		last.take(current, line)
	case current.header == "":
		return &LineError{number, "stands before the first section, where botocore and the Java SDKs refuse it"}
	default:
		key, _, found := cutKey(body)
		if !found || key == "" {
			return &LineError{number, "is not a section, comment or key = value, so botocore and the Java SDKs refuse the file"}
		}
		current.entries = append(current.entries, &entry{first: number, lines: []string{line}, key: key, indent: indent})
	}
	return nil
}

func (f *file) addSection(number int, line, body string) error {
	name, _, closed := strings.Cut(body[1:], "]")
	if !closed || strings.TrimSpace(name) == "" {
		return &LineError{number, "is a section header without a name or without its closing bracket"}
	}
	f.sections = append(f.sections, &section{first: number, header: line, name: name})
	return nil
}

// unreadable returns why some SDK cannot read a line, whatever is around it, or "".
func unreadable(text string) string {
	if !utf8.ValidString(text) {
		return "is not UTF-8, so botocore refuses the file"
	}
	for i, r := range text {
		switch {
		case r == '\r':
			return "has a carriage return in the middle, which some SDKs take for the end of a line"
		case r == '\t' || (r == '\f' || r == '\v') && strings.TrimSpace(text) == "":
		case unicode.IsControl(r):
			return fmt.Sprintf("has a control character (%U)", r)
		case r > unicode.MaxASCII && unicode.IsSpace(r) && strings.TrimSpace(text[:i]) == "":
			return fmt.Sprintf("begins with a white space character (%U) that some SDKs take for indentation and some do not", r)
		}
	}
	return ""
}

// cutKey splits key = value as Python's configparser does: at the first of = and :, the key in lower case.
func cutKey(body string) (key, value string, found bool) {
	i := strings.IndexAny(body, "=:")
	if i < 0 {
		return "", "", false
	}
	return strings.ToLower(strings.TrimSpace(body[:i])), strings.TrimSpace(body[i+1:]), true
}

// lastKey is the key that an indented line would belong to: the last entry, blank lines and comments passed over.
func (s *section) lastKey() *entry {
	for i := len(s.entries) - 1; i >= 0; i-- {
		if s.entries[i].key != "" {
			return s.entries[i]
		}
	}
	return nil
}

// take makes line a part of e, which is the last key of s, with the blank lines and comments between the two.
func (e *entry) take(s *section, line string) {
	end := slices.Index(s.entries, e) + 1
	for _, between := range s.entries[end:] {
		e.lines = append(e.lines, between.lines...)
	}
	s.entries = s.entries[:end]
	e.lines = append(e.lines, line)
}

// bytes writes f out again.
func (f *file) bytes() []byte {
	var b bytes.Buffer
	for i, s := range f.sections {
		if i > 0 {
			b.WriteString(s.header + "\n")
		}
		for _, e := range s.entries {
			for _, line := range e.lines {
				b.WriteString(line + "\n")
			}
		}
	}
	return b.Bytes()
}
