package refresher

import (
	"context"

	"rolechain/internal/awsconfig"
	"rolechain/internal/chain"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
	"rolechain/internal/start"
)

// Spec is the chain of this environment, with the pod's token in sight. In the environment of a job with a
// refresher that is the refresher's: what it goes by is not there any more. The warnings are about AWS's own settings.
func Spec(ctx context.Context, s settings.Settings) (chain.Spec, []settings.Warning, error) {
	if run, chained := handover.Chained(s); chained {
		d, err := handover.ReadDiscovery(run)
		if err != nil {
			return chain.Spec{}, nil, err
		}
		of, err := chain.ReadSpec(d.Chain)
		return of, nil, err
	}
	pod, err := start.LookAtToken(s)
	if err != nil {
		return chain.Spec{}, nil, err
	}
	name, err := s.SessionName.Expand(pod)
	if err != nil {
		return chain.Spec{}, nil, err
	}
	of, err := spec(s, name)
	if err != nil {
		return chain.Spec{}, nil, err
	}
	warnings, err := awsconfig.Apply(ctx, s, &of)
	return of, warnings, err
}

// spec is the chain of s. The error says what is wrong with the session policy's file.
func spec(s settings.Settings, sessionName string) (chain.Spec, error) {
	policy, err := start.SessionPolicy(s)
	return chain.Spec{
		FirstHop: s.FirstHop, BaseRole: s.BaseRole, TokenFile: s.TokenFile,
		ContainerURI: s.Locations.ContainerURI, ContainerTokenFile: s.Locations.ContainerTokenFile,
		Via: s.Via, ClientRole: s.ClientRole, SessionName: sessionName, Duration: s.Duration,
		ExternalID: s.ExternalID, SourceIdentity: s.SourceIdentity, Tags: s.Tags, TransitiveTags: s.TransitiveTags,
		Policy: policy, PolicyARNs: s.PolicyARNs,
	}, err
}
