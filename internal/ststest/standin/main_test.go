package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const config = `{"roles": [{"arn": "arn:aws:iam::111122223333:role/job-execution-role", "web_identity": {"StringEquals": {"sub": ["system:serviceaccount:emr:spark"]}}}]}`

// program runs it until the test is done with it.
type program struct {
	base   string
	cancel context.CancelFunc
	code   chan int
	stderr *bytes.Buffer
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &program{cancel: cancel, code: make(chan int, 1), stderr: new(bytes.Buffer)}
	r, w := io.Pipe()
	go func() {
		p.code <- run(ctx, args, w, p.stderr)
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("ended with %d: %s", <-p.code, p.stderr)
	}
	p.base = strings.TrimSpace(line)
	return p
}

func file(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	ready, token := filepath.Join(dir, "ready"), filepath.Join(dir, "token")
	p := start(t, "-config", file(t, filepath.Join(dir, "roles.json"), config), "-ready", ready, "-token", token, "-subject", "system:serviceaccount:emr:spark")
	if got, err := os.ReadFile(ready); err != nil || string(got) != p.base {
		t.Errorf("-ready has %q, stdout %q, %v", got, p.base, err)
	}
	jwt, err := os.ReadFile(token)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(token); err != nil || info.Mode() != 0o600 {
		t.Errorf("token file: %v, %v", info.Mode(), err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	answer, err := http.PostForm(p.base, url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"},
		"RoleArn": {"arn:aws:iam::111122223333:role/job-execution-role"}, "RoleSessionName": {"pod"}, "WebIdentityToken": {string(jwt)}})
	if err != nil || answer.StatusCode != 200 {
		t.Errorf("%v, %v", answer, err)
	}
	if answer, err = http.Get(p.base + "/_standin/journal"); err != nil || answer.StatusCode != 200 {
		t.Errorf("%v, %v", answer, err)
	}
	p.cancel()
	if code := <-p.code; code != 0 {
		t.Errorf("ended with %d: %s", code, p.stderr)
	}
	if _, err := http.Get(p.base); err == nil {
		t.Error("still answers")
	}
}

func TestSignals(t *testing.T) {
	config := file(t, filepath.Join(t.TempDir(), "roles.json"), config)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := start(t, "-config", config)
		if err := syscall.Kill(os.Getpid(), signal); err != nil { // run catches it before the runtime ends the test
			t.Fatal(err)
		}
		if code := <-p.code; code != 0 {
			t.Errorf("%v: ended with %d: %s", signal, code, p.stderr)
		}
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	good := file(t, filepath.Join(dir, "roles.json"), config)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{0, "-config file", []string{"-h"}},
		{2, "-config is required", nil},
		{2, "-token and -subject go together", []string{"-config", good, "-token", filepath.Join(dir, "token")}},
		{2, "not defined: -unknown", []string{"-unknown"}},
		{2, "there are no arguments", []string{"-config", good, "extra"}},
		{1, "only IPv4 loopback addresses are allowed", []string{"-config", good, "-listen", "0.0.0.0:0"}},
		{1, "no such file", []string{"-config", filepath.Join(dir, "none")}},
		{1, "writing base URL", []string{"-config", good, "-ready", filepath.Join(dir, "none", "ready")}},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), c.args, &stdout, &stderr); code != c.code || !strings.Contains(stderr.String(), c.want) || stdout.Len() > 0 {
			t.Errorf("%q: code %d, stdout %q, stderr %q, want %d and %q", c.args, code, &stdout, &stderr, c.code, c.want)
		}
	}
}
