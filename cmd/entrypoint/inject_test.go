package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// No value of a variable can put a line, a section or a comment into the file. Each either is refused before anything
// is written, or the file has the sections and keys that it has for a plain value.
func TestValuesCannotInject(t *testing.T) {
	t.Parallel()
	// Every variable whose value, or a part of it, is written. A nasty piece comes before, inside and after a good value.
	written := map[string]string{
		"CLIENT_ROLE_ARN":             clientRole,
		"WEB_IDENTITY_ROLE_ARN":       jobRole,
		"AWS_ROLE_ARN":                jobRole,
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", // the one of the test
		"AWS_REGION":                  "eu-central-1",
		"AWS_DEFAULT_REGION":          "eu-central-1",
		"REGION":                      "eu-central-1",
		"HOSTNAME":                    "spark-0",
		"ROLE_CHAIN_BASE_PROFILE":     "base",
		"ROLE_CHAIN_VIA":              "arn:aws:iam::222233334444:role/hub",
		"ROLE_CHAIN_PROFILES":         "reports=arn:aws:iam::555566667777:role/reports",
		"ROLE_CHAIN_SESSION_NAME":     "etl-{pod}",
		"ROLE_CHAIN_EXTERNAL_ID":      "external",
		"ROLE_CHAIN_DURATION":         "1h",
	}
	nasty := []string{
		"\n", "\r", "\r\n", "\n[profile evil]\n", "\ncredential_process = /tmp/evil\n", "\n  credential_process = /tmp/evil",
		"]", "[", "]\n[default", "#", " # ", ";", " ; ", "\t", "\v", "\f", "\x01", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\u00a0", "\xff", "\ufeff",
		"=", "%", "%(x)s", "$HOME", "'", `"`, `\`, " ", "  ",
	}
	for name, good := range written {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, piece := range nasty {
				home, env := chained(t, "ROLE_CHAIN_ENTRYPOINT=true", "ROLE_CHAIN_LOG_LEVEL=error")
				value := good
				if value == "" {
					value = filepath.Join(home, "token")
				}
				middle := len(value) - 2
				for _, v := range []string{piece + value, value[:middle] + piece + value[middle:], value + piece} {
					checkInjection(t, home, append(without(env, name), name+"="+v), name, v)
				}
			}
		})
	}
}

func checkInjection(t *testing.T, home string, env []string, name, value string) {
	t.Helper()
	config := filepath.Join(home, ".aws", "config")
	if err := os.RemoveAll(filepath.Dir(config)); err != nil {
		t.Fatal(err)
	}
	if name == "AWS_WEB_IDENTITY_TOKEN_FILE" && strings.HasPrefix(value, home) {
		// There is a token, whatever the file's name.
		if err := os.MkdirAll(filepath.Dir(value), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(value, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := entrypoint(t, env)
	stderr, err := cmd.CombinedOutput()
	code := cmd.ProcessState.ExitCode()
	data, readErr := os.ReadFile(config)
	if err != nil {
		if code != 78 || !strings.Contains(string(stderr), name+": ") || readErr == nil {
			t.Errorf("%s=%q: exit %d, file written: %v\n%s", name, value, code, readErr == nil, stderr)
		}
		return
	}
	if readErr != nil {
		t.Errorf("%s=%q: %v", name, value, readErr)
		return
	}
	checkLines(t, name+"="+value, string(data))
}

// checkLines wants each line to be one that we write, with a value that every SDK reads as it stands there.
func checkLines(t *testing.T, variable, config string) {
	t.Helper()
	keys := []string{"role_arn", "source_profile", "role_session_name", "duration_seconds", "region", "external_id", "web_identity_token_file"}
	sections := 0
	for _, line := range strings.Split(strings.TrimSuffix(config, "\n"), "\n") {
		if line == "" {
			continue
		}
		if header, ok := strings.CutPrefix(line, "["); ok {
			sections++
			if !plain(strings.TrimSuffix(header, "]")) || !strings.HasSuffix(header, "]") {
				t.Errorf("%q: header %q", variable, line)
			}
			continue
		}
		key, value, _ := strings.Cut(line, " = ")
		if !slices.Contains(keys, key) || value == "" || value != strings.TrimSpace(value) || !plain(value) {
			t.Errorf("%q: line %q", variable, line)
		}
	}
	want := 2 // default and the base profile, and one for what the variable asks for
	if name, _, _ := strings.Cut(variable, "="); name == "ROLE_CHAIN_VIA" || name == "ROLE_CHAIN_PROFILES" {
		want = 3
	}
	if sections != want {
		t.Errorf("%q: %d sections, want %d:\n%s", variable, sections, want, config)
	}
}

// plain is true of what no parser takes for anything but text.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || strings.IndexByte("[]#;%\"'`\\$", c) >= 0 {
			return false
		}
	}
	return true
}
