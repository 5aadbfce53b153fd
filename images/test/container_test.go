//go:build images

package test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// limit is when a container counts as hanging. The slowest test takes half a minute on two busy cores.
const limit = 3 * time.Minute

// result is what a container leaves.
type result struct {
	stdout, stderr string
	code           int
}

// run runs a container to its end: options of "docker run", the image, and the command.
func run(t *testing.T, args ...string) result {
	t.Helper()
	c := start(t, args...)
	c.stdin.Close()
	rest, err := io.ReadAll(c.lines)
	if err != nil {
		t.Fatal(err)
	}
	got := c.wait(t)
	got.stdout = string(rest)
	return got
}

// running is a container at work. Its stdout is read by the test, line by line.
type running struct {
	name   string
	stdin  io.WriteCloser
	lines  *bufio.Reader
	stderr *bytes.Buffer
	cmd    *exec.Cmd
	ended  bool
}

// start starts a container, which is removed when the test is done with it, or takes too long.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	c := &running{name: "test-" + rand.Text(), stderr: new(bytes.Buffer)}
	options := []string{"run", "--rm", "--interactive", "--name", c.name}
	if !slices.Contains(args, "--network") {
		// Like the kubelet, in /etc/hosts: Spark looks up its own name.
		options = append(options, "--network", "none", "--hostname", "pod", "--add-host", "pod:127.0.0.1")
	}
	c.cmd = docker.Command(append(options, args...)...)
	stdout, err := c.cmd.StdoutPipe()
	if err == nil {
		c.stdin, err = c.cmd.StdinPipe()
	}
	c.cmd.Stderr = c.stderr
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewReader(stdout)
	hangs := time.AfterFunc(limit, func() { _ = docker.Command("kill", c.name).Run() })
	t.Cleanup(func() {
		hangs.Stop()
		if !c.ended {
			_ = docker.Command("kill", c.name).Run()
			_ = c.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("stderr of docker run %q:\n%s", args, c.stderr)
		}
	})
	return c
}

// line is the next line of stdout, without its end.
func (c *running) line(t *testing.T) string {
	t.Helper()
	line, err := c.lines.ReadString('\n')
	if err != nil {
		got := c.wait(t)
		t.Fatalf("no line but %q (%v), exit code %d, stderr %s", line, err, got.code, got.stderr)
	}
	return strings.TrimSuffix(line, "\n")
}

// trace is what "set -x" in EMR's entrypoint writes.
var trace = regexp.MustCompile(`(?m)^\++ .*\n`)

// wait is for the end, with what of stdout is unread, and without traces.
func (c *running) wait(t *testing.T) result {
	t.Helper()
	rest, _ := io.ReadAll(c.lines)
	err := c.cmd.Wait()
	c.ended = true
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return result{string(rest), trace.ReplaceAllString(c.stderr.String(), ""), c.cmd.ProcessState.ExitCode()}
}

// exec runs a command in the container, as an exec probe is run.
func (c *running) exec(t *testing.T, args ...string) result {
	t.Helper()
	return call(t, append([]string{"exec", c.name}, args...)...)
}

// call calls the docker command.
func call(t *testing.T, args ...string) result {
	t.Helper()
	cmd := docker.Command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// want compares everything.
func (got result) want(t *testing.T, want result) {
	t.Helper()
	if got != want {
		t.Errorf("got %d, stdout %q, stderr %q\nwant %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr, want.code, want.stdout, want.stderr)
	}
}

// file is a file for a container to be mounted, readable by everybody in it.
func file(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir(t), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func dir(t *testing.T) string {
	t.Helper()
	path := t.TempDir()
	for p := path; p != os.TempDir() && p != "/"; p = filepath.Dir(p) { // a bind mount is reached by its own path alone, but its top must be passable
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
