package profile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// byteOrderMark is UTF-8's. It is the one thing outside our own keys that is not kept: botocore and both Java SDKs
// refuse a file that begins with it.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Merge puts the profiles into config, the bytes of an AWS config file (empty for none), and returns the new bytes: the
// same ones when everything is there already. Outside the profiles' own keys every byte is kept, except where
// SDKs would refuse the file: duplicate sections are joined, and of duplicate keys all but the last become comments. The
// notes are for a log: what of somebody else's was removed or changed. The error is a *LineError for a file that
// cannot be edited without the risk of changing its meaning.
func Merge(config []byte, profiles []Profile) (merged []byte, notes []string, err error) {
	return merge(config, profiles, false)
}

// MergeCredentials is Merge for a credentials file, in which [NAME] is a profile and [profile NAME] is not.
// A region has no place there and is left out.
func MergeCredentials(credentials []byte, profiles []Profile) (merged []byte, notes []string, err error) {
	bare := make([]Profile, len(profiles))
	for i, p := range profiles {
		bare[i] = p.withoutRegion()
	}
	return merge(credentials, bare, true)
}

func merge(file []byte, profiles []Profile, credentials bool) (merged []byte, notes []string, err error) {
	m := &merger{credentials: credentials}
	data := bytes.TrimPrefix(file, byteOrderMark)
	if len(data) < len(file) {
		m.note(1, "the byte order mark is dropped: botocore and the Java SDKs cannot read past it")
	}
	if m.file, err = parse(data); err != nil {
		return nil, nil, err
	}
	before := m.file.bytes()
	if err := m.check(); err != nil {
		return nil, nil, err
	}
	for _, p := range profiles {
		if err := m.put(p); err != nil {
			return nil, nil, err
		}
	}
	m.joinTwins(func(s *section) string { return s.name })
	for _, s := range m.file.sections {
		m.silenceDuplicates(s, nil)
	}
	m.unindentHeaders()
	m.noteJava()
	after := m.file.bytes()
	if bytes.Equal(before, after) {
		return data, m.notes, nil // without a last newline that was not there
	}
	return after, m.notes, nil
}

type merger struct {
	file        *file
	credentials bool // it is a credentials file
	notes       []string
}

// profile returns the name of the profile that s is in this kind of file.
func (m *merger) profile(s *section) (name string, ok bool) {
	if m.credentials {
		return strings.TrimSpace(s.name), true
	}
	return s.profile()
}

func (m *merger) header(profile string) string {
	if m.credentials || profile == "default" {
		return "[" + profile + "]"
	}
	return "[profile " + profile + "]"
}

// maxNotes keeps a file that is all duplicates from filling the pod's log.
const maxNotes = 20

func (m *merger) note(line int, format string, args ...any) {
	switch n := len(m.notes); {
	case n < maxNotes:
		m.notes = append(m.notes, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	case n == maxNotes:
		m.notes = append(m.notes, "and more of that kind")
	}
}

// check returns an error for a line that makes botocore refuse or misread the file whatever we write.
func (m *merger) check() error {
	for _, s := range m.file.sections {
		for _, e := range s.entries {
			// configparser copies the keys of [DEFAULT] into every other section.
			if s.name == "DEFAULT" && credentialKeys[e.key] {
				return &LineError{e.first, "gives " + e.key + " to every profile: botocore copies the keys of [DEFAULT] into all of them"}
			}
			if e.key == "" || e.value() != "" {
				continue
			}
			for i, line := range e.lines[1:] {
				if !isComment(line) && !strings.Contains(line, "=") {
					return &LineError{e.first + 1 + i, "has no = inside the block of " + e.key + ", so botocore refuses the file"}
				}
			}
		}
	}
	return nil
}

// unindentHeaders moves a header to column 0 where an edit has put a key above it that is indented less: botocore would
// take it for a part of that key's value.
func (m *merger) unindentHeaders() {
	for i, s := range m.file.sections[1:] {
		above := m.file.sections[i].lastKey()
		header := strings.TrimLeft(s.header, " \t")
		if above != nil && len(s.header)-len(header) > above.indent {
			s.header = header
		}
	}
}

// noteJava notes, for each of the two Java SDKs, the first line for which it refuses the file.
func (m *merger) noteJava() {
	for _, sdk := range []struct {
		name    string
		refuses func(*section) (line int, reason string)
	}{{"Java v1", (*section).refusedByJavaV1}, {"Java v2", (*section).refusedByJavaV2}} {
		for _, s := range m.file.sections {
			if line, reason := sdk.refuses(s); line > 0 {
				m.note(line, "%s, for which AWS SDK for %s refuses the whole file", reason, sdk.name)
				break
			}
		}
	}
}

// put gives the section of p the keys of p, and makes the section if there is none.
func (m *merger) put(p Profile) error {
	prefixed := map[*entry]bool{}
	for _, s := range m.file.sections {
		if p.Name == "default" && !m.credentials && strings.HasPrefix(strings.TrimSpace(s.name), "profile") {
			for _, e := range s.entries {
				prefixed[e] = true
			}
		}
	}
	m.joinTwins(func(s *section) string {
		if name, ok := m.profile(s); ok && name == p.Name {
			return name
		}
		return ""
	})
	var own *section
	for _, s := range m.file.sections {
		if name, ok := m.profile(s); ok && name == p.Name {
			own = s
		}
	}
	header := m.header(p.Name)
	if own == nil {
		own = m.appendSection(header)
	}
	if err := own.setHeader(header); err != nil {
		return err
	}
	if err := m.setKeys(own, p); err != nil {
		return err
	}
	m.silenceDuplicates(own, prefixed)
	return nil
}

func (m *merger) appendSection(header string) *section {
	last := m.file.sections[len(m.file.sections)-1]
	if n := len(last.entries); n > 0 && strings.TrimSpace(last.entries[n-1].lines[0]) != "" || n == 0 && last.header != "" {
		last.entries = append(last.entries, m.line(""))
	}
	s := &section{header: header + m.file.cr, name: header[1 : len(header)-1]}
	m.file.sections = append(m.file.sections, s)
	return s
}

// setKeys gives s the keys of p and removes every other credential key.
func (m *merger) setKeys(s *section, p Profile) error {
	wanted := map[string]string{}
	for _, k := range p.Keys {
		wanted[k.Name] = k.Value
	}
	var kept []*entry
	placed := map[string]bool{}
	for _, e := range s.entries {
		value, ours := wanted[e.key]
		if !ours && !credentialKeys[e.key] {
			if err := e.hidden(wanted); err != nil {
				return err
			}
			kept = append(kept, e)
			continue
		}
		if ours && !placed[e.key] && e.indent == 0 && len(e.lines) == 1 {
			// Its place is kept, and its bytes too when they already say what they should.
			placed[e.key] = true
			if !e.says(e.key, value) {
				m.note(e.first, "%s in [%s] is replaced", e.key, s.name)
				e.lines[0] = e.key + " = " + value + m.file.cr
			}
			kept = append(kept, e)
			continue
		}
		rest, err := e.comments()
		if err != nil {
			return err
		}
		m.note(e.first, "%s in [%s] gives way to the role chain", e.key, s.name)
		kept = append(kept, rest...)
	}
	s.entries = kept
	for _, k := range p.Keys {
		if !placed[k.Name] {
			s.insert(m.keyLine(k))
		}
	}
	for _, k := range p.Defaults {
		at := slices.IndexFunc(s.entries, func(e *entry) bool { return e.key == k.Name })
		switch {
		case at < 0:
			s.insert(m.keyLine(k))
		case s.entries[at].value() == "" && len(s.entries[at].lines) == 1 && s.entries[at].indent == 0:
			s.entries[at].lines = m.keyLine(k).lines // empty counts as missing, and some SDKs fail on it
		}
	}
	return nil
}

func (m *merger) keyLine(k Key) *entry {
	e := m.line(k.Name + " = " + k.Value)
	e.key = k.Name
	return e
}

func (m *merger) line(text string) *entry { return &entry{lines: []string{text + m.file.cr}} }
