package refresher

import (
	"cmp"
	"context"
	"time"

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
		of, err := ChainedSpec(run)
		return of, nil, err
	}
	pod, err := start.LookAtToken(s)
	if err != nil {
		return chain.Spec{}, nil, err
	}
	of, err := spec(s, pod)
	if err != nil {
		return chain.Spec{}, nil, err
	}
	warnings, err := awsconfig.Apply(ctx, s, &of)
	return of, warnings, err
}

// ChainedSpec is the chain of the refresher whose directory is run.
func ChainedSpec(run string) (chain.Spec, error) {
	d, err := handover.ReadDiscovery(run)
	if err != nil {
		return chain.Spec{}, err
	}
	return chain.ReadSpec(d.Chain)
}

// spec is the chain of s. The error says what is wrong with the session policy's file, or with a template.
func spec(s settings.Settings, pod settings.Pod) (chain.Spec, error) {
	s, err := s.Named(pod)
	if err != nil {
		return chain.Spec{}, err
	}
	of := chain.Spec{
		FirstHop: s.FirstHop, Direct: s.Direct, BaseRole: s.BaseRole, TokenFile: s.TokenFile,
		ContainerURI: s.Locations.ContainerURI, ContainerTokenFile: s.Locations.ContainerTokenFile,
		SessionName: string(s.SessionName), ClientRole: s.ClientRole,
	}
	for _, via := range s.Via {
		of.Via = append(of.Via, hop(via.Role, via.Options, via.Options.Duration))
	}
	client := hop(s.ClientRole, s.Options, cmp.Or(s.Options.Duration, s.Duration))
	if client.Options.Policy, err = start.SessionPolicy(s); err != nil {
		return chain.Spec{}, err
	}
	if len(s.Profiles) > 0 {
		of.Profiles = map[string]chain.Hop{}
	}
	for _, named := range s.Profiles {
		to := hop(named.Role, named.Options, cmp.Or(named.Options.Duration, s.Duration))
		if err := fill(&to, pod); err != nil {
			return chain.Spec{}, err
		}
		of.Profiles[named.Name] = to
	}
	for i := range of.Via {
		if err := fill(&of.Via[i], pod); err != nil {
			return chain.Spec{}, err
		}
	}
	err = fill(&client, pod)
	of.Options = client.Options
	return of, err
}

func hop(role string, o settings.Options, duration time.Duration) chain.Hop {
	return chain.Hop{Role: role, Options: chain.Options{
		SessionName: string(o.SessionName), Duration: duration, ExternalID: o.ExternalID, From: o.From, SourceIdentity: o.SourceIdentity,
		Tags: o.Tags, TransitiveTags: o.TransitiveTags, Policy: o.Policy, PolicyARNs: o.PolicyARNs,
	}}
}
