package chain

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// HTTPClient returns a client for services other than STS, with the same bounds, CA bundle and proxies.
func (s Spec) HTTPClient() *http.Client { return newHTTP(nil, s.Proxy.function(), s.CABundle) }

// Static returns the session for the SDK's clients to sign with.
func (s Session) Static() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, s.SessionToken)
}

// Identity asks STS whose session s is, and returns the ARN. No policy of IAM can refuse that call, but the policy of a VPC
// endpoint can. The error is in AWS's words.
func (c *Chain) Identity(ctx context.Context, s Session) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := c.sts.GetCallerIdentity(ctx, nil, func(o *sts.Options) { o.Credentials = s.Static() })
	if err != nil {
		return "", fmt.Errorf("GetCallerIdentity: %w", err)
	}
	return aws.ToString(out.Arn), nil
}

// RoleOf returns the ARN of the role of an assumed role's session. The session's ARN does not tell a role's path: role says
// which one is expected, and counts where it can be the one.
func RoleOf(session, role string) (string, error) {
	at, err := arn.Parse(session)
	parts := strings.Split(at.Resource, "/")
	if err != nil || at.Service != "sts" || len(parts) != 3 || parts[0] != "assumed-role" {
		return "", fmt.Errorf("%q is not the session of a role", session)
	}
	if role == "" {
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", at.Partition, at.AccountID, parts[1]), nil
	}
	want, err := arn.Parse(role)
	if err != nil || want.AccountID != at.AccountID || want.Resource[strings.LastIndexByte(want.Resource, '/')+1:] != parts[1] {
		return "", fmt.Errorf("AWS says that this session is %s, which is not one of %s", session, role)
	}
	return role, nil
}

// Clean makes a text of AWS's, or of whoever answered in its place, fit for a line of a log, without anything in it that has
// the form of a token.
func Clean(text string) string { return clean(text) }

// STSRegion returns the region that STS is asked for; for services that have no global endpoint.
func (s Spec) STSRegion() string {
	if region := s.region(); region != "aws-global" {
		return region
	}
	return "us-east-1"
}
