package start

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"rolechain/internal/handover"
	"rolechain/internal/jvm"
	"rolechain/internal/settings"
)

// closedPort is an address on which nobody listens, for SDKs that only know where the metadata service is.
const closedPort = "http://127.0.0.1:9"

// placeProfile tells the job where the files are, when they are not where SDKs look by themselves.
func (p *Plan) placeProfile(s settings.Settings, found Found, config string) {
	if config != found.Config.Path {
		p.set("AWS_CONFIG_FILE", config)
		if found.ReadsPrivate {
			p.set("AWS_SHARED_CREDENTIALS_FILE", found.PrivateCredentials.Path)
		}
	} else if s.Locations.EmptyConfigFile || s.Locations.ConfigFile != "" {
		p.set("AWS_CONFIG_FILE", config) // as an absolute path, which every SDK reads alike
	}
}

// placeAll tells every SDK where the files are, by each name that one of them reads: Java v1 knows only the third, and
// takes the user's home from the password file.
func (p *Plan) placeAll(s settings.Settings, found Found, config, credentials string) {
	p.set("AWS_CONFIG_FILE", config)
	p.set("AWS_SHARED_CREDENTIALS_FILE", credentials)
	p.set("AWS_CREDENTIAL_PROFILES_FILE", credentials)
	p.set("AWS_SDK_LOAD_CONFIG", "1") // Go v1 and JavaScript v2 read no config file without it
	if s.Delivery == settings.Endpoint {
		p.Set = append(p.Set,
			Variable{"AWS_CONTAINER_CREDENTIALS_FULL_URI", shownURI, ReadyURI},
			Variable{"AWS_CONTAINER_AUTHORIZATION_TOKEN", shownToken, ReadyToken})
		p.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", filepath.Join(found.Run, handover.TokenName))
	} else {
		p.Set = append(p.Set, Variable{"ROLE_CHAIN_REFRESHER", shownID, ReadyID})
	}
}

// leadTokenVariables makes EKS's variables name the client role. Most SDKs read them before a profile with a token of its own,
// and would be the job execution role. WEB_IDENTITY_ROLE_ARN keeps that for a start within the job.
func (p *Plan) leadTokenVariables(s settings.Settings) {
	p.set("AWS_ROLE_ARN", s.ClientRole)
	p.set("AWS_WEB_IDENTITY_TOKEN_FILE", s.TokenFile)
	p.set("AWS_ROLE_SESSION_NAME", cmp.Or(string(s.Options.SessionName), string(s.SessionName)))
	p.set("WEB_IDENTITY_ROLE_ARN", s.BaseRole)
}

func (p *Plan) changeEnvironment(s settings.Settings, env []string) {
	for _, name := range s.Removed() {
		if _, there := lookup(env, name); there && !p.sets(name) {
			p.Unset = append(p.Unset, name)
		}
	}
	if s.KeepSources {
		p.warnOfOthers(env)
	}
	p.warnOfJVM(env)
	if s.Delivery == settings.Endpoint {
		p.bypassProxy(env)
	}
	if _, there := lookup(env, "AWS_ROLE_ARN"); there && s.KeepSources && s.Delivery == settings.Endpoint {
		p.Warnings = append(p.Warnings, settings.Warning{
			Text: "ROLE_CHAIN_IRSA_ENV=keep leaves AWS_ROLE_ARN to the job: most SDKs look there first, and are the job execution role",
			Hint: "leave it out: in endpoint delivery the profile of the job execution role is there for every SDK"})
	}
	if !s.AllowIMDS {
		p.set("AWS_EC2_METADATA_DISABLED", "true")
		if s.Refreshed() {
			p.set("AWS_METADATA_ENDPOINT", closedPort) // Rust's object_store does not honour the other one
		}
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
	for _, name := range settings.ProfileVariables {
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

// warnOfJVM names the options that lead the AWS SDKs for Java elsewhere, before everything that is handed out. Their values
// can be keys.
func (p *Plan) warnOfJVM(env []string) {
	for _, name := range jvm.OfJob {
		value, _ := lookup(env, name)
		if options := jvm.Leading(value); len(options) > 0 {
			p.Warnings = append(p.Warnings, settings.Warning{
				Text: name + " has " + strings.Join(options, ", ") + ": the job's JVMs go by that instead of the role chain",
				Hint: "leave it out"})
		}
	}
}

func (p *Plan) set(name, value string) { p.Set = append(p.Set, Variable{Name: name, Value: value}) }

func (p *Plan) sets(name string) bool {
	return slices.ContainsFunc(p.Set, func(v Variable) bool { return v.Name == name })
}
