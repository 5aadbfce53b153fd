package ststest_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"rolechain/internal/ststest"
)

const (
	jobRole    = "arn:aws:iam::111122223333:role/job-execution-role"
	middleRole = "arn:aws:iam::111122223333:role/path/to/middle-role"
	clientRole = "arn:aws:iam::444455556666:role/client-role"
	tagRole    = "arn:aws:iam::444455556666:role/tagged-role"
	secretRole = "arn:aws:iam::444455556666:role/external-id-role"
	subject    = "system:serviceaccount:emr:emr-containers-sa-spark"

	userKey    = "AKIAEXAMPLE123456789"
	userSecret = "made-up/secret+of/the+user+alice00000000"
)

// roles is the configuration of most tests: two accounts, every kind of trust.
func roles() ststest.Config {
	all := []string{"sts:TagSession", "sts:SetSourceIdentity"}
	return ststest.Config{
		Roles: []ststest.Role{
			{
				ARN: jobRole,
				WebIdentity: &ststest.WebIdentity{
					StringEquals: map[string][]string{"aud": {"sts.amazonaws.com"}},
					StringLike:   map[string][]string{"sub": {"system:serviceaccount:emr:emr-containers-sa-?park*"}},
				},
				TrustedBy:         []string{"arn:aws:iam::111122223333:user/alice"},
				TrustAlso:         all,
				MayAssume:         []string{"arn:aws:iam::444455556666:role/*", middleRole},
				MayAlso:           all,
				MaxSessionSeconds: 12 * 3600,
			},
			{ARN: middleRole, TrustedBy: []string{"arn:aws:iam::111122223333:root"}, TrustAlso: all, MayAssume: []string{"*"}, MayAlso: all},
			{ARN: clientRole, TrustedBy: []string{jobRole}, MaxSessionSeconds: 12 * 3600},
			{ARN: tagRole, TrustedBy: []string{jobRole, middleRole}, TrustAlso: all},
			{ARN: secretRole, TrustedBy: []string{jobRole}, ExternalID: "the-external-id"},
		},
		Users: []ststest.User{{ARN: "arn:aws:iam::111122223333:user/alice", AccessKeyID: userKey, SecretAccessKey: userSecret}},
	}
}

// clock is a clock that a test moves by hand.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func start(t *testing.T, now func() time.Time) *ststest.Server {
	t.Helper()
	return ststest.Start(t, ststest.Options{Config: roles(), Now: now})
}

// client is the Go SDK's, with one attempt a call: a retry would hide what the server said.
func client(server *ststest.Server, held aws.CredentialsProvider) *sts.Client {
	return sts.New(sts.Options{
		BaseEndpoint: aws.String(server.URL), Region: "eu-west-1", Credentials: held, RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
}

func keys(c *types.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func alice() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(userKey, userSecret, "")
}

// asJob is a client with a session of the job execution role, from a web identity.
func asJob(t *testing.T, server *ststest.Server) *sts.Client {
	t.Helper()
	out, err := client(server, nil).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(jobRole), RoleSessionName: aws.String("pod"), WebIdentityToken: aws.String(server.Token(subject)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client(server, keys(out.Credentials))
}

// refused checks that err is AWS's, with this status, code and words.
func refused(t *testing.T, err error, status int, code, words string) {
	t.Helper()
	var api smithy.APIError
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &answer) {
		t.Errorf("error is %v, want %s", err, code)
		return
	}
	if api.ErrorCode() != code || api.ErrorMessage() != words || answer.HTTPStatusCode() != status {
		t.Errorf("refused with %d %s\n  %q\nwant %d %s\n  %q", answer.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code, words)
	}
}
