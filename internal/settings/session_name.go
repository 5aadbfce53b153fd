package settings

import (
	"fmt"
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

// NeedsToken is whether the template names something that only the service account's token tells.
func (n SessionName) NeedsToken() bool {
	return strings.Contains(string(n), namespaceField) || strings.Contains(string(n), serviceAccountField)
}

// Expand fills in the template. Bytes that STS does not take become "-". A name longer than the 64 that STS takes loses
// its beginning, since pods differ in the end of their names. The error, an *exit.Error, names the field that pod does not
// tell.
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
	if len(clean) > 64 {
		clean = clean[len(clean)-64:]
	}
	if len(clean) < 2 { // [\w+=,.@-]{2,64}
		clean = append(clean, "-session"...)
	}
	return string(clean), nil
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
		return "names a field that there is not", hint
	case !only(rest, sessionNameChars):
		return "has characters that STS does not take in a session name", hint
	case rest == value && (len(value) < 2 || len(value) > 64):
		return "has a length that STS does not take", "2 to 64 characters"
	}
	return "", ""
}
