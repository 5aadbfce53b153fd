package chain

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// newSTS returns a client that makes one attempt a call.
func newSTS(spec Spec, transport http.RoundTripper) *sts.Client {
	o := sts.Options{
		Region:     spec.region(),
		HTTPClient: newHTTP(transport, http.ProxyFromEnvironment),
		Retryer:    aws.NopRetryer{},
		AppID:      "rolechain", // in the user agent, which CloudTrail shows
		// A clock that is wrong would be made good for these calls only: the job's own SDKs would still take each session
		// for over, or for longer than it is. It is said aloud instead.
		DisableClockSkewCorrection: true,
	}
	if spec.STSEndpoint != "" {
		o.BaseEndpoint = aws.String(spec.STSEndpoint)
	} else if spec.FIPS {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	return sts.New(o)
}

// webIdentity is IRSA's first hop. It is not signed: the token is the proof.
func (c *Chain) webIdentity(ctx context.Context) (Session, error) {
	token, err := readJWT(c.spec.TokenFile)
	if err != nil {
		return Session{}, err
	}
	out, err := c.sts.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          aws.String(c.spec.BaseRole),
		RoleSessionName:  aws.String(c.spec.SessionName),
		WebIdentityToken: aws.String(token),
	})
	if err != nil {
		return Session{}, err
	}
	return sessionOf(out.Credentials), nil
}

// assumeRole goes from one role's session to the next role's. Only the hop to the client role carries the options: the
// roles between are means, and would each have to allow them, and another role at the end is none of their business.
func (c *Chain) assumeRole(ctx context.Context, hop int, last string, from Session) (Session, error) {
	in := &sts.AssumeRoleInput{
		RoleArn:         aws.String(c.spec.role(hop, last)),
		RoleSessionName: aws.String(c.spec.SessionName),
	}
	switch {
	case hop == c.spec.hops() && last == c.spec.ClientRole:
		c.spec.addTo(in)
	case hop == c.spec.hops():
		in.DurationSeconds = c.spec.seconds()
	}
	out, err := c.sts.AssumeRole(ctx, in, func(o *sts.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(from.AccessKeyID, from.SecretAccessKey, from.SessionToken)
	})
	if err != nil {
		return Session{}, err
	}
	return sessionOf(out.Credentials), nil
}

func (s Spec) addTo(in *sts.AssumeRoleInput) {
	in.ExternalId = some(s.ExternalID)
	in.SourceIdentity = some(s.SourceIdentity)
	in.Policy = some(s.Policy)
	in.TransitiveTagKeys = s.TransitiveTags
	for _, arn := range s.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(s.Tags[key])})
	}
	in.DurationSeconds = s.seconds()
}

// seconds is Duration as STS takes it.
func (s Spec) seconds() *int32 {
	if s.Duration == 0 {
		return nil
	}
	return aws.Int32(int32(s.Duration / time.Second))
}

// some is nil for "": STS takes a parameter that is there and empty for a wrong one.
func some(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}

// sessionOf is zero in what the answer lacks; an answer without a body even lacks the struct.
func sessionOf(c *types.Credentials) Session {
	if c == nil {
		return Session{}
	}
	return Session{
		AccessKeyID:     aws.ToString(c.AccessKeyId),
		SecretAccessKey: aws.ToString(c.SecretAccessKey),
		SessionToken:    aws.ToString(c.SessionToken),
		Expires:         aws.ToTime(c.Expiration),
	}
}
