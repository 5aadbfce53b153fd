// Package start is a container's start in four steps: read (settings, then Look), plan (Make, which is pure), apply
// (Apply) and exec (Plan.Run). The plan is data, so `rolechain plan` shows it without doing it.
package start

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/profile"
	"rolechain/internal/settings"
)

// A Plan is everything that a start does before and with the exec.
type Plan struct {
	Files    []File             // to be written, in order; a file that stands as it should is not in it
	Unset    []string           // variables that the job does not get, of those that are there
	Set      []Variable         // variables that the job gets, of those that differ
	Exec     Exec               // the original entrypoint
	Warnings []settings.Warning // what the user should know and the start goes on with
	Summary  string             // one line for the log: what the job is now; "" when it passes straight through

	// Config is where the chain's config file is, written or standing already; killed starts may have left temp files
	// beside it. "" when the start passes straight through.
	Config string
}

// A File is what becomes of one path.
type File struct {
	Path          string
	Exists        bool // there is a file at Path now
	Before, After []byte
	Private       bool // Path is in the private directory, which is made if need be
}

// A Variable is one assignment of the environment.
type Variable struct{ Name, Value string }

// An Exec is an execve: the file, and the arguments with the name that the file is called by.
type Exec struct {
	Path string
	Argv []string
}

// Make plans the start of args from the settings, what Look found, and the environment. It reads and writes nothing.
func Make(s settings.Settings, found Found, env, args []string) (Plan, error) {
	p := Plan{Exec: Exec{Path: found.Target, Argv: append([]string{s.Entrypoint}, args...)}}
	if s.ClientRole == "" {
		return p, nil
	}
	name, err := s.SessionName.Expand(found.Pod)
	if err != nil {
		return Plan{}, err
	}
	profiles := profile.Chain(s, name)
	if err := p.writeConfig(s, found, profiles); err != nil {
		return Plan{}, err
	}
	if err := p.checkCredentials(found, profiles); err != nil {
		return Plan{}, err
	}
	p.changeEnvironment(s, env)
	p.Summary = summary(s)
	return p, nil
}

// writeConfig plans the config file: where the SDKs look for it, or, when that cannot be written, in the private
// directory with everything that stands in the original, so that no profile of the user's is lost.
func (p *Plan) writeConfig(s settings.Settings, found Found, profiles []profile.Profile) error {
	merged, notes, err := profile.Merge(found.Config.Data, profiles)
	if err != nil {
		return exit.Because(exit.NoFiles, fmt.Errorf("%q cannot be edited safely: %w", found.Config.Path, err),
			"correct that line, or point AWS_CONFIG_FILE to another file")
	}
	for _, note := range notes {
		p.Warnings = append(p.Warnings, settings.Warning{Text: found.Config.Path + ": " + note})
	}
	p.warnOfRegion(s, merged, found.Config.Path)
	file := File{Path: found.Config.Path, Exists: found.Config.Exists, Before: found.Config.Data, After: merged}
	stands := file.Exists && bytes.Equal(file.Before, file.After)
	if !stands && (file.Path == "" || found.Config.Unwritable != nil) {
		file = File{Path: filepath.Join(found.Private, "config"), Private: true,
			Exists: found.PrivateConfig.Exists, Before: found.PrivateConfig.Data, After: merged}
		stands = file.Exists && bytes.Equal(file.Before, file.After)
		p.set("AWS_CONFIG_FILE", file.Path)
		if filepath.Dir(found.Credentials.Path) == found.Private {
			p.set("AWS_SHARED_CREDENTIALS_FILE", found.Credentials.Path)
		}
		if found.Config.Unwritable != nil {
			p.Warnings = append(p.Warnings, settings.Warning{
				Text: fmt.Sprintf("the config file goes to %q, because its own place cannot be written: %v", file.Path, found.Config.Unwritable)})
		}
	} else if s.Locations.EmptyConfigFile || s.Locations.ConfigFile != "" {
		p.set("AWS_CONFIG_FILE", file.Path) // as an absolute path, which every SDK reads alike
	}
	p.Config = file.Path
	if !stands {
		p.Files = append(p.Files, file)
	}
	return nil
}

// warnOfRegion tells when SDKs that do not see the region in their variables find another one in the file.
func (p *Plan) warnOfRegion(s settings.Settings, merged []byte, path string) {
	stands := profile.Value(merged, "default", "region")
	if s.Region == "" || s.RegionVariables || stands == s.Region {
		return
	}
	p.Warnings = append(p.Warnings, settings.Warning{
		Text: fmt.Sprintf("[default] in %q keeps its region %q, although the environment says %q", path, stands, s.Region),
		Hint: "set both AWS_REGION and AWS_DEFAULT_REGION: boto3 reads only the second, most other SDKs only the first"})
}

// checkCredentials looks at the credentials file, which this delivery does not touch, for what would come before the
// chain or keep SDKs from reading anything.
func (p *Plan) checkCredentials(found Found, profiles []profile.Profile) error {
	warning, err := profile.CheckCredentials(found.Credentials.Data, profiles)
	if err != nil {
		return exit.Because(exit.NoFiles, fmt.Errorf("the role chain cannot work beside %q: %w", found.Credentials.Path, err),
			"correct that file, or point AWS_SHARED_CREDENTIALS_FILE to another; ROLE_CHAIN_BASE_PROFILE gives the base profile another name")
	}
	if warning != "" {
		p.Warnings = append(p.Warnings, settings.Warning{Text: found.Credentials.Path + ": " + warning, Hint: "remove [default] from that file"})
	}
	return nil
}

// injected are the variables by which an SDK could find other credentials before the chain's: those of IRSA, static
// keys under every name that an SDK knows, and the choice of another profile.
var injected = []string{
	"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME",
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_CREDENTIAL_EXPIRATION",
	"AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY", "AMAZON_SESSION_TOKEN",
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
}

// containerCredentials are removed with the others, unless the chain's own first hop goes through them.
var containerCredentials = []string{
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
}

func (p *Plan) changeEnvironment(s settings.Settings, env []string) {
	if !s.KeepIRSA {
		names := injected
		if s.FirstHop != settings.PodIdentity {
			names = append(names[:len(names):len(names)], containerCredentials...)
		}
		for _, name := range names {
			if _, there := lookup(env, name); there {
				p.Unset = append(p.Unset, name)
			}
		}
	} else {
		p.warnOfOthers(env)
	}
	if !s.AllowIMDS {
		p.set("AWS_EC2_METADATA_DISABLED", "true")
	}
	var differ []Variable
	for _, v := range p.Set {
		if value, there := lookup(env, v.Name); !there || value != v.Value {
			differ = append(differ, v)
		}
	}
	p.Set = differ
}

// warnOfOthers names what would make SDKs pass over [default] while the variables are kept.
func (p *Plan) warnOfOthers(env []string) {
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if value, there := lookup(env, name); there && value != "default" {
			p.Warnings = append(p.Warnings, settings.Warning{
				Text: fmt.Sprintf("%s is %q: the job's SDKs look for that profile instead of [default]", name, value),
				Hint: "leave it out, or set ROLE_CHAIN_IRSA_ENV=remove"})
		}
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"} {
		if value, _ := lookup(env, name); value != "" {
			p.Warnings = append(p.Warnings, settings.Warning{
				Text: name + " is set: the job's SDKs use those keys instead of the role chain",
				Hint: "leave it out, or set ROLE_CHAIN_IRSA_ENV=remove"})
		}
	}
}

func (p *Plan) set(name, value string) { p.Set = append(p.Set, Variable{name, value}) }

func summary(s settings.Settings) string {
	hops := make([]string, 0, len(s.Via)+2)
	if s.FirstHop == settings.PodIdentity {
		hops = append(hops, "EKS Pod Identity")
	} else {
		hops = append(hops, s.BaseRole)
	}
	hops = append(append(hops, s.Via...), s.ClientRole)
	return strings.Join(hops, " > ")
}
