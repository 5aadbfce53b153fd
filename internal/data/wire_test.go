package data

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rolechain/internal/awsconfig"
)

// Calls that are written out go where the SDK's client would send them.
func TestEndpoint(t *testing.T) {
	for _, region := range []string{"eu-west-1", "us-east-1", "us-east-2", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", "xx-new-9"} {
		for _, fips := range []bool{false, true} {
			for _, dual := range []bool{false, true} {
				want, wantErr := sqs.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), sqs.EndpointParameters{Region: &region, UseFIPS: &fips, UseDualStack: &dual})
				p := Probe{Services: awsconfig.Services{FIPS: fips, DualStack: dual}}
				got, err := p.endpoint(t.Context(), "sqs", region)
				u, _ := url.Parse(got)
				if (err == nil) != (wantErr == nil) || err == nil && u.Host != want.URI.Host {
					t.Errorf("%s, FIPS %v, dual stack %v: %s, %v; the SDK: %s, %v", region, fips, dual, got, err, want.URI.Host, wantErr)
				}
			}
		}
	}
}
