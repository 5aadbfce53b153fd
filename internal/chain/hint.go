package chain

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"rolechain/internal/jwt"
	"rolechain/internal/settings"
)

// hint says what to do about the likely cause of e; "" when nobody knows. It has no secret in it.
func (s Spec) hint(e *Error) string {
	switch {
	case e.Kind == BadSpec && e.Action == podIdentityAction:
		return "AWS_CONTAINER_CREDENTIALS_FULL_URI is set by EKS, to http://169.254.170.23/v1/credentials or http://[fd00:ec2::23]/v1/credentials"
	case e.Kind == BadSpec:
		return "check AWS_ENDPOINT_URL_STS (a URL with https://), the region, and HTTPS_PROXY"
	case e.Kind == NoToken, e.Kind == BadToken:
		return s.tokenHint(e)
	case aboutClock(e):
		return "this node's clock is wrong, as AWS sees it: compare `date -u` on the node with a right one, and look at its time service (chrony)"
	case e.Kind == Transient:
		return s.transientHint(e)
	case strings.HasPrefix(e.Code, "RegionDisabled"):
		return fmt.Sprintf("STS in the region %q is not active in that account: activate it in IAM's account settings, or set AWS_REGION to one that is", s.region())
	case e.Code == "InvalidClientTokenId", e.Code == "UnrecognizedClientException":
		return fmt.Sprintf("STS in the region %q does not know the session of the hop before: an account must opt in to the region, all roles must be in one partition, and AWS_ENDPOINT_URL_STS must belong to it", s.region())
	case e.Code == "SignatureDoesNotMatch":
		return fmt.Sprintf("requests are signed for the region %q: AWS_REGION and AWS_ENDPOINT_URL_STS must name the same one, and no proxy may change a request", s.region())
	case e.Action == podIdentityAction:
		return podIdentityHint(e)
	case e.Action == "AssumeRoleWithWebIdentity":
		return s.webIdentityHint(e)
	}
	return s.assumeRoleHint(e)
}

func (s Spec) tokenHint(e *Error) string {
	if s.FirstHop == settings.PodIdentity {
		if e.Kind == NoToken {
			return "EKS mounts it when the pod is created after the Pod Identity association of its service account: make the association, then the pod again"
		}
		return "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE must be the file that EKS mounts, as it is, readable for the container's user"
	}
	if e.Kind == NoToken {
		return "EKS mounts it when the pod is created after its service account got the annotation eks.amazonaws.com/role-arn; or set AWS_WEB_IDENTITY_TOKEN_FILE to where it is"
	}
	if e.Err != nil {
		return "the container's user must be able to read it: set securityContext.fsGroup in the pod template"
	}
	return "AWS_WEB_IDENTITY_TOKEN_FILE must be the projected service account token, as it is"
}

func aboutClock(e *Error) bool {
	switch e.Code {
	case "SignatureDoesNotMatch":
		return strings.Contains(e.Message, "Signature expired") || strings.Contains(e.Message, "not yet current")
	case "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture":
		return true
	}
	return e.Code == "" && strings.HasSuffix(e.Message, "by this node's clock")
}

func (s Spec) transientHint(e *Error) string {
	switch {
	case throttled(e.Code):
		return "the account makes too many STS calls: start fewer pods together, or ask for longer sessions"
	case e.Code == "IDPCommunicationError", e.Code == "InvalidIdentityToken":
		return "STS cannot fetch the cluster's public keys: they must be reachable from the internet at the token's issuer"
	case e.Code != "":
		return ""
	case e.Action == podIdentityAction && errors.Is(e.Err, syscall.ECONNREFUSED):
		return "the agent is not up on this node yet: on a fresh node pods start before it. A startup taint that goes when the agent is ready (Karpenter's startupTaints, a node group's taints) keeps pods away until then; if it does not come, look at the add-on eks-pod-identity-agent"
	case e.Action == podIdentityAction:
		return "is the add-on eks-pod-identity-agent running on this node, and does a NetworkPolicy let the pod reach it?"
	case strings.HasSuffix(e.Message, "without an error of STS in it"):
		return "something between the pod and STS answered, most likely a proxy: check HTTPS_PROXY, NO_PROXY and AWS_ENDPOINT_URL_STS"
	}
	hint := "can the pod reach " + s.host() + "? It needs DNS, and a way out (NAT, a proxy) or an interface VPC endpoint for sts in the region, open in security groups and NetworkPolicies"
	var dns *net.DNSError
	if errors.As(e.Err, &dns) {
		hint += s.fipsRegion()
	}
	if s.Proxy.Ignored {
		hint += "; ALL_PROXY alone is not used here: set HTTPS_PROXY"
	}
	return hint
}

// withEndpoint adds to a hint where calls go, when a setting leads them there that may have been meant for another service.
func (s Spec) withEndpoint(e *Error, hint string) string {
	if !s.everyService() || e.Action == podIdentityAction || e.Kind == NoToken || e.Kind == BadToken {
		return hint
	}
	if hint != "" {
		hint += "; "
	}
	return hint + fmt.Sprintf("STS is asked at %s: %s is for every service, STS too. If it was meant for S3, name it AWS_ENDPOINT_URL_S3, or set AWS_ENDPOINT_URL_STS as well", s.host(), s.STSEndpointFrom)
}

func podIdentityHint(e *Error) string {
	switch {
	case e.Code == "ResourceNotFoundException":
		return "the pod's service account has no Pod Identity association in this cluster, or it was made for another namespace"
	case strings.HasPrefix(e.Code, "AccessDenied"):
		return "the role of the Pod Identity association must trust the service pods.eks.amazonaws.com for sts:AssumeRole and sts:TagSession"
	case strings.Contains(e.Code, "Token"):
		return "the token is of another cluster, or over: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE must be the file that EKS mounts, not a copy"
	}
	return ""
}

func (s Spec) webIdentityHint(e *Error) string {
	switch {
	case e.Code == "AccessDenied" && s.refusedBy(e) != "":
		return s.refusedBy(e)
	case e.Code == "AccessDenied" && s.Direct && e.Role != s.BaseRole:
		return fmt.Sprintf("with ROLE_CHAIN_DIRECT=true the trust policy of %s must allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider in its own account, %s, with conditions on sub and aud that %s meets, if there is such a role; that it trusts the job execution role does not count. The policy of a VPC endpoint for sts, or of the organization, can refuse it in the same words", e.Role, s.provider(e.Role), s.tokenSays())
	case e.Code == "AccessDenied":
		return fmt.Sprintf("the trust policy of %s must allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider, with conditions on sub and aud that %s meets, if there is such a role in account %s; the policy of a VPC endpoint for sts, or of the organization, can refuse it in the same words", e.Role, s.tokenSays(), account(e.Role))
	case e.Code == "ExpiredTokenException":
		return "the kubelet renews the projected token in place: AWS_WEB_IDENTITY_TOKEN_FILE must be that file, neither a copy nor a subPath mount"
	case e.Code == "InvalidIdentityToken" && strings.Contains(e.Message, "audience"):
		return fmt.Sprintf("the token's audience must be among the client ids of the OIDC provider in account %s; %s", account(e.Role), s.tokenSays())
	case e.Code == "InvalidIdentityToken" && strings.Contains(e.Message, "thumbprint"):
		return "the OIDC provider in IAM has thumbprints of other certificates than the issuer's: aws iam update-open-id-connect-provider-thumbprint with that of the certificate authority which the issuer's chain ends in; " + s.tokenSays()
	case e.Code == "InvalidIdentityToken" && strings.Contains(e.Message, "provider found") && s.Direct && e.Role != s.BaseRole:
		return fmt.Sprintf("account %s has no OIDC provider for the token's issuer, which ROLE_CHAIN_DIRECT=true needs there: aws iam create-open-id-connect-provider --url %s --client-id-list %s, as an administrator of that account; or leave out ROLE_CHAIN_DIRECT to chain through the job execution role", account(e.Role), s.issuer(), defaultAudience)
	case e.Code == "InvalidIdentityToken" && strings.Contains(e.Message, "provider found"):
		return fmt.Sprintf("account %s has no OIDC provider for the token's issuer: create it there (eksctl utils associate-iam-oidc-provider), or name a role of the cluster's account; %s", account(e.Role), s.tokenSays())
	case e.Code == "InvalidIdentityToken":
		return "is the token of this cluster, and meant for AWS? " + s.tokenSays()
	}
	return s.parameterHint(e)
}

// defaultAudience is EKS's for tokens that are meant for AWS.
const defaultAudience = "sts.amazonaws.com"

// issuer is that of the token, or words in its place.
func (s Spec) issuer() string {
	if token, err := readJWT(s.TokenFile); err == nil {
		if c, _ := jwt.Read(token); strings.HasPrefix(c.Issuer, "https://") {
			return clean(c.Issuer)
		}
	}
	return "https://ISSUER"
}

// provider is the ARN of the token's OIDC provider in the account of a role.
func (s Spec) provider(role string) string {
	a, _ := arn.Parse(role)
	return fmt.Sprintf("arn:%s:iam::%s:oidc-provider/%s", a.Partition, account(role), strings.TrimPrefix(s.issuer(), "https://"))
}

// tokenSays repeats the claims that trust policies are about.
func (s Spec) tokenSays() string {
	token, err := readJWT(s.TokenFile)
	if err != nil {
		return "the token"
	}
	c, _ := jwt.Read(token)
	return clean(fmt.Sprintf("the token (sub %q, aud %q, iss %q)", c.Subject, strings.Join(c.Audience, ", "), c.Issuer))
}

func (s Spec) assumeRoleHint(e *Error) string {
	if e.Code != "AccessDenied" {
		return s.parameterHint(e)
	}
	caller, final := s.callerOf(e), e.Hop == s.hops()
	by := s.refusedBy(e)
	switch {
	case by != "" && strings.Contains(by, "Deny"):
		return by
	case strings.Contains(e.Message, "sts:TagSession"):
		return fmt.Sprintf("session tags go with the call%s: both the permissions of %s and the trust policy of %s must allow sts:TagSession", s.whoseTags(e), caller, e.Role)
	case strings.Contains(e.Message, "sts:SetSourceIdentity"):
		return fmt.Sprintf("a source identity goes with the call: both the permissions of %s and the trust policy of %s must allow sts:SetSourceIdentity", caller, e.Role)
	case strings.Contains(e.Message, "no resource-based policy"):
		return fmt.Sprintf("%s; it must name %s, and %s", by, caller, conditions)
	case by != "":
		return by
	}
	hint := fmt.Sprintf("either the permissions of %s do not allow sts:AssumeRole on it, or its trust policy does not name %s", caller, caller)
	switch {
	case e.sent.externalID:
		hint += ", or asks for another external id than " + e.externalIDSetting()
	case final, e.sent.externalIDFrom != "":
		hint += ", or asks for an external id (" + e.externalIDSetting() + ")"
	}
	hint += fmt.Sprintf(", or there is no such role in account %s: AWS answers all of these alike", account(e.Role))
	if s.FirstHop == settings.PodIdentity || e.sent.tags {
		hint += "; with session tags both must also allow sts:TagSession"
	}
	if e.sent.sourceIdentity {
		hint += "; with a source identity both must also allow sts:SetSourceIdentity"
	}
	return hint
}

// whoseTags says where tags come from that nobody may have set knowingly.
func (s Spec) whoseTags(e *Error) string {
	switch {
	case s.FirstHop == settings.PodIdentity:
		return " (EKS Pod Identity puts its own on every session)"
	case e.sent.tags:
		return " (ROLE_CHAIN_SESSION_TAGS)"
	}
	return ""
}

// parameterHint is about what any call may be refused for.
func (s Spec) parameterHint(e *Error) string {
	switch {
	case strings.Contains(e.Message, "MaxSessionDuration"):
		return fmt.Sprintf("ROLE_CHAIN_DURATION must not be longer than the maximum session duration of %s; aws iam update-role --max-session-duration raises it", e.Role)
	case strings.Contains(e.Message, "role chaining"):
		return "AWS ends every session of a chained role after one hour at most: set ROLE_CHAIN_DURATION to 1h or less"
	case e.Code == "MalformedPolicyDocument":
		return "the session policy (ROLE_CHAIN_SESSION_POLICY_FILE) is not a valid IAM policy"
	case e.Code == "PackedPolicyTooLarge" && s.FirstHop == settings.PodIdentity:
		return "EKS Pod Identity's own six session tags take most of the room: an association without session tags (aws eks update-pod-identity-association --disable-session-tags) leaves it to yours, and needs no sts:TagSession either; or shorten the session policy and tags, or give fewer"
	case e.Code == "PackedPolicyTooLarge":
		return "session policy, policy ARNs and session tags are too large together, by AWS's own packing: shorten them, or give fewer"
	case strings.Contains(e.Message, "ransitive tag"):
		return "a tag that the session of an earlier hop made transitive cannot be set again, and ROLE_CHAIN_TRANSITIVE_TAGS may only name tags of ROLE_CHAIN_SESSION_TAGS"
	}
	return ""
}

// account is the one in a role's ARN; settings has checked its form.
func account(roleARN string) string {
	if parts := strings.Split(roleARN, ":"); len(parts) > 4 {
		return parts[4]
	}
	return "of the role"
}
