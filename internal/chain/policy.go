package chain

import (
	"fmt"
	"strings"

	"rolechain/internal/settings"
)

// conditionKeys are those of the conditions that keep a call out most often, beside the ones that the settings are for.
const conditionKeys = "aws:SourceVpce, aws:SourceIp, aws:PrincipalOrgID and sts:RoleSessionName"

const conditions = "also its conditions, such as " + conditionKeys

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

// refusedBy are the causes when AWS has told which policy refused the call; nil when it has not.
func (s Spec) refusedBy(e *Error) []string {
	caller := s.callerOf(e)
	for _, kind := range refusing {
		from := caller
		if e.Hop == 1 && kind.words == "service control policy" {
			from = e.Role // the pod's service account has no account of its own
		}
		where := strings.NewReplacer("CALLER", from, "ROLE", e.Role).Replace(kind.where)
		if o := s.optionsBefore(e); kind.words == "session policy" && o.sessionPolicy() != "" {
			where += " (" + o.sessionPolicy() + ")"
		}
		switch {
		case strings.Contains(e.Message, "explicit deny in a "+kind.words), strings.Contains(e.Message, "explicit deny in an "+kind.words):
			return causes(fmt.Sprintf("a Deny for %s is in %s: look at it, and %s", s.permission(e), where, conditions))
		case strings.Contains(e.Message, "no "+kind.words+" allows"):
			by := fmt.Sprintf("nothing allows %s on %s in %s", s.permission(e), e.Role, where)
			switch {
			case e.Hop == 1:
				return causes(by)
			case kind.words == "resource-based policy":
				return causes(by+"; it must name "+caller+", and "+conditions, s.otherAccount(e, "the permissions of "+caller+" have"))
			case kind.words == "identity-based policy":
				return causes(by, s.otherAccount(e, "the trust policy of "+e.Role+" has"))
			}
			return causes(by)
		}
	}
	if strings.Contains(e.Message, "explicit deny") {
		return causes("a policy denies it outright: look for the Deny, also in service control policies, resource control policies, permissions boundaries, session policies and the VPC endpoint's policy, and " + conditions)
	}
	return nil
}

// optionsBefore are those with which the caller of e's hop got its session.
func (s Spec) optionsBefore(e *Error) Options {
	if e.Hop < 2 {
		return Options{}
	}
	return s.hop(e.Hop-1, Hop{}).Options
}

// otherAccount is the cause that is left once one of the two policies allows a call from account to account.
func (s Spec) otherAccount(e *Error, others string) string {
	if from := account(s.callerOf(e)); strings.HasPrefix(s.callerOf(e), "arn:") && from != account(e.Role) {
		return fmt.Sprintf("the accounts differ (%s and %s), so %s to allow it as well", from, account(e.Role), others)
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
