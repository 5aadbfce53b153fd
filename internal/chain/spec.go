package chain

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"rolechain/internal/settings"
)

// A Spec says everything that a chain needs. It holds no secret and survives JSON, since a process without the
// container's environment, such as a credential_process, must be able to do the chain from it. For the same reason
// nothing in this package reads AWS_* variables: whoever makes a Spec decides what they mean.
type Spec struct {
	FirstHop settings.FirstHop `json:"first_hop"`

	BaseRole  string `json:"base_role,omitempty"`  // WebIdentity: ARN of the job execution role
	TokenFile string `json:"token_file,omitempty"` // WebIdentity: the projected token, read anew on every try

	ContainerURI       string `json:"container_uri,omitempty"`        // PodIdentity: AWS_CONTAINER_CREDENTIALS_FULL_URI
	ContainerTokenFile string `json:"container_token_file,omitempty"` // PodIdentity: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, read anew on every try

	// Direct assumes the client role, and every other at the end, with the token: each is one hop. BaseRole's session is then
	// one beside them. Only with WebIdentity, and without Via.
	Direct bool `json:"direct,omitempty"`

	SessionName string         `json:"session_name"`       // of every hop that has none of its own, already expanded
	Via         []Hop          `json:"via,omitempty"`      // the roles in between, in order
	ClientRole  string         `json:"client_role"`        // ARN of the role to end up as
	Options     Options        `json:"options,omitzero"`   // of the hop to it
	Profiles    map[string]Hop `json:"profiles,omitempty"` // other roles to end up as, by the name of the profile

	// Region is where STS is asked, and what requests are signed for. "" means the partition's own first region, and in
	// the partition aws the global endpoint, whose sessions the regions that an account must opt in to do not take.
	// A regional endpoint is always used otherwise: AWS_STS_REGIONAL_ENDPOINTS=legacy has no effect, as in the Go SDK.
	Region string `json:"region,omitempty"`
	// STSEndpoint is the URL to ask instead; "" means the SDK's own for Region. STSEndpointFrom names the setting.
	STSEndpoint     string `json:"sts_endpoint,omitempty"`
	STSEndpointFrom string `json:"sts_endpoint_from,omitempty"`
	// FIPS and DualStack ask for those endpoints of Region. They have no effect on STSEndpoint.
	FIPS      bool `json:"fips,omitempty"`
	DualStack bool `json:"dual_stack,omitempty"`
	// CABundle is a PEM file whose certificates take the place of the system's; "" means these. CABundleFrom names the
	// setting.
	CABundle     string `json:"ca_bundle,omitempty"`
	CABundleFrom string `json:"ca_bundle_from,omitempty"`
	Proxy        Proxy  `json:"proxy,omitzero"` // for STS alone; zero means none
}

// Options are what one hop carries besides the role. Zero sends none. With a web identity token it is SessionName, Policy,
// PolicyARNs and Duration alone.
type Options struct {
	SessionName    string            `json:"session_name,omitempty"` // "" is the Spec's
	ExternalID     string            `json:"external_id,omitempty"`
	SourceIdentity string            `json:"source_identity,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"` // sent in the order of their keys
	TransitiveTags []string          `json:"transitive_tags,omitempty"`
	Policy         string            `json:"policy,omitempty"` // JSON text
	PolicyARNs     []string          `json:"policy_arns,omitempty"`
	Duration       time.Duration     `json:"duration,omitempty"` // whole seconds; 0 is an hour

	From settings.Source `json:"from,omitzero"` // for messages
}

// A Hop is what leads to a role.
type Hop struct {
	Role    string  `json:"role"` // ARN
	Options Options `json:"options,omitzero"`
}

// client is the hop to the client role.
func (s Spec) client() Hop { return Hop{s.ClientRole, s.Options} }

// base is the hop to the job execution role.
func (s Spec) base() Hop { return Hop{Role: s.BaseRole} }

// ReadSpec reads a Spec from its JSON, as a discovery file has it. The error quotes nothing of it.
func ReadSpec(data json.RawMessage) (Spec, error) {
	var s Spec
	if json.Unmarshal(data, &s) != nil {
		return Spec{}, errors.New("what the refresher has written of the role chain cannot be read")
	}
	return s, nil
}

// hops is how many sessions stand between the pod's own identity and the role at the end, that one included.
func (s Spec) hops() int {
	if s.Direct {
		return 1
	}
	return len(s.Via) + 2
}

// hop returns what the hop of that number, from 1, leads to when the chain ends with last. The role is "" for Pod Identity's
// own, which it does not tell.
func (s Spec) hop(number int, last Hop) Hop {
	switch {
	case s.Direct:
		return last
	case number == 1:
		return s.base()
	case number == s.hops():
		return last
	}
	return s.Via[number-2]
}

// SessionPolicy names the settings that have the session policy of a profile's session; "" where it has none. base is the name of
// the first hop's profile.
func (s Spec) SessionPolicy(profile, base string) string {
	o := s.Options
	if profile == base {
		return ""
	} else if named, ok := s.Profiles[profile]; ok {
		o = named.Options
	}
	return o.sessionPolicy()
}

func (o Options) sessionPolicy() string {
	var from []string
	if o.Policy != "" {
		from = append(from, o.From.Of("ROLE_CHAIN_SESSION_POLICY_FILE"))
	}
	if len(o.PolicyARNs) > 0 {
		from = append(from, o.From.Of("ROLE_CHAIN_SESSION_POLICY_ARNS"))
	}
	return strings.Join(from, " and ")
}

// region is Region, or where the partition of the chain's roles has an STS for everybody.
func (s Spec) region() string {
	switch region := settings.PartitionRegion(s.ClientRole); {
	case s.Region != "":
		return s.Region
	case region != "":
		return region
	case s.FIPS, s.DualStack:
		return "us-east-1" // the global endpoint has no such form
	}
	return "aws-global"
}
