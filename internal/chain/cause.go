package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"rolechain/internal/durable"
	"rolechain/internal/settings"
)

// explainCauses fills in what is likely wrong, in no words that have a secret in them. known is what the call's failure has
// told already.
func (s Spec) explainCauses(e *Error, known string) {
	e.Causes = causes(known)
	if known == "" {
		e.Causes = s.causes(e)
	}
	if s.everyService() && e.Action != podIdentityAction && e.Kind != NoToken && e.Kind != BadToken {
		e.Causes = append(e.Causes, fmt.Sprintf("STS is asked at %s: %s is for every service, STS too. If it was meant for S3, name it AWS_ENDPOINT_URL_S3, or set AWS_ENDPOINT_URL_STS as well", s.host(), s.STSEndpointFrom))
	}
	e.Hint = hint(e.Causes)
}

// causes are those that are known.
func causes(known ...string) []string {
	return slices.DeleteFunc(known, func(cause string) bool { return cause == "" })
}

// hint is a list of causes as one text.
func hint(causes []string) string {
	if len(causes) == 1 {
		return causes[0]
	}
	var b strings.Builder
	for i, cause := range causes {
		fmt.Fprintf(&b, "%d. %s; ", i+1, cause)
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// causes are what may be wrong about e, the likeliest first.
func (s Spec) causes(e *Error) []string {
	switch {
	case e.Kind == BadSpec && e.Action == podIdentityAction:
		return causes("AWS_CONTAINER_CREDENTIALS_FULL_URI is set by EKS, to http://169.254.170.23/v1/credentials or http://[fd00:ec2::23]/v1/credentials")
	case e.Kind == BadSpec:
		return causes("check AWS_ENDPOINT_URL_STS (a URL with https://), the region, and HTTPS_PROXY")
	case e.Kind == NoToken, e.Kind == BadToken:
		return causes(s.tokenCause(e))
	case aboutClock(e):
		return causes("this node's clock is wrong, as AWS sees it: compare `date -u` on the node with a right one, and look at its time service (chrony)")
	case e.Kind == Transient && e.Code != "":
		return causes(s.passingCause(e))
	case e.Kind == Transient:
		return s.unanswered(e)
	case strings.HasPrefix(e.Code, "RegionDisabled"):
		return causes(fmt.Sprintf("STS in the region %q is not active in that account: activate it in IAM's account settings, or set AWS_REGION to one that is", s.region()))
	case e.Code == "InvalidClientTokenId", e.Code == "UnrecognizedClientException":
		return causes(fmt.Sprintf("STS in the region %q does not know the session of the hop before: an account must opt in to the region, all roles must be in one partition, and AWS_ENDPOINT_URL_STS must belong to it", s.region()))
	case e.Code == "SignatureDoesNotMatch":
		return causes(fmt.Sprintf("requests are signed for the region %q: AWS_REGION and AWS_ENDPOINT_URL_STS must name the same one, and no proxy may change a request", s.region()))
	case slices.Contains(spoilt, e.Code):
		return causes("something between the pod and STS changes the request, most likely a proxy: look at HTTPS_PROXY, NO_PROXY and AWS_ENDPOINT_URL_STS")
	case e.Action == podIdentityAction:
		return causes(podIdentityCause(e))
	case e.Action == "AssumeRoleWithWebIdentity" && e.Code == "AccessDenied":
		return s.webIdentityRefused(e)
	case e.Action == "AssumeRoleWithWebIdentity":
		return causes(s.webIdentityCause(e))
	case e.Code == "AccessDenied":
		return s.assumeRoleRefused(e)
	}
	return causes(s.parameterCause(e))
}

// spoilt are codes for requests that the SDK does not send like that (STS API reference, common errors).
var spoilt = []string{"IncompleteSignature", "MissingAuthenticationToken", "MissingAction", "InvalidAction", "IncompleteBody", "MalformedQueryString",
	"RequestEntityTooLarge", "UnsupportedHttpVerb"}

func (s Spec) tokenCause(e *Error) string {
	if errors.Is(e.Err, durable.ErrHung) {
		return "the node's kubelet, or what serves that volume, hangs: look at the node"
	}
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

// passingCause is about an answer with which AWS asks to come again.
func (s Spec) passingCause(e *Error) string {
	switch {
	case throttled(e.Code):
		return "the account makes too many STS calls: start fewer pods together, or ask for longer sessions"
	case e.Code == "IDPCommunicationError", e.Code == "InvalidIdentityToken":
		return "STS cannot fetch the cluster's public keys: they must be reachable from the internet at the token's issuer"
	case e.callerEnded():
		return fmt.Sprintf("the session of %s, which signed the call, is over for STS. Each try gets a new one first: if STS refuses that as well, something between the pod and STS answers the hop before with an old session", s.callerOf(e))
	case e.Action == podIdentityAction:
		return "the agent, or the service behind it, has trouble of its own, which passes: look at the add-on eks-pod-identity-agent if it does not"
	}
	return "STS has trouble of its own, which passes: the AWS Health Dashboard tells of longer ones"
}

// unanswered are causes of an answer that did not come, or not from STS.
func (s Spec) unanswered(e *Error) []string {
	var dns *net.DNSError
	host := s.host()
	wayOut := fmt.Sprintf("the pod has no way to %s: it needs NAT, a proxy (HTTPS_PROXY), or an interface VPC endpoint for sts in the region", host)
	if s.Proxy.Ignored {
		wayOut += "; ALL_PROXY alone is not used here: set HTTPS_PROXY"
	}
	const closed = "security groups (of the node, the pod or the VPC endpoint) or NetworkPolicies do not let it through"
	const between = "something between the pod and STS answered, or cut the connection, most likely a proxy: check HTTPS_PROXY, NO_PROXY and AWS_ENDPOINT_URL_STS"
	switch {
	case errors.Is(e.Err, context.Canceled):
		return nil
	case e.Action == podIdentityAction && errors.Is(e.Err, syscall.ECONNREFUSED):
		return causes("the agent is not up on this node yet: on a fresh node pods start before it. A startup taint that goes when the agent is ready (Karpenter's startupTaints, a node group's taints) keeps pods away until then; if it does not come, look at the add-on eks-pod-identity-agent")
	case e.Action == podIdentityAction:
		return causes("the add-on eks-pod-identity-agent is not running on this node", "a NetworkPolicy does not let the pod reach it")
	case strings.HasSuffix(e.Message, "without an error of STS in it"):
		return causes(between)
	case errors.As(e.Err, &dns):
		return causes(fmt.Sprintf("the pod's DNS does not know %s: look at the region%s, at AWS_ENDPOINT_URL_STS, and at NetworkPolicies, which must let the pod reach the cluster's DNS", dns.Name, s.fipsRegion()), wayOut)
	case errors.Is(e.Err, io.ErrUnexpectedEOF), errors.Is(e.Err, syscall.ECONNRESET):
		return causes(between, closed)
	}
	return causes(wayOut, closed)
}

func podIdentityCause(e *Error) string {
	switch {
	case e.Code == "ResourceNotFoundException":
		return "the pod's service account has no Pod Identity association in this cluster, or it was made for another namespace"
	case strings.HasPrefix(e.Code, "AccessDenied"):
		return "the role of the Pod Identity association must trust the service pods.eks.amazonaws.com for sts:AssumeRole and sts:TagSession"
	case strings.Contains(e.Code, "Token"):
		return "the token is of another cluster, or over: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE must be the file that EKS mounts, not a copy"
	}
	return "the agent does not take the request: is AWS_CONTAINER_CREDENTIALS_FULL_URI that of EKS, and the add-on eks-pod-identity-agent up to date?"
}

// account is the one in a role's ARN; settings has checked its form.
func account(roleARN string) string { return cmp.Or(settings.Account(roleARN), "of the role") }
