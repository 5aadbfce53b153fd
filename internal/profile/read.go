package profile

import "strings"

// Value returns what the profile name has for key in a config file, or "".
func Value(config []byte, name, key string) string {
	f, err := parse(config)
	if err != nil {
		return ""
	}
	for _, s := range f.sections {
		if own, ok := s.profile(); !ok || own != name {
			continue
		}
		for _, e := range s.entries {
			if e.key == key {
				return e.value()
			}
		}
	}
	return ""
}

// FirstCredentialKey returns the first key by which [name] in a credentials file tells credentials, or "". The sections
// of that file have no prefix. A file that is not well-formed has none: no SDK would read it either.
func FirstCredentialKey(credentials []byte, name string) string {
	f, err := parse(credentials)
	if err != nil {
		return ""
	}
	for _, s := range f.sections {
		if strings.TrimSpace(s.name) != name {
			continue
		}
		for _, e := range s.entries {
			if credentialKeys[e.key] {
				return e.key
			}
		}
	}
	return ""
}

// secretKeys are those whose values nobody should see on a terminal or in a log.
var secretKeys = map[string]bool{
	"aws_secret_access_key": true,
	"aws_session_token":     true,
	"aws_security_token":    true,
}

// Redact returns config with the values of secret keys, wherever they stand, replaced by asterisks. It does not need a
// well-formed file.
func Redact(config []byte) []byte {
	lines := strings.SplitAfter(string(config), "\n")
	for i, line := range lines {
		key, _, found := cutKey(strings.TrimLeft(line, "#; \t\ufeff"))
		if found && secretKeys[key] {
			at := strings.IndexAny(line, "=:")
			lines[i] = line[:at+1] + " ****\n"
		}
	}
	return []byte(strings.Join(lines, ""))
}
