package chain

import (
	"fmt"
	"strings"

	"rolechain/internal/settings"
)

// assumeRoleRefused are causes of AssumeRole's AccessDenied.
func (s Spec) assumeRoleRefused(e *Error) []string {
	caller, by := s.callerOf(e), s.refusedBy(e)
	both := func(action string) string {
		return fmt.Sprintf("both the permissions of %s and the trust policy of %s must allow %s", caller, e.Role, action)
	}
	switch {
	case by != nil && strings.Contains(e.Message, "explicit deny"):
		return by
	case strings.Contains(e.Message, "sts:TagSession"):
		return append(by, fmt.Sprintf("session tags go with the call%s: %s", s.whoseTags(e), both("sts:TagSession")))
	case strings.Contains(e.Message, "sts:SetSourceIdentity"):
		return append(by, fmt.Sprintf("a source identity goes with the call (%s): %s", e.setting("ROLE_CHAIN_SOURCE_IDENTITY"), both("sts:SetSourceIdentity")))
	case by != nil:
		return by
	}
	external := e.setting("ROLE_CHAIN_EXTERNAL_ID")
	switch {
	case e.sent.externalID:
		external = "the trust policy asks for another external id than " + external
	case e.Hop == s.hops(), e.sent.from.Mapped != "":
		external = "the trust policy asks for an external id (" + external + ")"
	default:
		external = ""
	}
	tags, identity := "", ""
	if s.FirstHop == settings.PodIdentity || e.sent.tags {
		tags = fmt.Sprintf("session tags go with the call%s: %s as well", s.whoseTags(e), both("sts:TagSession"))
	}
	if e.sent.sourceIdentity {
		identity = fmt.Sprintf("a source identity goes with the call (%s): %s as well", e.setting("ROLE_CHAIN_SOURCE_IDENTITY"), both("sts:SetSourceIdentity"))
	}
	return causes(
		fmt.Sprintf("the permissions of %s do not allow sts:AssumeRole on %s", caller, e.Role),
		fmt.Sprintf("the trust policy of %s does not name %s", e.Role, caller),
		external, tags, identity,
		"there is no such role in account "+account(e.Role)+": AWS answers all of these alike",
		"a Condition of one of these policies is not met, such as on "+conditionKeys+"; or the VPC endpoint for sts, or a policy of an organization, does not let the call pass",
	)
}

// whoseTags says where tags come from that nobody may have set knowingly.
func (s Spec) whoseTags(e *Error) string {
	switch {
	case s.FirstHop == settings.PodIdentity:
		return " (EKS Pod Identity puts its own on every session)"
	case e.sent.tags:
		return " (" + e.setting("ROLE_CHAIN_SESSION_TAGS") + ")"
	}
	return ""
}

// setting names the setting of an option of e's hop: the environment's variable, or what the role map has in its place.
func (e *Error) setting(variable string) string { return e.sent.from.Of(variable) }

// parameterCause is about what any call may be refused for.
func (s Spec) parameterCause(e *Error) string {
	switch {
	case strings.Contains(e.Message, "MaxSessionDuration"):
		return fmt.Sprintf("%s must not be longer than the maximum session duration of %s; aws iam update-role --max-session-duration raises it", e.setting("ROLE_CHAIN_DURATION"), e.Role)
	case strings.Contains(e.Message, "role chaining"):
		return fmt.Sprintf("AWS ends every session of a chained role after one hour at most: set %s to 1h or less", e.setting("ROLE_CHAIN_DURATION"))
	case e.Code == "MalformedPolicyDocument":
		return fmt.Sprintf("the session policy (%s) is not a valid IAM policy", e.setting("ROLE_CHAIN_SESSION_POLICY_FILE"))
	case e.Code == "PackedPolicyTooLarge" && s.FirstHop == settings.PodIdentity:
		return "EKS Pod Identity's own six session tags take most of the room: an association without session tags (aws eks update-pod-identity-association --disable-session-tags) leaves it to yours, and needs no sts:TagSession either; or shorten the session policy and tags, or give fewer" + e.whoseRoom()
	case e.Code == "PackedPolicyTooLarge":
		return "session policy, policy ARNs and session tags are too large together, by AWS's own packing: shorten them, or give fewer" + e.whoseRoom()
	case strings.Contains(e.Message, "ransitive tag"):
		return fmt.Sprintf("a tag that the session of an earlier hop made transitive cannot be set again, and %s may only name keys of %s", e.setting("ROLE_CHAIN_TRANSITIVE_TAGS"), e.setting("ROLE_CHAIN_SESSION_TAGS"))
	}
	for _, p := range parameters {
		if strings.Contains(e.Message, "at '"+p.name) {
			return "STS does not take what " + e.setting(p.variable) + " says"
		}
	}
	return "rolechain knows no more of this refusal than AWS's words: look for the call in CloudTrail, of the caller's account and of account " + account(e.Role)
}

// parameters are STS's names for what the settings give.
var parameters = []struct{ name, variable string }{
	{"roleSessionName", "ROLE_CHAIN_SESSION_NAME"}, {"durationSeconds", "ROLE_CHAIN_DURATION"},
	{"externalId", "ROLE_CHAIN_EXTERNAL_ID"}, {"sourceIdentity", "ROLE_CHAIN_SOURCE_IDENTITY"},
	{"tags", "ROLE_CHAIN_SESSION_TAGS"}, {"transitiveTagKeys", "ROLE_CHAIN_TRANSITIVE_TAGS"},
	{"policyArns", "ROLE_CHAIN_SESSION_POLICY_ARNS"}, {"policy", "ROLE_CHAIN_SESSION_POLICY_FILE"},
}

// whoseRoom names the place of what is to be shortened, where that is the role map.
func (e *Error) whoseRoom() string {
	if e.sent.from.Mapped == "" {
		return ""
	}
	return " (" + e.setting("ROLE_CHAIN_SESSION_TAGS") + ", " + e.setting("ROLE_CHAIN_SESSION_POLICY_FILE") + ")"
}
