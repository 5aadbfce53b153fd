package chain

import (
	"fmt"
	"strings"

	"rolechain/internal/settings"
)

// conditions are those that keep a call out most often, beside the ones that the settings are for.
const conditions = "also its conditions, such as aws:SourceVpce, aws:SourceIp, aws:PrincipalOrgID and sts:RoleSessionName"

// refusing are the kinds of policies that AWS blames for a refusal, by its own words for them (IAM user guide, "Troubleshoot
// access denied error messages"), with where each is found.
var refusing = []struct {
	words string
	where string // with CALLER for who asks and ROLE for the role that is asked for
}{
	{"identity-based policy", "the permissions of CALLER, which its account's administrator owns"},
	{"resource-based policy", "the trust policy of ROLE, which that role's account owns"},
	{"permissions boundary", "the permissions boundary of CALLER"},
	{"session policy", "the session policy that the session of CALLER was made with"},
	{"service control policy", "a service control policy of the organization that the account of CALLER is in; its management account owns it"},
	{"resource control policy", "a resource control policy of the organization that the account of ROLE is in; its management account owns it"},
	{"VPC endpoint policy", "the policy of the VPC endpoint for sts by which the pod calls; whoever runs the network owns it"},
}

// refusedBy says which policy refused a call, when AWS has told; "" when it has not.
func (s Spec) refusedBy(e *Error) string {
	names := strings.NewReplacer("CALLER", s.callerOf(e), "ROLE", e.Role)
	for _, kind := range refusing {
		where := names.Replace(kind.where)
		switch {
		case strings.Contains(e.Message, "explicit deny in a "+kind.words), strings.Contains(e.Message, "explicit deny in an "+kind.words):
			return fmt.Sprintf("a Deny for %s is in %s: look at it, and %s", s.permission(e), where, conditions)
		case strings.Contains(e.Message, "no "+kind.words+" allows"):
			return fmt.Sprintf("nothing allows %s on %s in %s", s.permission(e), e.Role, where)
		}
	}
	if strings.Contains(e.Message, "explicit deny") {
		return "a policy denies it outright: look for the Deny, also in service control policies, resource control policies, permissions boundaries, session policies and the VPC endpoint's policy, and " + conditions
	}
	return ""
}

// permission is the action that a refusal is about.
func (s Spec) permission(e *Error) string {
	for _, action := range []string{"sts:TagSession", "sts:SetSourceIdentity"} {
		if strings.Contains(e.Message, action) {
			return action
		}
	}
	return "sts:" + e.Action
}

// callerOf names who makes the call of e's hop.
func (s Spec) callerOf(e *Error) string {
	switch {
	case e.Hop == 1:
		return "the pod's service account"
	case e.Hop == 2 && s.FirstHop == settings.PodIdentity:
		return "the role of the Pod Identity association"
	}
	return s.hop(e.Hop-1, Hop{}).Role
}
