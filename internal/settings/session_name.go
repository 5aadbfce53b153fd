package settings

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// A SessionName is the template of the name that CloudTrail shows for both hops.
type SessionName string

// Expand fills in the template. Bytes that STS does not take become "-", and a name longer than STS takes is shortened. The
// error is Fill's.
func (n SessionName) expand(what string, pod Pod) (string, error) {
	name, err := Fill(what, string(n), pod)
	if err != nil {
		return "", err
	}
	clean := []byte(name)
	for i, c := range clean {
		if strings.IndexByte(sessionNameChars, c) < 0 {
			clean[i] = '-'
		}
	}
	if len(clean) > maxSessionName {
		return shortened(name, string(clean)), nil
	}
	if len(clean) < minSessionName {
		clean = append(clean, "-session"...)
	}
	return string(clean), nil
}

// Named returns s with every session name expanded.
func (s Settings) Named(pod Pod) (Settings, error) {
	s.Via, s.Profiles = slices.Clone(s.Via), slices.Clone(s.Profiles)
	what, names := "ROLE_CHAIN_SESSION_NAME", []*SessionName{&s.SessionName, &s.Options.SessionName}
	for i := range s.Via {
		names = append(names, &s.Via[i].Options.SessionName)
	}
	for i := range s.Profiles {
		names = append(names, &s.Profiles[i].Options.SessionName)
	}
	for _, name := range names {
		if *name != "" {
			expanded, err := name.expand(what, pod)
			if err != nil {
				return s, err
			}
			*name = SessionName(expanded)
		}
		what = "ROLE_CHAIN_ROLE_MAP: session name"
	}
	return s, nil
}

// maxSessionName and minSessionName are what STS takes ([\w+=,.@-]{2,64}, API reference, AssumeRole).
const maxSessionName, minSessionName = 64, 2

// shortened replaces the middle of clean by a hash of the whole name. Policies have conditions on the beginning
// (sts:RoleSessionName like team-*), and the end, such as -exec-12, tells people which pod it was. The hash keeps names apart
// that differ only in between. It need not resist anybody: crypto/sha256 would cost every start.
func shortened(name, clean string) string {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	end := "-" + strconv.FormatUint(hash.Sum64(), 36) + "-" + clean[len(clean)-16:]
	return clean[:maxSessionName-len(end)] + end
}

// sessionName checks a template's own characters.
func sessionName(value string) (problem, hint string) {
	hint = "letters, digits, _+=,.@- and " + templateHint
	rest := withoutFields(value)
	switch {
	case strings.ContainsAny(rest, "{}"):
		return "names a field that does not exist", hint
	case !only(rest, sessionNameChars):
		return "has characters that STS does not take in a session name", hint
	case rest == value && (len(value) < minSessionName || len(value) > maxSessionName):
		return "has a length that STS does not take", "2 to 64 characters"
	}
	return "", ""
}
