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
	of, err := spec(s, pod)
	if err != nil {
		return chain.Spec{}, nil, err
	}
	warnings, err := awsconfig.Apply(ctx, s, &of)
	return of, warnings, err
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
		of.Via = append(of.Via, chain.Hop{Role: via.Role, Options: carried(via.Options, via.Options.Duration)})
	}
	of.Options = carried(s.Options, cmp.Or(s.Options.Duration, s.Duration))
	if of.Options.Policy, err = start.SessionPolicy(s); err != nil {
		return chain.Spec{}, err
	}
	for _, named := range s.Profiles {
		if of.Profiles == nil {
			of.Profiles = map[string]chain.Hop{}
		}
		of.Profiles[named.Name] = chain.Hop{Role: named.Role, Options: carried(named.Options, cmp.Or(named.Options.Duration, s.Duration))}
	}
	return of, nil
}

func carried(o settings.Options, duration time.Duration) chain.Options {
	return chain.Options{
		SessionName: string(o.SessionName), Duration: duration, ExternalID: o.ExternalID, SourceIdentity: o.SourceIdentity,
		Tags: o.Tags, TransitiveTags: o.TransitiveTags, Policy: o.Policy, PolicyARNs: o.PolicyARNs,
	}
}
