package profile

import (
	"bytes"
	"strings"
)

// All returns the keys of every profile in a config or credentials file, as far as it can be read. Of [profile default] and
// [default] the first counts in a config file.
func All(data []byte, credentials bool) map[string]map[string]string {
	f := &file{sections: []*section{{}}}
	for i, line := range strings.Split(string(bytes.TrimPrefix(data, byteOrderMark)), "\n") {
		if f.add(i+1, line) != nil && strings.HasPrefix(strings.TrimLeft(line, " \t"), "[") {
			f.sections = append(f.sections, &section{header: line, name: "?"}) // what is below it belongs to nobody
		}
	}
	profiles := map[string]map[string]string{}
	for _, prefixed := range []bool{false, true} {
		for _, s := range f.sections {
			name, ok := s.profile()
			if credentials {
				name, ok = strings.TrimSpace(s.name), s.header != "" && s.name != "?"
			}
			if !ok || (strings.TrimSpace(s.name) != name) != prefixed {
				continue
			}
			if prefixed && name == "default" || profiles[name] == nil {
				profiles[name] = map[string]string{}
			}
			for _, e := range s.entries {
				if e.key != "" {
					profiles[name][e.key] = withoutComment(e.value())
				}
			}
		}
	}
	return profiles
}
