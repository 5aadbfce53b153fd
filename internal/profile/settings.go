package profile

import (
	"bytes"
	"strings"
)

// A Setting is the value of a key in a config file.
type Setting struct {
	Value string
	Line  int // from 1
}

// Settings are keys of [default] and of services sections, none of them about credentials: those of the files' other
// profiles, and whose credentials they are for, are for the programs that choose them.
type Settings struct {
	Default  map[string]Setting            // of [default], by the key in lower case
	Services map[string]map[string]Setting // those under `sts =` and its like in the services section that [default] names, by the service

	NoServices bool // [default] names a services section that is not there
}

// Get is the value of a key of [default], or "".
func (s Settings) Get(key string) string { return s.Default[key].Value }

// ReadSettings reads the settings in a config file, and as much of the file as can be read. The problems say what cannot.
// A key that stands twice has the last value, as in most SDKs; [profile default] comes before [default].
func ReadSettings(config []byte) (Settings, []*LineError) {
	config = bytes.TrimPrefix(config, byteOrderMark)
	f := &file{sections: []*section{{}}}
	var problems []*LineError
	for i, line := range strings.Split(string(config), "\n") {
		err := f.add(i+1, line)
		problem, _ := err.(*LineError)
		if problem == nil {
			continue
		}
		problems = append(problems, problem)
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "[") {
			f.sections = append(f.sections, &section{header: line, name: "?"}) // what is below it belongs to nobody
		}
	}
	s := Settings{Default: map[string]Setting{}, Services: map[string]map[string]Setting{}}
	for _, prefixed := range []bool{false, true} {
		for _, section := range f.sections {
			if name, ok := section.profile(); ok && name == "default" && (strings.TrimSpace(section.name) != "default") == prefixed {
				section.read(s.Default)
			}
		}
	}
	_, s.NoServices = s.Default["services"]
	for _, section := range f.sections {
		if kind, name, ok := strings.Cut(strings.TrimSpace(section.name), " "); ok && kind == "services" && strings.TrimSpace(name) == s.Get("services") {
			section.readBelow(s.Services)
			s.NoServices = false
		}
	}
	return s, problems
}

// read puts the keys of s that have a value of their own into settings.
func (s *section) read(settings map[string]Setting) {
	for _, e := range s.entries {
		if e.key != "" && !credentialKeys[e.key] {
			settings[e.key] = Setting{withoutComment(e.value()), e.first}
		}
	}
}

// readBelow puts the keys that are indented below others into settings.
func (s *section) readBelow(settings map[string]map[string]Setting) {
	for _, e := range s.entries {
		for i, line := range e.lines[min(1, len(e.lines)):] {
			if name, value, found := cutKey(strings.TrimLeft(line, " \t")); found && e.key != "" && !isComment(line) {
				if settings[e.key] == nil {
					settings[e.key] = map[string]Setting{}
				}
				settings[e.key][name] = Setting{withoutComment(value), e.first + 1 + i}
			}
		}
	}
}

// withoutComment leaves out a comment behind a value, as the SDKs do that know such comments: white space, then # or ;.
func withoutComment(value string) string {
	for i := 1; i < len(value); i++ {
		if (value[i] == '#' || value[i] == ';') && (value[i-1] == ' ' || value[i-1] == '\t') {
			return strings.TrimSpace(value[:i])
		}
	}
	return value
}
