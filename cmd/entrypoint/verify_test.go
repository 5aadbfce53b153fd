package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/ststest"
)

// TestVerify starts the real programs with ROLE_CHAIN_VERIFY=true against an STS that checks everything: the original is
// executed only behind a chain that works.
func TestVerify(t *testing.T) {
	server := ststest.Start(t, ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{ARN: jobRole, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {"system:serviceaccount:emr:spark"}}}, MayAssume: []string{clientRole}},
		{ARN: clientRole, TrustedBy: []string{jobRole}, ExternalID: "id-1"},
	}}})
	down := ststest.Start(t, ststest.Options{})
	down.Down()
	for _, test := range []struct {
		name   string
		env    []string
		code   int
		stderr []string // each once
		alone  bool     // the entrypoint has no rolechain beside it
	}{
		{"works", []string{"ROLE_CHAIN_EXTERNAL_ID=id-1"}, 0, []string{"rolechain: role chain: "}, false},
		{"denied", nil, 77, []string{"rolechain: error: second hop (AssumeRole to " + clientRole + "): AccessDenied: ", "\n  hint: "}, false},
		{"STS out of reach", []string{"AWS_ENDPOINT_URL_STS=" + down.URL, "ROLE_CHAIN_START_TIMEOUT=5s"}, 75, []string{"rolechain: error: first hop (AssumeRoleWithWebIdentity to " + jobRole + "): "}, false},
		{"no such program", nil, 78, []string{"there is no rolechain beside the entrypoint", "\n  hint: "}, true},
		{"a warning is given once", []string{"ROLE_CHAIN_EXTERNAL_ID=id-1", "CLIENT_ROLE_ANR=x"}, 0, []string{"did you mean CLIENT_ROLE_ARN?"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			home, env := chained(t, append([]string{"AWS_ENDPOINT_URL_STS=" + server.URL, "AWS_REGION=eu-west-1", "ROLE_CHAIN_ENTRYPOINT=echo", "ROLE_CHAIN_VERIFY=true"}, test.env...)...)
			if err := os.WriteFile(filepath.Join(home, "token"), []byte(server.Token("system:serviceaccount:emr:spark")), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := entrypoint(t, env, "here")
			if test.alone {
				cmd.Path = alone(t, cmd.Path)
			}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run()
			want := ""
			if test.code == 0 {
				want = "here\n"
			}
			if code := cmd.ProcessState.ExitCode(); code != test.code || stdout.String() != want {
				t.Errorf("exit code %d, stdout %q, stderr\n%s", code, &stdout, &stderr)
			}
			for _, text := range test.stderr {
				if strings.Count(stderr.String(), text) < 1 || text[0] != '\n' && strings.Count(stderr.String(), text) > 1 {
					t.Errorf("stderr has %q %d times:\n%s", text, strings.Count(stderr.String(), text), &stderr)
				}
			}
			for _, secret := range server.Secrets() {
				if strings.Contains(stdout.String()+stderr.String(), secret) {
					t.Error("a secret is in what it prints")
				}
			}
		})
	}
}

// alone links a program into a directory of its own. It is not copied: a file that was written a moment ago may still be
// open in a process that this one forks, and then the kernel does not execute it.
func alone(t *testing.T, program string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(program))
	if err := os.Link(program, path); err != nil {
		t.Fatal(err)
	}
	return path
}
