package profile

import (
	"bytes"
	"fmt"
	"strings"
)

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

// CheckCredentials checks what the credentials file does to the profiles of a chain: SDKs read it together with the config
// file, and most prefer it. warning is about keys in [default] that only SDKs use which cannot follow the chain; a
// *LineError is about what would send other SDKs elsewhere, or keep them from reading either file.
func CheckCredentials(credentials []byte, profiles []Profile) (warning string, err error) {
	if bytes.HasPrefix(credentials, byteOrderMark) {
		return "", &LineError{1, "begins with a byte order mark, which botocore and the Java SDKs cannot read past"}
	}
	m := &merger{}
	if m.file, err = parse(credentials); err == nil {
		err = m.check()
	}
	if err != nil {
		return "", err
	}
	ours := map[string]bool{}
	for _, p := range profiles {
		ours[p.Name] = true
	}
	seen := map[string]bool{}
	for _, s := range m.file.sections {
		if seen[s.name] && s.name != "DEFAULT" {
			return "", &LineError{s.first, "is the second [" + s.name + "], and botocore refuses duplicates"}
		}
		seen[s.name] = s.header != ""
		keys := map[string]bool{}
		for _, e := range s.entries {
			name := strings.TrimSpace(s.name)
			switch {
			case e.key == "":
				continue
			case keys[e.key]:
				return "", &LineError{e.first, "is the second " + e.key + " in [" + s.name + "], and botocore refuses duplicates"}
			case ours[name] && name == "default" && strings.HasPrefix(e.key, "aws_") && credentialKeys[e.key]:
				warning = fmt.Sprintf("line %d: %s in [default] is what an SDK uses that cannot follow a role chain in a profile, such as AWS SDK for Java v1", e.first, e.key)
			case ours[name] && credentialKeys[e.key]:
				return "", &LineError{e.first, e.key + " in [" + name + "] comes before the role chain's profile of that name"}
			}
			keys[e.key] = true
		}
	}
	return warning, nil
}

// secretKeys are those whose values nobody should see on a terminal or in a log.
var secretKeys = map[string]bool{
	"aws_secret_access_key": true,
	"aws_session_token":     true,
	"aws_security_token":    true,
}

// Redact returns config with the values of secret keys, wherever they stand, replaced by asterisks, and with them what is
// indented below. It does not need a well-formed file.
func Redact(config []byte) []byte {
	lines := strings.SplitAfter(string(config), "\n")
	below := false // the line above belongs to a secret
	for i, line := range lines {
		text := strings.TrimLeft(line, "#; \t\ufeff")
		key, _, found := cutKey(text)
		switch {
		case found && secretKeys[key]:
			at := strings.IndexAny(line, "=:")
			lines[i], below = line[:at+1]+" ****\n", true
		case below && strings.TrimLeft(line, "# \t") != line && strings.TrimSpace(text) != "":
			lines[i] = "  ****\n"
		case strings.TrimSpace(text) != "":
			below = false
		}
	}
	return []byte(strings.Join(lines, ""))
}
