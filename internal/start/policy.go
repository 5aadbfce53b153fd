package start

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"unicode/utf8"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// maxPolicy is what STS takes of a session policy, in characters (STS API reference, AssumeRole).
const maxPolicy = 2048

// SessionPolicy returns the session policy, JSON text without the white space that STS would count; "" when none is set.
func SessionPolicy(s settings.Settings) (string, error) {
	if s.PolicyFile == "" {
		return s.Options.Policy, nil
	}
	bad := func(err error, hint string) (string, error) {
		return "", exit.Because(exit.BadSetting, fmt.Errorf("ROLE_CHAIN_SESSION_POLICY_FILE: %w", err), hint)
	}
	data, there, err := durable.Read(s.PolicyFile)
	if err != nil {
		return bad(err, "it must be a file that the container's user can read")
	}
	if !there {
		return bad(fmt.Errorf("there is no file %q", s.PolicyFile), "mount it, from a ConfigMap for example")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return bad(fmt.Errorf("%q is not a JSON object: %w", s.PolicyFile, err), "it must hold an IAM policy document")
	}
	var policy bytes.Buffer
	if err := json.Compact(&policy, data); err != nil {
		return bad(err, "")
	}
	if n := utf8.RuneCount(policy.Bytes()); n > maxPolicy {
		return bad(fmt.Errorf("the policy in %q has %d characters, STS takes %d", s.PolicyFile, n, maxPolicy), "shorten it, or use ROLE_CHAIN_SESSION_POLICY_ARNS")
	}
	if mapped := s.Options.Policy; mapped != "" && !sameJSON(policy.Bytes(), []byte(mapped)) {
		return bad(fmt.Errorf("the policy in %q differs from the one that the role map has for %s", s.PolicyFile, s.ClientRole), "leave the variable out: the map's counts")
	}
	return policy.String(), nil
}

func sameJSON(a, b []byte) bool {
	var one, other any
	return json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil && reflect.DeepEqual(one, other)
}
