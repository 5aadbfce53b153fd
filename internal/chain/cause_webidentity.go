package chain

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"rolechain/internal/jwt"
)

// webIdentityRefused are causes of AssumeRoleWithWebIdentity's AccessDenied. AWS seldom says which policy it is about.
func (s Spec) webIdentityRefused(e *Error) []string {
	if by := s.refusedBy(e); by != nil {
		return by
	}
	trust := fmt.Sprintf("the trust policy of %s must allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider, with conditions on sub and aud that %s meets", e.Role, s.tokenSays())
	if s.beside(e) {
		trust = fmt.Sprintf("with ROLE_CHAIN_DIRECT=true the trust policy of %s must allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC provider in its own account, %s, with conditions on sub and aud that %s meets; that it trusts the job execution role does not count", e.Role, s.provider(e.Role), s.tokenSays())
	}
	return []string{
		trust, "there is no such role in account " + account(e.Role),
		"the policy of a VPC endpoint for sts, or of the organization, refuses it, which AWS says in the same words",
	}
}

// beside reports whether e is of a role that the token is to assume beside the job execution role.
func (s Spec) beside(e *Error) bool { return s.Direct && e.Role != s.BaseRole }

func (s Spec) webIdentityCause(e *Error) string {
	if e.Code == "ExpiredTokenException" {
		return "the kubelet renews the projected token in place: AWS_WEB_IDENTITY_TOKEN_FILE must be that file, neither a copy nor a subPath mount"
	}
	if e.Code != "InvalidIdentityToken" {
		return s.parameterCause(e)
	}
	switch {
	case strings.Contains(e.Message, "audience"):
		return fmt.Sprintf("the token's audience must be among the client ids of the OIDC provider in account %s; %s", account(e.Role), s.tokenSays())
	case strings.Contains(e.Message, "thumbprint"):
		return "the OIDC provider in IAM has thumbprints of other certificates than the issuer's: aws iam update-open-id-connect-provider-thumbprint with that of the certificate authority which the issuer's chain ends in; " + s.tokenSays()
	case strings.Contains(e.Message, "provider found") && s.beside(e):
		return fmt.Sprintf("account %s has no OIDC provider for the token's issuer, which ROLE_CHAIN_DIRECT=true needs there: aws iam create-open-id-connect-provider --url %s --client-id-list %s, as an administrator of that account; or leave out ROLE_CHAIN_DIRECT to chain through the job execution role", account(e.Role), s.issuer(), defaultAudience)
	case strings.Contains(e.Message, "provider found"):
		return fmt.Sprintf("account %s has no OIDC provider for the token's issuer: create it there (eksctl utils associate-iam-oidc-provider), or name a role of the cluster's account; %s", account(e.Role), s.tokenSays())
	}
	return "is the token of this cluster, and meant for AWS? " + s.tokenSays()
}

// defaultAudience is EKS's for tokens that are meant for AWS.
const defaultAudience = "sts.amazonaws.com"

// issuer is that of the token, or words in its place.
func (s Spec) issuer() string {
	if token, err := s.readJWT(); err == nil {
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
	token, err := s.readJWT()
	if err != nil {
		return "the token"
	}
	c, _ := jwt.Read(token)
	return clean(fmt.Sprintf("the token (sub %q, aud %q, iss %q)", c.Subject, strings.Join(c.Audience, ", "), c.Issuer))
}
