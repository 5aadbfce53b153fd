package chain

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/middleware"
)

// newSTS returns a client that makes one attempt a call.
func newSTS(spec Spec, transport http.RoundTripper) *sts.Client {
	o := sts.Options{
		Region:     spec.region(),
		HTTPClient: newHTTP(transport, spec.Proxy.function(), spec.CABundle),
		Retryer:    aws.NopRetryer{},
		AppID:      "rolechain", // in the user agent, which CloudTrail shows
		// A clock that is wrong would be made good for these calls only: the job's own SDKs would still take each session
		// for over, or for longer than it is. It is said aloud instead.
		DisableClockSkewCorrection: true,
	}
	if spec.STSEndpoint != "" {
		o.BaseEndpoint = aws.String(spec.STSEndpoint)
	} else {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateDisabled
		if spec.FIPS {
			o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
		}
		if spec.DualStack {
			o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
		}
	}
	return sts.New(o)
}

// Endpoint returns the URL at which STS is asked.
func (s Spec) Endpoint() (*url.URL, error) {
	if s.STSEndpoint != "" {
		return url.Parse(s.STSEndpoint)
	}
	region := s.region()
	global := region == "aws-global"
	if global {
		region = "us-east-1"
	}
	found, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), sts.EndpointParameters{
		Region: &region, UseFIPS: &s.FIPS, UseDualStack: &s.DualStack, UseGlobalEndpoint: &global,
	})
	return &found.URI, err
}

// An api is the STS client as package stscreds takes it: it signs with one session, and an answer without a session is
// an error.
type api struct {
	sts   *sts.Client
	sign  aws.CredentialsProvider // nil for the first hop, which is not signed
	clock *atomic.Pointer[time.Duration]
}

// look compares this node's clock with the one in an answer.
func (c api) look(answer middleware.Metadata) {
	theirs, sent := awsmiddleware.GetServerTime(answer)
	at, known := awsmiddleware.GetResponseAt(answer)
	if sent && known && !theirs.IsZero() {
		off := at.Truncate(time.Second).Sub(theirs)
		c.clock.Store(&off)
	}
}

func (c api) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, options ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	out, err := c.sts.AssumeRole(ctx, in, append(options, func(o *sts.Options) { o.Credentials = c.sign })...)
	if err == nil {
		c.look(out.ResultMetadata)
	}
	if err == nil && out.Credentials == nil {
		err = errNoSession
	}
	return out, err
}

func (c api) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput, options ...func(*sts.Options)) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	out, err := c.sts.AssumeRoleWithWebIdentity(ctx, in, options...)
	if err == nil {
		c.look(out.ResultMetadata)
	}
	if err == nil && out.Credentials == nil {
		err = errNoSession
	}
	return out, err
}

var errNoSession = fmt.Errorf("the answer has no session in it: %w", io.ErrUnexpectedEOF)

// tokenFile is where stscreds gets the web identity token, which is read anew on every try.
type tokenFile func() (string, error)

func (f tokenFile) GetIdentityToken() ([]byte, error) {
	token, err := f()
	return []byte(token), err
}

// hopDuration is how long a session is asked for where nothing else is said. It is said on every hop, because stscreds
// asks for 15 minutes by itself. Every role allows an hour, and no chained one more.
const hopDuration = time.Hour

// webIdentity is IRSA's hop to a role: the first one, or with Direct the only one. It is not signed: the token is the proof.
func (c *Chain) webIdentity(ctx context.Context, to Hop) (Session, error) {
	token := func() (string, error) { return readJWT(ctx, c.spec.TokenFile) }
	p := stscreds.NewWebIdentityRoleProvider(api{sts: c.sts, clock: &c.clock}, to.Role, tokenFile(token), func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName = cmp.Or(to.Options.SessionName, c.spec.SessionName)
		o.Duration = cmp.Or(to.Options.Duration, hopDuration)
		o.Policy, o.PolicyARNs = some(to.Options.Policy), to.Options.policyARNs()
	})
	return sessionOf(p.Retrieve(ctx))
}

// assumeRole goes from one role's session to the next role's.
func (c *Chain) assumeRole(ctx context.Context, to Hop, from Session) (Session, error) {
	sign := credentials.NewStaticCredentialsProvider(from.AccessKeyID, from.SecretAccessKey, from.SessionToken)
	p := stscreds.NewAssumeRoleProvider(api{c.sts, sign, &c.clock}, to.Role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = cmp.Or(to.Options.SessionName, c.spec.SessionName)
		o.Duration = cmp.Or(to.Options.Duration, hopDuration)
		to.Options.addTo(o)
	})
	return sessionOf(p.Retrieve(ctx))
}

func (from Options) addTo(o *stscreds.AssumeRoleOptions) {
	o.ExternalID = some(from.ExternalID)
	o.SourceIdentity = some(from.SourceIdentity)
	o.Policy, o.PolicyARNs = some(from.Policy), from.policyARNs()
	o.TransitiveTagKeys = from.TransitiveTags
	for _, key := range slices.Sorted(maps.Keys(from.Tags)) {
		o.Tags = append(o.Tags, types.Tag{Key: aws.String(key), Value: aws.String(from.Tags[key])})
	}
}

func (from Options) policyARNs() (list []types.PolicyDescriptorType) {
	for _, arn := range from.PolicyARNs {
		list = append(list, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return list
}

// some is nil for "": STS takes a parameter that is there and empty for a wrong one.
func some(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}

// sessionOf lacks what the answer lacks.
func sessionOf(c aws.Credentials, err error) (Session, error) {
	if err != nil {
		return Session{}, err
	}
	return Session{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, Expires: c.Expires}, nil
}
