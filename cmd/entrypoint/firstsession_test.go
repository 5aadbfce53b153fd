package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rolechain/internal/ststest"
)

// The job starts with a session or not at all: the container ends with the code, the hop, the role, AWS's words and a hint,
// and nothing of it goes on. profile delivery does the same with ROLE_CHAIN_VERIFY.
func TestNoFirstSession(t *testing.T) {
	t.Parallel()
	first, second := "first hop (AssumeRoleWithWebIdentity to "+jobRole+"): ", "second hop (AssumeRole to "+clientRole+"): "
	sub := "system:serviceaccount:emr:spark"
	for _, test := range []struct {
		name   string
		fault  ststest.Fault // when it has a kind
		token  func(*ststest.Server) string
		env    []string
		code   int
		stderr string
	}{
		{"denied", ststest.Fault{Kind: ststest.AccessDenied, Action: "AssumeRole"}, nil, nil, 77, second + "AccessDenied: "},
		{"the trust policy wants another", ststest.Fault{}, func(s *ststest.Server) string { return s.Token("system:serviceaccount:emr:other") }, nil, 77, first + "AccessDenied: "},
		{"wrong audience", ststest.Fault{}, func(s *ststest.Server) string { return s.Token(sub, ststest.WithAudience("x")) }, nil, 77, first + "InvalidIdentityToken: "},
		{"expired token", ststest.Fault{}, func(s *ststest.Server) string { return s.Token(sub, ststest.WithLifetime(-time.Minute)) }, nil, 77, first + "ExpiredTokenException: "},
		{"not a token", ststest.Fault{}, func(*ststest.Server) string { return "not a token" }, nil, 66, first + "token file"},
		{"an empty token file", ststest.Fault{}, func(*ststest.Server) string { return "" }, nil, 66, "is empty"},
		{"no token file", ststest.Fault{}, nil, []string{"AWS_WEB_IDENTITY_TOKEN_FILE=/none", "ROLE_CHAIN_START_TIMEOUT=1s"}, 66, `there is no file "/none"`},
		{"STS hangs", ststest.Fault{Kind: ststest.Hang}, nil, []string{"ROLE_CHAIN_START_TIMEOUT=5s"}, 75, first + "STS at 127.0.0.1:"},
		{"STS hangs at the second hop", ststest.Fault{Kind: ststest.Hang, Action: "AssumeRole"}, nil, []string{"ROLE_CHAIN_START_TIMEOUT=3s"}, 75, second},
		{"throttled", ststest.Fault{Kind: ststest.Throttle, Action: "AssumeRole"}, nil, []string{"ROLE_CHAIN_START_TIMEOUT=3s"}, 75, second + "Throttling: Rate exceeded (tried "},
		{"nobody there", ststest.Fault{}, nil, []string{"AWS_ENDPOINT_URL_STS=http://127.0.0.1:9", "ROLE_CHAIN_START_TIMEOUT=5s"}, 75, first + "STS at 127.0.0.1:9 (region eu-west-1, by AWS_ENDPOINT_URL_STS): connection refused"},
		{"sessions from the past", ststest.Fault{Kind: ststest.PastExpiration}, nil, []string{"ROLE_CHAIN_START_TIMEOUT=5s"}, 75, "by this node's clock"},
	} {
		for _, delivery := range []string{"endpoint", "file", "profile"} {
			t.Run(test.name+"/"+delivery, func(t *testing.T) {
				t.Parallel()
				sts := chainOf(t, 0)
				if test.fault.Kind != "" {
					if err := sts.Inject(test.fault); err != nil {
						t.Fatal(err)
					}
				}
				home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery, "ROLE_CHAIN_VERIFY=true", "ROLE_CHAIN_ENTRYPOINT=echo")
				if test.token != nil {
					if err := os.WriteFile(filepath.Join(home, "token"), []byte(test.token(sts)), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				for _, v := range test.env {
					name, _, _ := strings.Cut(v, "=")
					env = append(without(env, name), v)
				}
				cmd := entrypoint(t, env, "the job ran")
				var stdout, stderr bytes.Buffer
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				_ = cmd.Run() // returns when nobody holds the pipes any more
				errors := strings.Count(stderr.String(), "rolechain: error: ")
				if code := cmd.ProcessState.ExitCode(); code != test.code || stdout.Len() > 0 || errors != 1 || !strings.Contains(stderr.String(), test.stderr) || !strings.Contains(stderr.String(), "\n  hint: ") {
					t.Errorf("exit code %d, want %d, stdout %q, stderr\n%s\nwant in it %s", code, test.code, &stdout, &stderr, test.stderr)
				}
				data, _ := os.ReadFile(filepath.Join(home, ".aws", "credentials"))
				if strings.Contains(string(data), "aws_access_key_id") {
					t.Errorf("keys without a job: %s", data)
				}
			})
		}
	}
}

// What passes is waited for: the token that is not there yet, an issuer that STS cannot reach, throttling, and a policy
// that was made a moment ago.
func TestFirstSessionIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault ststest.Fault
	}{
		{"no token yet", ststest.Fault{}},
		{"issuer", ststest.Fault{Kind: ststest.IDPCommunication, Times: 3}},
		{"throttling", ststest.Fault{Kind: ststest.Throttle, Times: 4}},
		{"reset", ststest.Fault{Kind: ststest.Reset, Times: 3}},
		{"truncated", ststest.Fault{Kind: ststest.Truncate, Action: "AssumeRole", Times: 2}},
		{"a policy that is not known everywhere yet", ststest.Fault{Kind: ststest.AccessDenied, Action: "AssumeRole", Times: 2}},
	} {
		for _, delivery := range []string{"endpoint", "file", "profile"} {
			t.Run(test.name+"/"+delivery, func(t *testing.T) {
				t.Parallel()
				sts := chainOf(t, 0)
				home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery, "ROLE_CHAIN_VERIFY=true")
				token := filepath.Join(home, "token")
				if test.fault.Kind != "" {
					if err := sts.Inject(test.fault); err != nil {
						t.Fatal(err)
					}
				} else if err := os.Rename(token, token+".later"); err != nil {
					t.Fatal(err)
				}
				cmd := entrypoint(t, append(env, "ROLE_CHAIN_ENTRYPOINT=echo"), "the job ran")
				var stdout bytes.Buffer
				stderr := &log{}
				cmd.Stdout, cmd.Stderr = &stdout, stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if test.fault.Kind == "" {
					j := &job{T: t, stderr: stderr}
					j.until("a word on the token", func() bool { return strings.Contains(stderr.String(), "there is no token file") })
					if err := os.Rename(token+".later", token); err != nil {
						t.Fatal(err)
					}
				}
				if err := cmd.Wait(); err != nil || stdout.String() != "the job ran\n" || len(sts.Faults()) > 0 {
					t.Errorf("%v, stdout %q, faults left %v, stderr\n%s", err, &stdout, sts.Faults(), stderr)
				}
			})
		}
	}
}

// SIGTERM ends a start that waits, as the first process of a PID namespace too, and nothing of it goes on.
func TestStoppedWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{"endpoint", "file", "profile"} {
		for _, what := range []string{"token", "session"} {
			t.Run(what+"/"+delivery, func(t *testing.T) {
				t.Parallel()
				sts := chainOf(t, 0)
				home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY="+delivery, "ROLE_CHAIN_VERIFY=true", "ROLE_CHAIN_ENTRYPOINT=echo")
				waits := "no session yet"
				if what == "token" {
					waits = "there is no token file"
					if err := os.Remove(filepath.Join(home, "token")); err != nil {
						t.Fatal(err)
					}
				}
				if err := sts.Inject(ststest.Fault{Kind: ststest.Throttle}); err != nil {
					t.Fatal(err)
				}
				cmd := entrypoint(t, env, "the job ran")
				if os.Geteuid() == 0 {
					cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
				}
				var stdout bytes.Buffer
				stderr := &log{}
				cmd.Stdout, cmd.Stderr = &stdout, stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				j := &job{T: t, stderr: stderr}
				j.until("a word on the wait", func() bool { return strings.Contains(stderr.String(), waits) })
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				_ = cmd.Wait() // until nobody holds stderr any more
				if got := cmd.ProcessState.ExitCode(); got != 143 || stdout.Len() > 0 || !strings.Contains(stderr.String(), "error: stopped by SIGTERM") {
					t.Errorf("exit code %d, stdout %q, stderr\n%s", got, &stdout, stderr)
				}
			})
		}
	}
}

// A refresher that cannot run, or cannot keep its files, is told before the job begins.
func TestNoRefresher(t *testing.T) {
	t.Parallel()
	sts := chainOf(t, 0)
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, dir, home string)
		code    int
		stderr  string
	}{
		{"not there", func(*testing.T, string, string) {}, 78, "there is no rolechain beside the entrypoint"},
		{"not executable", func(t *testing.T, dir, _ string) { write(t, dir+"/rolechain", "x", 0o644) }, 78, "permission denied"},
		{"not a program", func(t *testing.T, dir, _ string) { write(t, dir+"/rolechain", "x", 0o755) }, 78, "exec format error"},
		{"another program", func(t *testing.T, dir, _ string) { write(t, dir+"/rolechain", "#!/bin/sh\nexit 3\n", 0o755) }, 70, "ended before it was ready: exit status 3"},
		{"its directory is a file", func(t *testing.T, dir, home string) {
			if err := os.Link(filepath.Join(programs, "rolechain"), dir+"/rolechain"); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(home+"/.aws", 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, home+"/.aws/rolechain", "x", 0o600)
			write(t, home+"/rolechain-0", "x", 0o600)
		}, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			home, env := chainedTo(t, sts, "ROLE_CHAIN_DELIVERY=endpoint", "ROLE_CHAIN_ENTRYPOINT=echo")
			for i, v := range env {
				if strings.HasPrefix(v, "PATH=") {
					env[i] = "PATH=/usr/bin:/bin"
				}
			}
			cmd := entrypoint(t, env, "the job ran")
			cmd.Path = alone(t, cmd.Path)
			test.prepare(t, filepath.Dir(cmd.Path), home)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != test.code || (stdout.Len() > 0) != (test.code == 0) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("exit code %d, want %d, stdout %q, stderr\n%s\nwant in it %s", code, test.code, &stdout, &stderr, test.stderr)
			}
		})
	}
}

// write makes a file by a process of its own, for the reason that alone has.
func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	cmd := exec.Command("cp", "/dev/stdin", path)
	cmd.Stdin = strings.NewReader(content)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
