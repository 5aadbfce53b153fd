package settings

import (
	"slices"
	"time"
)

// Options are what the AssumeRole to one role carries. Zero sends none. All but SessionName, Duration and ExternalID need
// Endpoint delivery, because a profile cannot carry them.
type Options struct {
	SessionName    SessionName       `json:"session_name,omitempty"` // "" is Settings.SessionName
	Duration       time.Duration     `json:"duration,omitempty"`     // 0 is Settings.Duration for a role at the end, and an hour on the way
	ExternalID     string            `json:"external_id,omitempty"`
	SourceIdentity string            `json:"source_identity,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
	TransitiveTags []string          `json:"transitive_tags,omitempty"` // keys of Tags
	Policy         string            `json:"policy,omitempty"`          // JSON text of a session policy
	PolicyARNs     []string          `json:"policy_arns,omitempty"`

	From Source `json:"-"`
}

// A Source says which settings options are from. Its zero value is the environment.
type Source struct {
	Mapped string   `json:"mapped,omitempty"` // `the role "lake" in the role map "/map.yaml"`, which counts for all but Env
	Env    []string `json:"env,omitempty"`    // variables
}

// keys are those of the role map for what the environment has variables for.
var keys = map[string]string{
	"ROLE_CHAIN_SESSION_NAME": "session_name", "ROLE_CHAIN_DURATION": "duration",
	"ROLE_CHAIN_EXTERNAL_ID": "external_id", "ROLE_CHAIN_SOURCE_IDENTITY": "source_identity",
	"ROLE_CHAIN_SESSION_TAGS": "tags", "ROLE_CHAIN_TRANSITIVE_TAGS": "transitive_tags",
	"ROLE_CHAIN_SESSION_POLICY_FILE": "policy", "ROLE_CHAIN_SESSION_POLICY_ARNS": "policy_arns",
}

// Of names the setting that has an option, or would: the variable, or the key of the role map in its place.
func (s Source) Of(variable string) string {
	if key := keys[variable]; s.Mapped != "" && key != "" && !slices.Contains(s.Env, variable) {
		return key + " of " + s.Mapped
	}
	return variable
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
