package settings

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"rolechain/internal/exit"
)

// A SessionName is the template of the name that CloudTrail shows for both hops.
type SessionName string

// A Pod is what a SessionName can name. A field is "" when it could not be found out.
type Pod struct{ Name, Namespace, ServiceAccount string }

const (
	podField            = "{pod}"
	namespaceField      = "{namespace}"
	serviceAccountField = "{service_account}"
)

// NeedsToken reports whether the template names something that only the service account's token tells.
func (n SessionName) NeedsToken() bool {
	return strings.Contains(string(n), namespaceField) || strings.Contains(string(n), serviceAccountField)
}

// Expand fills in the template. Bytes that STS does not take become "-", and a name longer than STS takes is shortened. The
// error, an *exit.Error, names the field that pod does not tell.
func (n SessionName) Expand(pod Pod) (string, error) {
	name := string(n)
	for _, field := range []struct{ mark, value string }{
		{podField, pod.Name}, {namespaceField, pod.Namespace}, {serviceAccountField, pod.ServiceAccount},
	} {
		if strings.Contains(name, field.mark) && field.value == "" {
			return "", exit.Because(exit.BadSetting, fmt.Errorf("ROLE_CHAIN_SESSION_NAME: %q asks for %s, which is not known here", string(n), field.mark),
				"the namespace and the service account are read from the pod's token")
		}
		name = strings.ReplaceAll(name, field.mark, field.value)
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
	names := []*SessionName{&s.SessionName, &s.Options.SessionName}
	s.Via, s.Profiles = slices.Clone(s.Via), slices.Clone(s.Profiles)
	for i := range s.Via {
		names = append(names, &s.Via[i].Options.SessionName)
	}
	for i := range s.Profiles {
		names = append(names, &s.Profiles[i].Options.SessionName)
	}
	for _, name := range names {
		if *name == "" {
			continue
		}
		expanded, err := name.Expand(pod)
		if err != nil {
			return s, err
		}
		*name = SessionName(expanded)
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
	hint = "letters, digits, _+=,.@- and the fields {pod}, {namespace}, {service_account}"
	rest := value
	for _, field := range []string{podField, namespaceField, serviceAccountField} {
		rest = strings.ReplaceAll(rest, field, "")
	}
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
