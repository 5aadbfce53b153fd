package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	repository := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: "fedcba9876543210"}, {Key: "vcs.modified", Value: modified}}
	}
	for _, c := range []struct {
		name                      string
		version                   string
		settings                  []debug.BuildSetting
		builtVersion, builtCommit string
		want                      string
	}{
		{"nothing known", "", nil, "", "", "rolechain (devel) (commit unknown, "},
		{"a repository", "v1.2.0", repository("false"), "", "", "rolechain v1.2.0 (commit fedcba987654, "},
		{"a repository with changes", "v1.2.0", repository("true"), "", "", "rolechain v1.2.0 (commit fedcba987654 with changes, "},
		{"the build says it", "(devel)", nil, "v1.3.0", commit, "rolechain v1.3.0 (commit 0123456789ab, "},
		{"the build says it, with changes", "(devel)", nil, "", commit + "-dirty", "rolechain (devel) (commit 0123456789ab with changes, "},
		{"the repository is believed first", "v1.2.0", repository("false"), "v1.3.0", commit + "-dirty", "rolechain v1.2.0 (commit fedcba987654, "},
		{"too short to be one", "(devel)", nil, "", "main", "rolechain (devel) (commit unknown, "},
	} {
		info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: c.version}, Settings: c.settings}
		if got := describe(info, c.builtVersion, c.builtCommit); !strings.HasPrefix(got, c.want+"go1.26.8, linux/") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Settings: []debug.BuildSetting{{Key: "GOFIPS140", Value: "v1.0.0-c2097c7c"}}}
	if got := describe(info, "v1.3.0", commit); !strings.HasSuffix(got, ", FIPS 140-3 module v1.0.0-c2097c7c)") {
		t.Errorf("a build with GOFIPS140: %q", got)
	}
}
