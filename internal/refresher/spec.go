package refresher

import (
	"rolechain/internal/chain"
	"rolechain/internal/handover"
	"rolechain/internal/settings"
	"rolechain/internal/start"
)

// Spec is the chain of this environment, with the pod's token in sight. In the environment of a job with a
// refresher that is the refresher's: what it goes by is not there any more.
func Spec(s settings.Settings) (chain.Spec, error) {
	if run, chained := handover.Chained(s); chained {
		d, err := handover.ReadDiscovery(run)
		if err != nil {
			return chain.Spec{}, err
		}
		return chain.ReadSpec(d.Chain)
	}
	pod, err := start.LookAtToken(s)
	if err != nil {
		return chain.Spec{}, err
	}
	name, err := s.SessionName.Expand(pod)
	if err != nil {
		return chain.Spec{}, err
	}
	return spec(s, name)
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
		Region: s.Region, STSEndpoint: s.Locations.STSEndpoint, FIPS: s.Locations.FIPS,
	}, err
}
