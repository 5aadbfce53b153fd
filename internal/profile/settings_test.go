package profile

import (
	"maps"
	"slices"
	"testing"
)

// Settings come from [default] and the services section that it names; nothing of credentials, and nothing of what stands
// below a line that cannot be read.
func TestReadSettings(t *testing.T) {
	for _, test := range []struct {
		name, file string
		defaults   map[string]string
		sts        map[string]string
		problems   []int // lines
	}{
		{"nothing", "", nil, nil, nil},
		{"no credentials", "[default]\nrole_arn = r\nsource_profile = s\ncredential_process = p\naws_secret_access_key = k\nsso_session = x\nRegion = eu-west-1\n", map[string]string{"region": "eu-west-1"}, nil, nil},
		{"of no other profile", "[profile dev]\nregion = a\n[default]\nca_bundle = /ca.pem ; mine\n[preview]\nregion = b\n", map[string]string{"ca_bundle": "/ca.pem"}, nil, nil},
		{"the prefixed section first", "[profile default]\nregion = a\n[default]\nregion = b\nuse_fips_endpoint=true\n", map[string]string{"region": "a", "use_fips_endpoint": "true"}, nil, nil},
		{"services", "[services a]\nsts =\n  endpoint_url = https://a\n[default]\nservices = b\n[services b]\ns3 =\n  endpoint_url = https://s3\nsts =\n  # here\n  endpoint_url = https://b # x\n", map[string]string{"services": "b"}, map[string]string{"endpoint_url": "https://b"}, nil},
		{"nested s3", "[default]\ns3 =\n  endpoint_url = https://s3\n  region = x\nregion = eu-west-1\n", map[string]string{"s3": "", "region": "eu-west-1"}, nil, nil},
		{"a broken header", "[default]\nregion = a\n[dev\nregion = b\nca_bundle = c\n[default]\nendpoint_url = http://x\n", map[string]string{"region": "a", "endpoint_url": "http://x"}, nil, []int{3}},
		{"broken lines", "region = a\n[default]\nnothing\nregion = b\n\x00\n", map[string]string{"region": "b"}, nil, []int{1, 3, 5}},
		{"CR LF and a byte order mark", "\ufeff[default]\r\nregion = a\r\n", map[string]string{"region": "a"}, nil, nil},
	} {
		s, problems := ReadSettings([]byte(test.file))
		values := func(m map[string]Setting) map[string]string {
			plain := map[string]string{}
			for key, at := range m {
				plain[key] = at.Value
			}
			return plain
		}
		var lines []int
		for _, p := range problems {
			lines = append(lines, p.Line)
		}
		if !maps.Equal(values(s.Default), test.defaults) || !maps.Equal(values(s.Services["sts"]), test.sts) || !slices.Equal(lines, test.problems) {
			t.Errorf("%s: %v %v, problems in %v", test.name, values(s.Default), values(s.Services["sts"]), lines)
		}
	}
}

// A problem is looked for in the line that a setting says.
func TestSettingsKnowTheirLines(t *testing.T) {
	s, _ := ReadSettings([]byte("[default]\nservices = b\n\n[services b]\nsts =\n  # here\n  endpoint_url = https://b\n"))
	if got := s.Services["sts"]["endpoint_url"].Line; got != 7 {
		t.Errorf("endpoint_url is said to be in line %d, not 7", got)
	}
}

func TestWithoutComment(t *testing.T) {
	for value, want := range map[string]string{
		"a # b": "a", "a\t; b": "a", "a  #": "a", "a#b": "a#b", "a;b ;c": "a;b", "#b": "#b", "": "", "a \u00a0#b": "a \u00a0#b",
	} {
		if got := withoutComment(value); got != want {
			t.Errorf("%q: %q, not %q", value, got, want)
		}
	}
}
