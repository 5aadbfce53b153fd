package settings

import "time"

// Options are what the AssumeRole to one role carries. Zero sends none. All but SessionName, Duration and ExternalID need
// Endpoint delivery, because a profile cannot carry them.
type Options struct {
	SessionName    SessionName       `json:"session_name,omitempty"` // "" is Settings.SessionName
	Duration       time.Duration     `json:"duration,omitempty"`     // 0 is Settings.Duration for a role at the end, and an hour on the way
	ExternalID     string            `json:"external_id,omitempty"`
	ExternalIDFrom string            `json:"-"` // where the role map has it, or would; "" is ROLE_CHAIN_EXTERNAL_ID
	SourceIdentity string            `json:"source_identity,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
	TransitiveTags []string          `json:"transitive_tags,omitempty"` // keys of Tags
	Policy         string            `json:"policy,omitempty"`          // JSON text of a session policy
	PolicyARNs     []string          `json:"policy_arns,omitempty"`
}

// A Hop is a role between the first one and the last.
type Hop struct {
	Role    string // ARN
	Options Options
}

// A NamedRole is a client role with a profile of its own.
type NamedRole struct {
	Name, Role string
	Options    Options
}
