package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

// TestCheck tries chains that work and chains that do not against an STS that checks everything.
func TestCheck(t *testing.T) {
	const (
		job    = "arn:aws:iam::111122223333:role/job"
		client = "arn:aws:iam::444455556666:role/client"
		other  = "arn:aws:iam::444455556666:role/other"
		closed = "arn:aws:iam::444455556666:role/closed"
	)
	server := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: job, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {"system:serviceaccount:emr:spark"}}}, MayAssume: []string{client, other, closed}},
		{ARN: client, TrustedBy: []string{job}, ExternalID: "id-1"},
		{ARN: other, TrustedBy: []string{job}},
		{ARN: closed},
	}}})
	token := func(subject string, options ...ststest.TokenOption) string {
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(server.Token(subject, options...)), 0o600); err != nil {
			t.Fatal(err)
		}
		return "AWS_WEB_IDENTITY_TOKEN_FILE=" + file
	}
	good := token("system:serviceaccount:emr:spark")
	for _, test := range []struct {
		name   string
		env    []string
		code   int
		stdout string // a regular expression
		stderr string
	}{
		{"all roles", []string{"CLIENT_ROLE_ARN=" + client, good, "ROLE_CHAIN_EXTERNAL_ID=id-1", "ROLE_CHAIN_PROFILES=o=" + other, "ROLE_CHAIN_SESSION_NAME={namespace}.{service_account}"}, 0,
			`^first hop    session of ` + job + `, key …\w{4}, until .*\nclient role  session of ` + client + `, key ….*\nprofile o    session of ` + other + `, key ….*\n$`, `^$`},
		{"no external id", []string{"CLIENT_ROLE_ARN=" + client, good}, 77, `^first hop .*\n$`, `error: second hop \(AssumeRole to ` + client + `\): AccessDenied: .*\n  hint: `},
		{"a role that trusts nobody", []string{"CLIENT_ROLE_ARN=" + closed, good}, 77, `^first hop .*\n$`, `error: second hop .*AccessDenied.*\n  hint: `},
		{"another service account", []string{"CLIENT_ROLE_ARN=" + client, token("system:serviceaccount:emr:other")}, 77, `^$`, `error: first hop \(AssumeRoleWithWebIdentity to ` + job + `\): AccessDenied.*\n  hint: `},
		{"another audience", []string{"CLIENT_ROLE_ARN=" + client, token("system:serviceaccount:emr:spark", ststest.WithAudience("x"))}, 77, `^$`, `InvalidIdentityToken.*\n  hint: `},
		{"no token", []string{"CLIENT_ROLE_ARN=" + client, "AWS_WEB_IDENTITY_TOKEN_FILE=/none"}, 66, `^$`, `there is no file "/none"\n  hint: `},
		{"nothing to check", nil, 78, `^$`, `CLIENT_ROLE_ARN is not set`},
		{"bad settings", []string{"CLIENT_ROLE_ARN=x"}, 78, `^$`, `CLIENT_ROLE_ARN: "x" is not an ARN`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // a refusal is believed after some seconds
			env := append([]string{"AWS_ROLE_ARN=" + job, "AWS_ENDPOINT_URL_STS=" + server.URL, "AWS_REGION=eu-west-1", "HOSTNAME=spark-0"}, test.env...)
			var stdout, stderr bytes.Buffer
			code := run([]string{"check"}, settings.Listed(env), &stdout, &stderr)
			if code != test.code || !regexp.MustCompile(test.stdout).Match(stdout.Bytes()) || !regexp.MustCompile(test.stderr).Match(stderr.Bytes()) {
				t.Errorf("exit code %d\n--- stdout\n%s--- stderr\n%s", code, &stdout, &stderr)
			}
			for _, secret := range server.Secrets() {
				if strings.Contains(stdout.String()+stderr.String(), secret) {
					t.Error("a secret is in what it prints")
				}
			}
		})
	}
}

// As the entrypoint calls it: nothing but errors, and those for the kubelet too.
func TestCheckForTheEntrypoint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := run([]string{"check", "-quiet", "-termination-log", file}, settings.Listed([]string{"CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/client", "CLIENT_ROLE_ANR=x",
		"AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job", "AWS_WEB_IDENTITY_TOKEN_FILE=/none"}), &stdout, &stderr)
	told, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if code != 66 || stdout.Len() > 0 || strings.Contains(stderr.String(), "warning") || !strings.Contains(stderr.String(), `no file "/none"`) || !strings.Contains(string(told), `no file "/none"`) {
		t.Errorf("exit code %d\n--- stdout\n%s--- stderr\n%s--- termination message\n%s", code, &stdout, &stderr, told)
	}
	for _, args := range [][]string{{"check", "-x"}, {"check", "y"}} {
		if code := run(args, settings.Environment{}, &stdout, &stderr); code != 64 {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
}
