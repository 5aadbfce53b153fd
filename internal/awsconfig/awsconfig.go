// Package awsconfig finds out where STS is and how it is reached: what AWS's own settings say, in the variables and files
// that a pod started with, by the rules of the AWS SDK for Go.
//
// The SDK does not get the files themselves. It fails as a whole on a profile with two credential sources, on a
// source_profile that is not there and on an AWS_PROFILE that is not there, and it says nothing of a broken line or of a
// CA bundle that is missing. None of that concerns these calls. So package profile extracts the settings of [default]
// and its services, this package names what cannot be read, and only that is given to the SDK, with the variables that
// concern it and no other.
package awsconfig

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"rolechain/internal/chain"
	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/handover"
	"rolechain/internal/profile"
	"rolechain/internal/settings"
)

// fileKeys are the keys of [default] that the SDK gets. A region can be that of another partition, which its own calls
// find out; ca_bundle is read by package chain, because the SDK fails without a word about which file it was.
var fileKeys = []string{"endpoint_url", "ignore_configured_endpoint_urls", "region", "services", "use_dualstack_endpoint", "use_fips_endpoint"}

// A source is one file and what is in it.
type source struct {
	path string
	profile.Settings
}

// Apply sets in spec where STS is and how it is reached. The
// warnings name what cannot be read and does not count. The error, an *exit.Error, names a setting by which no call can
// be made.
func Apply(ctx context.Context, s settings.Settings, spec *chain.Spec) ([]settings.Warning, error) {
	l := newLoader(s)
	o, _, err := load(ctx, l.environment(), l.file())
	if err != nil {
		return l.warnings, exit.Because(exit.BadSetting, fmt.Errorf("AWS's own settings: %w", err), "")
	}
	spec.Region, spec.STSEndpoint = o.Region, aws.ToString(o.BaseEndpoint)
	spec.FIPS = o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled
	spec.DualStack = o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled
	spec.Proxy = chain.ProxyOf(s.AWS.Proxy)
	spec.CABundle, spec.CABundleFrom = l.bundle()
	if spec.STSEndpoint != "" {
		spec.STSEndpointFrom = l.from(spec.STSEndpoint)
		if problem, hint := settings.CheckEndpoint(spec.STSEndpoint); problem != "" {
			return l.warnings, exit.Because(exit.BadSetting, fmt.Errorf("%s: %q %s", spec.STSEndpointFrom, spec.STSEndpoint, problem), hint)
		}
	}
	return l.warnings, nil
}

// A loader collects what there is to say to the SDK.
type loader struct {
	variables settings.AWS
	region    string
	sources   []source
	warnings  []settings.Warning
}

// newLoader reads the AWS files of s.
func newLoader(s settings.Settings) *loader {
	l := &loader{variables: s.AWS, region: s.Region}
	// The credentials file's keys come before the config file's in the SDK.
	at := s.Locations
	for _, path := range []string{handover.Place(at.CredentialsFile, at.Home, "credentials"), handover.Place(at.ConfigFile, at.Home, "config")} {
		if path != "" {
			l.read(path)
		}
	}
	return l
}

// read reads one of the AWS files.
func (l *loader) read(path string) {
	data, there, err := durable.Read(path)
	switch {
	case err != nil:
		l.warn(fmt.Sprintf("the settings in %q do not count: %v", path, err), "")
	case there:
		found, problems := profile.ReadSettings(data)
		for _, p := range problems {
			l.warn(fmt.Sprintf("%q: %v; what it sets does not count", path, p), "correct that line")
		}
		l.sources = append(l.sources, source{path, found})
		l.check(found, path)
	}
}

// check warns of what the SDK takes for something else without a word.
func (l *loader) check(s profile.Settings, path string) {
	for _, key := range []string{"use_fips_endpoint", "use_dualstack_endpoint", "ignore_configured_endpoint_urls"} {
		if at, there := s.Default[key]; there && !strings.EqualFold(at.Value, "true") && !strings.EqualFold(at.Value, "false") {
			l.warn(fmt.Sprintf("%q: line %d: %s is %q, which the SDK takes for false", path, at.Line, key, at.Value), "write true or false")
		}
	}
	if s.NoServices {
		at := s.Default["services"]
		l.warn(fmt.Sprintf("%q: line %d: there is no section [services %s]", path, at.Line, at.Value), "")
	}
}

func (l *loader) warn(text, hint string) {
	l.warnings = append(l.warnings, settings.Warning{Text: text, Hint: hint})
}

// environment is what the SDK gets to see of the environment.
func (l *loader) environment() map[string]string {
	v := l.variables
	env := map[string]string{
		"AWS_REGION": l.region, "AWS_USE_FIPS_ENDPOINT": v.FIPS, "AWS_USE_DUALSTACK_ENDPOINT": v.DualStack,
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": v.IgnoreEndpoints, "AWS_ENDPOINT_URL_STS": v.STSEndpoint, "AWS_ENDPOINT_URL": v.Endpoint,
	}
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	return env
}

// file is what the SDK gets to see of the files.
func (l *loader) file() string {
	var b strings.Builder
	for _, key := range fileKeys {
		if _, at, there := l.find(key); there {
			if b.Len() == 0 {
				b.WriteString("[default]\n")
			}
			fmt.Fprintf(&b, "%s = %s\n", key, at.Value)
		}
	}
	name, there := l.service()
	for i, service := range append([]string{"sts"}, slices.Sorted(maps.Keys(others))...) {
		keys := map[string]profile.Setting{}
		for _, s := range slices.Backward(l.sources) {
			maps.Copy(keys, s.Services[service])
		}
		if !there || len(keys) == 0 && i > 0 {
			continue
		}
		if i == 0 {
			fmt.Fprintf(&b, "[services %s]\n", name)
		}
		if len(keys) > 0 {
			fmt.Fprintf(&b, "%s =\n", service)
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			fmt.Fprintf(&b, "  %s = %s\n", key, keys[key].Value)
		}
	}
	return b.String()
}

func (l *loader) service() (name string, there bool) {
	_, at, there := l.find("services")
	return at.Value, there
}

// find finds the file in which a key of [default] counts.
func (l *loader) find(key string) (path string, at profile.Setting, there bool) {
	for _, s := range l.sources {
		if at, there := s.Default[key]; there {
			return s.path, at, true
		}
	}
	return "", profile.Setting{}, false
}

// from says which setting has named an endpoint. It follows the order in which the SDK looks.
func (l *loader) from(endpoint string) string {
	switch endpoint {
	case l.variables.STSEndpoint:
		return "AWS_ENDPOINT_URL_STS"
	case l.variables.Endpoint:
		return "AWS_ENDPOINT_URL"
	}
	for _, s := range l.sources {
		if at, there := s.Services["sts"]["endpoint_url"]; there && at.Value == endpoint {
			return fmt.Sprintf("endpoint_url of sts in %s, line %d", s.path, at.Line)
		}
	}
	if path, at, there := l.find("endpoint_url"); there {
		return fmt.Sprintf("endpoint_url of [default] in %s, line %d", path, at.Line)
	}
	return "AWS's settings"
}

// bundle is the CA bundle, as an absolute path, and which setting has named it. One that cannot be used is named, and
// stays: the calls are made with the system's authorities, and if these do not do, the error says why.
func (l *loader) bundle() (path, from string) {
	path, from = l.variables.CABundle, "AWS_CA_BUNDLE"
	if path == "" {
		file, at, there := l.find("ca_bundle")
		if !there || at.Value == "" {
			return "", ""
		}
		path, from = at.Value, fmt.Sprintf("ca_bundle of [default] in %s, line %d", file, at.Line)
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if _, err := chain.Authorities(path); err != nil {
		l.warn(fmt.Sprintf("%s: %v; the system's certificate authorities count instead", from, err),
			"name a PEM file with certificates that the container's user can read; SDKs such as boto3 fail without it")
	}
	return path, from
}
