package main

import (
	"rolechain/internal/chain"
	"rolechain/internal/settings"
	"rolechain/internal/start"
)

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
