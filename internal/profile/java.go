package profile

import "strings"

// The Java SDKs refuse a whole file for lines that every other SDK reads or passes over. They may stand in sections that
// are not ours, or be a matter of white space, so they are kept; the user is told of the first.

// refusedByJavaV1 returns the first line of s for which AWS SDK for Java v1 refuses the file; 0 for none. It trims every
// line and then wants a section, a key = value or a # comment.
func (s *section) refusedByJavaV1() (line int, reason string) {
	if _, rest, _ := strings.Cut(s.header, "]"); strings.TrimSpace(rest) != "" {
		return s.first, "something stands behind the section's name"
	}
	for _, e := range s.entries {
		for i, text := range e.lines {
			text = strings.TrimSpace(text)
			switch {
			case text == "" || text[0] == '#':
			case s.header == "":
				return e.first + i, "a ; comment stands before the first section"
			case !strings.Contains(text, "="):
				return e.first + i, "there is no ="
			}
		}
	}
	return 0, ""
}

// refusedByJavaV2 is the same for AWS SDK for Java v2. It takes an indented line for a part of the key above it, and
// wants an = in every line of a nested block, comments not excepted.
func (s *section) refusedByJavaV2() (line int, reason string) {
	if strings.TrimLeft(s.header, " \t") != s.header {
		return s.first, "the section's header is indented"
	}
	for _, e := range s.entries {
		switch {
		case e.indent > 0 || e.indentedComment():
			return e.first, "the line is indented"
		case e.key != "" && !strings.Contains(e.lines[0], "="):
			return e.first, "there is no ="
		case e.key == "":
			continue
		}
		for i, text := range e.lines[1:] {
			indented := strings.TrimLeft(text, " \t") != text
			if e.value() == "" && indented && strings.TrimSpace(text) != "" && !strings.Contains(text, "=") {
				return e.first + 1 + i, "an indented comment stands inside a nested block"
			}
		}
	}
	return 0, ""
}
