// Package profile decides what is written to ~/.aws/config and ~/.aws/credentials: which profiles make a role chain, and how
// they get into a file that may exist already. It is pure: bytes in, bytes out.
//
// What every SDK reads (botocore, Java v1 and v2, Go, JavaScript, Rust, measured): lower-case keys at column 0,
// `key = value` on one line, the section exactly [default] and never [profile default], each section and each key once.
package profile

import (
	"cmp"
	"slices"
	"strconv"

	"rolechain/internal/settings"
)

// A Key is one line of a profile.
type Key struct{ Name, Value string }

// A Profile is what one section must hold.
type Profile struct {
	Name string // "default" for [default], else NAME of [profile NAME], or [NAME] in a credentials file

	// Keys are what the section has, with these values, new ones in this order. Any other key that tells an SDK
	// where to get credentials is removed, since two sources in one profile are an error in some SDKs.
	Keys []Key

	// Defaults are added only where the section has no key of that name.
	Defaults []Key
}

// credentialKeys are the keys by which a profile says where credentials come from, and whose. They are ours in the
// sections that we write; every other key is the user's.
// Sources: AWS SDKs and Tools Reference Guide, "Settings reference"; botocore's credentials.py; the Java SDK's ProfileProperty.
var credentialKeys = map[string]bool{
	"aws_access_key_id":       true,
	"aws_secret_access_key":   true,
	"aws_session_token":       true,
	"aws_security_token":      true, // boto 2's name for the session token
	"aws_account_id":          true, // of the keys, so it goes with them
	"credential_process":      true,
	"credential_source":       true,
	"duration_seconds":        true,
	"external_id":             true,
	"login_session":           true,
	"mfa_process":             true,
	"mfa_serial":              true,
	"role_arn":                true,
	"role_session_name":       true,
	"source_profile":          true,
	"sso_account_id":          true,
	"sso_region":              true,
	"sso_role_name":           true,
	"sso_session":             true,
	"sso_start_url":           true,
	"web_identity_token_file": true,
}

// ecsContainer is the credential_source by which SDKs ask the container-credentials endpoint, EKS Pod Identity's too.
const ecsContainer = "EcsContainer"

// Chain returns the profiles by which an SDK does the role chain of s itself. sessionName is used for every hop that has none
// of its own.
//
// With Pod Identity there is no base profile: a source profile that holds only a credential_source is refused by
// botocore, so the first assumed role carries the credential_source itself.
func Chain(s settings.Settings, sessionName string) []Profile {
	c := chain{s, sessionName}
	if s.Direct {
		return c.direct()
	}
	via := settings.ViaProfiles(s)
	source := ""
	if s.FirstHop == settings.WebIdentity {
		source = s.BaseProfile
	}
	var between []Profile
	for i, hop := range s.Via {
		between = append(between, c.assume(via[i], hop.Role, source, hop.Options))
		source = via[i]
	}
	profiles := []Profile{c.assume("default", s.ClientRole, source, s.Options)}
	if s.FirstHop == settings.WebIdentity {
		profiles = append(profiles, c.base())
	}
	profiles = append(profiles, between...)
	for _, named := range s.Profiles {
		profiles = append(profiles, c.assume(named.Name, named.Role, source, named.Options))
	}
	return profiles
}

// Processes returns the profiles by which an SDK asks a credential process, command for each profile's name, in place of
// doing the chain of s: the client role's, the first hop's own, and one for each named role. Via is left to the process.
func Processes(s settings.Settings, command func(profile string) string) []Profile {
	names := []string{"default"}
	if s.BaseProfile != "" { // beside a sidecar there is none
		names = append(names, s.BaseProfile)
	}
	for _, named := range s.Profiles {
		names = append(names, named.Name)
	}
	profiles := make([]Profile, len(names))
	for i, name := range names {
		profiles[i] = chain{s: s}.located(Profile{Name: name, Keys: []Key{{"credential_process", command(name)}}})
	}
	return profiles
}

// Session returns the [default] of a credentials file that holds the keys of one session.
func Session(accessKeyID, secretAccessKey, sessionToken string) Profile {
	return Profile{Name: "default", Keys: []Key{
		{"aws_access_key_id", accessKeyID},
		{"aws_secret_access_key", secretAccessKey},
		{"aws_session_token", sessionToken},
	}}
}

type chain struct {
	s           settings.Settings
	sessionName string
}

// assume returns a profile that assumes role with the session of the profile source, or with the pod's own when source is "".
func (c chain) assume(name, role, source string, o settings.Options) Profile {
	p := Profile{Name: name, Keys: []Key{{"role_arn", role}}}
	if source == "" {
		p.Keys = append(p.Keys, Key{"credential_source", ecsContainer})
	} else {
		p.Keys = append(p.Keys, Key{"source_profile", source})
	}
	// Without duration_seconds the Go SDK asks for sessions of 15 minutes.
	p.Keys = append(p.Keys,
		Key{"role_session_name", cmp.Or(string(o.SessionName), c.sessionName)},
		Key{"duration_seconds", strconv.Itoa(int(cmp.Or(o.Duration, c.s.Duration).Seconds()))})
	if o.ExternalID != "" {
		p.Keys = append(p.Keys, Key{"external_id", o.ExternalID})
	}
	return c.located(p)
}

func (c chain) base() Profile {
	return c.located(Profile{Name: c.s.BaseProfile, Keys: []Key{
		{"role_arn", c.s.BaseRole},
		{"web_identity_token_file", c.s.TokenFile},
		{"role_session_name", c.sessionName},
	}})
}

// direct returns the profiles of Settings.Direct: each client role with the token itself, and the job execution role as ever.
func (c chain) direct() []Profile {
	client := func(name, role string, o settings.Options) Profile {
		return c.located(Profile{Name: name, Keys: []Key{
			{"role_arn", role},
			{"web_identity_token_file", c.s.TokenFile},
			{"role_session_name", cmp.Or(string(o.SessionName), c.sessionName)},
			{"duration_seconds", strconv.Itoa(int(cmp.Or(o.Duration, c.s.Duration).Seconds()))}, // not every SDK reads it here
		}})
	}
	profiles := []Profile{client("default", c.s.ClientRole, c.s.Options), c.base()}
	for _, named := range c.s.Profiles {
		profiles = append(profiles, client(named.Name, named.Role, named.Options))
	}
	return profiles
}

// withoutRegion returns p without what located added.
func (p Profile) withoutRegion() Profile {
	region := func(k Key) bool { return k.Name == "region" }
	p.Keys, p.Defaults = slices.DeleteFunc(slices.Clone(p.Keys), region), slices.DeleteFunc(slices.Clone(p.Defaults), region)
	return p
}

// located returns p with the region, or with the partition's own where none is set: SDKs would ask the STS of another
// partition. In [default] a region of the user's is kept; the other profiles are ours.
func (c chain) located(p Profile) Profile {
	name := cmp.Or(c.s.Region, settings.PartitionRegion(c.s.ClientRole))
	if name == "" {
		return p
	}
	region := Key{"region", name}
	if p.Name == "default" {
		p.Defaults = append(p.Defaults, region)
	} else {
		p.Keys = append(p.Keys, region)
	}
	return p
}
