package profile

import "strings"

// joinTwins moves the keys of each section to the end of the first one for which id gives the same name; "" has none.
func (m *merger) joinTwins(id func(*section) string) {
	firsts := map[string]*section{}
	var kept []*section
	for _, s := range m.file.sections {
		name := id(s)
		first, twin := firsts[name]
		if name == "" || !twin {
			firsts[name] = s
			kept = append(kept, s)
			continue
		}
		m.note(s.first, "the second [%s] is joined to the first, on line %d: botocore refuses duplicates", s.name, first.first)
		body := s.body()
		for _, e := range s.entries[:body] {
			e.unindent()
			first.insert(e)
		}
		// What follows the body stays where it is: it is most likely a comment on the section below.
		previous := kept[len(kept)-1]
		previous.entries = append(previous.entries, s.entries[body:]...)
	}
	m.file.sections = kept
}

// silenceDuplicates leaves of each key that s has more than once the one that counts, and turns the others into
// comments. It is the last; but first comes one from a [profile default], which SDKs prefer to [default], and one in
// lower case, since Java and JavaScript know no other spelling.
func (m *merger) silenceDuplicates(s *section, preferred map[*entry]bool) {
	rank := func(e *entry) int {
		switch {
		case e == nil:
			return -1
		case preferred[e]:
			return 2
		case strings.HasPrefix(strings.TrimLeft(e.lines[0], " \t"), e.key):
			return 1
		}
		return 0
	}
	counts := map[string]*entry{}
	for _, e := range s.entries {
		if e.key != "" && rank(e) >= rank(counts[e.key]) {
			counts[e.key] = e
		}
	}
	for _, e := range s.entries {
		if e.key == "" || counts[e.key] == e {
			continue
		}
		m.note(e.first, "%s, which [%s] has again, becomes a comment: botocore refuses duplicates", e.key, s.name)
		for i, line := range e.lines {
			if strings.TrimSpace(line) != "" {
				e.lines[i] = "# " + line
			}
		}
		e.key = ""
	}
}
