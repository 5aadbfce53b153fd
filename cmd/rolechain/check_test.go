package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

// withoutSDKs are the lines about what SDKs take: package families has their tests.
var withoutSDKs = regexp.MustCompile(`(?m)^(pass|skipped) +SDK .*\n`)

// TestCheck tries chains that work and chains that do not against an STS that checks everything.
func TestCheck(t *testing.T) {
	const (
		job    = "arn:aws:iam::111122223333:role/job"
		client = "arn:aws:iam::444455556666:role/client"
		other  = "arn:aws:iam::444455556666:role/other"
		closed = "arn:aws:iam::444455556666:role/closed"
		direct = "arn:aws:iam::777788889999:role/direct"
	)
	server := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: job, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {"system:serviceaccount:emr:spark"}}}, MayAssume: []string{client, other, closed}},
		{ARN: client, TrustedBy: []string{job}, ExternalID: "id-1"},
		{ARN: other, TrustedBy: []string{job}},
		{ARN: closed},
		{ARN: direct, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {"system:serviceaccount:emr:spark"}}}, MaxSessionSeconds: 43200},
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
			`^pass     settings     profile delivery, session name emr.spark\n` +
				`pass     token        sub "system:serviceaccount:emr:spark", aud "sts.amazonaws.com", iss "https://.*", until .* \(in .*\)\n` +
				`pass     STS          at 127.0.0.1:\d+ \(region eu-west-1, by AWS_ENDPOINT_URL_STS\), the system's certificate authorities\n` +
				`pass     first hop    session of ` + job + `, key …\w{4}, until .*\npass     clock        \ds off STS's\npass     identity     arn:aws:sts::111122223333:assumed-role/job/emr.spark\n` +
				`pass     client role  session of ` + client + `, key ….*\npass     identity     arn:aws:sts::444455556666:assumed-role/client/emr.spark\n` +
				`pass     profile o    session of ` + other + `, key ….*\npass     identity     arn:aws:sts::444455556666:assumed-role/other/emr.spark\n$`, `^$`},
		{"no external id", []string{"CLIENT_ROLE_ARN=" + client, good}, 77, `(?s)\npass     first hop .*\nfail     client role  second hop .*AccessDenied: .*\n           1\. .*\n           add to .*\nskipped  identity\n$`, `error: second hop \(AssumeRole to ` + client + `\): AccessDenied: .*\n  hint: `},
		{"a role that trusts nobody", []string{"CLIENT_ROLE_ARN=" + closed, good}, 77, `(?s)\npass     first hop .*\nfail     client role  second hop .*AccessDenied: .*\n           1\. .*\n           add to .*\nskipped  identity\n$`, `error: second hop .*AccessDenied.*\n  hint: `},
		{"another service account", []string{"CLIENT_ROLE_ARN=" + client, token("system:serviceaccount:emr:other")}, 77, `(?s)\nfail     first hop    first hop .*\n           add to the trust policy of ` + job + `:\n.*system:serviceaccount:emr:other.*\nskipped  clock\nskipped  identity\nskipped  client role\nskipped  identity\n$`, `error: first hop \(AssumeRoleWithWebIdentity to ` + job + `\): AccessDenied.*\n  hint: `},
		{"another audience", []string{"CLIENT_ROLE_ARN=" + client, token("system:serviceaccount:emr:spark", ststest.WithAudience("x"))}, 77, `\nfail     first hop    .*\n           1\. .*\nskipped  clock\nskipped  identity\nskipped  client role\nskipped  identity\n$`, `InvalidIdentityToken.*\n  hint: `},
		{"directly", []string{"CLIENT_ROLE_ARN=" + direct, good, "ROLE_CHAIN_DIRECT=true", "ROLE_CHAIN_DURATION=12h"}, 0,
			`\npass     client role  session of ` + direct + `, key ….*\npass     clock        \ds off STS's\npass     identity     arn:aws:sts::777788889999:assumed-role/direct/spark-0\npass     job role     session of ` + job + `, key ….*\npass     identity .*\n$`, `^$`},
		{"directly, without a provider", []string{"CLIENT_ROLE_ARN=" + client, good, "ROLE_CHAIN_DIRECT=true"}, 77,
			`\nfail     client role  direct hop .*InvalidIdentityToken.*\n           1\. .*\nskipped  clock\nskipped  identity\nskipped  job role\nskipped  identity\n$`, `error: direct hop \(AssumeRoleWithWebIdentity to ` + client + `\): InvalidIdentityToken.*\n  hint: account 444455556666 has no OIDC provider`},
		{"no token", []string{"CLIENT_ROLE_ARN=" + client, "AWS_WEB_IDENTITY_TOKEN_FILE=/none"}, 66, `^fail     settings     .*\n           1\. .*\nskipped  token\nskipped  STS\n`, `there is no file "/none"\n  hint: `},
		{"nothing to check", nil, 78, `^fail     settings     CLIENT_ROLE_ARN is not set.*\n           1\. set CLIENT_ROLE_ARN .*\nskipped  token\n`, `CLIENT_ROLE_ARN is not set`},
		{"bad settings", []string{"CLIENT_ROLE_ARN=x"}, 78, `^fail     settings     CLIENT_ROLE_ARN: "x" is not an ARN.*\n           1\. .*\nskipped  token\n`, `CLIENT_ROLE_ARN: "x" is not an ARN`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // a refusal is believed after some seconds
			env := append([]string{"AWS_ROLE_ARN=" + job, "AWS_ENDPOINT_URL_STS=" + server.URL, "AWS_REGION=eu-west-1", "HOSTNAME=spark-0"}, test.env...)
			var stdout, stderr bytes.Buffer
			code := run([]string{"check"}, settings.Listed(env), &stdout, &stderr)
			hops := withoutSDKs.ReplaceAll(stdout.Bytes(), nil)
			if code != test.code || !regexp.MustCompile(test.stdout).Match(hops) || !regexp.MustCompile(test.stderr).Match(stderr.Bytes()) {
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

// With --json each line is an object; a step that failed has what it said, and the hint.
func TestCheckJSON(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run([]string{"check", "--json"}, settings.Listed([]string{"CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/client", "AWS_REGION=eu-west-1",
		"AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job", "AWS_WEB_IDENTITY_TOKEN_FILE=/none", "ROLE_CHAIN_PROFILES=o=arn:aws:iam::444455556666:role/o"}), &stdout, &stderr)
	var steps []string
	for d := json.NewDecoder(&stdout); ; {
		var c checked
		if err := d.Decode(&c); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if c.Step != "SDK" {
			steps = append(steps, c.Step+" "+c.Outcome)
		}
		if (c.Outcome == "fail") != (c.Text != "" && c.Hint != "") {
			t.Errorf("%+v", c)
		}
	}
	if want := "settings fail, token skipped, STS skipped, first hop skipped, clock skipped, identity skipped, client role skipped, identity skipped, profile o skipped, identity skipped"; code != 66 || strings.Join(steps, ", ") != want {
		t.Errorf("exit code %d, %q, want %s", code, steps, want)
	}
}
