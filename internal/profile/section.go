package profile

import "strings"

// profile returns the name of the profile that s is: [default], [profile NAME], with quotes and blanks as botocore and
// the Java SDKs forgive them. ok is false for a section of another kind.
func (s *section) profile() (name string, ok bool) {
	text := strings.TrimSpace(s.name)
	if text == "default" {
		return text, true
	}
	rest, found := strings.CutPrefix(text, "profile")
	if !found || rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	rest = strings.TrimSpace(rest)
	if n := len(rest); n > 1 && (rest[0] == '"' || rest[0] == '\'') && rest[n-1] == rest[0] {
		rest = rest[1 : n-1]
	}
	return rest, true
}

// setHeader writes the header as every SDK reads it. A comment behind the bracket stays.
func (s *section) setHeader(header string) error {
	_, rest, _ := strings.Cut(s.header, "]")
	switch text := strings.TrimSpace(rest); {
	case text == "" || (text[0] == '#' || text[0] == ';') && rest[0] != text[0] && !strings.Contains(text, "]"):
	case strings.Contains(text, "]"):
		return &LineError{s.first, "has a second closing bracket, which botocore takes for the end of the section's name"}
	case text[0] == '#' || text[0] == ';':
		rest = " " + rest // JavaScript does not see a section whose comment touches the bracket
	default:
		return &LineError{s.first, "has text behind the section's name, which the Java SDKs refuse"}
	}
	s.header = header + rest
	s.name = header[1 : len(header)-1]
	return nil
}

// body is the number of entries up to and with the last key. An indented comment counts as one: Java v2 would take it
// for a part of the value of a key put above it.
func (s *section) body() int {
	for i := len(s.entries); i > 0; i-- {
		if e := s.entries[i-1]; e.key != "" || e.indentedComment() {
			return i
		}
	}
	return 0
}

// insert puts e at the end of the body, and so above the comments on the next section.
func (s *section) insert(e *entry) {
	at := s.body()
	s.entries = append(s.entries[:at:at], append([]*entry{e}, s.entries[at:]...)...)
}

func isComment(line string) bool {
	text := strings.TrimSpace(line)
	return text == "" || text[0] == '#' || text[0] == ';'
}

// value returns what follows the = in e's first line.
func (e *entry) value() string {
	_, value, _ := cutKey(e.lines[0])
	return value
}

// says reports whether every SDK reads e's only line as key = value.
func (e *entry) says(key, value string) bool {
	name, v, _ := strings.Cut(e.lines[0], "=")
	return strings.TrimSpace(name) == key && strings.TrimSpace(v) == value
}

// comments returns what stays when e is removed: the comments and blank lines among its lines. It refuses when a line
// below the key may be a key of its own that somebody indented, which removing would lose.
func (e *entry) comments() ([]*entry, error) {
	var rest []*entry
	for i, line := range e.lines[1:] {
		if isComment(line) {
			rest = append(rest, &entry{first: e.first + 1 + i, lines: []string{strings.TrimLeft(line, " \t")}})
			continue
		}
		if key, _, found := cutKey(line); found && !credentialKeys[key] && isWord(key) {
			if secretKeys[e.key] {
				key = "something" // that may be the rest of the secret
			}
			return nil, &LineError{e.first + 1 + i, key + " is indented below " + e.key + ", so that some SDKs take it for a part of that value"}
		}
	}
	return rest, nil
}

func isWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// unindent moves e's key to column 0, where no line above can claim it.
func (e *entry) unindent() {
	e.lines[0] = strings.TrimLeft(e.lines[0], " \t")
	e.indent = 0
}

// hidden returns an error for a line below a key of the user's that Go, JavaScript and Java v1 read as a credential key of
// the profile, which they do unless the value above it is empty. wanted are the keys that the profile is to have.
func (e *entry) hidden(wanted map[string]string) error {
	if e.value() == "" {
		return nil
	}
	for i, line := range e.lines[1:] {
		key, _, _ := cutKey(strings.TrimLeft(line, " \t"))
		if _, ours := wanted[key]; (ours || credentialKeys[key]) && !isComment(line) {
			return &LineError{e.first + 1 + i, key + " is indented below " + e.key + ", so that some SDKs take it for a part of that value and some for a key"}
		}
	}
	return nil
}

// indentedComment reports whether e is a comment of its own that begins with blanks.
func (e *entry) indentedComment() bool {
	return e.key == "" && strings.TrimSpace(e.lines[0]) != "" && strings.IndexByte(" \t", e.lines[0][0]) >= 0
}
