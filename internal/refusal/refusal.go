// Package refusal reads which policy AWS blames for refusing a call, and says who owns it and which statement lets the call
// through. The words are those of the IAM user guide ("Troubleshoot access denied error messages") and of the services.
package refusal

import (
	"strings"
)

// A Policy is a kind of policy, in AWS's words for it.
type Policy string

const (
	Identity Policy = "identity-based policy"
	Resource Policy = "resource-based policy"
	Boundary Policy = "permissions boundary"
	Session  Policy = "session policy"
	SCP      Policy = "service control policy"
	RCP      Policy = "resource control policy"
	Endpoint Policy = "VPC endpoint policy"
)

var policies = []Policy{Identity, Resource, Boundary, Session, SCP, RCP, Endpoint}

// A Blame is what the words of a refusal say.
type Blame struct {
	Policy   Policy // "" when AWS does not tell
	Explicit bool   // a Deny, and not the want of an Allow
	Action   string // "s3:GetObject"; "" when AWS does not tell
	Resource string // its ARN, likewise
}

// Read reads AWS's words.
func Read(message string) Blame {
	b := Blame{Action: word(message, "not authorized to perform: "), Resource: word(message, "on resource: ")}
	b.Explicit = strings.Contains(message, "explicit deny") || strings.Contains(message, "explicitly den")
	lower := strings.ToLower(message)
	for _, p := range policies {
		kind := strings.ToLower(string(p))
		plural := strings.TrimSuffix(kind, "y") + "ies"
		switch {
		case strings.Contains(lower, "deny in a "+kind), strings.Contains(lower, "deny in an "+kind):
			b.Policy, b.Explicit = p, true
			return b
		case strings.Contains(lower, "no "+plural+" allow"):
			// KMS's words for a key of another account: "no resource-based policies allow access, or a resource-based policy
			// explicitly denies access".
			b.Policy, b.Explicit = p, false
			return b
		case strings.Contains(lower, "no "+kind+" allows"):
			b.Policy, b.Explicit = p, false
			return b
		}
	}
	if strings.Contains(message, "customer master key that does not exist") {
		b.Policy, b.Explicit, b.Action = Resource, false, "kms:Decrypt"
	}
	return b
}

// word is the one behind words, without quotes.
func word(message, words string) string {
	_, rest, found := strings.Cut(message, words)
	if !found || rest == "" {
		return ""
	}
	if rest[0] == '"' {
		quoted, _, _ := strings.Cut(rest[1:], `"`)
		return quoted
	}
	return strings.TrimRight(strings.Fields(rest + " x")[0], ".,")
}
