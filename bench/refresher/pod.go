package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/bench/internal/rig"
)

// job plays the original entrypoint. It prints its environment and an empty line, runs so many processes of a command at
// once, and goes on until stdin ends.
const job = `env; echo; n=$1; shift; for _ in $(seq "$n"); do "$@" & done; wait; exec cat >/dev/null`

// A pod is a container in which the job runs.
type pod struct {
	env    map[string]string // the job's
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// startPod starts a container with a HOME of its own, and returns when its job runs, with n processes of command.
func (c *cluster) startPod(delivery string, place rig.Place, n int, command ...string) (*pod, error) {
	home, err := place.Home()
	if err != nil {
		return nil, err
	}
	p := &pod{env: map[string]string{}, cmd: exec.Command(c.file("entrypoint"), append([]string{"-c", job, "job", strconv.Itoa(n)}, command...)...)}
	p.cmd.Env, p.cmd.Stderr = c.env(delivery, home, "/bin/sh"), &p.stderr
	if p.stdin, p.stdout, err = startPiped(p.cmd); err != nil {
		return nil, err
	}
	for {
		line, err := p.line()
		if err != nil {
			return nil, fmt.Errorf("starting a pod with %s delivery: %w", delivery, err)
		}
		if line == "" {
			return p, nil
		}
		name, value, _ := strings.Cut(line, "=")
		p.env[name] = value
	}
}

// startPiped starts cmd with pipes to it and from it.
func startPiped(cmd *exec.Cmd) (io.WriteCloser, *bufio.Reader, error) {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return stdin, bufio.NewReader(stdout), cmd.Start()
}

// line reads a line of the job's. A job without one has ended, and what the pod logged says why.
func (p *pod) line() (string, error) {
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		p.end()
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(p.stderr.String()))
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// refresher returns the processes of the pod's refresher.
func (p *pod) refresher() (supervisor, worker int, err error) {
	if supervisor, err = onlyChild(p.cmd.Process.Pid); err == nil {
		worker, err = onlyChild(supervisor)
	}
	return supervisor, worker, err
}

// end ends the job, and returns when its refresher has ended too. A second call does nothing.
func (p *pod) end() error {
	if p.stdin == nil {
		return nil
	}
	p.stdin.Close()
	p.stdin = nil
	_ = p.cmd.Wait() // until everybody has closed stderr
	return reap()
}

// lingering is how long a refresher may outlive its job here. It promises a second, on a machine that has time for it.
const lingering = 20 * time.Second

// reap waits for all children. Package os does not know them: they were adopted.
func reap() error {
	for late := time.Now().Add(lingering); time.Now().Before(late); {
		switch ended, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); {
		case err == unix.ECHILD:
			return nil
		case err == nil && ended == 0:
			time.Sleep(time.Millisecond)
		}
	}
	return fmt.Errorf("a refresher goes on %s after the end of its job", lingering)
}
